"""Whatever comes in over a connection or stands in a web configuration file, nothing of ours is thrown."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import anyio.lowlevel
import h11
import yaml
from anyio.abc import ByteStream
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from o365_exporter.errors import ConfigurationError
from o365_exporter.web import read_rules
from o365_exporter.web.conversation import Conversation, Line
from o365_exporter.web.places import Place
from o365_exporter.web.refusals import Refusals
from tests.fakes import FakeClock
from tests.web.behind import HASH
from tests.web.site import Site


class Wire(ByteStream):
    """A connection over which pieces come in, and then the end."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = [piece for piece in pieces if piece]
        self.sent = b""

    async def receive(self, max_bytes: int = 65536) -> bytes:
        await anyio.lowlevel.checkpoint()
        if not self._pieces:
            raise anyio.EndOfStream
        piece, rest = self._pieces[0][:max_bytes], self._pieces[0][max_bytes:]
        self._pieces[:1] = [rest] if rest else []
        return piece

    async def send(self, item: bytes) -> None:
        self.sent += item

    async def send_eof(self) -> None:
        """Nothing more is sent."""

    async def aclose(self) -> None:
        """Nothing is held."""


WORDS = (
    *(
        b"GET ",
        b"HEAD ",
        b"POST ",
        b"/metrics",
        b"/-/ready",
        b"/",
        b"?tenant=contoso",
        b"?",
        b" HTTP/1.1\r\n",
        b" HTTP/1.0\r\n",
    ),
    *(
        b"Host: x\r\n",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Expect: 100-continue\r\n",
        b"\r\n",
    ),
    *(
        b"Accept: ",
        b"Accept-Encoding: gzip\r\n",
        b"Authorization: Basic ",
        b"abc",
        b"\0",
        b"\xff",
        b"%",
        b"Connection: close\r\n",
    ),
)
PIECES = st.lists(st.one_of(st.binary(max_size=20), st.sampled_from(WORDS)), max_size=30)
WHOLE = st.lists(
    st.sampled_from([b"GET /-/ready HTTP/1.1\r\nHost: x\r\n\r\n", b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"]), max_size=3
)


async def answered(pieces: list[bytes]) -> bytes:
    """All that is sent back."""
    site, wire, clock = Site(), Wire(pieces), FakeClock()
    line = Line(("192.0.2.1", 1), ("192.0.2.2", 2))
    with capture_logs() as logs:
        await Conversation(wire, line, site.app(), Place("192.0.2.1", 0), clock=clock, refusals=Refusals(clock)).hold()
    assert [line for line in logs if line["event"] != "clients refused"] == []
    return wire.sent


@given(WHOLE, PIECES)
def test_any_bytes(before: list[bytes], pieces: list[bytes]) -> None:
    """Are answered in HTTP, or not at all, after what was asked properly before them has been answered."""
    sent = anyio.run(answered, [*before, *pieces])
    assert re.match(rb"(HTTP/1\.1 [1-5]\d\d |$)", sent)
    reader = h11.Connection(h11.CLIENT)
    reader.send(h11.Request(method="GET", target="/", headers=[("host", "x")]))
    if sent and not any(piece.startswith(b"HEAD") for piece in (*before, *pieces)):
        reader.receive_data(sent)
        reader.next_event()
    assert sent.count(b"HTTP/1.1 ") >= len(before)


KEYS = (
    "tls_server_config",
    "http_server_config",
    "basic_auth_users",
    "rate_limit",
    "cert_file",
    "key",
    "headers",
    "burst",
)
SCALARS = st.one_of(
    st.sampled_from([HASH, "TLS12", "true", "1s", ".", "/dev/null", "server.pem", ""]), st.text(max_size=8)
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=5)), inner, max_size=4),
    ),
    max_leaves=12,
)


def read(content: bytes) -> None:
    """A file of this content; faults are sentences."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "web.yml")
        path.write_bytes(content)
        faults = ["as good: as none."]
        try:
            read_rules(path)
        except ConfigurationError as error:
            faults = error.faults
        assert faults
        assert all(fault.endswith(".") and ": " in fault for fault in faults)


@given(st.binary(max_size=200))
def test_any_file(content: bytes) -> None:
    """Is read, or refused by sentences."""
    read(content)


@given(TREES)
def test_any_tree(tree: object) -> None:
    """Likewise what is YAML, with the keys of the format in any place."""
    read(yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "replace"))
