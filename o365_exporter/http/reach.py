"""Hosts to which no connection came about lately, so that not every source finds it out anew, slowly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from o365_exporter.clock import Clock
from o365_exporter.errors import PollError, PollTimeoutError, to_keep

_REMEMBERED = 30.0  # seconds; then one request tries, and the others keep to what is known until it has found out


class NoConnectionError(PollTimeoutError):
    """No connection came about in the time for it: packets are dropped, and asking again at once is of no use."""


@dataclass(slots=True)
class _Loss:
    error: NoConnectionError
    until: float  # monotonic
    being_tried: bool = False


class Reach:
    """What is known of the ways to hosts; shared by all tenants."""

    def __init__(self) -> None:
        self._lost: dict[str, _Loss] = {}

    @contextmanager
    def watched(self, way: str, clock: Clock) -> Iterator[None]:
        """Connect inside, unless it is known that this fails.

        Args:
            way: host, port and proxy, as ``Http.path_to`` has them.
            clock: tells how old that knowledge is.

        Raises:
            NoConnectionError: it failed lately, for whichever tenant, or it has failed now.
        """
        loss = self._lost.get(way)
        if loss is not None:
            if loss.being_tried or clock.monotonic() < loss.until:
                raise to_keep(loss.error)
            loss.being_tried = True
        try:
            yield
        except NoConnectionError as error:
            self._lost[way] = _Loss(to_keep(error), clock.monotonic() + _REMEMBERED)
            raise
        except PollTimeoutError:  # the poll's time was too short to tell
            self._leave(loss)
            raise
        except PollError:
            self._lost.pop(way, None)  # it failed, but later than by the connection
            raise
        except BaseException:
            self._leave(loss)
            raise
        self._lost.pop(way, None)

    def _leave(self, loss: _Loss | None) -> None:
        """Let another request try."""
        if loss is not None:
            loss.being_tried = False
