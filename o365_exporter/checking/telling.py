"""The errors of one tenant as problems: each cause once, without secrets, and with the steps that mend it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from o365_exporter.checking.report import Problem, Problems, RolesCheck
from o365_exporter.checking.steps import ALONE, Registration, in_words, signs_in, steps
from o365_exporter.errors import Cause, PermissionMissingError, PollError
from o365_exporter.graph import GraphClient
from o365_exporter.settings import TenantSettings
from o365_exporter.source import Source

_NO_CONSENT = "Its token states none at all, as where nobody has consented."


class Teller:
    """Makes problems of a tenant's errors.

    Args:
        settings: of the tenant.
        graph: knows its secrets.
        problems: takes them.
        registration: of this tenant's app.
    """

    def __init__(
        self, settings: TenantSettings, graph: GraphClient, problems: Problems, registration: Registration = ALONE
    ) -> None:
        self._settings = settings
        self._graph = graph
        self._problems = problems
        self._registration = registration
        self._signed_in = set[str]()

    def of_sign_in(self, error: PollError, instead: str = "") -> Problem:
        """Why there is no token; ``instead`` is what to do where that is known better than the error knows it."""
        remedies = (instead,) if instead else (in_words(error), *self._steps(error))
        return self._told(error.cause(self._settings.name), error.message, remedies)

    def of_source(self, error: PollError, name: str, source: Source[Any], roles: RolesCheck | None) -> Problem:
        """Why a source failed; what the token lacks altogether is one problem, which one consent mends.

        Args:
            error: of the source.
            name: of it, with its collector's.
            source: that failed.
            roles: that the token states; None where it does not say.
        """
        cause, message = error.cause(f"{self._settings.name}/{name}"), error.message
        lacking: tuple[str, ...] = ()
        if isinstance(error, PermissionMissingError):
            lacking = _lacking(source, roles)
            if roles is not None and lacking == roles.missing and self._names_permission(error, source):
                cause = cause._replace(subject=f"permissions in {self._settings.name}")
                message = self._lacks(roles) if len(lacking) > 1 else message
        problem = self._told(cause, message, (in_words(error), *self._steps(error, lacking)))
        problem.stops(self._settings.name, 1)
        return problem

    def _names_permission(self, error: PollError, source: Source[Any]) -> bool:
        """Whether Graph wants just what the source is known to need, and not a thing of another service's."""
        tenant = self._settings.name
        if error.subject == f"permissions in {tenant}":
            return True  # there is none at all
        return any(error.subject == f"{' or '.join(each.permissions)} in {tenant}" for each in source.endpoints)

    def _lacks(self, roles: RolesCheck) -> str:
        who = self._settings.credential
        subject = "managed identity" if who.managed_identity else "app"
        none = f" {_NO_CONSENT}" if not roles.granted and not roles.needless else ""
        return (
            f"The {subject} {who.client_id} lacks application permissions in tenant {self._settings.name}: "
            f"{', '.join(roles.missing)}.{none}"
        )

    def _steps(self, error: PollError, lacking: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Who has signed in for one problem of the tenant need not do so for the next."""
        found = steps(error, self._settings, lacking, self._registration)
        return tuple(step for step in found if step not in self._signed_in)

    def _told(self, cause: Cause, message: str, remedies: Iterable[str]) -> Problem:
        hidden, told = self._graph.without_secrets, len(self._problems)
        problem = self._problems.add(cause, hidden(message), tuple(map(hidden, remedies)))
        if len(self._problems) > told:  # these remedies are read, and not those of whoever met it first
            self._signed_in |= set(filter(signs_in, problem.remedies))
        return problem


def _lacking(source: Source[Any], roles: RolesCheck | None) -> tuple[str, ...]:
    """What to grant for a source that may not ask: all that is missing where this is among it, else what it needs."""
    wanted = [name for endpoint in source.endpoints for name in endpoint.permissions]
    if roles is not None and not set(wanted).isdisjoint(roles.missing):
        return roles.missing
    return tuple(wanted[:1])
