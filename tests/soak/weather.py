"""What happens to simulated tenants and to those who run the exporter, drawn from a seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from o365_exporter.simulator import Simulator
from o365_exporter.simulator.faults import Fault
from o365_exporter.simulator.moods import MOODS
from o365_exporter.simulator.tenant import Tenant

PLACES = (
    "*",
    "*/token",
    "/v1.0/*",
    "/v1.0/admin/serviceAnnouncement/*",
    "/v1.0/admin/serviceAnnouncement/issues*",
    "/v1.0/applications*",
    "/v1.0/subscribedSkus",
    "/v1.0/directory/subscriptions",
    "/v1.0/admin/reportSettings",
    "/v1.0/reports/*",
    "/data/v1.0/*",
)
"""Where something goes wrong."""

KINDS: tuple[Mapping[str, Any], ...] = (
    *({"status": status} for status in (400, 401, 403, 404, 410, 429, 500, 501, 502, 503, 504)),
    {"status": 429, "retry_after": 30},
    {"status": 429, "retry_after": 1.5},
    {"status": 429, "retry_after": -7},
    {"status": 429, "retry_after": 86_400},
    {"status": 429, "retry_after_date": 120.0},
    {"status": 503, "retry_after": 5},
    {"status": 503, "retry_after": "soon"},
    {"status": 503, "retry_after": 86_400},
    {"page": "proxy"},
    {"page": "login", "status": 401},
    {"page": "gateway", "status": 502},
    {"text": ""},
    {"text": "[" * 5_000},
    {"text": "NaN"},
    {"text": '{"value": 7}'},
    {"text": '{"value": [7, null, []]}'},
    {"text": '{"value": [{"id": ' + "9" * 5_000 + "}]}"},
    {"text": "\0\0\0"},
    {"invalid_json": True},
    {"next_link": "foreign"},
    {"next_link": "loop"},
    {"set": {"value.0.id": 7, "value.0.appId": None, "value.0.skuId": [], "value.0.service": {}}},
    {"remove": ["value.*.id", "access_token"]},
    {"set": {"expires_in": -1}},
    {"status": 302, "headers": {"Location": "https://evil.example/"}},
    {"delay": 3.0},
    {"delay": 70.0},
    {"hang": True},
    {"wire": "broken_connection"},
    {"wire": "cut_length"},
    {"wire": "cut_chunked"},
    {"wire": "wrong_gzip"},
)
"""What goes wrong."""

LOGIN_ERRORS = (7000215, 7000222, 7000112, 700016, 90002, 53003, 50196, 90033, 50000)
REPORT_STATES = (
    "html",
    "empty",
    "header_only",
    "header_only_day",
    "truncated",
    "wrong_header",
    "undated_deletions",
    "short_row",
    "odd_dates",
    "stuck",
    "direct",
    "not_found",
    "bad_request",
)
ANOTHER_TENANT = ("free_tenant",)
"""Moods in which a tenant is another one, so that what the simulator thinks of it is not what it says."""

_MOST_OPEN, _MOST_APPS = 16, 30


class Weather:
    """Draws what happens next.

    Args:
        simulator: to whom it happens.
        chance: draws it.
        told: is told each thing that happens, in a few words.
        blinds: is told which tenant's health nobody can see, and until when, in seconds since 1970.
    """

    def __init__(
        self,
        simulator: Simulator,
        chance: Random,
        told: Callable[[str], None],
        blinds: Callable[[str, float], None],
    ) -> None:
        self._simulator = simulator
        self._chance = chance
        self._told = told
        self._blinds = blinds
        self._moods = [name for name, mood in MOODS.items() if not mood.switches and name not in ANOTHER_TENANT]
        self._changes: tuple[Callable[[Tenant], str], ...] = (
            self._issue,
            self._status,
            self._application,
            self._licence,
            self._message,
            self._report,
        )

    def change(self) -> None:
        """A fault, a mood, or life in a tenant."""
        draw = self._chance.random()
        if draw < 0.45:
            self._fault()
        elif draw < 0.6:
            self._mood()
        else:
            tenant = self._chance.choice(list(self._simulator.tenants.values()))
            self._told(f"{tenant.key}: {self._chance.choice(self._changes)(tenant)}")

    def clear_up(self) -> None:
        """All is well from now on."""
        self._simulator.faults.clear()
        self._simulator.moods.end_all()
        for tenant in self._simulator.tenants.values():
            tenant.set_report_state("*", "usual")
        self._told("all is well again")

    def _fault(self) -> None:
        kind = self._chance.choice((*KINDS, None))
        place = self._chance.choice(PLACES)
        if kind is None:
            place, kind = "*/token", {"aadsts": self._chance.choice(LOGIN_ERRORS)}
        fault = Fault.model_validate(
            {
                **kind,
                "path": place,
                "tenant": self._whom(),
                "seconds": float(self._chance.choice((30, 120, 600, 3_600, 10_000))),
                "probability": self._chance.choice((0.2, 0.7, 1.0)),
            }
        )
        self._simulator.faults.add(fault)
        self._meets(fault)
        self._told(f"fault {fault.model_dump(exclude_defaults=True)}"[:300])

    def _mood(self) -> None:
        mood, whom = self._chance.choice(self._moods), self._whom()
        seconds = float(self._chance.choice((120, 600, 3_600, 10_000)))
        before = set(self._simulator.faults.active)
        self._simulator.begin(mood, tenant=whom, seconds=seconds)
        for fault_id in self._simulator.faults.active.keys() - before:
            self._meets(self._simulator.faults.active[fault_id].fault)
        self._told(f"mood {mood} of {whom or 'all'} for {seconds:g} s")

    def _whom(self) -> str | None:
        """One tenant, and now and then all."""
        return None if self._chance.random() < 0.1 else self._chance.choice(list(self._simulator.tenants))

    def _meets(self, fault: Fault) -> None:
        """Tell whose health a fault hides."""
        ends = self._simulator.clock.now() + (fault.seconds or 0)
        for key, tenant in self._simulator.tenants.items():
            seen_by = (
                f"/{tenant.tenant_id}/oauth2/v2.0/token",
                f"/{tenant.tenant_id}/v2.0/.well-known/openid-configuration",
                "/v1.0/admin/serviceAnnouncement/healthOverviews",
                "/v1.0/admin/serviceAnnouncement/issues",
                "/v1.0/admin/serviceAnnouncement/issues/EX1",
            )
            if fault.tenant in (None, key) and any(fnmatchcase(path, fault.path) for path in seen_by):
                self._blinds(key, ends)

    def _issue(self, tenant: Tenant) -> str:
        still = sorted(tenant.open_issue_ids())
        if len(still) > _MOST_OPEN or (still and self._chance.random() < 0.4):
            gone = self._chance.choice(still)
            tenant.resolve_issue(gone)
            return f"issue {gone} resolved"
        return f"issue {tenant.open_issue(self._chance.choice(list(tenant.services)), 'Soaking')} opened"

    def _status(self, tenant: Tenant) -> str:
        service = self._chance.choice(list(tenant.services))
        status = self._chance.choice(("serviceOperational", "serviceDegradation", "investigating"))
        tenant.set_service_status(service, status)
        return f"{service} is {status}"

    def _application(self, tenant: Tenant) -> str:
        if len(tenant.applications) < _MOST_APPS:
            return f"app {tenant.add_application(f'App {len(tenant.applications)}')} added"
        gone = self._chance.choice([one for one in tenant.applications if one != tenant.client_id])
        tenant.remove_application(gone)
        return f"app {gone} removed"

    def _licence(self, tenant: Tenant) -> str:
        part, units = self._chance.choice(list(tenant.skus)), self._chance.randrange(300)
        tenant.change_sku(part, consumed=units)
        return f"{units} of {part} consumed"

    def _message(self, tenant: Tenant) -> str:
        days = float(self._chance.choice((-1, 5, 200)))
        if self._chance.random() < 0.3:
            return f"message {tenant.add_message('Soaking', action_in_days=days)} for {days:g} days"
        known = self._chance.choice(list(tenant.messages))
        if self._chance.random() < 0.3:
            tenant.remove_message(known)
            return f"message {known} removed"
        tenant.update_message(known, action_in_days=days)
        return f"message {known} put off for {days:g} days"

    def _report(self, tenant: Tenant) -> str:
        state: Any = self._chance.choice((*REPORT_STATES, "usual", "usual"))
        function = "*" if state == "usual" else self._chance.choice(("getEmail*", "getMailboxUsageDetail", "getTeams*"))
        tenant.set_report_state(function, state)
        return f"reports {function} are {state}"
