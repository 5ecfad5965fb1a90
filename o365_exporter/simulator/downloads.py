"""The second origin: where report files are fetched with an address that is a ticket, and never with a token."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import date
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from o365_exporter.clock import Clock
from o365_exporter.simulator.breakage import page
from o365_exporter.simulator.faults import Fault
from o365_exporter.simulator.http import Request, Response, Stream
from o365_exporter.simulator.options import Switches
from o365_exporter.simulator.reports import Edition, Style
from o365_exporter.simulator.tenant import Tenant

OFFICIAL_ORIGIN = "https://reports.office.com"
"""Where downloads are while there is no socket: the host of Microsoft's own example."""

FORBIDDEN_ORIGIN = "https://reports.example.net"
"""Where a redirect to a forbidden host points: nothing must be fetched there."""

TICKET_LIFETIME = 300.0
"""Seconds for which an address is good."""

_CSV = "application/octet-stream"
_TEXT = "text/plain"
_PATH = re.compile(r"/data/v1\.0/(?P<step>download|redirect)/(?P<function>\w+)/(?P<window>[\w-]+)")


class Downloads:
    """Hands out addresses and answers at them.

    Args:
        tenants: whose reports there are.
        seed: of the simulator; signs addresses.
        clock: ends their time.
        origin: where clients find this; None: at the second socket, on the host where they found Graph.

    Attributes:
        served: origin of the second socket while there is one.
        switches: the present manners.
    """

    def __init__(self, tenants: Mapping[str, Tenant], seed: int, clock: Clock, origin: str | None) -> None:
        self._tenants = tenants
        self._key = f"simulator/{seed}/downloads".encode()
        self._clock = clock
        self._origin = origin and origin.rstrip("/")
        self.served: str | None = None
        self.switches = Switches()

    @property
    def url(self) -> str:
        """The origin, as this machine reaches it."""
        return self._origin or self.served or OFFICIAL_ORIGIN

    def answers(self, path: str) -> bool:
        """Whether there is anything at this address."""
        return _PATH.fullmatch(path) is not None

    def address(self, request: Request, tenant: Tenant, edition: Edition) -> str:
        """The address of a file for who asked Graph for it, good for some minutes from now."""
        origin = self._origin_beside(request)
        function, window = edition.report.name, edition.window.text
        ticket = self._sign([tenant.key, function, window, f"{edition.refresh}", self._clock.now() + TICKET_LIFETIME])
        twice = self.switches.report_redirect in ("twice", "twice_elsewhere")
        if self.switches.report_redirect == "forbidden_host":
            origin = FORBIDDEN_ORIGIN
        return f"{origin}/data/v1.0/{'redirect' if twice else 'download'}/{function}/{window}?token={ticket}"

    def style(self) -> Style:
        """How cells are spelled at present."""
        return Style(self.switches.report_booleans, self.switches.report_dates)

    def tenant_key(self, request: Request) -> str | None:
        """Key of the tenant whose file is asked for."""
        ticket = self._read(request)
        return ticket[0] if ticket else None

    def answer(self, request: Request) -> Response:
        """Answer a request to the second origin."""
        response = self._serve(request)
        response.headers["Cache-Control"] = "no-store"
        return response

    def injected(self, _call: Request, fault: Fault) -> Response | None:
        """The error that a fault wants: a line of text."""
        return None if fault.status is None else _refusal(fault.status, fault.message or "An error was injected.")

    def _origin_beside(self, request: Request) -> str:
        """The origin for who reaches Graph at another: the second socket has many names, as the first has.

        Who comes by a proxy, or by a fixed address, may find one of the sockets only: then both are the same.
        """
        if self._origin is None and request.elsewhere:
            return request.origin
        if self._origin is not None or self.served is None:
            return self.url
        parts = urlsplit(request.origin)
        host = parts.netloc.removesuffix(f":{parts.port}")
        return f"{parts.scheme}://{host}:{urlsplit(self.served).port}"

    def _serve(self, request: Request) -> Response:
        match = _PATH.fullmatch(request.path)
        ticket = self._read(request)
        if match is None or request.method != "GET":
            return _refusal(404, "There is nothing to get at this address.")
        if (
            "authorization" in request.headers and not request.elsewhere
        ):  # at Graph's own origin a client cannot but send it
            return _refusal(401, "This address needs no Authorization, and must not be sent any.")
        if ticket is None or ticket[1:3] != [match["function"], match["window"]]:
            return _refusal(403, "The signature of this address is wrong.")
        if self._clock.now() >= ticket[4]:
            return _refusal(403, "This address has expired.")
        if match["step"] == "redirect":
            return self._second_redirect(request)
        return self._file(request, ticket)

    def _second_redirect(self, request: Request) -> Response:
        origin = FORBIDDEN_ORIGIN if self.switches.report_redirect == "twice_elsewhere" else ""
        path = request.path.replace("/redirect/", "/download/")
        return Response(302, b"", {"Location": f"{origin}{path}?{request.query}"}, _TEXT)

    def _file(self, request: Request, ticket: list[Any]) -> Response:
        key, function, window, refresh, _ = ticket
        tenant = self._tenants[key]
        edition = tenant.edition(function, window, date.fromisoformat(refresh), self.style())
        headers = {"ETag": edition.etag}
        if self.switches.report_etags != "ignored" and known(request, edition):
            return Response(304, b"", headers, _CSV)
        if tenant.report_state(function) == "html":
            return page("proxy")
        return Response(200, self.stream(tenant, edition), headers, _CSV)

    def stream(self, tenant: Tenant, edition: Edition) -> Stream:
        """A file as it comes at present."""
        state = tenant.report_state(edition.report.name)
        match state:
            case "empty":
                return Stream(lambda: iter(()), self.switches.report_framing)
            case "header_only_day" if edition.window.is_date:
                return Stream(lambda: islice(edition.pieces(), 1), self.switches.report_framing)
            case "header_only":
                return Stream(lambda: islice(edition.pieces(), 1), self.switches.report_framing)
            case "wrong_header":
                return Stream(edition.with_wrong_header, self.switches.report_framing)
        return Stream(edition.pieces, self.switches.report_framing, cut=state == "truncated")

    def _sign(self, parts: list[Any]) -> str:
        text = base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")
        return f"{text}.{self._signature(text)}"

    def _read(self, request: Request) -> list[Any] | None:
        """What a ticket of ours says; None for any other."""
        text, _, signature = request.parameters.get("token", "").partition(".")
        if not hmac.compare_digest(signature, self._signature(text)):
            return None
        try:
            parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (binascii.Error, ValueError):
            return None
        return list(parts)

    def _signature(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def known(request: Request, edition: Edition) -> bool:
    """Whether the client has this file already and says so."""
    return edition.etag in {tag.strip() for tag in request.headers.get("if-none-match", "").split(",")}


def _refusal(status: int, sentence: str) -> Response:
    return Response(status, sentence, content_type=_TEXT)
