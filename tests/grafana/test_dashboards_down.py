"""Numbers about exporters of which some are down, evaluated by promtool."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.grafana.kit import dashboards, filled, panel_queries
from tests.rules.kit import installed

CHOSEN = {"tenant": ".*", "collector": ".*"}
HELD = 'tenant_instance:o365_exporter_tenant_seen:time{tenant="%s",instance="%s"}'
SERVED = 'o365_exporter_tenant_up{job="o365-exporter",tenant="%s",instance="%s"}'
UP = 'up{job="o365-exporter",instance="%s"}'
ALIVE = {UP % "a": 1, HELD % ("contoso", "a"): 1, SERVED % ("contoso", "a"): 1}
DEAD = {UP % "b": 0, HELD % ("fabrikam", "b"): 1}
REPLICA = {UP % "b": 0, HELD % ("contoso", "b"): 1}


@pytest.mark.parametrize(
    ("series", "down", "unwatched"),
    [
        (ALIVE, 0, 0),
        (ALIVE | DEAD, 1, 1),
        (ALIVE | REPLICA, 1, 0),
        (DEAD, 1, 1),
        ({UP % "a": 1, SERVED % ("contoso", "a"): 1}, 0, None),
        ({}, None, None),
    ],
    ids=["alive", "one of two dead", "a replica dead", "all dead", "without rules", "no target"],
)
def test_tenants_of_a_dead_exporter_are_counted(
    series: dict[str, int], down: int | None, unwatched: int | None, tmp_path: Path
) -> None:
    """One dead exporter of several is not green; what cannot be known is not 0."""
    asked = [
        ("o365-exporter: Down A", down),
        ("o365-exporter: Unwatched A", unwatched),
        ("o365-tenants: Unwatched A", unwatched),
    ]
    exprs = {query.where: query.expr for page in dashboards().values() for query in panel_queries(page)}
    questions = [
        {
            "expr": filled(exprs[where], CHOSEN),
            "eval_time": "1m",
            "exp_samples": [] if value is None else [{"labels": "{}", "value": value}],
        }
        for where, value in asked
    ]
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": f"{value}x1"} for name, value in series.items()],
        "promql_expr_test": questions,
    }
    path = tmp_path / "down.json"
    path.write_text(json.dumps({"tests": [test]}), "utf-8")
    done = subprocess.run(
        [installed("promtool"), "test", "rules", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
