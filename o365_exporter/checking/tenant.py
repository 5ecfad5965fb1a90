"""One tenant: its sign-in, its permissions, and one real request of each enabled source."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from o365_exporter.catalogue import all_collectors
from o365_exporter.checking.asking import OnePage
from o365_exporter.checking.doubts import concealed, doubts_of
from o365_exporter.checking.report import Problems, RolesCheck, TenantCheck
from o365_exporter.checking.signin import SignIn
from o365_exporter.checking.sources import Sources
from o365_exporter.checking.steps import ALONE, Registration
from o365_exporter.checking.telling import Teller
from o365_exporter.checking.ways import Ways, urls
from o365_exporter.clock import Clock
from o365_exporter.http import Http
from o365_exporter.permissions import missing, needs_of, required, unneeded
from o365_exporter.settings import TenantSettings


class TenantChecker:
    """Checks one tenant.

    Args:
        settings: of the tenant.
        collectors: that are asked; None for all that are enabled.
        http: by which it is asked.
        clock: bounds every wait.
        problems: takes what is wrong.
        ways: to its hosts.
        registration: of its app.
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
        registration: Registration = ALONE,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._ways = ways
        self._graph = OnePage(
            tenant_name=settings.name,
            tenant_id=settings.tenant_id,
            cloud=settings.cloud,
            credential=settings.credential,
            secret_place=settings.secret_place,
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
        self._asked = tuple(one for one in self._enabled if collectors is None or one[0] in collectors)
        teller = Teller(settings, self._graph, problems, registration)
        self._sign_in = SignIn(settings, self._graph, http=http, clock=clock, teller=teller)
        self._sources = Sources(settings.name, self._asked, graph=self._graph, clock=clock, teller=teller)

    async def check(self) -> TenantCheck:
        """Everything about the tenant, however bad it is."""
        login, graph = urls(self._settings)
        way = await self._ways.known(login) if login else None
        token = await self._sign_in.token(way.problem if way else None)
        stops = [each for each in (token.problem, (await self._ways.known(graph)).problem) if each is not None]
        roles = self._roles()
        asked = self._sources.not_asked(stops) if stops else await self._sources.all_asked(roles)
        if not stops:
            lists_apps = any(source.name == "applications" for _, source in self._asked)
            token = replace(token, credential_ends=await self._sign_in.end_of_credential(may_ask=lists_apps))
        records = {f"{one.check.collector}/{one.check.source}": one.records for one in asked}
        return TenantCheck(
            tenant=self._settings.name,
            cloud=self._settings.cloud.name,
            token=token,
            roles=roles,
            sources=tuple(one.check for one in asked),
            concealed=concealed(records),
            doubts=tuple(doubts_of(self._settings, token, roles, records, self._clock.now())),
        )

    def _roles(self) -> RolesCheck | None:
        held = self._graph.auth.roles
        if held is None:
            return None
        needs = needs_of(source for _, source in self._asked)
        lacking = missing(needs, held)
        granted = tuple(sorted(set(required(needs)).difference(lacking)))
        needless = unneeded(needs_of(source for _, source in self._enabled), held)
        return RolesCheck(granted, tuple(sorted(lacking)), needless)
