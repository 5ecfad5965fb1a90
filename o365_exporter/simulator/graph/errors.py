"""Refusals of Graph, in the shape of its services."""

from __future__ import annotations

from o365_exporter.simulator.http import Request, Response
from o365_exporter.simulator.timetext import graph_time


class GraphError(Exception):
    """A refusal.

    Args:
        status: HTTP status.
        code: Graph's ``error.code``.
        message: Graph's ``error.message``.
        headers: further response headers.
    """

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


def bad_request(message: str, code: str = "BadRequest") -> GraphError:
    """A 400."""
    return GraphError(400, code, message)


def too_many_requests(headers: dict[str, str]) -> GraphError:
    """A 429; its body has a shape of its own."""
    return GraphError(429, "TooManyRequests", "Please retry again later.", headers)


USUAL = {
    401: ("InvalidAuthenticationToken", "Access token has expired or is not yet valid."),
    403: ("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
    404: ("Request_ResourceNotFound", "Resource does not exist."),
    429: ("TooManyRequests", "Please retry again later."),
    500: ("InternalServerError", "An internal server error occurred."),
    502: ("BadGateway", "The server received an invalid response from an upstream server."),
    503: ("serviceNotAvailable", "The service is not available. Try the request again after a delay."),
    504: ("GatewayTimeout", "The service did not answer in time."),
}
"""Code and message that usually come with a status; what injected faults say unless told otherwise."""


_SCOPE_MISSING = '{"error":{"code":"S2SUnauthorized","message":"Invalid permission."}}'

_ROLES_WANTED = (
    "Auth token does not contain valid permissions or user does not have valid roles. "
    "Auth Token roles required: SecurityEvents.Read.All, SecurityEvents.ReadWrite.All."
)
WITHOUT_PERMISSION = {
    "identity": ("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
    "service_communications": ("UnknownError", ""),  # rknightion/graph2otel#119
    "usage_reports": ("S2SUnauthorized", "Invalid permission."),
    "security": ("Forbidden", _ROLES_WANTED),
    "settings": ("UnknownError", _SCOPE_MISSING),
}
"""Code and message of the 403 of each service where the permission is missing."""


def error_answer(request: Request, error: GraphError, now: float) -> Response:
    """The error as Graph writes it; ``now`` in seconds since 1970."""
    inner = {
        "date": graph_time(now).removesuffix("Z"),
        "request-id": request.request_id,
        "client-request-id": request.headers.get("client-request-id", request.request_id),
    }
    if error.status == 429:  # noqa: PLR2004 - Too Many Requests
        inner |= {"code": "429", "message": "Please retry after", "status": "429"}
    body = {"error": {"code": error.code, "message": error.message, "innerError": inner}}
    return Response(error.status, body, dict(error.headers), "application/json")
