"""A receiver of Alertmanager's webhooks that keeps every notification and shows them on a page."""

from __future__ import annotations

import html
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pydantic import BaseModel, Field, ValidationError

Json = dict[str, Any]


@dataclass(frozen=True)
class Notification:
    """One alert in one message of Alertmanager to one receiver.

    Attributes:
        at: when it came, seconds since 1970.
        receiver: such as ``pager``.
        status: ``firing`` or ``resolved``.
        labels, annotations: of the alert.
        starts_at: of the alert, as Alertmanager writes it; tells two alerts of the same labels apart.
    """

    at: float
    receiver: str
    status: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: str

    @property
    def name(self) -> str:
        """Of the alert; a rule must have one, but whoever else posts to Alertmanager need not."""
        return self.labels.get("alertname", "(no alertname)")


class _Alert(BaseModel):
    status: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: str = Field(alias="startsAt")


class _Message(BaseModel):
    alerts: list[_Alert]


class Receiver:
    """Keeps every notification in the order of its arrival."""

    def __init__(self) -> None:
        self._all: list[Notification] = []
        self._arrived = threading.Condition()
        self.url = ""

    def all(self) -> list[Notification]:
        """Everything so far."""
        with self._arrived:
            return list(self._all)

    def wait(self, enough: Callable[[list[Notification]], bool], seconds: float) -> bool:
        """Whether what has arrived is enough, at the latest after so many seconds."""
        with self._arrived:
            return self._arrived.wait_for(lambda: enough(self._all), seconds)

    def take(self, receiver: str, message: bytes) -> None:
        """Keep a message of Alertmanager (webhook, version 4).

        Raises:
            ValidationError: it is none; nothing of it is kept.
        """
        now = time.time()
        alerts = [
            Notification(now, receiver, one.status, one.labels, one.annotations, one.starts_at)
            for one in _Message.model_validate_json(message).alerts
        ]
        with self._arrived:
            self._all.extend(alerts)
            self._arrived.notify_all()

    def page(self) -> str:
        """What has arrived, the newest first, for people."""
        rows = "".join(map(_row, reversed(self.all()))) or "<tr><td colspan=5>Nothing yet.</td></tr>"
        return _PAGE.format(rows=rows)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take messages at ``POST {url}/RECEIVER`` and show them at ``GET {url}/``."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


_PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Notifications</title>
<meta http-equiv="refresh" content="1"><style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem }} table {{ border-collapse: collapse }}
td, th {{ padding: .3rem 1rem .3rem 0; text-align: left; vertical-align: top }} tr {{ border-bottom: 1px solid #ddd }}
.firing {{ color: #b00020; font-weight: bold }} .resolved {{ color: #00722e; font-weight: bold }}
</style></head><body><h1>What Alertmanager has sent</h1>
<table><tr><th>Time (UTC)<th>To<th>Status<th>Alert<th>Summary</tr>{rows}</table></body></html>
"""


def _row(one: Notification) -> str:
    when = time.strftime("%H:%M:%S", time.gmtime(one.at))
    summary = html.escape(one.annotations.get("summary", ""))
    return (
        f"<tr><td>{when}<td>{html.escape(one.receiver)}<td class={html.escape(one.status)}>{html.escape(one.status)}"
        f"<td>{html.escape(one.name)}<td>{summary}</tr>"
    )


def _sentence(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    key = ".".join(map(str, fault["loc"])) or "the whole"
    return f"This is no message of Alertmanager's webhook, version 4: {key}: {fault['msg']}."


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                receiver.take(self.path.strip("/"), message)
            except ValidationError as error:
                self._answer(html.escape(_sentence(error)).encode(), HTTPStatus.BAD_REQUEST)
            else:
                self._answer(b"")

        def do_GET(self) -> None:
            self._answer(receiver.page().encode())

        def _answer(self, body: bytes, status: HTTPStatus = HTTPStatus.OK) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    return Handler
