"""The error that an answer is: what it says is looked up in the table of meanings, and the gaps are filled.

The gaps of a row's sentences, in braces, are the keys of ``_facts`` and what each kind of answer adds to them.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from math import isfinite
from typing import Any
from urllib.parse import unquote, urlsplit

from o365_exporter.errors import ExporterError, PollError, UnavailableError
from o365_exporter.graph.addresses import host_of, target_of
from o365_exporter.graph.answers import Fault, fault_of, likely_source, looks_like_html, start_of
from o365_exporter.graph.credentials import Credential, FederatedToken
from o365_exporter.graph.http import Answer
from o365_exporter.graph.identity import Identity
from o365_exporter.graph.meanings import (
    NO_STATUS,
    REFUSED_HERE_ALONE,
    PolicyRefusedError,
    Said,
    Service,
    TokenRefusedError,
    look_up,
    scopes_in,
    service_of,
)
from o365_exporter.graph.quoting import printable
from o365_exporter.graph.skew import CHECK_CLOCK, http_date

LONGEST_THROTTLING = 900.0
"""Seconds that a 429 may ask for: published windows are at most an hour, and asking four times in it does no harm."""

LONGEST_OUTAGE = 300.0
"""Seconds that any other answer may ask for: after an outage that said "tomorrow" and is over, health is seen again."""

_ADD = (
    "An administrator of the tenant can add it at {portal} under App registrations > API permissions > "
    "Microsoft Graph > Application permissions, and grant admin consent; no restart is needed."
)
_ASSIGN = (
    "An administrator can assign the app role of Microsoft Graph to the managed identity's service principal, for "
    "instance with New-MgServicePrincipalAppRoleAssignment; the portal cannot. Its tokens may lag by up to a day."
)
_GUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
_NUMBER = re.compile(r"AADSTS(\d{1,12})")
_ROOT = re.compile(r"^.*?/(?:v1\.0|beta)(?=/)")
_TRACE = re.compile(r"\s*(?:Trace ID|Correlation ID|Timestamp):.*", re.IGNORECASE | re.DOTALL)


def graph_error(answer: Answer, who: Identity, permissions: tuple[str, ...], now: float) -> ExporterError | None:
    """The error, or the ``Nothing``, that an answer of Graph is; None for a success that holds something.

    Args:
        answer: of Graph, read whole.
        who: asked.
        permissions: that the endpoint needs, any of them; see ``Endpoint``.
        now: wall clock, for a ``Retry-After`` that is a date.
    """
    if answer.status < HTTPStatus.MULTIPLE_CHOICES and answer.body.strip():
        return None
    route, fault, page = route_of(answer.request.url), fault_of(answer), _page(answer)
    if fault is None and page:
        said = Said(Service.GATEWAY, answer.status, words=page)
    else:
        words = f"{fault.words if fault else ''} {_challenge(answer)}".strip()
        said = Said(service_of(route), answer.status, fault.code if fault else "", words)
    fault = fault or Fault(request_id=printable(answer.headers.get("request-id", ""), answer.request.secrets, 80))
    return _graphs_error(answer, said, fault, route=route, who=who, permissions=permissions, now=now)


def error_in_place_of_file(
    answer: Answer, route: str, who: Identity, permissions: tuple[str, ...], now: float
) -> ExporterError | None:
    """The error that came as a report's file, under the status of a success; None where the body is none.

    Args:
        answer: of Graph or of a host of report files, whose address is a secret.
        route: of Graph, for which the file was to be.
        who: asked.
        permissions: that the endpoint needs, any of them.
        now: wall clock.
    """
    fault = fault_of(answer)
    if fault is None:
        return None
    said = Said(service_of(route), NO_STATUS, fault.code, fault.words)
    return _graphs_error(answer, said, fault, route=route, who=who, permissions=permissions, now=now)


def _graphs_error(
    answer: Answer, said: Said, fault: Fault, *, route: str, who: Identity, permissions: tuple[str, ...], now: float
) -> ExporterError:
    row = look_up(said)
    facts = _facts(answer, who, str(fault)) | {
        "route": printable(route, answer.request.secrets, 120),
        "permission": _permission(scopes_in(fault.words), row.needs or permissions),
        "foreign": next(iter(_GUID.findall(fault.words)), "not named"),
    }
    error = row.error(facts, status=answer.status, code=fault.code, retry_after=retry_after(answer, now))
    if isinstance(error, TokenRefusedError) and not isinstance(error, PolicyRefusedError):
        alone = REFUSED_HERE_ALONE.error(facts, status=answer.status, code=fault.code)
        error.alone = alone if isinstance(alone, UnavailableError) else None
    return error


def login_error(
    answer: Answer, who: Identity, credential: Credential, now: float, clock: str = CHECK_CLOCK
) -> PollError | None:
    """The error that an answer of Entra ID is; None for a success.

    Args:
        answer: of the login host.
        who: asked for a token.
        credential: by which.
        now: wall clock.
        clock: what to do about this machine's clock, where that may be the cause.
    """
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    service = Service.FEDERATED if isinstance(credential, FederatedToken) else Service.LOGIN
    body = _object(answer)
    told = str(body.get("error_description") or body.get("error") or "")
    words = printable(_TRACE.sub("", told).partition("\n")[0], answer.request.secrets)
    codes = (_number(body, told), printable(str(body.get("error") or ""), answer.request.secrets, 40))
    found = [Said(service, answer.status, code, words) for code in codes if code]
    found = found or [Said(Service.GATEWAY, answer.status, words=start_of(answer))]
    said = next((one for one in found if look_up(one).codes), found[0])  # a word may be known where the number is not
    facts = _facts(answer, who, words) | {"code": said.code, "setting": credential.setting, "clock": clock}
    return _failure(said, facts, answer, now)


def machine_error(answer: Answer, who: Identity, now: float) -> PollError | None:
    """The error that an answer of a managed identity's endpoint is; None for a success."""
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    body = _object(answer)  # there are two shapes
    told = str(body.get("error_description") or body.get("message") or body.get("error") or "")
    words = printable(told, answer.request.secrets)
    said = Said(Service.MACHINE, answer.status, words=words)
    detail = f"({answer.status}{f': {words}' if words else ''})"
    return _failure(said, _facts(answer, who, words) | {"detail": detail}, answer, now)


def download_error(answer: Answer, who: Identity, now: float) -> PollError | None:
    """The error that an answer of a host of report files is; None for a success."""
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    page = Said(Service.GATEWAY, answer.status, words=_page(answer))
    said = page if page.words and look_up(page).words else Said(Service.DOWNLOAD, answer.status)
    return _failure(said, _facts(answer, who, ""), answer, now)


def route_of(url: str) -> str:
    """What of Graph is asked by an address: the path below the version, with the values that were filled in."""
    return unquote(_ROOT.sub("", urlsplit(url).path))


def _failure(said: Said, facts: dict[str, str], answer: Answer, now: float) -> PollError:
    row = look_up(said)
    error = row.error(facts, status=answer.status, code=said.code, retry_after=retry_after(answer, now))
    assert isinstance(error, PollError)  # only Graph's services have nothing to give
    return error


def _facts(answer: Answer, who: Identity, said: str) -> dict[str, str]:
    """What the gaps in the sentences of all rows are filled with."""
    start = printable(start_of(answer), answer.request.secrets, 80)
    return {
        "tenant": who.tenant,
        "tenant_id": who.tenant_id,
        "app": who.client_id,
        "subject": "managed identity" if who.managed else "app",
        "host": answer.host,
        "login": who.cloud.login,
        "portal": who.cloud.portal,
        "grant": _ASSIGN if who.managed else _ADD.format(portal=who.cloud.portal),
        "status": str(answer.status),
        "detail": f"({answer.status}{f' {said}' if said else ''})",
        "words": said or start,
        "target": _target(answer),
        "likely": likely_source(start_of(answer)),
        "beginning": f": {start}" if start else ".",
    }


def _target(answer: Answer) -> str:
    """The host of a redirect; where there is no ``Location``, that."""
    location = answer.headers.get("location", "")
    host = host_of(target_of(location, answer.request.url)) if location else "no address at all"
    return printable(host, answer.request.secrets, 80)


def _permission(named: tuple[str, ...], ours: tuple[str, ...]) -> str:
    """What is missing: as Graph names it, and where that is something else, what the endpoint is known to need."""
    if not named:
        return " or ".join(ours) or "that Microsoft names"
    more = "" if set(named) & set(ours) or not ours else f" (documented: {' or '.join(ours)})"
    return " or ".join(named) + more


def _challenge(answer: Answer) -> str:
    """What the header that comes with a 401 says about policies; its claims are of no use to an app."""
    challenge = answer.headers.get("www-authenticate", "")
    return "insufficient_claims" if "insufficient_claims" in challenge or "claims=" in challenge else ""


def _page(answer: Answer) -> str:
    """The text of a web page; empty where the body is none."""
    start = start_of(answer)
    return printable(start, answer.request.secrets, len(start)) or "an empty page" if looks_like_html(start) else ""


def _object(answer: Answer) -> dict[str, Any]:
    """A body that is a JSON object; empty where it is none."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _number(body: dict[str, Any], told: str) -> str:
    """Entra ID's own number, empty where there is none; the text begins with the one that matters most."""
    if found := _NUMBER.search(told):
        return f"AADSTS{found[1]}"
    codes = body.get("error_codes")
    number = codes[0] if isinstance(codes, list) and codes else None
    return f"AADSTS{number}" if isinstance(number, int) and 0 < number < 10**12 else ""


def retry_after(answer: Answer, now: float) -> float | None:
    """Seconds that ``Retry-After`` asks for (a number with or without fraction, or a date); None for anything else."""
    text = answer.headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        date = http_date(text)
        if date is None:
            return None
        seconds = date - now
    longest = LONGEST_THROTTLING if answer.status == HTTPStatus.TOO_MANY_REQUESTS else LONGEST_OUTAGE
    return min(seconds, longest) if isfinite(seconds) and seconds > 0 else None
