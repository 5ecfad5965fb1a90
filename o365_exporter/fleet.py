"""The tenants that are watched: built from their settings, and kept up with them when these change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from o365_exporter.catalogue import all_collectors
from o365_exporter.graph import GraphClient
from o365_exporter.logs import get_logger
from o365_exporter.scheduler import Job, Scheduler, Tenant
from o365_exporter.settings import TenantSettings
from o365_exporter.store import Key
from o365_exporter.telemetry import TenantFacts

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
    """

    def __init__(self, scheduler: Scheduler, client: Callable[..., GraphClient]) -> None:
        self._scheduler = scheduler
        self._client = client
        self._members: dict[str, _Member] = {}

    @property
    def tenants(self) -> tuple[Tenant, ...]:
        """Those that are watched now."""
        return tuple(member.tenant for member in self._members.values())

    def assemble(self, settings: Iterable[TenantSettings]) -> None:
        """The tenants to start with."""
        self._members = {each.name: _Member(each, self._tenant(each)) for each in settings}
        self._scheduler.watch(self.tenants)

    def follow(self, settings: Iterable[TenantSettings]) -> None:
        """Add tenants that are new, drop those that are gone, and begin anew with those that have changed."""
        wanted = {each.name: each for each in settings}
        added: list[Tenant] = []
        for name, member in list(self._members.items()):
            if wanted.get(name) != member.settings:
                self._drop(member, wanted.get(name))
        for name, each in wanted.items():
            if name not in self._members:
                self._members[name] = _Member(each, self._tenant(each))
                added.append(self._members[name].tenant)
        self._scheduler.add(added)

    def _drop(self, member: _Member, successor: TenantSettings | None) -> None:
        name = member.settings.name
        kept = [
            job.key for job in member.tenant.jobs if successor and _carries_over(job.key, member.settings, successor)
        ]
        self._scheduler.remove(member.tenant, keep=kept)
        del self._members[name]
        if successor:
            log.info("tenant changed", tenant=name)
        else:
            log.warning("tenant gone", tenant=name)

    def _tenant(self, settings: TenantSettings) -> Tenant:
        graph = self._client(
            tenant_name=settings.name,
            tenant_id=settings.tenant_id,
            cloud=settings.cloud,
            credential=settings.credential,
            login_url=settings.login_url,
            graph_url=settings.graph_url,
        )
        facts = TenantFacts(settings.name, settings.tenant_id, settings.cloud.name, settings.labels)
        jobs = tuple(
            Job(Key(settings.name, collector.name, source.name), source, options.max_series)
            for collector in all_collectors().values()
            if (options := settings.collectors[collector.name]).enabled
            for source in collector.sources(options)
        )
        return Tenant(facts, graph, jobs)


def _carries_over(key: Key, old: TenantSettings, new: TenantSettings) -> bool:
    """Whether what is known of a source is still true under changed settings: same tenant, same options."""
    same = replace(new, credential=old.credential, labels=old.labels, collectors=old.collectors, key=old.key) == old
    options = new.collectors[key.collector]
    return same and options == old.collectors[key.collector]
