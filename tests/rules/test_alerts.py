"""Each alert through what happens to every exporter: it is on for its cause alone, outlives the rest, and says why.

The cause of each alert is there several times: under an exporter that dies for seven hours, one that is restarted, one
whose settings lose their tenants, and two replicas.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import yaml

from tests.rules.kit import TESTS, alerts
from tests.rules.timelines.causes import ALSO, CAUSES, COMPARES_WEEKS, OF_NO_TENANT, SETTLED, cause_of, others
from tests.rules.timelines.play import Firing, Labels, Told, notified, played
from tests.rules.timelines.world import NEVER, Exporter, Tenant, scraped

STEP = 4
DIES = SETTLED + 3 * STEP
SEVEN_HOURS = 420
AFTERWARDS = 120
"""Minutes."""

GOLDEN = TESTS / "texts.yaml"
"""What each alert says in its cause, at ``SETTLED``."""

Texts = Mapping[Labels, Mapping[str, str]]


def tenants(fate: str) -> list[Tenant]:
    """One for each alert, and one that is well."""
    return [*(cause_of(alert, f"{fate}-{alert}") for alert in CAUSES), Tenant(f"{fate}-well")]


def of(told: Iterable[Told], fate: str, *, after: float = 0) -> list[str]:
    """What is told of the tenants with this fate, but reminders."""
    mine = (one for one in told if one.labels.get("tenant", "").startswith(f"{fate}-"))
    return [str(one) for one in mine if one.minute > after and not one.again]


def on(fires: Firing, minute: int, tenant: str) -> set[str]:
    """The alerts of a tenant at a moment."""
    found = map(dict, fires.get(minute, ()))
    return {labels["alertname"] for labels in found if labels.get("tenant") == tenant}


def test_every_alert_has_a_cause() -> None:
    """Whoever adds an alert says what sets it off."""
    assert set(alerts()) == {*CAUSES, *OF_NO_TENANT, *COMPARES_WEEKS}


def test_an_alert_outlives_its_exporter_and_says_what_it_should() -> None:
    """Each cause sets off its alert and no other, with the text of ``texts.yaml``, and a dead exporter changes nothing.

    Seven hours without it end nothing and bring nothing, nor does its return; texts keep names, dates and links.
    """
    end = DIES + SEVEN_HOURS + AFTERWARDS
    mortal = Exporter(tenants("dies"), down=((DIES, DIES + SEVEN_HOURS),))
    found = played(scraped([mortal, *others()], end, STEP), end, STEP, texts_at=(SETTLED, DIES + 100))
    for alert in CAUSES:
        assert on(found.firing, SETTLED, f"dies-{alert}") == {alert} | ALSO.get(alert, set())
    assert on(found.firing, SETTLED, "dies-well") == set()
    assert said(found.texts[SETTLED]) == yaml.safe_load(GOLDEN.read_text("utf-8"))
    told = notified(found.firing, end, STEP)
    assert of(told, "dies", after=DIES) == []
    assert [one.alert for one in told if one.minute > DIES and not one.again] == ["ExporterDown", "ExporterDown"]
    assert "Not watched now: dies-" in str(found.texts[DIES + 100])
    assert_lasts(found.texts[SETTLED], found.texts[DIES + 100])


def said(texts: Texts) -> dict[str, Mapping[str, str]]:
    """The texts of each alert: in its own cause, if it is of a tenant."""
    named = [(dict(labels), annotations) for labels, annotations in texts.items()]
    return {
        labels["alertname"]: annotations
        for labels, annotations in named
        if labels.get("tenant", f"dies-{labels['alertname']}") == f"dies-{labels['alertname']}"
    }


def assert_lasts(before: Texts, while_dead: Texts) -> None:
    """No text has a gap where the data were, and those of incidents say the same but for the moment of it."""
    assert [text for text in while_dead.values() if "<no value>" in str(text)] == []
    texts = [
        {name: text.replace("03:20", "03:28") for name, text in said(each)["O365ServiceIncident"].items()}
        for each in (before, while_dead)
    ]
    assert texts[0]["summary"] == texts[1]["summary"]
    assert texts[0]["description"] == texts[1]["description"]


def test_restarts_removals_and_replicas() -> None:
    """A restart tells nothing; a tenant that is taken out ends within the hour; two replicas tell once."""
    end = DIES + AFTERWARDS
    exporters = [
        Exporter(tenants("restarts"), "a:10365", down=((DIES, DIES + STEP + 1),)),
        Exporter([_until(tenant, DIES) for tenant in tenants("removed")], "b:10365"),
        *(Exporter(tenants("twice"), instance) for instance in ("c:10365", "d:10365")),
    ]
    told = notified(played(scraped(exporters, end, STEP), end, STEP).firing, end, STEP)
    assert of(told, "restarts", after=DIES) == []
    assert [line for line in of(told, "removed", after=DIES) if " resolved" not in line] == []
    assert set(Counter(of(told, "twice")).values()) == {1}
    assert still_on(told, "removed") == set()


def _until(tenant: Tenant, minute: float) -> Tenant:
    tenant.watched = ((-NEVER, minute),)
    return tenant


def still_on(told: Iterable[Told], fate: str) -> set[tuple[str, str]]:
    """Alerts, with their tenants, of which no end was told."""
    last = {frozenset(one.labels.items()): one for one in told if one.labels.get("tenant", "").startswith(f"{fate}-")}
    return {(one.alert, one.labels["tenant"]) for one in last.values() if one.status == "firing"}
