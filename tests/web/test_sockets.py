"""Where the exporter listens, and what it says when it cannot."""

from __future__ import annotations

import errno
import socket
from typing import Any

import pytest
from pydantic import ValidationError

import o365_exporter.web.sockets as sockets_module
from o365_exporter.errors import ConfigurationError
from o365_exporter.web import Address, WebOptions, addresses, listening
from o365_exporter.web.options import split_listen

EVERY_IPV4 = "0.0.0.0"  # noqa: S104 - compared, not bound


def has_ipv6() -> bool:
    """Whether this machine has an IPv6 loopback address."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [
        (":10365", "", 10365),
        ("127.0.0.1:0", "127.0.0.1", 0),
        ("[::1]:65535", "::1", 65535),
        ("[fe80::1%eth0]:80", "fe80::1%eth0", 80),
        ("exporter.example:9000", "exporter.example", 9000),
    ],
)
def test_addresses_to_listen_on(listen: str, host: str, port: int) -> None:
    """Host and port are told apart, IPv6 by its brackets."""
    assert split_listen(WebOptions(listen=listen).listen) == (host, port)


@pytest.mark.parametrize(
    "listen", ["", "10365", ":", ":65536", "::1:10365", "[::1]", "http://x:1", "x:-1", "a b:1", ":٣"]
)
def test_what_is_no_address(listen: str) -> None:
    """A wrong value is named together with what to write."""
    with pytest.raises(ValidationError) as raised:
        WebOptions(listen=listen)
    assert raised.value.errors()[0]["msg"] == (
        'Value error, is no address to listen on: write ":10365" for all addresses, "127.0.0.1:10365" or '
        '"[::1]:10365" for one, with a port from 0 (any free one) to 65535'
    )


def test_the_default() -> None:
    """Without settings it is the exporter's port on every address; unknown keys are refused."""
    assert WebOptions().listen == ":10365"
    with pytest.raises(ValidationError):
        WebOptions.model_validate({"port": 10365})


@needs_ipv6
async def test_all_addresses_are_ipv4_and_ipv6() -> None:
    """A listener without host has one socket for each family, on the same port."""
    async with listening(WebOptions(listen=":0")) as sockets:
        four, six = addresses(sockets)
        assert (four.host, six.host) == (EVERY_IPV4, "::")
        assert four.port == six.port != 0
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, four.port)).close()


async def test_a_machine_without_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    """IPv4 is enough where the machine has nothing else."""
    real = socket.socket

    def without_ipv6(family: int, *rest: Any) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return real(family, *rest)

    monkeypatch.setattr(socket, "socket", without_ipv6)
    async with listening(WebOptions(listen=":0")) as sockets:
        assert [address.host for address in addresses(sockets)] == [EVERY_IPV4]


async def test_sockets_are_closed_at_the_end() -> None:
    """A listener leaves nothing open, even if it never served."""
    async with listening(WebOptions(listen="127.0.0.1:0")) as sockets:
        assert sockets[0].fileno() > 0
    assert sockets[0].fileno() == -1


@pytest.mark.parametrize("host", ["127.0.0.1", ""])
async def test_a_port_in_use(host: str) -> None:
    """A taken port is a configuration error that names key, value and remedy."""
    async with listening(WebOptions(listen="127.0.0.1:0")) as sockets:
        listen = f"{host}:{addresses(sockets)[0].port}"
        with pytest.raises(ConfigurationError) as raised:
            async with listening(WebOptions(listen=listen)):
                pass
    assert raised.value.faults == [
        f"listen (O365_LISTEN): cannot listen on {listen!r}, another program listens there: "
        "stop it, or choose another port"
    ]


@pytest.mark.parametrize(
    ("listen", "cause"),
    [
        ("a..b:0", 'the host name is not known: write an IP address, or ":10365" for all addresses'),
        (
            "192.0.2.1:0",
            'Cannot assign requested address: choose an address of this machine, or ":10365" for all of them',
        ),
    ],
)
async def test_an_address_of_somewhere_else(listen: str, cause: str) -> None:
    """A host that is not known or not this machine is a configuration error."""
    with pytest.raises(ConfigurationError) as raised:
        async with listening(WebOptions(listen=listen)):
            pass
    assert raised.value.faults == [f"listen (O365_LISTEN): cannot listen on {listen!r}, {cause}"]


async def test_a_port_that_the_user_may_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """A privileged port says which ports are open to everybody."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(sockets_module, "_open", refuse)
    with pytest.raises(ConfigurationError, match="choose a port above 1023"):
        async with listening(WebOptions(listen=":80")):
            pass


@pytest.mark.parametrize(
    ("host", "url"),
    [
        (EVERY_IPV4, "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("10.0.0.1", "http://10.0.0.1:80"),
        ("fe80::1", "http://[fe80::1]:80"),
    ],
)
def test_urls_can_be_opened(host: str, url: str) -> None:
    """The address printed for people leads to the exporter."""
    assert Address(host, 80).url == url


async def test_the_end_of_an_answer_is_sent_at_once() -> None:
    """asyncio turns Nagle's algorithm off only where the socket says that it is TCP."""
    async with listening(WebOptions(listen="127.0.0.1:0")) as sockets:
        assert [opened.proto for opened in sockets] == [socket.IPPROTO_TCP]
