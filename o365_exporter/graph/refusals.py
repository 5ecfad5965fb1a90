"""The error that an answer of Graph is: what it says is looked up in the table of meanings, and the gaps are filled.

The gaps of a row's sentences, in braces, are the keys of ``login.refusals.facts_of`` and what ``_graphs_error`` adds.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from o365_exporter.errors import ExporterError, PermissionMissingError, PollError, UnavailableError
from o365_exporter.graph.answers import Fault, fault_of
from o365_exporter.graph.meanings import REFUSED_HERE_ALONE, TABLE, service_of
from o365_exporter.http.client import Response
from o365_exporter.http.meanings import NO_STATUS, Said, Service, look_up, scopes_in
from o365_exporter.http.quoting import printable
from o365_exporter.http.retry import retry_after
from o365_exporter.login.identity import Identity
from o365_exporter.login.refusals import facts_of, failure, page_in
from o365_exporter.login.standing import PolicyRefusedError, TokenRefusedError

_GUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
_ROOT = re.compile(r"^.*?/(?:v1\.0|beta)(?=/)")


def graph_error(response: Response, who: Identity, permissions: tuple[str, ...], now: float) -> ExporterError | None:
    """The error, or the ``Nothing``, that an answer of Graph is; None for a success that holds something.

    Args:
        response: of Graph, read whole.
        who: asked.
        permissions: that the endpoint needs, any of them; see ``Endpoint``.
        now: wall clock, for a ``Retry-After`` that is a date.
    """
    if response.status < HTTPStatus.MULTIPLE_CHOICES and response.body.strip():
        return None
    route, fault, page = route_of(response.request.url), fault_of(response), page_in(response)
    if fault is None and page:
        said = Said(Service.GATEWAY, response.status, words=page)
    else:
        words = f"{fault.words if fault else ''} {_challenge(response)}".strip()
        said = Said(service_of(route), response.status, fault.code if fault else "", words)
    fault = fault or Fault(request_id=printable(response.headers.get("request-id", ""), response.request.secrets, 80))
    return _graphs_error(response, said, fault, route=route, who=who, permissions=permissions, now=now)


def error_in_place_of_file(
    response: Response, route: str, who: Identity, permissions: tuple[str, ...], now: float
) -> ExporterError | None:
    """The error that came as a report's file, under the status of a success; None where the body is none.

    Args:
        response: of Graph or of a host of report files, whose address is a secret.
        route: of Graph, for which the file was to be.
        who: asked.
        permissions: that the endpoint needs, any of them.
        now: wall clock.
    """
    fault = fault_of(response)
    if fault is None:
        return None
    said = Said(service_of(route), NO_STATUS, fault.code, fault.words)
    return _graphs_error(response, said, fault, route=route, who=who, permissions=permissions, now=now)


def _graphs_error(
    response: Response, said: Said, fault: Fault, *, route: str, who: Identity, permissions: tuple[str, ...], now: float
) -> ExporterError:
    row = look_up(said, TABLE)
    facts = facts_of(response, who, str(fault)) | {
        "route": printable(route, response.request.secrets, 120),
        "permission": _permission(scopes_in(fault.words), row.needs or permissions),
        "foreign": next(iter(_GUID.findall(fault.words)), "not named"),
    }
    error = row.error(facts, status=response.status, code=fault.code, retry_after=retry_after(response, now))
    if isinstance(error, TokenRefusedError) and not isinstance(error, PolicyRefusedError):
        alone = REFUSED_HERE_ALONE.error(facts, status=response.status, code=fault.code)
        error.alone = alone if isinstance(alone, UnavailableError) else None
    return error


def nothing_granted(who: Identity, error: PollError) -> PermissionMissingError:
    """What a refusal is where the token states no permission at all: one cause, whatever is asked."""
    subject = "managed identity" if who.managed else "app"
    return PermissionMissingError(
        f"The {subject} {who.client_id} has no application permission in tenant {who.tenant}: its token states none at "
        f"all, as where nobody has consented ({error.status}).",
        remedy="An administrator of the tenant grants what o365-exporter permissions lists, with admin consent, at "
        f"{who.cloud.portal} or by the script that it prints with --format az; no restart is needed.",
        status=error.status,
        code=error.code,
        subject=f"permissions in {who.tenant}",
    )


def download_error(response: Response, who: Identity, now: float) -> PollError | None:
    """The error that an answer of a host of report files is; None for a success."""
    if response.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    page = Said(Service.GATEWAY, response.status, words=page_in(response))
    said = page if page.words and look_up(page, TABLE).words else Said(Service.DOWNLOAD, response.status)
    return failure(said, TABLE, facts_of(response, who, ""), response, now)


def route_of(url: str) -> str:
    """What of Graph is asked by an address: the path below the version, with the values that were filled in."""
    return unquote(_ROOT.sub("", urlsplit(url).path))


def _permission(named: tuple[str, ...], ours: tuple[str, ...]) -> str:
    """What is missing: as Graph names it, and where that is something else, what the endpoint is known to need."""
    if not named:
        return " or ".join(ours) or "that Microsoft names"
    more = "" if set(named) & set(ours) or not ours else f" (documented: {' or '.join(ours)})"
    return " or ".join(named) + more


def _challenge(response: Response) -> str:
    """What the header that comes with a 401 says about policies; its claims are of no use to an app."""
    challenge = response.headers.get("www-authenticate", "")
    return "insufficient_claims" if "insufficient_claims" in challenge or "claims=" in challenge else ""
