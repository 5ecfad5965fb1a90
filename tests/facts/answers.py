"""Series that have something to answer, and what promtool returns to a question about them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from o365_exporter.catalogue import all_metrics
from tests.rules.kit import RULE_FILES, installed

GOLDEN = Path(__file__).parent.parent / "e2e" / "golden" / "contoso.prom"
"""A tenant in which much is amiss, as a real exporter serves it at ``THEN``."""

AMISS = Path(__file__).parent / "amiss.prom"
"""What is not amiss with the tenant of the golden page, and what is not on that page."""

THEN = 1773144000.0
NOW = 2 * 3600.0
"""Wall clock of the golden page, and the second of a unit test that stands for it."""

FAR = 1e15
"""Instead of infinity, which unit tests of rules cannot write."""

TARGET = 'instance="localhost:10365",job="o365-exporter"'
GONE = 'instance="gone:10365",job="o365-exporter"'
LINE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")

Json = dict[str, Any]


class World(NamedTuple):
    """Series, the interval of scrapes and evaluations, and when they are asked."""

    series: Sequence[Json]
    interval: str
    at: str


def scraped(page_of_exporter: str) -> list[Json]:
    """A page as input of a unit test, with its times moved to the beginning of Prometheus' own."""
    series = []
    for line in page_of_exporter.split("\n"):
        if match := LINE.fullmatch(line):
            name, labels, value = match.groups()
            number = float(value)
            if name.endswith("_timestamp_seconds") and number:
                number = min(number + NOW - THEN, FAR)
            labels = ",".join(filter(None, (labels, TARGET)))
            series.append({"series": f"{name}{{{labels}}}", "values": f"{number!r}x120"})
    return series


def unwritten(pages: str) -> Iterator[str]:
    """A series of each metric that nobody has written one of into the pages, as of a collector that is new."""
    there = {match[1] for line in pages.split("\n") if (match := LINE.fullmatch(line))}
    for metric in all_metrics().values():
        if metric.per_tenant and metric.type == "gauge" and metric.name not in there:
            values = {label: metric.values.get(label, ("any",))[0] for label in metric.labels} | {"tenant": "contoso"}
            labels = ",".join(f'{name}="{value}"' for name, value in values.items())
            yield f"{metric.name}{{{labels}}} 1.0\n"


def today() -> World:
    """A healthy exporter whose tenants are in trouble, and one that ended an hour ago."""
    pages = GOLDEN.read_text("utf-8") + AMISS.read_text("utf-8")
    series = [
        *scraped(pages + "".join(unwritten(pages))),
        {
            "series": 'prometheus_rule_evaluation_failures_total{rule_group="rules.yaml;o365-usage"}',
            "values": "0+1x120",
        },
        {"series": f"up{{{TARGET}}}", "values": "1x120"},
        {"series": f"up{{{GONE}}}", "values": "1x60 0x60"},
        {"series": f'o365_exporter_tenant_up{{{GONE},tenant="gone"}}', "values": "1x60 stale"},
    ]
    return World(series, "1m", "2h")


def weeks() -> World:
    """Users of Teams over eight days, by a report of which the day is always the same time ago."""
    report = 'report="getTeamsUserActivityUserDetail",period="day",tenant="contoso"'
    series = [
        {"series": f'o365_teams_users{{{TARGET},tenant="contoso"}}', "values": "200x200"},
        {"series": f'o365_teams_active_users{{{TARGET},tenant="contoso"}}', "values": "100-0.5x200"},
        {"series": f"o365_report_refresh_timestamp_seconds{{{TARGET},{report}}}", "values": "0+3600x200"},
    ]
    return World(series, "1h", "8d")


def judged(world: World, tests: Sequence[Json], folder: Path) -> str:
    """What promtool says of these tests; empty where all hold."""
    file = folder / "questions.json"
    test = {"interval": world.interval, "input_series": list(world.series), "promql_expr_test": list(tests)}
    document = {"rule_files": list(map(str, RULE_FILES)), "evaluation_interval": world.interval, "tests": [test]}
    file.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    command = [installed("promtool"), "test", "rules", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def unanswered(world: World, expressions: Mapping[str, str], folder: Path) -> set[str]:
    """The questions to which nothing is returned; they are asked together, because the rules take most of the time."""
    counted = {question: f"clamp_max(count({expression}), 1)" for question, expression in expressions.items()}
    tests = [
        {"expr": expression, "eval_time": world.at, "exp_samples": [{"labels": "{}", "value": 1}]}
        for expression in counted.values()
    ]
    said = judged(world, tests, folder)
    assert "parse error" not in said, said
    silent = {json.loads(f'"{expression}"') for expression in re.findall(r'expr: "((?:[^"\\]|\\.)*)"', said)}
    return {question for question, expression in counted.items() if expression in silent}
