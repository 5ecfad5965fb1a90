"""Moods: the awkward answers that others have measured at Microsoft's, by name; the table is ``moods.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from o365_exporter.simulator.domains.base import SimulatorError
from o365_exporter.simulator.faults import Fault, Faults
from o365_exporter.simulator.options import Switches


class Mood(BaseModel):
    """A row of the table, whose head says what the keys are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    what: str
    evidence: str
    faults: tuple[Fault, ...] = ()
    includes: tuple[str, ...] = ()
    switches: dict[str, Any] = {}
    anywhere: bool = False


class Reach(BaseModel):
    """Whom a mood meets and for how long; the default of each is what the mood itself says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant: str | None = Field(None, description="Key of the one tenant that it meets; without: all.")
    path: str | None = Field(None, description="Glob on the path, for moods that may meet any address.")
    count: int | None = Field(None, ge=1, description="How many requests each of its faults meets; without: all.")
    after: int = Field(0, ge=0, description="Not before so many matching requests have passed.")
    seconds: float | None = Field(None, gt=0, description="For how long; without: until it ends.")


def _table() -> Mapping[str, Mood]:
    rows = tomllib.loads((files("o365_exporter.simulator") / "moods.toml").read_text("utf-8"))
    return {name: Mood.model_validate(row) for name, row in rows.items()}


MOODS = _table()
"""Every mood by name."""


class Moods:
    """The moods that a simulator is in.

    Args:
        faults: what goes wrong, as far as faults can say it.
        switch: changes manners, see ``Simulator.switch``.
    """

    def __init__(self, faults: Faults, switch: Callable[..., None]) -> None:
        self._active = faults
        self._switch = switch
        self._faults: dict[str, list[str]] = {}

    @property
    def active(self) -> list[str]:
        """Names of those that last."""
        return list(self._faults)

    def begin(self, name: str, reach: Reach) -> None:
        """Let a mood begin; one that lasts already is joined by another of its kind.

        Raises:
            SimulatorError: there is none of that name, or its addresses are its own.
        """
        mood = _named(name)
        faults = [_narrowed(name, one, reach) for one in _faults_of(mood)]
        self._switch(**mood.switches)
        self._faults.setdefault(name, []).extend(map(self._active.add, faults))

    def end(self, name: str) -> None:
        """End a mood.

        Raises:
            SimulatorError: the simulator is not in it.
        """
        if name not in self._faults:
            raise SimulatorError(f"mood {name!r} does not last; these do: {', '.join(self.active) or 'none'}")
        for fault_id in self._faults.pop(name):
            self._active.remove(fault_id)
        usual = Switches().model_dump()
        self._switch(**{switch: usual[switch] for switch in _named(name).switches})

    def end_all(self) -> None:
        """End every mood."""
        for name in self.active:
            self.end(name)


def _named(name: str) -> Mood:
    if name not in MOODS:
        raise SimulatorError(f"no mood is called {name!r}; there are {', '.join(MOODS)}")
    return MOODS[name]


def _faults_of(mood: Mood) -> Iterator[Fault]:
    yield from mood.faults
    for name in mood.includes:
        yield from _faults_of(MOODS[name])


def _narrowed(name: str, fault: Fault, reach: Reach) -> Fault:
    """The fault for whom it shall meet; of several addresses, ``path`` replaces each."""
    changes = reach.model_dump(exclude_unset=True)
    if reach.path is not None and not MOODS[name].anywhere:
        raise SimulatorError(f"mood {name!r} has addresses of its own; leave path out")
    return fault.model_copy(update=changes)
