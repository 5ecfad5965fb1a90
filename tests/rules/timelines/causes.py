"""For each alert a tenant in which it is on: from the beginning, or from minute 70."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.rules.kit import alerts
from tests.rules.timelines.world import (
    DAY,
    NEVER,
    Credential,
    Exporter,
    Fault,
    Issue,
    Message,
    Sku,
    Subscription,
    Tenant,
)

HOLDERS = {"consumed": 80}

CAUSES: Mapping[str, Callable[[str], Tenant]] = {
    "O365ServiceIncident": lambda name: Tenant(
        name, issues=[Issue("EX1", "Exchange", 2, posts=(5,), title="Mail is late")]
    ),
    "O365ServiceDegraded": lambda name: Tenant(name, overviews={"Exchange": {0: "serviceInterruption"}}),
    "O365ServiceAdvisory": lambda name: Tenant(
        name, issues=[Issue("EX2", "Exchange", 2, classification="advisory", title="A button is grey")]
    ),
    "O365IncidentWithoutPost": lambda name: Tenant(name, issues=[Issue("EX3", "Exchange", -3000)]),
    "O365ServiceStatusUnknown": lambda name: Tenant(name, overviews={"Exchange": {0: "unknown"}}),
    "O365AppCredentialExpiresSoon": lambda name: Tenant(name, credentials=[Credential("app-1", 20 * DAY)]),
    "O365AppCredentialExpires": lambda name: Tenant(
        name, credentials=[Credential("app-1", 5 * DAY, "certificate", starts=-360 * DAY)]
    ),
    "O365AppCredentialExpired": lambda name: Tenant(name, credentials=[Credential("app-1", -1 * DAY)]),
    "O365AppRotationMissed": lambda name: Tenant(name, credentials=[Credential("app-1", -1 * DAY)], rotating={"app-1"}),
    "O365AppOldCredentialExpires": lambda name: Tenant(
        name, credentials=[Credential("app-1", 3 * DAY), Credential("app-1", 300 * DAY, "certificate", "2")]
    ),
    "O365AppCredentialExpiredLongAgo": lambda name: Tenant(name, credentials=[Credential("app-1", -30 * DAY)]),
    "O365ExporterCredentialExpiresSoon": lambda name: Tenant(name, own={0: (20 * DAY, -300 * DAY)}),
    "O365ExporterCredentialExpires": lambda name: Tenant(name, own={0: (5 * DAY, None)}),
    "O365SkuDisabled": lambda name: Tenant(name, skus=[Sku("e3", {0: {"status": "Suspended", **HOLDERS}})]),
    "O365SkuInGrace": lambda name: Tenant(
        name,
        skus=[Sku("e3", {0: {"status": "Warning", "enabled": 0, "warning": 100, **HOLDERS}})],
        subscriptions=[Subscription("sub-1", "e3", {0: "Warning"}, ends=12 * DAY)],
    ),
    "O365SkuOverassigned": lambda name: Tenant(name, skus=[Sku("e3", {0: {"enabled": 70, **HOLDERS}})]),
    "O365SkuNearlyFull": lambda name: Tenant(name, skus=[Sku("e3", {0: {"enabled": 82, **HOLDERS}})]),
    "O365SkuStatusUnknown": lambda name: Tenant(name, skus=[Sku("e3", {0: {"status": "unknown"}})]),
    "O365SubscriptionEnded": lambda name: Tenant(
        name,
        skus=[Sku("e3", {0: HOLDERS, 70: {"enabled": 70, "suspended": 30, **HOLDERS}})],
        subscriptions=[
            Subscription("sub-1", "e3", {0: "Enabled"}),
            Subscription("sub-2", "e3", {0: "Enabled", 70: "Suspended"}),
        ],
    ),
    "O365SubscriptionInGrace": lambda name: Tenant(
        name,
        skus=[Sku("e3", {0: {"enabled": 70, "warning": 30, **HOLDERS}})],
        subscriptions=[Subscription("sub-1", "e3", {0: "Warning"}, ends=12 * DAY)],
    ),
    "O365SubscriptionEndsSoon": lambda name: Tenant(
        name, subscriptions=[Subscription("sub-1", "e3", {0: "Enabled"}, ends=12 * DAY)]
    ),
    "O365TrialEnds": lambda name: Tenant(
        name, subscriptions=[Subscription("sub-1", "e3", {0: "Enabled"}, ends=12 * DAY, trial=True)]
    ),
    "O365MessageActionRequired": lambda name: Tenant(name, messages=[Message("MC1", {0: 20 * DAY})]),
    "O365MailboxesCannotSend": lambda name: Tenant(name, quota={0: 3}),
    "O365ReportStuck": lambda name: Tenant(name, refresh=lambda _: -8),
    "O365ReportColumnsMissing": lambda name: Tenant(
        name,
        extra={
            "mailbox_usage": (
                ("o365_report_missing_columns", 2, {"report": "getMailboxUsageDetail", "period": "D7", "part": "2"}),
            )
        },
    ),
    "O365NamesConcealed": lambda name: Tenant(
        name,
        extra={
            "": (("o365_report_names_concealed", 1, {}),),
            "email_activity": (("o365_exchange_user_emails", 5, {"user": "0A1B", "action": "sent"}),),
        },
    ),
    "O365TenantUnreachable": lambda name: Tenant(name, faults=[Fault("token", "auth", 5)]),
    "O365PermissionMissing": lambda name: Tenant(
        name,
        faults=[Fault("overviews", "permission", 5), Fault("issues", "permission", 5)],
        extra={"": (("o365_exporter_permission_granted", 0, {"permission": "ServiceHealth.Read.All"}),)},
    ),
    "O365Throttled": lambda name: Tenant(name, faults=[Fault("overviews", "throttled", 5)]),
    "O365SourceStale": lambda name: Tenant(
        name, faults=[Fault("overviews", "unavailable", 5), Fault("issues", "timeout", 5)]
    ),
    "O365EntriesLeftOut": lambda name: Tenant(name, left_out={0: 2}),
    "O365SeriesDropped": lambda name: Tenant(name, dropped={0: 7}, collectors=("service_health",)),
    "O365RulesWithoutData": lambda name: Tenant(name, hidden=frozenset({"o365_applications"})),
}

OF_NO_TENANT = frozenset(
    {
        "O365ExporterDown",
        "O365ScrapeFailing",
        "O365ClockWrong",
        "O365SettingsNotReloaded",
        "O365StateNotWritten",
        "O365RuleFailing",
    }
)
"""Alerts about the exporter or Prometheus, which have timelines of their own."""

COMPARES_WEEKS = frozenset({"O365UsageCollapsed"})
"""Needs more than a week, and has a unit test of its own."""

ALSO: Mapping[str, frozenset[str]] = {
    "O365IncidentWithoutPost": frozenset({"O365ServiceIncident"}),
    "O365AppCredentialExpires": frozenset({"O365AppCredentialExpiresSoon"}),
    "O365AppCredentialExpired": frozenset({"O365AppCredentialExpires", "O365AppCredentialExpiresSoon"}),
    "O365ExporterCredentialExpires": frozenset({"O365ExporterCredentialExpiresSoon"}),
    "O365SkuOverassigned": frozenset({"O365SkuNearlyFull"}),
    "O365SkuDisabled": frozenset({"O365SkuNearlyFull"}),
    "O365SubscriptionEnded": frozenset({"O365SkuOverassigned", "O365SkuNearlyFull"}),
}
"""What is on at the same time: the stages before."""

SETTLED = 200
"""Minute at which every alert has been on for a while."""

FOREVER = NEVER


COLLECTORS = {
    "service-health": ("service_health",),
    "credentials": ("credential_expiry",),
    "subscriptions": ("subscriptions",),
    "messages": ("message_center",),
    "usage": ("exchange_usage",),
    "exporter": ("service_health", "credential_expiry"),
}
"""What is watched of a tenant with the cause of an alert, by the file of the alert."""


def cause_of(alert: str, name: str) -> Tenant:
    """A tenant with the cause of an alert, of which little else is watched."""
    tenant = CAUSES[alert](name)
    tenant.collectors = COLLECTORS[alerts()[alert].subject]
    return tenant


def others() -> list[Exporter]:
    """Exporters with which the alerts that belong to no tenant are on, but that about rules that fail."""
    of_the_process = ("o365_exporter_config_last_reload_successful", "o365_exporter_state_write_success")
    wrong = Tenant("fabrikam", skew={0: -400}, extra={"": tuple((name, 0, {}) for name in of_the_process)})
    later = ((8, NEVER),)  # so that the runbooks are those of the first one
    return [
        Exporter([wrong], "b:10365", target=later),
        Exporter([], "b:10365", "o365-misspelt", down=((-NEVER, NEVER),)),
    ]
