"""Places for requests to a login, which all tenants share: where it hangs, a thousand tenants hang at it.

Tenants whose last login succeeded have places of their own, so that those that hang do not keep them from renewing.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

import anyio

AT_ONCE = 64
"""Requests to one login under way, of tenants that have signed in before; and as many of the others."""


class Logins:
    """Bounds the requests that are under way at each login."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, bool], anyio.CapacityLimiter] = {}

    def place(self, login: str, *, proven: bool) -> AbstractAsyncContextManager[None]:
        """A place for one request; waits for it, first come, first served.

        Args:
            login: its address.
            proven: whether the last login of that tenant succeeded.
        """
        return self._places.setdefault((login, proven), anyio.CapacityLimiter(AT_ONCE))
