"""The tenants that are watched: built from their settings, and kept up with them when these change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import anyio

from o365_exporter.catalogue import all_collectors
from o365_exporter.clock import Clock
from o365_exporter.graph import GraphClient
from o365_exporter.logs import get_logger
from o365_exporter.scheduler import Job, Scheduler, Tenant
from o365_exporter.settings import TenantSettings
from o365_exporter.source import CollectorOptions, Source
from o365_exporter.state import Identity, Keeper
from o365_exporter.status import Watched
from o365_exporter.store import Key
from o365_exporter.telemetry import TenantFacts

_SHARED = 256
"""Options of collectors whose sources are known to be shared."""

log = get_logger("fleet")


@dataclass(frozen=True, slots=True)
class _Member:
    settings: TenantSettings
    tenant: Tenant


class Fleet:
    """All tenants by their name.

    Args:
        scheduler: that polls them.
        client: makes a ``GraphClient`` of what is particular to a tenant.
        clock: lets others run while many tenants come or go.
        keeper: knows what a former process knew of them; None where nobody does.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        client: Callable[..., GraphClient],
        clock: Clock,
        keeper: Keeper | None = None,
    ) -> None:
        self._scheduler = scheduler
        self._keeper = keeper
        self._client = client
        self._clock = clock
        self._members: dict[str, _Member] = {}
        self._watched: dict[str, Watched] = {}
        self._one_at_a_time = anyio.Lock()

    @property
    def tenants(self) -> tuple[Tenant, ...]:
        """Those that are watched now."""
        return tuple(member.tenant for member in self._members.values())

    @property
    def watched(self) -> Mapping[str, Watched]:
        """The same by name, for whoever looks at what is known of them: kept, for they look at each request."""
        return MappingProxyType(self._watched)

    @property
    def settings(self) -> tuple[TenantSettings, ...]:
        """Those in effect now."""
        return tuple(member.settings for member in self._members.values())

    def poll_now(self, tenant: str, collector: str, source: str) -> bool:
        """Poll a source now instead of at its time; False where there is none, or it is under way already."""
        member, key = self._members.get(tenant), Key(tenant, collector, source)
        for job in member.tenant.jobs if member is not None else ():
            if job.key == key and not job.is_under_way:
                job.wake()
                return True
        return False

    async def assemble(self, settings: Iterable[TenantSettings]) -> None:
        """The tenants to start with; one that cannot be made is told, and the others are not its concern."""
        self._members, self._watched = {}, {}
        for each in settings:
            try:
                for tenant in self._followed(each):
                    self._scheduler.watch([tenant])
                    await self._recall(tenant)
            except Exception:
                log.exception("fault of the exporter", tenant=each.name)
            await self._clock.sleep(0)

    async def follow(self, settings: Iterable[TenantSettings]) -> None:
        """Add tenants that are new, drop those that are gone, and change of the others what has changed.

        However many they are, others may run in between; whoever calls while this is under way waits for its end.
        """
        wanted = {each.name: each for each in settings}
        async with self._one_at_a_time:
            for member in [member for name, member in self._members.items() if name not in wanted]:
                self._drop(member)
                await self._clock.sleep(0)
            added = []
            for each in wanted.values():
                try:
                    added += self._followed(each)
                except Exception:  # it stays as it was, and the others are not its concern
                    log.exception("fault of the exporter", tenant=each.name)
                await self._clock.sleep(0)
            await self._scheduler.add(added, self._recall)

    async def _recall(self, tenant: Tenant) -> None:
        """Let it go on where a former process ended."""
        if self._keeper is not None:
            await self._keeper.recall(tenant, _identity(self._members[tenant.facts.name].settings))

    def _drop(self, member: _Member) -> None:
        self._scheduler.remove(member.tenant)
        del self._members[member.settings.name], self._watched[member.settings.name]
        if self._keeper is not None:
            self._keeper.forget(member.settings.name)
        log.warning("tenant gone", tenant=member.settings.name)

    def _followed(self, settings: TenantSettings) -> list[Tenant]:
        """Keep up with one tenant; the tenant that is to be polled from its beginning, if it is."""
        member = self._members.get(settings.name)
        if member is not None and member.settings == settings:
            return []
        if member is not None:
            log.info("tenant changed", tenant=settings.name)
            if _same_client(member.settings, settings):
                self._change(member, settings)
                return []
        started = self._tenant(settings)
        if member is not None:
            same_app = _identity(member.settings) == _identity(settings)
            started.graph.follow_on(member.tenant.graph, same_app=same_app)
            kept = [job.key for job in member.tenant.jobs if _still_true(job.key, member.settings, settings)]
            self._scheduler.remove(member.tenant, keep=kept)
        self._join(settings, started)
        return [started]

    def _change(self, member: _Member, settings: TenantSettings) -> None:
        """Collectors whose options are as they were go on, with all that is known."""
        tenant = member.tenant
        running = {job.key: job for job in tenant.jobs if _still_true(job.key, member.settings, settings)}
        jobs = [running.get(job.key, job) for job in _jobs(settings)]
        self._scheduler.change(tenant, _facts(settings), jobs)
        self._join(settings, tenant)

    def _join(self, settings: TenantSettings, tenant: Tenant) -> None:
        self._members[settings.name] = _Member(settings, tenant)
        sources = {job.key: job.source for job in tenant.jobs}
        self._watched[settings.name] = Watched(tenant.facts, tenant.graph, sources, settings.shown)

    def _tenant(self, settings: TenantSettings) -> Tenant:
        graph = client_of(settings, self._client)
        jobs = _jobs(settings)
        if not jobs:
            log.warning("nothing to poll", tenant=settings.name, message="Every collector is switched off.")
        return Tenant(_facts(settings), graph, jobs)


def client_of(settings: TenantSettings, client: Callable[..., GraphClient]) -> GraphClient:
    """A tenant's client; ``client`` makes it of what is particular to a tenant."""
    return client(
        tenant_name=settings.name,
        tenant_id=settings.tenant_id,
        cloud=settings.cloud,
        credential=settings.credential,
        secret_place=settings.secret_place,
        login_url=settings.login_url,
        graph_url=settings.graph_url,
    )


def _facts(settings: TenantSettings) -> TenantFacts:
    return TenantFacts(settings.name, settings.tenant_id, settings.cloud, settings.labels)


def _identity(settings: TenantSettings) -> Identity:
    return Identity(
        tenant_id=settings.tenant_id,
        cloud=settings.cloud.name,
        client_id=settings.credential.client_id,
        login_url=settings.login_url or "",
        graph_url=settings.graph_url or "",
    )


def _jobs(settings: TenantSettings) -> tuple[Job, ...]:
    return tuple(
        Job(Key(settings.name, collector.name, source.name), source, options.max_series)
        for collector in all_collectors().values()
        if (options := settings.collectors[collector.name]).enabled
        for source in _sources(collector.name, options)
    )


@lru_cache(maxsize=_SHARED)
def _sources(collector: str, options: CollectorOptions) -> tuple[Source[Any], ...]:
    """They hold nothing but what the options say, so tenants of equal options share them."""
    return all_collectors()[collector].sources(options)


def _same_client(old: TenantSettings, new: TenantSettings) -> bool:
    """Whether Graph is asked as before: everything but labels and collectors is the same."""
    return replace(new, labels=old.labels, collectors=old.collectors, key=old.key) == old


def _still_true(key: Key, old: TenantSettings, new: TenantSettings) -> bool:
    """Whether what is known of a source holds under changed settings: same tenant, same options."""
    same_tenant = _same_client(old, replace(new, credential=old.credential, secret_place=old.secret_place))
    return same_tenant and new.collectors[key.collector] == old.collectors[key.collector]
