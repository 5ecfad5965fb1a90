"""The error that an answer is: which reason, and a sentence that says who should do what."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import isfinite

from o365_exporter.errors import (
    AuthError,
    PermissionMissingError,
    PollError,
    RefusedRedirectError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
    UnlicensedError,
)
from o365_exporter.graph.addresses import host_of
from o365_exporter.graph.answers import Fault, fault_of, looks_like_html, undecodable
from o365_exporter.graph.failures import proxy_wants_login
from o365_exporter.graph.http import Answer
from o365_exporter.graph.identity import Identity

_UNLICENSED = re.compile(r"licen[cs]e|NonPremiumTenant|subscription (?:is )?(?:required|needed)", re.IGNORECASE)


_ADD = (
    "An administrator of the tenant can add it at {portal} under App registrations > API permissions > "
    "Microsoft Graph > Application permissions, and grant admin consent; no restart is needed."
)
_ASSIGN = (
    "An administrator can assign the app role of Microsoft Graph to the managed identity's service principal, for "
    "instance with New-MgServicePrincipalAppRoleAssignment; the portal cannot. Its tokens may lag by up to a day."
)


_LONGEST_WAIT = 3600.0  # seconds; whatever asks for more is asked again after an hour


class NotFoundError(UnexpectedAnswerError):
    """Graph itself says that there is nothing at this address."""


def common_error(answer: Answer, now: float) -> PollError | None:
    """The error that an answer of any host of Microsoft is; None where that depends on the host.

    Args:
        answer: of login or Graph.
        now: wall clock, for a ``Retry-After`` that is a date.
    """
    said = str(fault_of(answer) or "")
    detail = f" ({answer.status}{f' {said}' if said else ''})"
    wait = retry_after(answer, now)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError(
            f"{answer.host} throttles{detail}.", retry_after=wait, status=answer.status, code=_code(answer)
        )
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UnavailableError(
            f"{answer.host} is not available{detail}.",
            retry_after=wait,
            status=answer.status,
            code=_code(answer),
            subject=answer.host,
        )
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        target = host_of(answer.headers.get("location", ""))
        return RefusedRedirectError(
            f"{answer.host} points to {target} ({answer.status}), which is not followed.",
            remedy="Check the address in the settings, and whether a proxy sends requests to a sign-in page.",
            status=answer.status,
        )
    if answer.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return proxy_wants_login(f"on the way to {answer.host}")
    return None


def graph_error(answer: Answer, who: Identity, permissions: tuple[str, ...], now: float) -> PollError | None:
    """The error that an answer of Graph is; None for a success.

    Args:
        answer: of Graph.
        who: asked.
        permissions: that the endpoint needs, any of them; see ``Endpoint``.
        now: wall clock.
    """
    if (error := common_error(answer, now)) is not None:
        return error
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    fault = fault_of(answer)
    if fault is None and looks_like_html(answer.body[:64].decode("utf-8", "replace")):
        return undecodable(answer)
    return _refusal(answer.status, fault or Fault(request_id=answer.headers.get("request-id", "")), who, permissions)


def _refusal(status: int, fault: Fault, who: Identity, permissions: tuple[str, ...]) -> PollError:
    detail = f"({status}{f' {fault}' if str(fault) else ''})"
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return AuthError(
                f"Graph refuses the token of tenant {who.tenant} {detail}.",
                remedy=f"Check that cloud is right, and that the app {who.client_id} has admin consent in the tenant.",
                status=status,
                code=fault.code,
            )
        case HTTPStatus.FORBIDDEN:
            return _forbidden(fault, detail, who, permissions)
        case HTTPStatus.NOT_FOUND:
            return NotFoundError(
                f"Graph knows nothing at the address asked for tenant {who.tenant} {detail}.",
                remedy="Check cloud and graph_url in the settings.",
                status=status,
                code=fault.code,
            )
    return UnexpectedAnswerError(
        f"Graph does not answer what was asked for tenant {who.tenant} {detail}.",
        remedy="This is likely a fault of the exporter: please report it with the request-id.",
        status=status,
        code=fault.code,
    )


def _forbidden(fault: Fault, detail: str, who: Identity, permissions: tuple[str, ...]) -> PollError:
    if _UNLICENSED.search(f"{fault.code} {fault.message}"):
        return UnlicensedError(
            f"Tenant {who.tenant} lacks the licence that Graph wants for this {detail}.",
            remedy="Get the licence, or switch the collector off for this tenant.",
            status=HTTPStatus.FORBIDDEN,
            code=fault.code,
        )
    needed = " or ".join(permissions) or "that Microsoft names"
    subject = "managed identity" if who.managed else "app"
    return PermissionMissingError(
        f"The {subject} {who.client_id} lacks the application permission {needed} in tenant {who.tenant} {detail}.",
        remedy=_ASSIGN if who.managed else _ADD.format(portal=who.cloud.portal),
        status=HTTPStatus.FORBIDDEN,
        code=fault.code,
    )


def _code(answer: Answer) -> str:
    fault = fault_of(answer)
    return fault.code if fault else ""


def retry_after(answer: Answer, now: float) -> float | None:
    """Seconds that ``Retry-After`` asks for (a number with or without fraction, or a date); None for anything else."""
    text = answer.headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            date = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
    return min(seconds, _LONGEST_WAIT) if isfinite(seconds) and seconds > 0 else None
