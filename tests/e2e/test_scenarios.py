"""Which notifications arrive when the scenarios happen, and which do not: end to end, with real programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from o365_exporter.simulator import load_scenario, scenarios
from tests.e2e.watched import NOBODY, News, Process, Run, Stages, Watch, clouds, processes
from tools import stack

pytestmark = pytest.mark.long("scenarios", 110)

TIME_SHEETS = "11111111-1111-1111-1111-111111111111"
E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"


def stage(tenant: str, *lines: str) -> frozenset[News]:
    """Notifications about a tenant, each written as receiver, status, alert and thing."""
    split = (line.split(" ") for line in lines)
    return frozenset(
        News(receiver, status, f"O365{alert}", tenant, *thing or [""]) for receiver, status, alert, *thing in split
    )


STAGES: dict[str, Stages] = {
    "action-required": {
        10: stage("action-required/contoso", "tickets firing MessageActionRequired MC900001"),
        70: stage("action-required/contoso", "tickets resolved MessageActionRequired MC900001"),
    },
    "broken-tenant": {
        10: stage("broken-tenant/contoso", "pager firing TenantUnreachable"),
        35: stage("broken-tenant/fabrikam", "pager firing ServiceIncident TM900001"),
        75: stage("broken-tenant/contoso", "pager resolved TenantUnreachable")
        | stage("broken-tenant/fabrikam", "pager resolved ServiceIncident TM900001"),
    },
    "consent-withdrawn": {
        10: stage("consent-withdrawn/contoso", "tickets firing PermissionMissing service_health"),
        75: stage("consent-withdrawn/contoso", "tickets resolved PermissionMissing service_health"),
    },
    "exchange-outage": {
        15: stage(
            "exchange-outage/contoso",
            "pager firing ServiceIncident EX900001",
            "notes firing ServiceAdvisory PL900002",
        ),
        105: stage(
            "exchange-outage/contoso",
            "pager resolved ServiceIncident EX900001",
            "notes resolved ServiceAdvisory PL900002",
        ),
    },
    "exporter-killed": {
        10: stage("exporter-killed/contoso", "pager firing ServiceIncident EX900001"),
        40: stage("", "pager firing ExporterDown"),
        70: stage("", "pager resolved ExporterDown"),
        100: stage("exporter-killed/contoso", "pager resolved ServiceIncident EX900001"),
    },
    "graph-throttles": {
        10: stage("graph-throttles/contoso", "tickets firing Throttled"),
        80: stage("graph-throttles/contoso", "tickets resolved Throttled"),
    },
    "report-stuck": {
        0: stage("report-stuck/contoso", "tickets firing ReportStuck"),
        120: stage("report-stuck/contoso", "tickets resolved ReportStuck"),
    },
    "secret-rotation": {
        5: stage(
            "secret-rotation/contoso",
            f"pager firing AppCredentialExpires {TIME_SHEETS}",
            f"pager firing AppCredentialExpired {TIME_SHEETS}",
        ),
        80: stage(
            "secret-rotation/contoso",
            f"pager resolved AppCredentialExpires {TIME_SHEETS}",
            f"pager resolved AppCredentialExpired {TIME_SHEETS}",
            f"notes firing AppOldCredentialExpires {TIME_SHEETS}",
        ),
        135: stage("secret-rotation/contoso", f"notes resolved AppOldCredentialExpires {TIME_SHEETS}"),
    },
    "sku-suspended": {
        10: stage("sku-suspended/contoso", f"notes firing SkuNearlyFull {E5}"),
        60: stage("sku-suspended/contoso", f"pager firing SkuDisabled {E5}"),
        95: stage("sku-suspended/contoso", f"pager resolved SkuDisabled {E5}", f"notes resolved SkuNearlyFull {E5}"),
    },
}
"""What arrives after the steps of each second, and what fires but is told to nobody; nothing else may arrive."""

LATE = "started-late"
EXPECTED: dict[str, Stages] = STAGES | {
    LATE: {
        10: stage(f"{LATE}/contoso", "pager firing ServiceIncident EX900001"),
        100: stage(f"{LATE}/contoso", "pager resolved ServiceIncident EX900001"),
    }
}
"""And those of an exporter that is started in the middle of the incident of ``exporter-killed``."""


@pytest.fixture(scope="module")
def programs() -> stack.Programs:
    """Prometheus and Alertmanager."""
    try:
        return stack.Programs()
    except stack.MissingProgramError as error:
        pytest.skip(str(error))


def test_every_scenario_is_watched() -> None:
    """Whoever adds a scenario says what is notified."""
    known = scenarios()
    assert STAGES.keys() == known.keys()
    assert all(stages.keys() <= {step.at for step in known[name].steps} for name, stages in STAGES.items())


def test_what_is_notified(tmp_path: Path, programs: stack.Programs) -> None:
    """Each scenario causes exactly its notifications, none before its time, and all that fired resolve.

    That goes for an exporter that is killed in mid-incident, too, and for one that is started in mid-incident. Where
    the machine was too busy to keep pace, it is done again at a third of the speed.
    """
    attempts: list[tuple[float, bool, list[tuple[str, News]]]] = []
    for speed in (stack.SPEED, stack.SPEED / 3):
        with played(tmp_path / f"{speed:g}", programs, speed) as (runs, watch, target):
            faults, kept_pace = faults_of(runs, watch), watch.kept_pace(target)
        attempts.append((speed, kept_pace, faults))
        if not faults or kept_pace:
            break
    assert not faults, attempts


def faults_of(runs: Mapping[str, Run], watch: Watch) -> list[tuple[str, News]]:
    """What was missing, what was too much, and what came before its time."""
    wanted = frozenset().union(*(news for stages in EXPECTED.values() for news in stages.values()))
    told = Counter(news for news in wanted if news.receiver != NOBODY)
    came = {arrival.news: arrival.at for arrival in watch.arrivals()}
    early = [
        news
        for name, stages in EXPECTED.items()
        for second, together in stages.items()
        for news in together & came.keys()
        if came[news] < runs[name].began[second]
    ]
    too_much = watch.counted() - told
    return [
        *(("missing", news) for news in sorted(wanted - watch.seen)),
        *(("too much", news) for news in sorted(too_much.elements())),
        *(("early", news) for news in early),
    ]


@contextmanager
def played(folder: Path, programs: stack.Programs, speed: float) -> Iterator[tuple[Mapping[str, Run], Watch, str]]:
    """All scenarios from beginning to end, side by side: one exporter is killed, another one (the target) is not."""
    folder.mkdir()
    incident = load_scenario("exporter-killed")
    late = replace(incident, steps=tuple(step for step in incident.steps if step.exporter is None))
    with clouds({**scenarios(), LATE: late}) as runs:
        groups = {"mortal": [runs["exporter-killed"]]}
        groups["immortal"] = [run for run in runs.values() if run not in groups["mortal"]]
        with processes(folder, groups, speed) as exporters:
            for run in runs.values():
                if run.name == LATE or run.groups()[0][0] == 0:
                    run.do(*run.groups()[0], exporters["immortal"])  # before anything watches
            for exporter in exporters.values():
                exporter.begin()
            for exporter in exporters.values():
                exporter.until_ready()
            targets = [exporter.target for exporter in exporters.values()]
            with stack.running(folder, targets, speed, programs) as running:
                watch = Watch(running, speed)
                play_all(groups, exporters, watch)
                watch.until_quiet()
                yield runs, watch, exporters["immortal"].target


def play_all(groups: Mapping[str, list[Run]], exporters: Mapping[str, Process], watch: Watch) -> None:
    """Each run in a thread of its own."""
    playing = [(run, exporters[name]) for name, group in groups.items() for run in group]
    with ThreadPoolExecutor(len(playing)) as threads:
        futures = [threads.submit(run.play, exporter, watch, EXPECTED[run.name]) for run, exporter in playing]
    for future in futures:
        future.result()
