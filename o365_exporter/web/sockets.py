"""The sockets are opened before anything else starts, so that a port in use is one clear sentence."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import ExitStack, asynccontextmanager
from typing import Any, NamedTuple

import anyio

from o365_exporter.errors import ConfigurationError
from o365_exporter.web.options import WebOptions, split_listen

_ABSENT = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
"""A machine without IPv6 says one or the other; then IPv4 alone is enough."""

_BACKLOG = 1024


class Address(NamedTuple):
    """Where a socket listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """An address that a browser on this machine can open, where the exporter serves without TLS."""
        return self.url_by("http")

    def url_by(self, scheme: str) -> str:
        """The same where it serves by this scheme."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"{scheme}://[{host}]:{self.port}" if ":" in host else f"{scheme}://{host}:{self.port}"


def addresses(sockets: Iterable[socket.socket]) -> list[Address]:
    """Where the sockets really listen, which port 0 does not tell; IPv4 first."""
    return [Address(*opened.getsockname()[:2]) for opened in sockets]


@asynccontextmanager
async def listening(options: WebOptions) -> AsyncIterator[list[socket.socket]]:
    """Sockets that accept connections from now on, one for each address; closed at the end.

    Raises:
        ConfigurationError: the port is taken, or the address cannot be used.
    """
    host, port = split_listen(options.listen)
    with ExitStack() as stack:
        try:
            found = await anyio.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            sockets = _open_all({(family, address) for family, _, _, _, address in found}, stack)
        except (OSError, UnicodeError) as error:
            raise ConfigurationError([_explain(options.listen, error)]) from error
        yield sockets


def _open_all(endpoints: Iterable[tuple[Any, Any]], stack: ExitStack) -> list[socket.socket]:
    """The same port on every address; one that this machine lacks is passed over unless it is the only one."""
    opened: list[socket.socket] = []
    absent = None
    for family, (host, port, *scope) in sorted(endpoints):  # IPv4 comes first
        if opened:
            port = opened[0].getsockname()[1]  # noqa: PLW2901 - where any port was asked for, the first one decides
        try:
            opened.append(stack.enter_context(_open(family, (host, port, *scope))))
        except OSError as error:
            if error.errno not in _ABSENT:
                raise
            absent = error
    if absent and not opened:
        raise absent
    return opened


def _open(family: int, endpoint: tuple[Any, ...]) -> socket.socket:
    # Named, or asyncio leaves Nagle's algorithm on, and the end of a large answer waits 40 ms for an acknowledgement.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # IPv4 has its own socket
        opened.bind(endpoint)
        opened.listen(_BACKLOG)  # binding alone does not notice a port that is taken
    except OSError:
        opened.close()
        raise
    return opened


def _explain(listen: str, error: OSError | UnicodeError) -> str:
    """Key, value, cause and remedy."""
    if isinstance(error, socket.gaierror | UnicodeError):
        cause = 'the host name is not known: write an IP address, or ":10365" for all addresses'
    elif error.errno == errno.EADDRINUSE:
        cause = "another program listens there: stop it, or choose another port"
    elif error.errno == errno.EACCES:
        cause = "the system does not let this user: choose a port above 1023"
    else:
        cause = f'{error.strerror}: choose an address of this machine, or ":10365" for all of them'
    return f"listen (O365_LISTEN): cannot listen on {listen!r}, {cause}"
