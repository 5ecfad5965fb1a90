"""The example for Alertmanager: who is told, and what is silenced; asked of Alertmanager's own programs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from o365_exporter.source import parse_duration
from tests.e2e.programs import eventually
from tests.rules.kit import ROOT, alerts, load, run
from tests.rules.timelines.causes import CAUSES, SETTLED, cause_of, others
from tests.rules.timelines.play import played
from tests.rules.timelines.world import Exporter, scraped
from tools.stack import free_port

EXAMPLE = ROOT / "deploy" / "alertmanager" / "alertmanager.example.yml"
RECEIVERS = {"critical": "pager", "warning": "tickets", "info": "notes"}

AREA = {"tenant": "contoso", "area": "subscriptions"}
INCIDENT = {"tenant": "contoso", "issue_id": "EX1"}
APP = {"tenant": "contoso", "app_id": "app-1"}
OWN = {"tenant": "contoso", "kind": "secret"}
SKU = {"tenant": "contoso", "sku_id": "sku-e3"}
SUBSCRIPTION = {**SKU, "subscription_id": "sub-1"}
TENANT = {"tenant": "contoso"}

SILENCED = [
    ("O365TenantUnreachable", TENANT, "O365SourceStale", AREA),
    ("O365TenantUnreachable", TENANT, "O365PermissionMissing", AREA),
    ("O365TenantUnreachable", TENANT, "O365ReportStuck", TENANT),
    ("O365ExporterDown", {}, "O365ScrapeFailing", {}),
    ("O365AppCredentialExpires", APP, "O365AppCredentialExpiresSoon", APP),
    ("O365AppCredentialExpired", APP, "O365AppCredentialExpires", APP),
    ("O365ExporterCredentialExpires", OWN, "O365ExporterCredentialExpiresSoon", OWN),
    ("O365SkuDisabled", SKU, "O365SkuOverassigned", SKU),
    ("O365SkuDisabled", SKU, "O365SkuNearlyFull", SKU),
    ("O365SubscriptionEnded", SUBSCRIPTION, "O365SkuOverassigned", SKU),
    ("O365SkuOverassigned", SKU, "O365SkuNearlyFull", SKU),
]
CAUSES_OF_THEIR_OWN = {"O365PermissionMissing", "O365Throttled", "O365RulesWithoutData"}
"""Silenced while a tenant cannot be reached, but not its consequences: they are true or not true by themselves."""

NOT_SILENCED = [
    ("O365ServiceIncident", INCIDENT, "O365ServiceIncident", {**INCIDENT, "issue_id": "EX2"}),
    ("O365ServiceIncident", INCIDENT, "O365ServiceAdvisory", {**INCIDENT, "issue_id": "EX3"}),
    ("O365ServiceDegraded", {**TENANT, "service_id": "Exchange"}, "O365ServiceIncident", INCIDENT),
    ("O365ServiceIncident", INCIDENT, "O365IncidentWithoutPost", INCIDENT),
    ("O365TenantUnreachable", TENANT, "O365ServiceIncident", INCIDENT),
    ("O365TenantUnreachable", TENANT, "O365SourceStale", {**AREA, "tenant": "fabrikam"}),
    ("O365ExporterDown", {}, "O365ServiceIncident", INCIDENT),
    ("O365ExporterDown", {}, "O365TenantUnreachable", TENANT),
    ("O365AppCredentialExpires", APP, "O365AppCredentialExpiresSoon", {**APP, "app_id": "app-2"}),
    ("O365AppCredentialExpired", APP, "O365ExporterCredentialExpires", OWN),
    ("O365SkuDisabled", SKU, "O365SkuOverassigned", {**SKU, "sku_id": "sku-p1"}),
    ("O365SkuDisabled", SKU, "O365SkuInGrace", SKU),
    ("O365SkuDisabled", SKU, "O365SubscriptionEnded", SUBSCRIPTION),
    ("O365SubscriptionEnded", SUBSCRIPTION, "O365SubscriptionInGrace", SUBSCRIPTION),
]


def test_the_example_is_right() -> None:
    """Alertmanager takes it."""
    assert "SUCCESS" in run("amtool", "check-config", EXAMPLE)


@pytest.mark.parametrize("name", alerts())
def test_routes(name: str) -> None:
    """Critical alerts go to the pager, warnings to the tickets, and notes disturb nobody."""
    severity = alerts()[name].body["labels"]["severity"]
    arguments = (f"alertname={name}", f"severity={severity}", "tenant=contoso")
    run(
        "amtool",
        "config",
        "routes",
        "test",
        f"--config.file={EXAMPLE}",
        f"--verify.receivers={RECEIVERS[severity]}",
        *arguments,
    )


def test_one_that_ends_does_not_send_the_others_again() -> None:
    """In a group of several pages or tickets the end of one is a message that names the others as firing."""
    route = load(EXAMPLE)["route"]
    disturbing = [each for each in (route, *route["routes"]) if each["receiver"] != "notes"]
    assert all(each.get("group_by", route["group_by"]) == ["..."] for each in disturbing)


REMINDERS = 20
"""Messages about one secret that nobody renews, from 31 days before its end to a week after."""


def test_a_forgotten_secret_is_no_flood() -> None:
    """Each message of the weeks before and after its end is counted by the intervals of its levels."""
    route = load(EXAMPLE)["route"]
    pager = route["routes"][0]
    days = {
        name: parse_duration(one["repeat_interval"]) / 86_400 for name, one in (("tickets", route), ("pager", pager))
    }
    assert (30 - 7) / days["tickets"] + 14 / days["pager"] + 3 <= REMINDERS


def test_repeats_fit_into_what_alertmanager_remembers() -> None:
    """It forgets what it sent after 120 hours, and then tells it again however long ``repeat_interval`` is."""
    route = load(EXAMPLE)["route"]
    repeats = [each["repeat_interval"] for each in (route, *route["routes"])]
    assert all(parse_duration(repeat) < 120 * 3600 for repeat in repeats), repeats


@pytest.mark.parametrize("rule", load(EXAMPLE)["inhibit_rules"], ids=lambda rule: _named(rule["source_matchers"])[0])
def test_what_is_silenced_is_not_kept_on_for_longer(rule: dict[str, Any]) -> None:
    """It would be notified when what silences it has ended, long after both were over."""
    kept = {name: parse_duration(alert.body.get("keep_firing_for", "0s")) for name, alert in alerts().items()}
    too_long = [
        (source, target)
        for source in _named(rule["source_matchers"])
        for target in _named(rule["target_matchers"])
        if kept[target] > kept[source] and target not in CAUSES_OF_THEIR_OWN
    ]
    assert too_long == []


def _labels() -> dict[str, set[str]]:
    """The labels of each alert, from what its cause makes fire."""
    everything = [Exporter([cause_of(alert, alert) for alert in CAUSES]), *others()]
    fires = played(scraped(everything, SETTLED, 4), SETTLED, 4).firing[SETTLED]
    found: dict[str, set[str]] = {"O365ExporterDown": set()}
    for labels in map(dict, fires):
        found.setdefault(labels["alertname"], set()).update(labels)
    return found


def _named(matchers: list[str]) -> list[str]:
    (matcher,) = matchers
    return matcher.removeprefix("alertname").lstrip("=~").strip('"').split("|")


def test_inhibitions_speak_of_labels_that_both_have() -> None:
    """A label that both lack counts as equal, and would silence the whole world."""
    labels = _labels()
    for rule in load(EXAMPLE)["inhibit_rules"]:
        for name in (*_named(rule["source_matchers"]), *_named(rule["target_matchers"])):
            assert set(rule.get("equal", ())) <= labels[name], name


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A real Alertmanager with the example."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        pytest.skip("Alertmanager is missing: apt-get install prometheus-alertmanager")
    folder: Path = tmp_path_factory.mktemp("alertmanager")
    port = free_port()
    arguments = (
        f"--config.file={EXAMPLE}",
        f"--storage.path={folder}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen([program, *arguments], stdout=log, stderr=log) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v2", trust_env=False) as client,
    ):
        try:
            eventually(lambda: client.get("/status").is_success)
            yield client
        finally:
            process.kill()


def _state(alertmanager: httpx.Client, labels: dict[str, str]) -> str:
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    (found,) = alertmanager.get("/alerts", params={"filter": wanted}).json()
    return str(found["status"]["state"])


def _is_silenced(alertmanager: httpx.Client, source: dict[str, str], target: dict[str, str]) -> bool:
    """Whether the target is suppressed while both are on.

    Alertmanager takes alerts in their order but not at once: when a pair that came later is silenced, this one has
    been thought of.
    """
    case = "/".join((*source.values(), *target.values()))
    later = [
        {"alertname": name, "tenant": case, "sku_id": "later"} for name in ("O365SkuDisabled", "O365SkuNearlyFull")
    ]
    for labels in (source, target, *later):
        alertmanager.post("/alerts", json=[{"labels": labels}]).raise_for_status()
    eventually(lambda: _state(alertmanager, later[1]) == "suppressed")
    return _state(alertmanager, target) == "suppressed"


def _pair(source: str, its: dict[str, str], target: str, theirs: dict[str, str]) -> tuple[dict[str, str], ...]:
    """The labels of both alerts, in tenants of their own, so that no case meets another."""
    return tuple(
        {"alertname": name, **labels} | ({"tenant": f"{source}-{target}-{labels['tenant']}"} if labels else {})
        for name, labels in ((source, its), (target, theirs))
    )


@pytest.mark.parametrize(("source", "its", "target", "theirs"), SILENCED)
def test_silenced(
    alertmanager: httpx.Client, source: str, its: dict[str, str], target: str, theirs: dict[str, str]
) -> None:
    """The cause is told, and what follows from it is not."""
    assert _is_silenced(alertmanager, *_pair(source, its, target, theirs))


@pytest.mark.parametrize(("source", "its", "target", "theirs"), NOT_SILENCED)
def test_not_silenced(
    alertmanager: httpx.Client, source: str, its: dict[str, str], target: str, theirs: dict[str, str]
) -> None:
    """What happens elsewhere, or matters by itself, is told."""
    assert not _is_silenced(alertmanager, *_pair(source, its, target, theirs))
