"""The timelines, by row of the policy. Minutes; the world begins on a Thursday at midnight UTC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.rules.timelines.judged import Timeline, World
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

WELL = "serviceOperational"
ILL = "serviceDegradation"
CUT = "serviceInterruption"


def ill(start: float, end: float = NEVER, status: str = ILL) -> Mapping[float, str]:
    """Statuses of a service that is ill for a while."""
    return {-NEVER: WELL, start: status, end: WELL}


def flapping(start: int, end: int, each: int) -> Mapping[float, str]:
    """Statuses of a service that changes each so many minutes between two moments."""
    return (
        {-NEVER: WELL}
        | {minute: (ILL, WELL)[(minute - start) // each % 2] for minute in range(start, end, each)}
        | {end: WELL}
    )


def story(policy: str, name: str, *lines: str, **truth: Any) -> Timeline:
    """A timeline of one tenant."""
    return Timeline(policy, name, (Tenant(name, **truth),), lines)


def health(policy: str, name: str, *lines: str, **truth: Any) -> Timeline:
    """The same where nothing but service health is watched."""
    return story(policy, name, *lines, collectors=("service_health",), **truth)


HEALTH = World(
    "health",
    480,
    (
        health(
            "P1",
            "both-lists",
            "pager EX1 30..45",
            "pager over EX1 120..150",
            overviews={"Exchange": ill(30, 120)},
            issues=[Issue("EX1", "Exchange", 30, 120)],
        ),
        health(
            "P1",
            "issues-only",
            "pager EX1 30..55",
            "pager over EX1 400..430",
            issues=[Issue("EX1", "Exchange", 30, 400)],
        ),
        health(
            "P1",
            "issues-only-interruption",
            "pager EX1 30..55",
            issues=[Issue("EX1", "Exchange", 30, statuses={0: CUT})],
        ),
        health(
            "P1",
            "overviews-only",
            "pager Exchange 30..55",
            "pager over Exchange 120..150",
            overviews={"Exchange": ill(30, 120)},
        ),
        health(
            "P1",
            "overviews-only-interruption",
            "pager Exchange 30..55",
            "pager over Exchange 120..150",
            overviews={"Exchange": ill(30, 120, CUT)},
        ),
        health("P1", "investigating", "pager Exchange 30..55", overviews={"Exchange": ill(30, status="investigating")}),
        health(
            "P1",
            "issue-follows-overview",
            "pager EX1 30..45",
            "pager over EX1 200..230",
            overviews={"Exchange": ill(30, 200)},
            issues=[Issue("EX1", "Exchange", 34, 200, started=20)],
        ),
        health(
            "P1",
            "issue-follows-late",
            "pager Exchange 30..45",
            "pager over Exchange 200..230",
            overviews={"Exchange": ill(30, 200)},
            issues=[Issue("EX1", "Exchange", 43, 200, started=20)],
        ),
        health(
            "P1",
            "issue-before-overview",
            "pager EX1 30..45",
            "pager over EX1 200..230",
            overviews={"Exchange": ill(60, 200)},
            issues=[Issue("EX1", "Exchange", 30, 200)],
        ),
        health(
            "P1",
            "five-services",
            *(f"pager I{n} 30..45" for n in range(5)),
            *(f"pager over I{n} 200..230" for n in range(5)),
            overviews={f"S{n}": ill(30, 200) for n in range(5)},
            issues=[Issue(f"I{n}", f"S{n}", 30, 200) for n in range(5)],
        ),
        health(
            "P1", "class-not-known", "pager EX1 30..55", issues=[Issue("EX1", "Exchange", 30, classification="unknown")]
        ),
        health(
            "P2",
            "dragging",
            "pager EX1 1..45",
            "pager EX2 100..115",
            "pager over EX2 200..230",
            overviews={"Exchange": {-NEVER: ILL}},
            issues=[Issue("EX1", "Exchange", -900), Issue("EX2", "Exchange", 100, 200)],
        ),
        health(
            "P2",
            "dragging-advisory",
            "notes? EX1",
            "pager EX2 100..115",
            "pager over EX2 200..230",
            overviews={"Exchange": {-NEVER: ILL}},
            issues=[Issue("EX1", "Exchange", -900, classification="advisory"), Issue("EX2", "Exchange", 100, 200)],
        ),
        health(
            "P2",
            "new-under-unexplained",
            "pager Exchange 1..25",
            "pager EX2 200..215",
            overviews={"Exchange": {-NEVER: ILL}},
            issues=[Issue("EX2", "Exchange", 200)],
        ),
        health(
            "P2",
            "two-follow-overview",
            "pager Exchange 30..45",
            "pager EX2 60..85",
            overviews={"Exchange": ill(30)},
            issues=[Issue("EX1", "Exchange", 45, started=20), Issue("EX2", "Exchange", 70, started=40)],
        ),
        health(
            "P3",
            "escalation",
            "pager EX1 30..45",
            "pager? Exchange",
            "pager over EX1 200..230",
            overviews={"Exchange": {-NEVER: WELL, 30: ILL, 80: CUT, 200: WELL}},
            issues=[Issue("EX1", "Exchange", 30, 200, statuses={0: ILL, 80: CUT})],
        ),
        health(
            "P3",
            "de-escalation",
            "pager EX1 30..45",
            "pager over EX1 200..230",
            overviews={"Exchange": {-NEVER: WELL, 30: CUT, 80: ILL, 140: "restoringService", 200: "serviceRestored"}},
            issues=[Issue("EX1", "Exchange", 30, 200, statuses={0: CUT, 80: ILL, 140: "restoringService"})],
        ),
        health(
            "P3",
            "becomes-advisory",
            "pager EX1 30..45",
            "pager over EX1 100..130",
            "notes? EX1",
            overviews={"Exchange": ill(30)},
            issues=[Issue("EX1", "Exchange", 30, reclassified={100: "advisory"})],
        ),
        health(
            "P4",
            "advisory",
            "notes EX1 30..150",
            overviews={"Exchange": ill(30)},
            issues=[Issue("EX1", "Exchange", 30, classification="advisory")],
        ),
        health(
            "P4",
            "second-advisory",
            "notes EX1 1..120",
            "notes EX2 100..220",
            issues=[Issue(f"EX{n}", "Exchange", start, classification="advisory") for n, start in ((1, 0), (2, 100))],
        ),
        health(
            "P4",
            "advisory-before-overview",
            "notes EX1 30..150",
            overviews={"Exchange": ill(60)},
            issues=[Issue("EX1", "Exchange", 30, classification="advisory")],
        ),
        health(
            "P5",
            "issue-ends-first",
            "pager EX1 30..45",
            "pager over EX1 240..270",
            overviews={"Exchange": ill(30, 240)},
            issues=[Issue("EX1", "Exchange", 30, 120)],
        ),
        health(
            "P5",
            "overview-ends-first",
            "pager EX1 30..45",
            "pager over EX1 240..270",
            overviews={"Exchange": ill(30, 120)},
            issues=[Issue("EX1", "Exchange", 30, 240)],
        ),
        health(
            "P5",
            "another-issue-goes-on",
            "pager EX1 30..45",
            "pager EX2 30..45",
            "pager over EX1 120..150",
            overviews={"Exchange": ill(30)},
            issues=[Issue("EX1", "Exchange", 30, 120), Issue("EX2", "Exchange", 30)],
        ),
        health(
            "P5",
            "false-positive",
            "pager EX1 30..45",
            "pager over EX1 80..110",
            overviews={"Exchange": {-NEVER: WELL, 30: "investigating", 80: "falsePositive"}},
            issues=[Issue("EX1", "Exchange", 30, 80, statuses={0: "investigating", 80: "falsePositive"})],
        ),
        health(
            "P5",
            "restored-but-listed",
            "pager EX1 30..45",
            "pager over EX1 120..150",
            overviews={"Exchange": {-NEVER: WELL, 30: ILL, 120: "serviceRestored"}},
            issues=[Issue("EX1", "Exchange", 30, statuses={0: ILL, 120: "serviceRestored"})],
        ),
        *(
            health(
                "P5",
                f"over-as-{status}",
                overviews={"Exchange": ill(30, status=status)},
                issues=[
                    Issue("EX1", "Exchange", 30, statuses={0: status}),
                    Issue("EX2", "Exchange", 30, classification="advisory", statuses={0: status}),
                ],
            )
            for status in (
                "resolved",
                "resolvedExternal",
                "mitigated",
                "mitigatedExternal",
                "postIncidentReviewPublished",
            )
        ),
        health(
            "P5",
            "issues-unreadable",
            "pager EX1 30..45",
            "tickets service_health 60..105",
            "tickets over service_health 240..270",
            "pager over EX1 300..330",
            overviews={"Exchange": ill(30, 300)},
            issues=[Issue("EX1", "Exchange", 30, 300)],
            faults=[Fault("issues", "unavailable", 60, 240)],
        ),
        health(
            "P5",
            "all-unreadable",
            "pager EX1 30..45",
            "tickets service_health 60..105",
            "tickets over service_health 400..430",
            "pager over EX1 400..430",
            overviews={"Exchange": ill(30, 90)},
            issues=[Issue("EX1", "Exchange", 30, 90)],
            faults=[Fault("overviews", "timeout", 60, 400), Fault("issues", "unavailable", 60, 400)],
        ),
        health(
            "P1",
            "issues-unreadable-before",
            "pager Exchange 120..145",
            "tickets service_health 30..75",
            overviews={"Exchange": ill(120)},
            faults=[Fault("issues", "unavailable", 30)],
        ),
        health(
            "P1",
            "overviews-unreadable-before",
            "pager EX1 120..145",
            "tickets service_health 30..75",
            issues=[Issue("EX1", "Exchange", 120)],
            faults=[Fault("overviews", "unavailable", 30)],
        ),
        health(
            "P6",
            "reopened",
            "pager EX1 30..45",
            "pager over EX1 80..110",
            "pager EX1 200..215",
            "pager over EX1 260..290",
            overviews={"Exchange": {-NEVER: WELL, 30: ILL, 80: WELL, 200: ILL, 260: WELL}},
            issues=[Issue("EX1", "Exchange", 30, 80, reopened=((200, 260),))],
        ),
        health(
            "P6",
            "issue-flaps",
            "pager EX1 30..45",
            "pager over EX1 100..130",
            overviews={"Exchange": ill(30, 100)},
            issues=[Issue("EX1", "Exchange", 30, 60, reopened=((66, 80), (86, 100)))],
        ),
        health(
            "P6",
            "overview-flaps",
            "pager EX1 30..45",
            "pager over EX1 330..360",
            overviews={"Exchange": flapping(30, 330, 3)},
            issues=[Issue("EX1", "Exchange", 30, 330)],
        ),
        health(
            "P6",
            "overview-alone-flaps",
            "pager Exchange 30..55",
            "pager over Exchange 234..264",
            overviews={"Exchange": flapping(30, 234, 3)},
        ),
        health(
            "P6",
            "overview-alone-flaps-slowly",
            "pager Exchange 30..55",
            "pager over Exchange 240..270",
            overviews={"Exchange": flapping(30, 240, 10)},
        ),
        health(
            "P6",
            "new-id-after-the-old",
            "pager EX1 30..45",
            "pager over EX1 80..110",
            "pager EX9 90..105",
            "pager over EX9 200..230",
            overviews={"Exchange": ill(30, 200)},
            issues=[Issue("EX1", "Exchange", 30, 80), Issue("EX9", "Exchange", 90, 200)],
        ),
        health(
            "P3",
            "advisory-becomes-incident",
            "notes? EX1",
            "notes? over EX1",
            "pager EX1 100..125",
            "pager over EX1 200..230",
            issues=[Issue("EX1", "Exchange", 30, 200, classification="advisory", reclassified={100: "incident"})],
        ),
        health(
            "P1",
            "one-explained-one-not",
            "pager EX1 30..45",
            "pager Teams 30..55",
            "pager over EX1 200..230",
            "pager over Teams 200..230",
            overviews={"Exchange": ill(30, 200), "Teams": ill(30, 200)},
            issues=[Issue("EX1", "Exchange", 30, 200)],
        ),
        health(
            "P5",
            "recovery-takes-long",
            "pager EX1 30..45",
            "pager over EX1 200..230",
            overviews={"Exchange": {-NEVER: WELL, 30: ILL, 100: "extendedRecovery", 200: "serviceRestored"}},
            issues=[
                Issue("EX1", "Exchange", 30, 200, statuses={0: ILL, 100: "extendedRecovery", 200: "serviceRestored"})
            ],
        ),
        health(
            "P5",
            "investigation-suspended",
            "pager EX1 30..45",
            overviews={"Exchange": {-NEVER: WELL, 30: ILL, 120: "investigationSuspended"}},
            issues=[Issue("EX1", "Exchange", 30, statuses={0: ILL, 120: "investigationSuspended"})],
        ),
        health(
            "P6",
            "reopened-within-minutes",
            "pager EX1 30..45",
            "pager over EX1 150..180",
            overviews={"Exchange": {-NEVER: WELL, 30: ILL, 80: WELL, 88: ILL, 150: WELL}},
            issues=[Issue("EX1", "Exchange", 30, 80, reopened=((88, 150),))],
        ),
        health(
            "P5",
            "issues-refused-in-mid-incident",
            "pager EX1 30..45",
            "tickets service_health 60..105",
            overviews={"Exchange": ill(30)},
            issues=[Issue("EX1", "Exchange", 30)],
            faults=[Fault("issues", "permission", 60)],
        ),
        health("P5", "healthy-throughout"),
        health(
            "P8",
            "health-down",
            "tickets service_health 60..105",
            "tickets over service_health 300..330",
            faults=[Fault("overviews", "unavailable", 60, 300), Fault("issues", "unavailable", 60, 300)],
        ),
        health(
            "P8", "issues-down", "tickets service_health 60..105", faults=[Fault("issues", "unexpected_answer", 60)]
        ),
        health(
            "P16",
            "removed-in-mid-incident",
            "pager EX1 30..45",
            "pager? over EX1 100..160",
            watched=((-NEVER, 100),),
            overviews={"Exchange": ill(30)},
            issues=[Issue("EX1", "Exchange", 30)],
        ),
        health("P16", "removed", watched=((-NEVER, 100),)),
        Timeline(
            "P16",
            "renamed",
            (
                Tenant(
                    "renamed-old",
                    collectors=("service_health",),
                    tenant_id="t1",
                    watched=((-NEVER, 100),),
                    overviews={"Exchange": ill(30, 300)},
                    issues=[Issue("EX1", "Exchange", 30, 300)],
                ),
                Tenant(
                    "renamed-new",
                    collectors=("service_health",),
                    tenant_id="t1",
                    watched=((100, NEVER),),
                    overviews={"Exchange": ill(30, 300)},
                    issues=[Issue("EX1", "Exchange", 30, 300)],
                ),
            ),
            ("pager EX1 30..45", "pager over EX1 300..330"),
        ),
        Timeline(
            "P1",
            "two-tenants",
            tuple(
                Tenant(
                    f"two-tenants-{name}",
                    collectors=("service_health",),
                    overviews={"Exchange": ill(30, 200)},
                    issues=[Issue("EX1", "Exchange", 30, 200)],
                )
                for name in "ab"
            ),
            ("pager EX1 30..45", "pager EX1 30..45", "pager over EX1 200..230", "pager over EX1 200..230"),
        ),
    ),
    step=2,
    subjects=("service-health", "exporter"),
)

MONITORING = World(
    "monitoring",
    480,
    (
        story(
            "P8",
            "no-token",
            "pager TenantUnreachable 60..90",
            "pager over TenantUnreachable 200..230",
            faults=[Fault("token", "auth", 60, 200)],
        ),
        story("P8", "no-token-from-day-one", "pager TenantUnreachable 1..31", faults=[Fault("token", "auth", 0)]),
        story(
            "P8",
            "token-fails-for-minutes",
            faults=[Fault("token", "network", 60, 66), Fault("token", "network", 120, 128)],
        ),
        story(
            "P15",
            "blind-and-then-without-a-token",
            "tickets service_health 60..105",
            "tickets over service_health 330..420",
            "pager TenantUnreachable 150..180",
            "pager over TenantUnreachable 300..330",
            faults=[
                Fault("overviews", "unavailable", 60, 330),
                Fault("issues", "unavailable", 60, 330),
                Fault("token", "auth", 150, 300),
            ],
        ),
        story("P15", "forty-minutes-of-throttling", faults=[Fault("skus", "throttled", 60, 100)]),
        story(
            "P15",
            "an-hour-and-more-of-throttling",
            "tickets Throttled 105..130",
            "tickets over Throttled 190..220",
            faults=[Fault("skus", "throttled", 60, 190)],
        ),
        story("P15", "five-minutes-of-outage", faults=[Fault("*", "unavailable", 60, 66)]),
        story(
            "P15",
            "blind-in-everything",
            "tickets service_health 60..105",
            "tickets over service_health 360..390",
            faults=[
                Fault(source, "unavailable", 60, 360)
                for source in (
                    "overviews",
                    "issues",
                    "applications",
                    "skus",
                    "subscriptions",
                    "email_activity",
                    "mailbox_usage",
                    "users_activity",
                )
            ],
        ),
        story(
            "P15",
            "reports-blind",
            "tickets usage_reports 1..45",
            faults=[
                Fault(source, "unavailable", 0) for source in ("email_activity", "mailbox_usage", "users_activity")
            ],
        ),
        story(
            "P15",
            "two-causes",
            "tickets credential_expiry 1..110",
            "tickets service_health 200..245",
            faults=[Fault("applications", "unexpected_answer", 10), Fault("overviews", "timeout", 200)],
        ),
        story(
            "P15",
            "permission-withdrawn",
            "tickets service_health 1..45",
            "tickets over service_health 200..230",
            faults=[
                Fault(source, "permission", 5, 200)
                for source in (
                    "overviews",
                    "issues",
                    "applications",
                    "skus",
                    "subscriptions",
                    "email_activity",
                    "mailbox_usage",
                    "users_activity",
                )
            ],
        ),
        story(
            "P15",
            "unsupported",
            faults=[
                Fault("email_activity", "unsupported", 0),
                Fault("skus", "no_data", 0),
                Fault("subscriptions", "no_data", 0),
            ],
        ),
        story(
            "P15",
            "throttled",
            "tickets Throttled 60..120",
            "tickets over Throttled 240..270",
            faults=[Fault("overviews", "throttled", 60, 240)],
        ),
        story(
            "P15",
            "throttled-in-waves",
            "tickets Throttled 60..120",
            "tickets over Throttled 240..270",
            faults=[Fault("overviews", "throttled", start, start + 6) for start in range(60, 240, 12)],
        ),
        story("P15", "throttled-for-minutes", faults=[Fault("*", "throttled", 60, 68)]),
    ),
    step=2,
)


def watching(minutes: int, lines: tuple[str, ...], *exporters: Exporter, policy: str, name: str) -> World:
    """A world of one timeline, in which what is told of no tenant counts, too."""
    tenants = {tenant.name: tenant for exporter in exporters for tenant in exporter.tenants}
    timeline = Timeline(policy, name, tuple(tenants.values()), lines)
    return World(name, minutes, (timeline,), exporters, subjects=("service-health", "exporter"))


def ill_tenant(name: str, start: float = 30, end: float = NEVER, **others: Any) -> Tenant:
    """A tenant with an incident in both lists."""
    return Tenant(
        name,
        {"Exchange": ill(start, end)},
        [Issue("EX1", "Exchange", start, end)],
        collectors=("service_health",),
        **others,
    )


def quiet(name: str, **truth: Any) -> Tenant:
    """A tenant of which only service health is watched."""
    return Tenant(name, collectors=("service_health",), **truth)


ALONE = (
    watching(
        620,
        (
            "pager EX1 30..45",
            "pager ExporterDown 65..80",
            "pager over ExporterDown 560..590",
            "pager over EX1 600..630",
        ),
        Exporter([ill_tenant("dead", end=600)], down=((60, 560),)),
        policy="P5",
        name="dead-for-eight-hours",
    ),
    watching(
        330,
        (
            "pager EX1 30..45",
            "pager ExporterDown 65..80",
            "pager over ExporterDown 260..290",
            "pager over EX1 260..290",
        ),
        Exporter([ill_tenant("dead", end=100)], down=((60, 260),)),
        policy="P5",
        name="over-while-dead",
    ),
    watching(
        300,
        ("pager EX1 30..45", "pager EX1 30..45", "pager EX1 95..115", "pager EX2 180..200"),
        Exporter([ill_tenant("restarted")], "a:10365", down=((60, 65),)),
        Exporter([ill_tenant("twice")], "b:10365", down=((60, 62), (75, 77))),
        Exporter(
            [quiet("removed", watched=((-NEVER, 60),)), quiet("kept", issues=[Issue("EX2", "Exchange", 180)])],
            "c:10365",
            down=((200, 205),),
        ),
        Exporter([ill_tenant("late", 1)], "d:10365", down=((0, 100),), target=((95, NEVER),)),
        policy="P15",
        name="restarts",
    ),
    watching(
        260,
        ("pager ExporterDown 60..85", "pager over ExporterDown 200..230"),
        Exporter([quiet("crashing")], down=tuple((start, start + 1) for start in range(60, 200, 3))),
        policy="P15",
        name="crash-loop",
    ),
    watching(
        260,
        ("pager ExporterDown 60..85", "pager over ExporterDown 200..230"),
        Exporter([quiet("crashing")], down=tuple((start, start + 4) for start in range(60, 200, 6))),
        policy="P15",
        name="slow-crash-loop",
    ),
    watching(
        160,
        ("pager EX1 30..45", "tickets ScrapeFailing 60..105"),
        Exporter([ill_tenant("both")], "a:10365"),
        Exporter([ill_tenant("both")], "b:10365", down=((60, NEVER),)),
        policy="P16",
        name="replicas",
    ),
    watching(
        160,
        ("pager EX1 30..45",),
        Exporter([ill_tenant("both")], "a:10365"),
        Exporter(
            [ill_tenant("both", faults=[Fault("overviews", "network", 20), Fault("issues", "network", 20)])], "b:10365"
        ),
        policy="P16",
        name="one-replica-fails",
    ),
    watching(
        160,
        ("pager ExporterDown 60..80", "pager EX1 30..45"),
        Exporter([ill_tenant("there")], "a:10365"),
        Exporter([quiet("gone")], "b:10365", down=((60, NEVER),)),
        policy="P15",
        name="one-of-two-shards",
    ),
    watching(
        100,
        ("tickets ScrapeFailing 1..60",),
        Exporter([quiet("contoso")], "a:10365"),
        Exporter([], "a:10365", "o365-contsoo", down=((-NEVER, NEVER),)),
        policy="P16",
        name="tenant-misspelt",
    ),
    watching(
        200,
        ("tickets ScrapeFailing 60..130",),
        Exporter([quiet("fabrikam")], "a:10365"),
        Exporter([ill_tenant("contoso", 400)], "a:10365", "o365-contoso", down=((60, NEVER),)),
        policy="P16",
        name="removed-but-still-scraped",
    ),
)

NEWS = World(
    "news",
    200 * 60,
    (
        health(
            "P7",
            "silent-over-a-weekend",
            "pager EX1",
            "tickets EX1 7500..7710",
            issues=[Issue("EX1", "Exchange", 60, posts=(1500, 41 * 60))],
        ),
        health(
            "P7",
            "silent-in-the-week",
            "pager EX1",
            "tickets EX1 9160..9370",
            issues=[Issue("EX1", "Exchange", 60, posts=tuple(range(1000, 7600, 1000)))],
        ),
        health(
            "P7",
            "once-a-day",
            "pager EX1",
            issues=[Issue("EX1", "Exchange", 60, posts=tuple(range(1500, 12_000, 1440)))],
        ),
        health(
            "P7",
            "each-three-days-over-weekends",
            "pager EX1",
            issues=[Issue("EX1", "Exchange", 60, posts=(1500, 2460, 2460 + 3 * 1440, 8000, 9400, 10_800))],
        ),
        health("P7", "silent-advisory", "notes EX1", issues=[Issue("EX1", "Exchange", 60, classification="advisory")]),
    ),
    step=60,
    subjects=("service-health",),
)


def credential(policy: str, name: str, *lines: str, **truth: Any) -> Timeline:
    """A story of credentials alone."""
    return story(policy, name, *lines, collectors=("credential_expiry",), **truth)


CREDENTIALS = World(
    "credentials",
    720,
    (
        credential("P9", "far-away", credentials=[Credential("app", 40 * DAY)]),
        credential(
            "P9",
            "new-app-with-a-short-rest",
            "pager app 100..220",
            credentials=[Credential("app", 5 * DAY, starts=-85 * DAY, listed=(100, NEVER))],
        ),
        credential(
            "P9",
            "rotated-to-a-short-one",
            "pager app 1..120",
            "pager over app 200..320",
            "tickets app 200..320",
            credentials=[
                Credential("app", 5 * DAY, starts=-85 * DAY),
                Credential("app", 20 * DAY, id="2", starts=-70 * DAY, listed=(200, NEVER)),
            ],
        ),
        credential(
            "P9",
            "both-kinds-end",
            "pager app 1..120",
            credentials=[Credential("app", 3 * DAY), Credential("app", 5 * DAY, kind="certificate", id="2")],
        ),
        credential(
            "P9",
            "ended-then-deleted",
            "pager app 1..120",
            "pager app 1..120",
            "pager over app 300..420",
            "pager over app 300..420",
            credentials=[Credential("app", -100, listed=(-NEVER, 300))],
        ),
        credential("P9", "a-month", "tickets app 200..400", credentials=[Credential("app", 30 * DAY + 200)]),
        credential("P9", "a-fortnight", "tickets app 1..120", credentials=[Credential("app", 14 * DAY)]),
        credential(
            "P9", "a-week", "tickets app 1..120", "pager app 200..400", credentials=[Credential("app", 7 * DAY + 200)]
        ),
        credential("P9", "ends", "pager app 1..120", "pager app 300..420", credentials=[Credential("app", 300)]),
        credential(
            "P9",
            "rotated",
            "pager app 1..120",
            "pager over app 200..320",
            "notes? app",
            credentials=[Credential("app", 5 * DAY), Credential("app", 365 * DAY, id="2", listed=(200, NEVER))],
        ),
        credential(
            "P9",
            "rotated-after-the-end",
            "pager app 1..120",
            "pager app 1..120",
            "pager over app 200..320",
            "pager over app 200..320",
            "notes? app",
            credentials=[Credential("app", -100), Credential("app", 365 * DAY, id="2", listed=(200, NEVER))],
        ),
        credential(
            "P9",
            "deleted",
            "pager app 1..120",
            "pager over app 200..320",
            credentials=[Credential("app", 5 * DAY, listed=(-NEVER, 200))],
        ),
        credential(
            "P9",
            "two-apps",
            "pager one 1..120",
            "tickets two 1..120",
            credentials=[Credential("one", 5 * DAY), Credential("two", 20 * DAY)],
        ),
        credential(
            "P9",
            "unreadable",
            "pager app 1..120",
            "tickets credential_expiry 60..200",
            credentials=[Credential("app", 5 * DAY)],
            faults=[Fault("applications", "unavailable", 65)],
        ),
        credential(
            "P9",
            "long-lived-with-start",
            "pager app 1..120",
            credentials=[Credential("app", 5 * DAY, starts=-700 * DAY)],
        ),
        credential(
            "P10",
            "moved-to-a-certificate",
            "notes? app",
            credentials=[Credential("app", 5 * DAY), Credential("app", 300 * DAY, "certificate", "2")],
        ),
        credential(
            "P10",
            "moves-to-a-certificate",
            "pager app 1..120",
            "pager over app 200..320",
            "notes? app",
            credentials=[
                Credential("app", 5 * DAY),
                Credential("app", 300 * DAY, "certificate", "2", listed=(200, NEVER)),
            ],
        ),
        credential(
            "P10",
            "moved-to-a-secret",
            "notes? app",
            credentials=[Credential("app", -100, "certificate"), Credential("app", 300 * DAY, id="2")],
        ),
        credential(
            "P10",
            "vault-of-two-days",
            credentials=[
                Credential("app", 2 * DAY + start, id=str(start), starts=start, listed=(start, start + 1500))
                for start in range(-1440, 720, 360)
            ],
        ),
        credential("P10", "vault-stops", "notes? app", credentials=[Credential("app", 300, starts=300 - 2 * DAY)]),
        credential("P10", "vault-of-a-month", credentials=[Credential("app", 20 * DAY, starts=-12 * DAY)]),
        credential(
            "P10",
            "by-name",
            credentials=[Credential("app", 5 * DAY, "certificate", starts=-200 * DAY)],
            rotating={"app"},
        ),
        credential(
            "P10", "by-name-ended", "notes? app", credentials=[Credential("app", -100, "certificate")], rotating={"app"}
        ),
        credential("P10", "dead", "notes? AppCredentialExpiredLongAgo", credentials=[Credential("app", -90 * DAY)]),
        credential(
            "P10", "never-ends", "notes? app", credentials=[Credential("app", 5 * DAY), Credential("app", 1e7, id="2")]
        ),
        credential("P12", "own-a-month", "tickets secret 200..400", own={0: (30 * DAY + 200, -300 * DAY)}),
        credential(
            "P12",
            "own-a-week",
            "pager secret 1..120",
            "pager over secret 200..320",
            own={0: (5 * DAY, None), 200: (365 * DAY, 200)},
        ),
        credential(
            "P12",
            "own-is-listed-too",
            "tickets secret 1..120",
            "pager secret 200..320",
            "tickets other 1..120",
            own={0: (7 * DAY + 200, -300 * DAY)},
            own_app="app",
            credentials=[Credential("app", 7 * DAY + 200, starts=-300 * DAY), Credential("other", 20 * DAY)],
        ),
        credential(
            "P12",
            "own-ends-though-the-app-has-another",
            "pager secret 1..120",
            own={0: (5 * DAY, -300 * DAY)},
            own_app="app",
            credentials=[Credential("app", 5 * DAY), Credential("app", 300 * DAY, id="2")],
        ),
        credential(
            "P12",
            "own-is-told-as-any-app-where-its-end-is-not-known",
            "pager app 1..120",
            own_app="app",
            credentials=[Credential("app", 5 * DAY)],
        ),
        credential("P12", "own-from-a-vault", own={0: (1 * DAY, -1 * DAY), 200: (2 * DAY, 200)}),
    ),
    step=4,
    subjects=("credentials", "exporter"),
)


def licence(
    policy: str, name: str, *lines: str, subscriptions: tuple[Subscription, ...] = (), **states: Any
) -> Timeline:
    """A story of one product; ``at_100`` is what it is like from that minute on."""
    skus = [Sku("e3", {int(when.removeprefix("at_")): state for when, state in states.items()})]
    return story(policy, name, *lines, collectors=("subscriptions",), skus=skus, subscriptions=list(subscriptions))


GRACE = {"status": "Warning", "enabled": 0, "warning": 100}
OFF = {"status": "Suspended", "enabled": 0, "suspended": 100}
FINE = {"status": "Enabled"}

LICENCES = World(
    "licences",
    720,
    (
        licence("P13", "off-and-then-held", "pager e3 300..480", "notes? e3", at_0={**OFF, "consumed": 0}, at_300=OFF),
        licence(
            "P13", "grace", "tickets e3 100..280", "tickets over e3 300..480", at_0=FINE, at_100=GRACE, at_300=FINE
        ),
        licence("P13", "grace-nobody-holds", at_0={**GRACE, "consumed": 0}),
        licence(
            "P13",
            "grace-of-all-seats",
            "tickets e3 1..180",
            "notes? e3",
            at_0={"status": "Warning", "enabled": 0, "warning": 1100, "consumed": 1100},
        ),
        *(
            licence(
                "P13",
                f"off-{status}",
                "pager e3 100..280",
                "pager over e3 300..480",
                "notes? e3",
                "notes? over e3",
                at_0=FINE,
                at_100={**OFF, "status": status},
                at_300=FINE,
            )
            for status in ("Suspended", "LockedOut", "Deleted")
        ),
        licence("P13", "off-nobody-holds", at_0={**OFF, "consumed": 0}),
        licence(
            "P13",
            "grace-then-off",
            "tickets e3 1..180",
            "pager e3 200..380",
            "tickets? over e3",
            "notes? e3",
            at_0=GRACE,
            at_200=OFF,
        ),
        licence(
            "P13",
            "off-then-grace",
            "pager e3 1..180",
            "pager over e3 200..380",
            "tickets? e3",
            "notes? e3",
            "notes? over e3",
            at_0=OFF,
            at_200=GRACE,
        ),
        licence(
            "P13",
            "trial-off",
            "notes? sub",
            "notes? e3",
            at_0=OFF,
            subscriptions=(Subscription("sub", "e3", {0: "Suspended"}, trial=True),),
        ),
        licence(
            "P13",
            "trial-in-grace",
            "notes? sub",
            at_0=GRACE,
            subscriptions=(Subscription("sub", "e3", {0: "Warning"}, trial=True),),
        ),
        licence(
            "P13",
            "a-date",
            "notes? sub",
            at_0=FINE,
            subscriptions=(Subscription("sub", "e3", {0: "Enabled"}, ends=5 * DAY),),
        ),
        licence("P13", "full", "notes? e3", at_0={"consumed": 100}),
        licence(
            "P13",
            "overassigned",
            "tickets e3 100..340",
            "tickets over e3 400..580",
            "notes? e3",
            "notes? over e3",
            at_0=FINE,
            at_100={"consumed": 105},
            at_400=FINE,
        ),
        licence(
            "P13",
            "overassigned-in-grace",
            "tickets e3 1..180",
            "tickets? e3",
            "notes? e3",
            at_0={**GRACE, "consumed": 105},
        ),
        licence(
            "P13",
            "part-ended",
            "pager sub 100..280",
            "notes? e3",
            at_0={"consumed": 80},
            at_100={"enabled": 60, "suspended": 40, "consumed": 80},
            subscriptions=(
                Subscription("sub", "e3", {0: "Enabled", 100: "Suspended"}),
                Subscription("other", "e3", {0: "Enabled"}),
            ),
        ),
        licence(
            "P13",
            "part-ended-enough-left",
            at_0={"consumed": 50},
            at_100={"enabled": 60, "suspended": 40, "consumed": 50},
            subscriptions=(
                Subscription("sub", "e3", {0: "Enabled", 100: "Suspended"}),
                Subscription("other", "e3", {0: "Enabled"}),
            ),
        ),
        licence(
            "P13",
            "part-in-grace-needed",
            "tickets sub 1..180",
            "notes? e3",
            at_0={"enabled": 60, "warning": 40, "consumed": 80},
            subscriptions=(Subscription("sub", "e3", {0: "Warning"}),),
        ),
        licence(
            "P13",
            "part-in-grace-not-needed",
            at_0={"enabled": 60, "warning": 40, "consumed": 50},
            subscriptions=(Subscription("sub", "e3", {0: "Warning"}),),
        ),
    ),
    step=4,
    subjects=("subscriptions", "exporter"),
)


def message(name: str, *lines: str, action_by: Mapping[float, float | None], **listed: Any) -> Timeline:
    """A story of one message. Of dates of Microsoft's the policy has no row: as those of credentials, without pages."""
    faults = listed.pop("faults", [])
    return story(
        "dates",
        name,
        *lines,
        collectors=("message_center",),
        messages=[Message("MC1", action_by, **listed)],
        faults=faults,
    )


MESSAGES = World(
    "messages",
    1440,
    (
        message("to-be-read", action_by={0: None}),
        message("far-ahead", action_by={0: 60 * DAY}),
        message("long-past", action_by={0: -10}),
        message("in-twenty-days", "tickets MC1 1..75", action_by={0: 20 * DAY}),
        message("comes-near", "tickets MC1 400..480", action_by={0: 30 * DAY + 400}),
        message("passes", "tickets MC1 1..75", "tickets over MC1 600..720", action_by={0: 600}),
        message("is-put-off", "tickets MC1 1..75", "tickets over MC1 300..420", action_by={0: 20 * DAY, 300: 80 * DAY}),
        message("is-put-off-a-little", "tickets MC1 1..75", action_by={0: 10 * DAY, 300: 20 * DAY}),
        message(
            "needs-nothing-any-more", "tickets MC1 1..75", "tickets over MC1 300..420", action_by={0: DAY, 300: None}
        ),
        message("is-taken-away", "tickets MC1 1..75", "tickets over MC1 300..420", action_by={0: DAY}, listed=(0, 300)),
        message("is-new", "tickets MC1 300..375", action_by={0: DAY * 5}, listed=(300, NEVER)),
        message(
            "stays-while-nobody-can-see",
            "tickets MC1 1..75",
            "tickets message_center 200..400",
            action_by={0: 20 * DAY},
            faults=[Fault("messages", "permission", 200)],
        ),
    ),
    step=4,
    subjects=("messages", "exporter"),
)


def report(policy: str, name: str, *lines: str, **truth: Any) -> Timeline:
    """A story of usage reports."""
    return story(policy, name, *lines, collectors=("exchange_usage", "teams_usage"), **truth)


REPORTS = World(
    "reports",
    3 * 1440,
    (
        report("P14", "on-time"),
        report("P14", "five-days-late", refresh=lambda minute: minute // DAY - 5),
        report(
            "P14",
            "frozen",
            "tickets ReportStuck 1440..2940",
            "tickets over ReportStuck 3600..4330",
            refresh=lambda minute: -5 if minute < 3600 else minute // DAY - 2,
        ),
        report(
            "P14",
            "always-late",
            "tickets ReportStuck 1440..2940",
            refresh=lambda minute: max(-5, (minute - 720) // DAY - 5),
        ),
        report("P14", "mailboxes-full", "notes? MailboxesCannotSend", quota={0: 3}),
    ),
    step=4,
    subjects=("usage", "exporter"),
)

WORLDS = (HEALTH, MONITORING, *ALONE, NEWS, CREDENTIALS, LICENCES, MESSAGES, REPORTS)
