"""Who has sent a form: a page of ours, or another site's in the name of somebody who has a password here."""

from __future__ import annotations

from starlette.requests import Request

FROM_ELSEWHERE = "Forms of other sites are not taken here.\n"

_OURS = ("same-origin", "none")


def is_from_elsewhere(request: Request) -> bool:
    """Whether a browser says that another site's page has sent this; programs that are no browsers say nothing.

    ``Sec-Fetch-Site`` is what browsers send over TLS and to this machine, ``Origin`` with every POST.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in _OURS
    origin = request.headers.get("origin")
    return origin is not None and origin.partition("://")[2] != request.headers.get("host", "")
