"""An exporter that serves a page of a test's own, at a clock that stands still; and the check that asks it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from o365_exporter.cli import main
from tests.fakes import NOON

TYPE = "text/plain; version=0.0.4; charset=utf-8"
_OWN = "o365_exporter_source_"


class Daemon:
    """What it answers, and what it was asked.

    Args:
        url: where it serves.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.page = ""
        self.tenants: tuple[str, ...] | None = ("contoso",)  # None to answer with the page there too
        self.status = 200
        self.headers: dict[str, str] = {"Date": formatdate(NOON, usegmt=True), "Content-Type": TYPE}
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    def serve(self, *lines: str, tenants: tuple[str, ...] = ("contoso",)) -> None:
        """Let the page have these lines."""
        self.tenants = tenants
        told = [f'o365_tenant_info{{cloud="global",tenant="{tenant}"}} 1.0' for tenant in tenants]
        self.page = "\n".join(["# TYPE o365_tenant_info gauge", *told, *lines, ""])

    def listed(self) -> str:
        """What it lists for service discovery."""
        if self.tenants is None:
            return self.page
        targets = [{"labels": {"__param_tenant": name}} for name in self.tenants]
        return json.dumps([*targets, {"labels": {"__metrics_path__": "/metrics/process"}}])


@contextmanager
def daemon() -> Iterator[Daemon]:
    """On a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append((self.path, dict(self.headers)))
            lists = self.path == "/sd" and served.status == 200
            body = (served.listed() if lists else served.page).encode()
            self.send_response_only(served.status)
            for name, value in (served.headers | ({"Content-Type": "application/json"} if lists else {})).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Daemon(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def source(collector: str, name: str, state: str = "ok", *, age: float = 60.0, interval: float = 3600.0) -> str:
    """The lines about a source, which has answered so many seconds ago."""
    labels = f'collector="{collector}",source="{name}"'
    return "\n".join(
        [
            f'{_OWN}state{{{labels},state="{state}",tenant="contoso"}} 1.0',
            f'{_OWN}last_success_timestamp_seconds{{{labels},tenant="contoso"}} {NOON - age}',
            f'{_OWN}interval_seconds{{{labels},tenant="contoso"}} {interval}',
        ]
    )


def checked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code and output of a check, which says nothing elsewhere."""
    with pytest.raises(SystemExit) as ended:
        main(["probe", *arguments])
    out, err = capsys.readouterr()
    assert err == ""
    assert isinstance(ended.value.code, int)
    return ended.value.code, out
