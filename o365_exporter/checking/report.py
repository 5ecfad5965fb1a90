"""What a check has found, as values: of the ways, of each tenant and of each source, and the problems among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from o365_exporter.errors import Cause
from o365_exporter.http.way import Way

NOT_ASKED = "not_asked"
"""State of a source that was not asked because of what went wrong before."""


@dataclass(eq=False)
class Problem:
    """One cause, told once, for however many sources and tenants it stops.

    Args:
        number: by which the rest of the report names it.
        reason: one of ``errors.REASONS``.
        message: what is wrong.
        remedies: what to do about it, each a sentence or a command to paste.
        tenants: whom it stops.
        sources: how many sources it stops.
    """

    number: int
    reason: str
    message: str
    remedies: tuple[str, ...]
    tenants: dict[str, None] = field(default_factory=dict)
    sources: int = 0

    def stops(self, tenant: str, sources: int) -> None:
        """It stops so many more sources of a tenant."""
        self.tenants[tenant] = None
        self.sources += sources


class Problems:
    """All problems, each once.

    Args:
        on_new: is told of each when it is met first.
    """

    def __init__(self, on_new: Callable[[Problem], None] = lambda _: None) -> None:
        self._by_cause: dict[Cause, Problem] = {}
        self._on_new = on_new

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._by_cause.values())

    def __len__(self) -> int:
        return len(self._by_cause)

    def add(self, cause: Cause, message: str, remedies: tuple[str, ...]) -> Problem:
        """The problem of a cause: as it was told when it was met first, or else with these words."""
        if cause not in self._by_cause:
            self._by_cause[cause] = Problem(len(self) + 1, cause.reason, message, remedies)
            self._on_new(self._by_cause[cause])
        return self._by_cause[cause]


@dataclass(frozen=True, slots=True)
class Doubt:
    """What stops nobody and looks like an oversight, with what to do."""

    message: str
    remedies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WayCheck:
    """The way to a host, whose it is, and what is wrong with it."""

    way: Way
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class TokenCheck:
    """By what a tenant signs in, and what that brought.

    Args:
        app: client ID of the app, or the name of the managed identity.
        setting: of the credential.
        app_name: as the token states it; empty where it does not.
        tenant_id: of the directory that the token is for, likewise.
        ends: when the token ends, in seconds since 1970; None without one.
        credential_ends: when the credential itself ends; None where that is not known.
        problem: why there is none.
    """

    app: str
    setting: str
    app_name: str = ""
    tenant_id: str = ""
    ends: float | None = None
    credential_ends: float | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class RolesCheck:
    """The permissions in the token beside those that enabled sources need; each sorted by name.

    Args:
        granted: needed, and in the token, or opened by others in it.
        missing: needed and not opened by anything in it.
        needless: in it, and needed by nothing that is enabled.
    """

    granted: tuple[str, ...]
    missing: tuple[str, ...]
    needless: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """One real request of a source.

    Args:
        collector: whose source it is.
        source: its name.
        state: one of ``store.STATES``, or ``NOT_ASKED``.
        seconds: until the outcome; None where it was not asked.
        note: what its answer says besides, such as the age of a report; else empty.
        problem: why it failed or was not asked.
    """

    collector: str
    source: str
    state: str
    seconds: float | None = None
    note: str = ""
    problem: Problem | None = None

    @property
    def is_good(self) -> bool:
        """Whether Microsoft has answered, if only that there is nothing."""
        return self.problem is None


@dataclass(frozen=True, slots=True)
class TenantCheck:
    """Everything about one tenant; ``roles`` is None where they cannot be read, ``concealed`` where nobody says."""

    tenant: str
    cloud: str
    token: TokenCheck
    roles: RolesCheck | None
    sources: tuple[SourceCheck, ...]
    concealed: bool | None = None
    doubts: tuple[Doubt, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Each once."""
        met = (self.token.problem, *(source.problem for source in self.sources))
        return tuple(dict.fromkeys(problem for problem in met if problem is not None))


@dataclass(frozen=True, slots=True)
class Report:
    """All of it, as far as the check has come."""

    doubts: tuple[Doubt, ...]
    ways: list[WayCheck] = field(default_factory=list)
    tenants: list[TenantCheck] = field(default_factory=list)
    problems: Problems = field(default_factory=Problems)

    @property
    def is_good(self) -> bool:
        """Whether there is no problem."""
        return not len(self.problems)
