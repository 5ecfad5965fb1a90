"""The error that an answer to a sign-in is: what it says is looked up in the table of meanings, and gaps are filled.

The gaps of a row's sentences, in braces, are the keys of ``facts_of`` and what each kind of answer adds to them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from o365_exporter.errors import PollError
from o365_exporter.http.addresses import host_of, target_of
from o365_exporter.http.bodies import likely_source, looks_like_html, start_of
from o365_exporter.http.client import Response
from o365_exporter.http.meanings import Row, Said, Service, look_up
from o365_exporter.http.quoting import printable
from o365_exporter.http.retry import retry_after
from o365_exporter.http.skew import CHECK_CLOCK
from o365_exporter.login.credentials import Credential, FederatedToken
from o365_exporter.login.identity import Identity
from o365_exporter.login.meanings import TABLE

_ADD = (
    "An administrator of the tenant can add it at {portal} under App registrations > API permissions > "
    "Microsoft Graph > Application permissions, and grant admin consent; no restart is needed."
)
_ASSIGN = (
    "An administrator can assign the app role of Microsoft Graph to the managed identity's service principal, for "
    "instance with New-MgServicePrincipalAppRoleAssignment; the portal cannot. Its tokens may lag by up to a day."
)
_NUMBER = re.compile(r"AADSTS(\d{1,12})")
_TRACE = re.compile(r"\s*(?:Trace ID|Correlation ID|Timestamp):.*", re.IGNORECASE | re.DOTALL)


def login_error(
    response: Response, who: Identity, credential: Credential, now: float, clock: str = CHECK_CLOCK
) -> PollError | None:
    """The error that an answer of Entra ID is; None for a success.

    Args:
        response: of the login host.
        who: asked for a token.
        credential: by which.
        now: wall clock.
        clock: what to do about this machine's clock, where that may be the cause.
    """
    if response.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    service = Service.FEDERATED if isinstance(credential, FederatedToken) else Service.LOGIN
    body = _object(response)
    told = str(body.get("error_description") or body.get("error") or "")
    words = printable(_TRACE.sub("", told).partition("\n")[0], response.request.secrets)
    codes = (_number(body, told), printable(str(body.get("error") or ""), response.request.secrets, 40))
    found = [Said(service, response.status, code, words) for code in codes if code]
    found = found or [Said(Service.GATEWAY, response.status, words=start_of(response))]
    said = next(
        (one for one in found if look_up(one, TABLE).codes), found[0]
    )  # a word may be known where the number is not
    facts = facts_of(response, who, words) | {
        "code": said.code,
        "setting": credential.setting,
        "place": credential.place.name,
        "then": credential.place.then,
        "clock": clock,
        "doubt": _doubt_of(credential),
    }
    return failure(said, TABLE, facts, response, now)


def machine_error(response: Response, who: Identity, now: float) -> PollError | None:
    """The error that an answer of a managed identity's endpoint is; None for a success."""
    if response.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    body = _object(response)  # there are two shapes
    told = str(body.get("error_description") or body.get("message") or body.get("error") or "")
    words = printable(told, response.request.secrets)
    said = Said(Service.MACHINE, response.status, words=words)
    detail = f"({response.status}{f': {words}' if words else ''})"
    return failure(said, TABLE, facts_of(response, who, words) | {"detail": detail}, response, now)


def failure(said: Said, table: Iterable[Row], facts: dict[str, str], response: Response, now: float) -> PollError:
    """The error that an answer of a service is which has something to give, or fails."""
    row = look_up(said, table)
    error = row.error(facts, status=response.status, code=said.code, retry_after=retry_after(response, now))
    assert isinstance(error, PollError)  # only Graph's services have nothing to give
    return error


def facts_of(response: Response, who: Identity, said: str) -> dict[str, str]:
    """What the gaps in the sentences of all rows are filled with."""
    start = printable(start_of(response), response.request.secrets, 80)
    return {
        "tenant": who.tenant,
        "tenant_id": who.tenant_id,
        "app": who.client_id,
        "subject": "managed identity" if who.managed else "app",
        "host": response.host,
        "login": who.cloud.login,
        "portal": who.cloud.portal,
        "grant": _ASSIGN if who.managed else _ADD.format(portal=who.cloud.portal),
        "status": str(response.status),
        "detail": f"({response.status}{f' {said}' if said else ''})",
        "words": said or start,
        "target": _target(response),
        "likely": likely_source(start_of(response)),
        "beginning": f": {start}" if start else ".",
    }


def _doubt_of(credential: Credential) -> str:
    """Why a credential that is refused may be a wrong one, by its looks; its remedy is that of the refusal."""
    look, _, _ = credential.doubt().partition(": ")
    return f": it {look}" if look else ""


def _target(response: Response) -> str:
    """The host of a redirect; where there is no ``Location``, that."""
    location = response.headers.get("location", "")
    host = host_of(target_of(location, response.request.url)) if location else "no address at all"
    return printable(host, response.request.secrets, 80)


def page_in(response: Response) -> str:
    """The text of a web page; empty where the body is none."""
    start = start_of(response)
    return printable(start, response.request.secrets, len(start)) or "an empty page" if looks_like_html(start) else ""


def _object(response: Response) -> dict[str, Any]:
    """A body that is a JSON object; empty where it is none."""
    try:
        body = json.loads(response.body)
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
