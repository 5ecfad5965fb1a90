"""What the docs promise that a question returns: each is asked of series that have something to answer."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.facts.pages import page, rows
from tests.rules.kit import RULE_FILES, installed

GOLDEN = Path(__file__).parent.parent / "e2e" / "golden" / "contoso.prom"
"""A tenant in which much is amiss, as a real exporter serves it at ``THEN``."""

THEN = 1773144000.0
NOW = 2 * 3600.0
"""Wall clock of the golden page, and the second of a unit test that stands for it."""

FAR = 1e15
"""Instead of infinity, which unit tests of rules cannot write."""

TARGET = 'instance="localhost:10365",job="o365-exporter"'
BROKEN = """
o365_exporter_tenant_state{state="auth",tenant="broken"} 1
o365_exporter_source_state{collector="subscriptions",source="skus",state="auth",tenant="broken"} 1
o365_exporter_source_interval_seconds{collector="subscriptions",source="skus",tenant="broken"} 600
o365_exporter_source_last_success_timestamp_seconds{collector="subscriptions",source="skus",tenant="broken"} 0
o365_exporter_source_entries_left_out{collector="subscriptions",source="skus",tenant="broken"} 2
o365_exporter_series_dropped{collector="subscriptions",tenant="broken"} 7
o365_report_refresh_timestamp_seconds{period="D7",report="getMailboxUsageDetail",tenant="broken"} 1772539200
o365_report_missing_columns{period="D7",report="getMailboxUsageDetail",tenant="broken"} 1
o365_report_names_concealed{tenant="broken"} 1
"""
"""What is not amiss with the tenant of the golden page."""

GRACE = """
o365_sku_units{sku_id="e5",sku_part_number="SPE_E5",state="enabled",tenant="grace"} 0
o365_sku_units{sku_id="e5",sku_part_number="SPE_E5",state="warning",tenant="grace"} 1100
o365_sku_units{sku_id="e5",sku_part_number="SPE_E5",state="suspended",tenant="grace"} 0
o365_sku_consumed_units{sku_id="e5",sku_part_number="SPE_E5",tenant="grace"} 1100
o365_sku_info{applies_to="User",product_name="Microsoft 365 E5",sku_id="e5",sku_part_number="SPE_E5",tenant="grace"} 1
"""
"""A SKU that has lapsed, all of whose seats are in grace and taken (PRTG-M365#6)."""

LINE = re.compile(r"(\w+)\{(.*)\} (\S+)")

Json = dict[str, Any]


def questions() -> dict[str, str]:
    """Every question of README and docs/metrics.md with its PromQL."""
    found = {}
    for text in (page("README.md"), page("docs/metrics.md")):
        for cells in rows(text):
            if len(cells) == 2 and re.search(r"\bo365_\w+", cells[1]) and cells[0].endswith(("?", ")", ".")):
                found[cells[0]] = cells[1].strip("`").replace("\\|", "|")
    return found


def scraped(page_of_exporter: str) -> list[Json]:
    """A page as input of a unit test, with its times moved to the beginning of Prometheus' own."""
    series = []
    for line in page_of_exporter.split("\n"):
        if match := LINE.fullmatch(line):
            name, labels, value = match.groups()
            number = float(value)
            if name.endswith("_timestamp_seconds") and number:
                number = min(number + NOW - THEN, FAR)
            series.append({"series": f"{name}{{{labels},{TARGET}}}", "values": f"{number!r}x120"})
    return series


def judged(series: Sequence[Mapping[str, str]], tests: Sequence[Json], folder: Path) -> str:
    """What promtool says of these tests under the shipped rules; empty where all hold."""
    file = folder / "questions.json"
    test = {"interval": "1m", "input_series": list(series), "promql_expr_test": list(tests)}
    document = {"rule_files": list(map(str, RULE_FILES)), "evaluation_interval": "1m", "tests": [test]}
    file.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    command = [installed("promtool"), "test", "rules", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def unanswered(expressions: Mapping[str, str], folder: Path) -> set[str]:
    """The questions to which nothing is returned; they are asked together, because the rules take most of the time."""
    counted = {question: f"clamp_max(count({expression}), 1)" for question, expression in expressions.items()}
    tests = [
        {"expr": expression, "eval_time": "2h", "exp_samples": [{"labels": "{}", "value": 1}]}
        for expression in counted.values()
    ]
    said = judged(scraped(GOLDEN.read_text("utf-8") + BROKEN), tests, folder)
    assert "parse error" not in said, said
    silent = {json.loads(f'"{expression}"') for expression in re.findall(r'expr: "((?:[^"\\]|\\.)*)"', said)}
    return {question for question, expression in counted.items() if expression in silent}


def test_every_question_has_an_answer_where_something_is_amiss(tmp_path: Path) -> None:
    """A selector that can match nothing, or a join that never holds, would look like a quiet day for ever."""
    never = {"Is it up?": 'up{job="o365"} == 0'}
    assert unanswered(questions() | never, tmp_path) == set(never)


def test_seats_in_grace_are_seats(tmp_path: Path) -> None:
    """No seat is free and all are taken, in the documents; it was -1100 and no answer."""
    sku = f'tenant="grace",sku_id="e5",sku_part_number="SPE_E5",{TARGET}'
    labels, named = f"{{{sku}}}", f'{{{sku},product_name="Microsoft 365 E5"}}'
    free = questions()["How many seats are free, those in grace included?"]
    share = questions()["What share of the seats is taken?"]
    tests = [
        {"expr": free, "eval_time": "2h", "exp_samples": [{"labels": named, "value": 0}]},
        {"expr": share, "eval_time": "2h", "exp_samples": [{"labels": labels, "value": 1}]},
    ]
    assert judged(scraped(GRACE), tests, tmp_path) == ""
