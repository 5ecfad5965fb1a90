"""No critical alert fires under an all-green overview: the cause of each is put to it.

The overview has panels that count alerts; they are left out here, so that what they count has to be seen as well where
nobody has loaded the rules.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.grafana.kit import Json, dashboards, filled, panels
from tests.rules.kit import RULE_FILES, alerts, installed
from tests.rules.timelines.causes import CAUSES, SETTLED, cause_of
from tests.rules.timelines.world import NEVER, Exporter, Tenant, scraped

OVERVIEW = "o365-tenants"
TROUBLE = {"yellow", "orange", "red"}
"""Colours that somebody notices."""

PLAIN = {"steps": [{"value": None, "color": "text"}]}


class Cell(NamedTuple):
    """A number of the overview, or a column of them: its query, and the value ranges in which it is noticed."""

    title: str
    expr: str
    noticed: tuple[str, ...]

    @property
    def trouble(self) -> Iterator[str]:
        """Expressions that have a value where the cell is noticed."""
        return (f"(({self.expr}) {condition})" for condition in self.noticed)


def numbers() -> list[Cell]:
    """The numbers at the top."""
    return [
        _cell(panel["title"], panel["targets"][0], panel["fieldConfig"]["defaults"])
        for panel in panels(dashboards()[OVERVIEW])
        if panel["type"] == "stat" and "ALERTS" not in panel["targets"][0]["expr"]
    ]


def columns() -> list[Cell]:
    """The columns of the table of tenants."""
    (panel,) = [panel for panel in panels(dashboards()[OVERVIEW]) if panel["title"] == "Tenants"]
    config = panel["fieldConfig"]
    own = {
        each["matcher"]["options"]: {p["id"]: p["value"] for p in each["properties"]} for each in config["overrides"]
    }
    titles: dict[str, str] = panel["transformations"][-1]["options"]["renameByName"]
    return [
        _cell(title, target, own[title])
        for target in panel["targets"]
        if (title := titles.get(f"Value #{target['refId']}")) and "ALERTS" not in target["expr"]
    ]


def _cell(title: str, target: Json, config: Json) -> Cell:
    expr = filled(target["expr"], {"tenant": ".*"})
    return Cell(title, expr, (*_states(config.get("mappings", ())), *_ranges(config.get("thresholds", PLAIN))))


def _states(mappings: Any) -> Iterator[str]:
    for mapping in mappings:
        if mapping["type"] == "value":
            yield from (f"== {value}" for value, look in mapping["options"].items() if look["color"] in TROUBLE)


def _ranges(thresholds: Json) -> Iterator[str]:
    steps = thresholds["steps"]
    for step, end in zip(steps, [*(step["value"] for step in steps[1:]), math.inf], strict=True):
        if step["color"] in TROUBLE:
            start = "" if step["value"] is None else f">= {step['value']} "
            yield start + (f"< {end}" if end < math.inf else "")


def questions(at: str, tenants: frozenset[str]) -> list[Json]:
    """One of the numbers is noticed, or none is known; and so is a cell in the row of each tenant, if it has a row."""
    return [
        {"eval_time": at, "expr": expr, "exp_samples": [{"labels": "{}", "value": 1}]}
        for expr in (_noticed(numbers()), *(_noticed(row(tenant)) for tenant in sorted(tenants)))
    ]


def row(tenant: str) -> list[Cell]:
    """The columns for one tenant alone."""
    mine = f'and on (tenant) label_replace(vector(1), "tenant", {json.dumps(tenant, ensure_ascii=False)}, "", "")'
    return [cell._replace(expr=f"({cell.expr}) {mine}") for cell in columns()]


def _noticed(cells: list[Cell]) -> str:
    """1 where one of the cells shows trouble, and where none has a value: that is in no number, and looks like it."""
    trouble = "\n  or\n".join(part for cell in cells for part in cell.trouble)
    values = "\n  or\n".join(f"({cell.expr})" for cell in cells)
    return f"clamp_max(count(\n{trouble}\n), 1)\n  or\n(vector(1) unless on () (\n{values}\n))"


STEP = 4
"""Minutes between two scrapes."""

HELD = SETTLED + 60
"""Minute at which nobody has watched for an hour, so that the alert is held."""

CRITICAL = tuple(name for name, rule in alerts().items() if rule.body["labels"]["severity"] == "critical")


def exporter_of(alert: str) -> Exporter:
    """An exporter that watches a tenant with the cause of the alert, and then dies; or whose death is the cause."""
    known = alert in CAUSES
    tenant = cause_of(alert, "trouble") if known else Tenant("trouble")
    return Exporter([tenant], down=((SETTLED + STEP if known else STEP * 15, NEVER),))


def overview_test(alert: str) -> Json:
    """A file of one unit test that asks the overview while the alert is on, and while it is held."""
    asked = [
        question for minute in (SETTLED, HELD) for question in questions(f"{minute}m", frozenset(named(alert, minute)))
    ]
    test = {
        "interval": f"{STEP}m",
        "input_series": scraped([exporter_of(alert)], HELD, STEP).input_series(),
        "promql_expr_test": asked,
    }
    return {"rule_files": list(map(str, RULE_FILES)), "evaluation_interval": f"{STEP}m", "tests": [test]}


def named(alert: str, minute: int) -> list[str]:
    """The tenants whose row must show it: all of which the alert speaks, while they are watched."""
    return ["trouble"] if alert in CAUSES and minute == SETTLED else []


def judged(alert: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What promtool says."""
    file = folder / "overview.json"
    file.write_text(json.dumps(overview_test(alert), ensure_ascii=False), "utf-8")
    return subprocess.run(
        [installed("promtool"), "test", "rules", str(file)], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("alert", CRITICAL)
def test_no_critical_alert_fires_under_an_all_green_overview(alert: str, tmp_path: Path) -> None:
    """Neither while it is true nor while it is held: a number at the top and a cell of the tenant's row show it.

    A new alert needs nothing but the cause that ``tests/rules`` asks for, and may need a cell.
    """
    done = judged(alert, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("part", ["numbers", "columns"])
def test_a_green_overview_is_found(part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proof that the cells are looked at: with that of tokens alone, licences that are off are shown nowhere."""
    cells = [cell for cell in {"numbers": numbers, "columns": columns}[part]() if "token" in cell.title.lower()]
    known = Cell("", 'o365_sku_consumed_units{tenant=~".*"}', ("< 0",))
    monkeypatch.setattr(sys.modules[__name__], part, lambda: [*cells, known])
    assert "got: nil" in judged("O365SkuDisabled", tmp_path).stderr
