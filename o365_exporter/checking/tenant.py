"""One tenant: its sign-in, its permissions, and one real request of each enabled source."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import anyio

from o365_exporter.catalogue import all_collectors
from o365_exporter.checking.asking import ANSWER_SECONDS, OnePage, records_of, seconds_for
from o365_exporter.checking.elsewhere import UNKNOWN_HERE, cloud_of
from o365_exporter.checking.report import (
    NOT_ASKED,
    Doubt,
    Problem,
    Problems,
    RolesCheck,
    SourceCheck,
    TenantCheck,
    TokenCheck,
)
from o365_exporter.checking.steps import in_words, steps
from o365_exporter.checking.ways import Ways, urls
from o365_exporter.clock import Clock
from o365_exporter.collectors.credential_expiry import APPLICATIONS, own_secret, parse_application
from o365_exporter.errors import Cause, InternalError, Nothing, PermissionMissingError, PollError, PollTimeoutError
from o365_exporter.http import Http
from o365_exporter.permissions import missing, needs_of, required, unneeded
from o365_exporter.reports import Setting, Usage
from o365_exporter.settings import TenantSettings
from o365_exporter.source import Source

TOKEN_SECONDS = 8.0
"""For a token."""

_PERMISSIONS = "App registrations > API permissions > Revoke admin consent, then Remove permission"
_OLD = 5  # days of a report; two to three are usual
_SOON = 30  # days before the end of a credential


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a source has brought, and its records where they are whole."""

    check: SourceCheck
    records: Any = None


class TenantChecker:
    """Checks one tenant.

    Args:
        settings: of the tenant.
        collectors: that are asked; None for all that are enabled.
        http: by which it is asked.
        clock: bounds every wait.
        problems: takes what is wrong.
        ways: to its hosts.
    """

    def __init__(
        self,
        settings: TenantSettings,
        collectors: Collection[str] | None,
        *,
        http: Http,
        clock: Clock,
        problems: Problems,
        ways: Ways,
    ) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._problems = problems
        self._ways = ways
        self._graph = OnePage(
            tenant_name=settings.name,
            tenant_id=settings.tenant_id,
            cloud=settings.cloud,
            credential=settings.credential,
            http=http,
            clock=clock,
            login_url=settings.login_url,
            graph_url=settings.graph_url,
        )
        self._enabled = tuple(
            (collector.name, source)
            for collector in all_collectors().values()
            if (options := settings.collectors[collector.name]).enabled
            for source in collector.sources(options)
        )
        self._sources = tuple(one for one in self._enabled if collectors is None or one[0] in collectors)

    async def check(self) -> TenantCheck:
        """Everything about the tenant, however bad it is."""
        login, graph = urls(self._settings)
        way = await self._ways.known(login) if login else None
        token = await self._token(way.problem if way else None)
        stops = [each for each in (token.problem, (await self._ways.known(graph)).problem) if each is not None]
        roles = self._roles()
        asked = self._not_asked(stops) if stops else await self._all_asked(roles)
        if not stops:
            token = replace(token, credential_ends=await self._end_of_credential())
        return TenantCheck(
            tenant=self._settings.name,
            cloud=self._settings.cloud.name,
            token=token,
            roles=roles,
            sources=tuple(one.check for one in asked),
            concealed=_concealed(one.records for one in asked),
            doubts=tuple(self._doubts(token, roles, asked)),
        )

    # the sign-in

    async def _token(self, way: Problem | None) -> TokenCheck:
        who = self._settings.credential
        check = TokenCheck(app=who.client_id, setting=who.kinds()[0], problem=way)
        if way is not None:
            return check
        error: PollError | None = None
        try:
            with self._clock.deadline(TOKEN_SECONDS):
                await self._graph.auth.token()
        except PollError as failure:
            error = failure
        except TimeoutError:
            error = PollTimeoutError(f"The login of tenant {self._settings.name} gave no token in {TOKEN_SECONDS:g} s.")
        if error is not None:
            return replace(check, problem=await self._refused(error))
        shown = self._graph.auth.shown
        if shown is None:
            return check
        return replace(
            check, setting=shown.setting, app_name=shown.app_name, tenant_id=shown.tenant_id, ends=shown.ends
        )

    async def _refused(self, error: PollError) -> Problem:
        """Why there is no token; a tenant that its login does not know is looked for in other clouds."""
        remedies: tuple[str, ...] = (in_words(error), *steps(error, self._settings))
        if error.code in UNKNOWN_HERE and self._settings.login_url is None:
            cloud = await cloud_of(self._settings, self._http, self._clock)
            if cloud is not None:
                remedies = (f'{cloud.login} knows this tenant: set cloud = "{cloud.name}" (O365_CLOUD).',)
        return self._told(error.cause(self._settings.name), error, remedies)

    def _told(self, cause: Cause, error: PollError, remedies: Iterable[str]) -> Problem:
        hidden = self._graph.without_secrets
        return self._problems.add(cause, hidden(error.message), tuple(map(hidden, remedies)))

    def _roles(self) -> RolesCheck | None:
        held = self._graph.auth.roles
        if held is None:
            return None
        needs = needs_of(source for _, source in self._sources)
        lacking = missing(needs, held)
        granted = tuple(sorted(set(required(needs)).difference(lacking)))
        needless = unneeded(needs_of(source for _, source in self._enabled), held)
        return RolesCheck(granted, tuple(sorted(lacking)), needless)

    async def _end_of_credential(self) -> float | None:
        """When the credential ends, as it says itself, or Graph of the client secret in use."""
        end = self._graph.auth.certificate_end
        if end is not None or "applications" not in {source.name for _, source in self._sources}:
            return end
        who = self._graph.identity
        try:
            with self._clock.deadline(ANSWER_SECONDS):
                entries = await self._graph.page(APPLICATIONS, 1, filter=f"appId eq '{who.client_id}'")
                secrets = [
                    own_secret(parse_application(entry), who.secret_hint, self._clock.now()) for entry in entries
                ]
        except (PollError, Nothing, TimeoutError):  # what is wrong there, the source itself tells
            return None
        return next((secret.end for secret in secrets if secret is not None), None)

    # the sources

    def _not_asked(self, stops: Sequence[Problem]) -> list[_Asked]:
        for problem in dict.fromkeys(stops):
            problem.stops(self._settings.name, len(self._sources))
        return [_Asked(SourceCheck(name, source.name, NOT_ASKED, problem=stops[0])) for name, source in self._sources]

    async def _all_asked(self, roles: RolesCheck | None) -> list[_Asked]:
        """All at once; the client's budget bounds how many are under way."""
        found: dict[int, _Asked] = {}

        async def ask(place: int, collector: str, source: Source[Any]) -> None:
            found[place] = await self._asked(collector, source, roles)

        async with anyio.create_task_group() as tasks:
            for place, (collector, source) in enumerate(self._sources):
                tasks.start_soon(ask, place, collector, source)
        return [found[place] for place in sorted(found)]

    async def _asked(self, collector: str, source: Source[Any], roles: RolesCheck | None) -> _Asked:
        started, seconds = self._clock.monotonic(), seconds_for(source)
        check, records = SourceCheck(collector, source.name, "ok"), None
        try:
            with self._clock.deadline(seconds):
                records = await records_of(source, self._graph, self._clock.now())
            check = replace(check, note=self._about(records))
        except Nothing as nothing:
            check = replace(check, state=nothing.state, note=self._graph.without_secrets(str(nothing)))
        except PollError as error:
            check = self._failed(check, error, source, roles)
        except TimeoutError:
            check = self._failed(check, self._too_late(check, seconds), source, roles)
        except Exception as error:  # noqa: BLE001 - nothing that a tenant sends may end the check of others
            fault = InternalError(
                f"A fault of the exporter itself ({type(error).__name__}) at {collector}/{source.name}."
            )
            check = self._failed(check, fault, source, roles)
        return _Asked(replace(check, seconds=self._clock.monotonic() - started), records)

    def _too_late(self, check: SourceCheck, seconds: float) -> PollError:
        waiting = f": it was waiting for {self._graph.waiting}" if self._graph.waiting else ""
        name = f"{check.collector}/{check.source}"
        return PollTimeoutError(f"{name} of tenant {self._settings.name} had no answer within {seconds:g} s{waiting}.")

    def _failed(
        self, check: SourceCheck, error: PollError, source: Source[Any], roles: RolesCheck | None
    ) -> SourceCheck:
        cause = error.cause(f"{self._settings.name}/{check.collector}/{check.source}")
        permission = ""
        if isinstance(error, PermissionMissingError):
            permission = _lacking(source, roles)
            if error.subject == f"{' or '.join(source.endpoints[0].permissions)} in {self._settings.name}":
                cause = cause._replace(subject=f"{permission} in {self._settings.name}")
        problem = self._told(cause, error, (in_words(error), *steps(error, self._settings, permission)))
        problem.stops(self._settings.name, 1)
        return replace(check, state=error.reason, problem=problem)

    def _about(self, records: Any) -> str:
        if isinstance(records, Usage):
            days = self._age(records)
            return f"covers the days until {records.week.refreshed}, {days} days ago"
        return ""

    def _age(self, usage: Usage) -> int:
        """Days since the last one that a report covers."""
        return (datetime.fromtimestamp(self._clock.now(), UTC).date() - usage.week.refreshed).days

    # what stops nobody

    def _doubts(self, token: TokenCheck, roles: RolesCheck | None, asked: Iterable[_Asked]) -> Iterable[Doubt]:
        name, portal = self._settings.name, self._settings.cloud.portal
        if roles is not None and roles.needless and token.problem is None:
            yield Doubt(
                f"The app of tenant {name} may do more than anything enabled needs: {', '.join(roles.needless)}.",
                (f"Unless something else signs in by this app, revoke them at {portal}: {_PERMISSIONS}.",),
            )
        if token.credential_ends is not None and token.credential_ends - self._clock.now() < _SOON * 86400:
            end = datetime.fromtimestamp(token.credential_ends, UTC)
            yield Doubt(
                f"The credential of tenant {name} ({token.setting}) ends at {end:%Y-%m-%d %H:%M} UTC.",
                ("Create the next one now; several may be valid at a time.",),
            )
        old = [one.check.source for one in asked if isinstance(one.records, Usage) and self._age(one.records) >= _OLD]
        if old:
            yield Doubt(
                f"Reports of tenant {name} are {_OLD} days old or older: {', '.join(old)}.",
                ("Two to three days are usual. It is Microsoft's to mend: see the service health of Microsoft 365.",),
            )


def _lacking(source: Source[Any], roles: RolesCheck | None) -> str:
    """The permission to grant for a source that may not ask."""
    wanted = [name for endpoint in source.endpoints for name in endpoint.permissions]
    missing = set(roles.missing) if roles else set()
    return next((name for name in wanted if name in missing), wanted[0] if wanted else "")


def _concealed(records: Iterable[Any]) -> bool | None:
    """Whether names are concealed: by the tenant's setting, else by the names seen; None where nobody says."""
    found = list(records)
    settings = [one.names_concealed for one in found if isinstance(one, Setting)]
    seen = [one.names_concealed for one in found if isinstance(one, Usage) and one.names_concealed is not None]
    return settings[0] if settings else (any(seen) if seen else None)
