"""The HTTP side: what is known, for Prometheus, for probes and for people."""

from starlette.types import ASGIApp as App

from o365_exporter.web.app import create_app
from o365_exporter.web.door import Door, Rules, open_door, read_rules, remarks
from o365_exporter.web.options import WebOptions, split_listen
from o365_exporter.web.server import serve
from o365_exporter.web.sockets import Address, addresses, listening

__all__ = [
    "Address",
    "App",
    "Door",
    "Rules",
    "WebOptions",
    "addresses",
    "create_app",
    "listening",
    "open_door",
    "read_rules",
    "remarks",
    "serve",
    "split_listen",
]
