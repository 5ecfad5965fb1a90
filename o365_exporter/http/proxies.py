"""Proxies: what people write as their address, which hosts go without one, and which one a URL goes through.

The variables have no standard. What is read here is what curl, Go and Python read; where these differ, as curl does.
What is not understood is refused: a request that takes the wrong way shows up much later, as a timeout.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from urllib.parse import unquote_to_bytes, urlsplit

from o365_exporter.texts import UnusableError, quotes_around, without_login

_PORTS = {"http": 80, "https": 443}
_MOST_PORTS = 65_535
_PLACE = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(:(?P<port>.*))?", re.DOTALL)
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_PATTERN = re.compile(r"[a-z0-9_.*-]+")
_DIGITS = re.compile(r"[0-9.]+")
_DELIMITERS = re.compile(r"[/?#@\\\s\x00-\x1f\x7f]")
"""What ends the user or the password in an address, unless it is percent-encoded."""

_NO_PROXY_AT_ALL = frozenset(
    ("direct", "disable", "disabled", "false", "n", "nil", "no", "none", "noproxy", "null", "off", "undefined")
)
"""What people write for no proxy, and what other programs take for the name of a host."""

_SHORTEST_SECRET = 4  # characters; what is shorter stands in every other word
_EXAMPLE = "write it as http://host:port, or http://user:password@host:port"
_REMOVE = "remove it to go without a proxy; where others are set as well, NO_PROXY=* passes them all by"
_ENCODE = "write it percent-encoded (/ as %2F, ? as %3F, # as %23, @ as %40, \\ as %5C, a blank as %20)"
_UNQUOTE = "remove the quotes: docker --env-file and systemd keep what stands there"
_ENTRIES = "write hosts, domains, addresses or networks, with commas between: example.com,10.0.0.0/8,[::1]:8080"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy as somebody set it.

    Args:
        url: its address with its port, without user and password.
        setting: the variable or key that sets it.
        authorization: value of the header by which we log in to it; empty for none. A secret.
    """

    url: str
    setting: str
    authorization: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"the proxy {self.url} ({self.setting})"


@dataclass(frozen=True, slots=True)
class Bypass:
    """One entry of ``NO_PROXY``: what of an address must be so for it to be reached directly; empty for anything."""

    name: str = ""
    network: Network | None = None
    scheme: str = ""
    port: int | None = None

    def covers(self, scheme: str, host: str, port: int) -> bool:
        """Whether it says so of this host (an IPv6 address without brackets)."""
        if self.scheme not in ("", scheme) or self.port not in (None, port):
            return False
        if self.network is not None:
            return (address := _address(host)) is not None and address in self.network
        if "*" in self.name:
            return fnmatchcase(host, self.name)
        return host == self.name or host.endswith(f".{self.name}")


@dataclass(frozen=True, slots=True)
class Proxies:
    """Which proxy is for which URL.

    Args:
        https: for https, so for everything of Microsoft's.
        http: for plain http, so for a simulator on this machine.
        bypasses: what is reached directly all the same.
    """

    https: Proxy | None = None
    http: Proxy | None = None
    bypasses: tuple[Bypass, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What may show nowhere: the words by which we log in, and the password in them."""
        coded = {proxy.authorization.rpartition(" ")[2] for proxy in (self.https, self.http) if proxy is not None}
        passwords = (base64.b64decode(one).decode("utf-8", "replace").partition(":")[2] for one in coded if one)
        return tuple(text for text in (*coded, *passwords) if len(text) >= _SHORTEST_SECRET)

    def of(self, url: str) -> Proxy | None:
        """The proxy on the way to a URL; None where it is reached directly."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError:
            return None  # no request is sent there
        if any(bypass.covers(parts.scheme, host, port) for bypass in self.bypasses):
            return None
        return self.http if parts.scheme == "http" else self.https

    def logs_in(self, url: str) -> bool:
        """Whether the proxy on the way to a URL is given a user and a password."""
        proxy = self.of(url)
        return proxy is not None and bool(proxy.authorization)


def parse_proxy(text: str, setting: str) -> Proxy:
    """What somebody wrote as a proxy's address; without a scheme it is http.

    Without a port it is that of the scheme, as for Go and Python (curl takes 1080), and is shown with it.

    Raises:
        UnusableError: it is none. Nothing of it is quoted, since all of it may be a password.
    """
    if quotes_around(text):
        raise UnusableError("has quotes around it", _UNQUOTE)
    if text.lower() in _NO_PROXY_AT_ALL:
        raise UnusableError("is not the address of an HTTP proxy", _REMOVE)
    scheme, rest = _scheme(text)
    login, at, place = rest.rpartition("@")
    if _DELIMITERS.search(login):
        raise UnusableError("has a special character in its user or password", _ENCODE)
    host, port = _host_and_port(place.removesuffix("/"))
    return Proxy(f"{scheme}://{host}:{port or _PORTS[scheme]}", setting, _authorization(login) if at else "")


def _scheme(text: str) -> tuple[str, str]:
    scheme, separator, rest = text.partition("://")
    if not separator:
        return "http", text
    if scheme.lower().startswith("socks"):
        raise UnusableError("is a SOCKS proxy, which is not supported", f"set an HTTP proxy: {_EXAMPLE}")
    if scheme.lower() not in _PORTS:
        raise UnusableError("is not the address of an HTTP proxy", _EXAMPLE)
    return scheme.lower(), rest


def _host_and_port(place: str) -> tuple[str, str]:
    """The host, and the port or nothing."""
    if _DELIMITERS.search(place):
        raise UnusableError("has more in it than user, password, host and port", f"remove it, or {_ENCODE}")
    found = _PLACE.fullmatch(place)
    if found is None:
        raise UnusableError("has its brackets in the wrong place", _EXAMPLE)
    if found["port"] is not None and not _is_port(found["port"]):
        what = "has a port that is no number from 1 to 65535"
        raise UnusableError(what, f"{_EXAMPLE}, and an IPv6 address in brackets")
    return _host(found["host"].lower()), found["port"] or ""


def _host(host: str) -> str:
    if host.startswith("["):
        if not isinstance(_address(host[1:-1]), ipaddress.IPv6Address):
            raise UnusableError("has no IPv6 address in its brackets", _EXAMPLE)
        return host
    name = host.removesuffix(".")
    if not _is_host(name):
        raise UnusableError("names no host", _EXAMPLE)
    return name


def _authorization(login: str) -> str:
    """Any byte can be in a password; a user alone has an empty one."""
    pair = unquote_to_bytes(login if ":" in login else f"{login}:")
    return f"Basic {base64.b64encode(pair).decode()}"


def parse_bypasses(text: str) -> tuple[Bypass, ...]:
    """What somebody wrote into ``NO_PROXY``: entries between commas or blanks.

    Raises:
        UnusableError: an entry is none; it is quoted, unless the text looks like a proxy with a password, of which
            any entry may be a part: a password can have commas and blanks.
    """
    if quotes_around(text):
        raise UnusableError("has quotes around it", _UNQUOTE)
    return tuple(_bypass(entry, quote="@" not in text) for entry in re.split(r"[,\s]+", text) if entry)


def _bypass(entry: str, *, quote: bool) -> Bypass:
    scheme, separator, rest = entry.lower().rpartition("://")
    place = rest.removesuffix("/") if separator else rest
    host, port = _entry_and_port(place)
    shown = f"the entry {without_login(entry)[:60]!r}, which is none"
    wrong = UnusableError(f"has {shown if quote else 'an @ in it and an entry that is none'}", _ENTRIES)
    if (separator and scheme not in _PORTS) or not (port is None or _is_port(port)):
        raise wrong
    network, name = _network(host), host.removeprefix(".").removesuffix(".")
    if network is None and not (_is_host(name) or ("*" in name and _PATTERN.fullmatch(name))):
        raise wrong
    return Bypass("" if network else name, network, scheme, int(port) if port else None)


def _entry_and_port(place: str) -> tuple[str, str | None]:
    """The host or network without brackets, and the port where there is one."""
    if place.startswith("["):
        host, bracket, rest = place[1:].partition("]")
        length, colon, port = rest.partition(":")
        return (host + length, port if colon else None) if bracket else (place, None)
    if place.count(":") > 1:
        return place, None  # an IPv6 address or network as it is
    host, colon, port = place.partition(":")
    return host, port if colon else None


def _is_host(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and (_DIGITS.fullmatch(name) is None or _address(name) is not None)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len(str(_MOST_PORTS)) and 0 < int(text) <= _MOST_PORTS


def _address(host: str) -> Address | None:
    """IPv4 within IPv6 counts as what it is."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
