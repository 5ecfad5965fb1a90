"""Real sockets on loopback: a small server, a small proxy, and certificates for them."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.graph.world import TENANT_ID, discovery, grant

Serve = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
"""Takes the head of a request and writes an answer."""


@asynccontextmanager
async def listening(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that hands each request of each connection to ``serve``; its port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0
                )
                await serve(head + await reader.readexactly(length), writer)
        writer.close()

    tasks = set[asyncio.Task[Any] | None]()
    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks - {None}:
            assert task is not None
            task.cancel()
        await asyncio.gather(*(task for task in tasks if task), return_exceptions=True)
        await server.wait_closed()
        await asyncio.sleep(0)  # in which the loop closes what was told to close


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A whole answer."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


async def microsoft(request: bytes, writer: asyncio.StreamWriter) -> None:
    """Login and Graph at once: tokens, and lists of one object."""
    path = request.split(b" ")[1].decode()
    if "openid-configuration" in path:
        host = next(line[6:] for line in request.decode().split("\r\n") if line.lower().startswith("host: "))
        scheme = "https" if writer.get_extra_info("ssl_object") else "http"
        body: Any = discovery(f"{scheme}://{host}")
    else:
        body = grant("canary-token-1") if TENANT_ID in path else {"value": [{"id": "1"}]}
    writer.write(answer(json.dumps(body).encode()))
    await writer.drain()


async def hanging(_request: bytes, _writer: asyncio.StreamWriter) -> None:
    """Never answers."""
    await asyncio.Event().wait()


class Proxy:
    """A forward proxy that connects everything to one port, and remembers what it was asked for."""

    def __init__(self, target: int, refusal: bytes = b"") -> None:
        self.requests: list[bytes] = []
        self._target = target
        self._refusal = refusal

    @asynccontextmanager
    async def open(self, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
        """Listens, by TLS where there is a context for it; its port."""
        async with listening(self._serve, context) as port:
            yield port

    async def _serve(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        self.requests.append(request)
        if self._refusal:
            writer.write(self._refusal)
            await writer.drain()
            return
        reader = writer._transport.get_protocol()._stream_reader  # type: ignore[attr-defined] # the other half
        upstream, out = await asyncio.open_connection("127.0.0.1", self._target)
        if request.startswith(b"CONNECT "):
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            out.write(request.replace(b" http://", b" ", 1))
        try:
            await asyncio.gather(_pipe(reader, out), _pipe(upstream, writer))
        finally:
            out.close()
            writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
        writer.close()


_KEY_USAGE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def certificates(
    folder: Path,
    *,
    critical: bool = True,
    key_usage: bool = True,
    subject_key: bool = True,
    authority_key: bool = True,
    year: int = 2020,
    days: int = 36500,
) -> tuple[Path, ssl.SSLContext]:
    """A certificate authority's file, and a server context for Microsoft's hosts and 127.0.0.1 that it signed.

    Args:
        folder: where both files are written.
        critical: whether its Basic Constraints are marked so.
        key_usage: whether it says what its key is for.
        subject_key: whether it has a Subject Key Identifier.
        authority_key: whether what it signs has an Authority Key Identifier.
        year: in which both begin.
        days: after which both end.
    """
    start = dt.datetime(year, 1, 1, tzinfo=dt.UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])

    def build(name: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(ca_name).public_key(public)
        builder = builder.serial_number(x509.random_serial_number())
        return builder.not_valid_before(start).not_valid_after(start + dt.timedelta(days=days))

    ca = build(ca_name, ca_key.public_key()).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical)
    if key_usage:
        ca = ca.add_extension(_KEY_USAGE, critical=True)
    if subject_key:
        ca = ca.add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
    hosts = [x509.DNSName("login.microsoftonline.com"), x509.DNSName("graph.microsoft.com")]
    names = x509.SubjectAlternativeName([*hosts, x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    leaf = build(x509.Name([]), key.public_key()).add_extension(names, critical=True)
    if authority_key:
        leaf = leaf.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    (folder / "leaf.pem").write_bytes(
        leaf.sign(ca_key, hashes.SHA256()).public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "leaf.pem")
    return folder / "ca.pem", context
