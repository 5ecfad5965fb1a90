"""The places that connections take: bounded altogether and per address, and always one for who comes next.

Whoever comes when all are taken gets the place of the client that has kept us waiting longest, so that idle
connections, however many, shut out neither a probe nor a scrape. Only where all are being served is one refused.
"""

from __future__ import annotations

import ipaddress
import resource
from collections.abc import Iterable
from dataclasses import dataclass, field

import anyio
from anyio import CancelScope

MOST = 512
"""Connections; more than any set of Prometheus servers holds."""

_SHARE = 4
"""One address takes at most this part of the places, and then pushes out none but its own."""

_LEAST = 8
_PREFIX = 64
"""Bits of an IPv6 address that one subscriber is given whole: its addresses count as one."""


@dataclass(eq=False, slots=True)
class Place:
    """That of one connection.

    Args:
        address: of the client, as far as clients are told apart by it.
        since: monotonic time of the latest thing that the client was served or took in.
        waiting: whether it is the client's turn: to ask, or to read.
        asked: whether it has asked for something that it is being given.
        last: whether the connection ends with what is being answered.
        scope: ends the connection; what stops the server leaves it alone, so that an answer under way can end.
    """

    address: str
    since: float
    waiting: bool = True
    asked: bool = False
    last: bool = False
    scope: CancelScope = field(default_factory=lambda: CancelScope(shield=True))


class Places:
    """All of them.

    Args:
        most: connections altogether.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._per_address = max(_LEAST // 2, most // _SHARE)
        self._taken: dict[str, dict[Place, None]] = {}
        self.number = 0
        self.empty = anyio.Event()
        """Set when the last one has left."""

    def take(self, address: str, now: float) -> tuple[Place | None, bool]:
        """A place, or None where everybody is being served; and whether another connection was ended for it.

        Args:
            address: of the client.
            now: monotonic time, seconds.
        """
        address = neighbourhood(address)
        own = self._taken.get(address, {})
        if len(own) < self._per_address and self.number < self._most:
            return self._add(Place(address, now)), False
        ended = self._end_one(own) if len(own) >= self._per_address else self.end_one()
        return (self._add(Place(address, now)) if ended else None), ended

    def all(self) -> list[Place]:
        """Every one that is taken."""
        return [place for places in self._taken.values() for place in places]

    def end_one(self) -> bool:
        """End the connection that has kept us waiting longest; False where there is none."""
        return self._end_one(self.all())

    def leave(self, place: Place) -> None:
        """Give a place back; it may have been given to another already."""
        own = self._taken.get(place.address, {})
        if place in own:
            del own[place]
            self.number -= 1
            if not self.number:
                self.empty.set()
        if not own:
            self._taken.pop(place.address, None)

    def _add(self, place: Place) -> Place:
        self._taken.setdefault(place.address, {})[place] = None
        self.number += 1
        if self.number == 1:
            self.empty = anyio.Event()
        return place

    def _end_one(self, places: Iterable[Place]) -> bool:
        waiting = [place for place in places if place.waiting]
        if not waiting:
            return False
        longest = min(waiting, key=lambda place: (place.asked, place.since))
        longest.scope.cancel()
        self.leave(longest)
        return True


def most_connections() -> int:
    """How many there may be: at most half of the files that the process may open, for Microsoft is asked with them."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if files == resource.RLIM_INFINITY else max(_LEAST, min(MOST, files // 2))


def neighbourhood(address: str) -> str:
    """The client's address as far as clients are told apart by it: IPv4 in full, the network of IPv6."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(ipaddress.ip_network((found, _PREFIX), strict=False))
