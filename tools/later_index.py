"""A package index on loopback as it may be tomorrow: for whatever is asked, somebody has released something newer.

It serves the wheels of a folder, and before them two that nobody has locked: one of a far higher version, and a later
upload to each version that is there. Both install, but hold nothing, so whoever takes one notices. Build backends and
pip are no exception: nothing can be resolved or built here that is not named by version and hash.
"""

from __future__ import annotations

import hashlib
import io
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

LATER = "9999.0"
"""The version that has come out since."""


def normalized(name: str) -> str:
    """The one spelling of a package's name by which an index knows it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def empty_wheel(name: str, version: str) -> bytes:
    """A wheel that installs nothing but its own name."""
    folder = f"{name.replace('-', '_')}-{version}.dist-info"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{folder}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{folder}/RECORD", "")
    return made.getvalue()


class LaterIndex:
    """What is offered, by package and file name."""

    def __init__(self, wheels: Path) -> None:
        self._locked = sorted(wheels.glob("*.whl"))

    def files(self, package: str) -> Iterator[tuple[str, bytes]]:
        """Every file of a package: the later ones, then the locked ones."""
        stem = package.replace("-", "_")
        yield f"{stem}-{LATER}-py3-none-any.whl", empty_wheel(package, LATER)
        for path in self._locked:
            name, version, *_ = path.name.split("-")
            if normalized(name) == package:
                yield f"{stem}-{version}-9999-py3-none-any.whl", empty_wheel(package, version)  # 9999: a later build
                yield path.name, path.read_bytes()

    def page(self, package: str) -> str:
        """The page of a package (PEP 503)."""
        return "".join(
            f'<a href="/files/{package}/{name}#sha256={hashlib.sha256(content).hexdigest()}">{name}</a>\n'
            for name, content in self.files(package)
        )

    def answer(self, path: str) -> tuple[bytes, str]:
        """The body for a path of the index, and its type.

        Raises:
            KeyError: there is no such file.
        """
        _, place, package, *rest = unquote(path).split("/")
        if place == "simple":
            return self.page(normalized(package)).encode(), "text/html"
        return dict(self.files(package))[rest[0]], "application/octet-stream"

    @contextmanager
    def serve(self) -> Iterator[str]:
        """The address for ``PIP_INDEX_URL`` while the context lasts."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/simple"
        finally:
            server.shutdown()
            server.server_close()


def _handler(index: LaterIndex) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                body, kind = index.answer(self.path)
            except (KeyError, ValueError):
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the overridden one
            """Say nothing."""

    return Handler
