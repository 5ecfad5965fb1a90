"""Addresses: what of them may be shown, and what decides whether a token may go there."""

from __future__ import annotations

import ipaddress
from urllib.parse import urljoin, urlsplit

_PORTS = {"https": 443, "http": 80}

Origin = tuple[str, str, int]
"""Scheme, host and port."""


def host_of(url: str) -> str:
    """``host`` or ``host:port`` of an address, and nothing else of it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "an unreadable address"
    host = parts.hostname or "an address without host"
    return f"{host}:{port}" if port is not None else host


def place_of(url: str) -> str:
    """``host:port`` of an address, with the port also where it is the usual one."""
    origin = origin_of(url)
    if origin is None:
        return host_of(url)
    _, host, port = origin
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def origin_of(url: str) -> Origin | None:
    """Where an address leads; None where that cannot be told for sure, as in an address with credentials."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    if not parts.hostname or "@" in parts.netloc or "\\" in url or not url.isprintable():
        return None
    return parts.scheme, parts.hostname, port


def target_of(location: str, url: str) -> str:
    """Where ``Location`` leads in an answer from ``url``: it may be a path of the same host (RFC 9110, 10.2.2)."""
    try:
        return location if urlsplit(location).scheme else urljoin(url, location)
    except ValueError:
        return location


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself, by its name or address alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
