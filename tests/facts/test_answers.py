"""What the docs ask of Prometheus returns something: each is asked of series that have something to answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml

from o365_exporter.catalogue import all_metrics
from tests.facts.answers import TARGET, World, judged, scraped, today, unanswered, weeks
from tests.facts.pages import ROOT, blocks, page, rows, spans
from tests.rules.kit import rules

PAGES = ("README.md", *(str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("docs/**/*.md"))))

NOT_SERIES = {
    "o365_exporter": "the package",
    "o365_client_secret": "a file of a secret",
    "o365_listen": "a file of a setting",
    "o365_tenants__contoso__client_secret": "a file of a secret",
    "o365_collectors__teams_usage__per_user__hash_key": "a file of a secret",
}
"""Words that look like a series, each with what it is."""

NOT_ASKED = {
    "o365_exporter_graph_request_duration_seconds": "a histogram: its series end in _bucket, _sum and _count",
    'time() - node_textfile_mtime_seconds{file=~".*o365[.]prom"} > 2 * 900': "of node_exporter, which is not here",
    "node_textfile_scrape_error == 1": "the same",
}
"""Expressions that return nothing however things are, each with the reason."""

PLACEHOLDER = re.compile(r'="(?:TENANT|ID|…)"')
"""What a reader puts something else for."""

WORD = re.compile(r"\b(?:\w+:)?o365_\w+(?::\w+)?")
SERIES = re.compile(r"\bo365_\w|\bup\b *[{=]|\bALERTS\b")
PIECE = re.compile(r"[*…/]$|^…|^[./]|\.\w+$|\bpython -m\b|\.whl\b")
"""Beginnings of names, what is put behind an expression, paths and command lines."""

GRACE = """
o365_sku_units{sku_id="e5",sku_part_number="SPE_E5",state="enabled",tenant="grace"} 0
o365_sku_units{sku_id="e5",sku_part_number="SPE_E5",state="warning",tenant="grace"} 1100
o365_sku_units{sku_id="e5",sku_part_number="SPE_E5",state="suspended",tenant="grace"} 0
o365_sku_consumed_units{sku_id="e5",sku_part_number="SPE_E5",tenant="grace"} 1100
o365_sku_info{applies_to="User",product_name="Microsoft 365 E5",sku_id="e5",sku_part_number="SPE_E5",tenant="grace"} 1
"""
"""A SKU that has lapsed, all of whose seats are in grace and taken (PRTG-M365#6)."""


def questions() -> dict[str, str]:
    """Every question of docs/quick-start.md and docs/metrics.md with its PromQL."""
    found = {}
    for text in (page("docs/quick-start.md"), page("docs/metrics.md")):
        for cells in rows(text):
            if len(cells) == 2 and re.search(r"\bo365_\w+", cells[1]) and cells[0].endswith(("?", ")", ".")):
                found[cells[0]] = cells[1].strip("`").replace("\\|", "|")
    return found


def written(text: str) -> Iterator[str]:
    """Whatever asks for a series on a page: spans, blocks of PromQL, and rules."""
    yield from (span for span in spans(text) if SERIES.search(span) and not PIECE.search(span))
    for block in blocks(text, "promql"):
        yield from filter(None, block.split("\n\n"))
    for block in blocks(text, "yaml"):
        document: Any = yaml.safe_load(block)
        if isinstance(document, dict) and "groups" in document:
            yield from (rule["expr"] for group in document["groups"] for rule in group["rules"])


def expressions() -> dict[str, str]:
    """Every expression of every page, with what the reader would put for its placeholders, by page and expression."""
    return {
        f"{name}: {expr.strip()}": PLACEHOLDER.sub('=~".+"', expr.strip())
        for name in PAGES
        for expr in written(page(name))
        if expr not in NOT_SERIES
    }


def test_every_name_of_a_series_is_one() -> None:
    """A name that nobody serves and no rule records is an error, or stands in the table of exceptions."""
    known = {re.sub(r"_total$", "", name) for name in all_metrics()} | all_metrics().keys()
    known |= {rule.name for rule in rules() if "record" in rule.body}
    known |= {f"{name}{end}" for name in known for end in ("_bucket", "_sum", "_count")}
    found = {name for name in PAGES for name in WORD.findall("\n".join(map(str, written(page(name)))))}
    assert found - known == NOT_SERIES.keys()


def test_every_expression_is_promql() -> None:
    """And so can be asked as it stands."""
    for where, expr in expressions().items():
        try:
            promql.parse(expr)
        except ValueError as error:
            raise AssertionError(where) from error


def test_every_expression_has_an_answer_where_something_is_amiss(tmp_path: Path) -> None:
    """A selector that can match nothing, or a join that never holds, would look like a quiet day for ever."""
    never = {"never": 'up{job="o365"} == 0'}  # it stood in a document
    asked = questions() | expressions() | never
    of_weeks = {where: expr for where, expr in asked.items() if re.search("offset 1w|week_before", expr)}
    of_today = {where: expr for where, expr in asked.items() if where not in of_weeks}
    assert len(asked) > 300
    silent = unanswered(today(), of_today, tmp_path) | unanswered(weeks(), of_weeks, tmp_path)
    assert {where.split(": ", 1)[-1] for where in silent} == {"never", *NOT_ASKED}


def test_seats_in_grace_are_seats(tmp_path: Path) -> None:
    """No seat is free and all are taken, in the documents; it was -1100 and no answer."""
    sku = f'tenant="grace",sku_id="e5",sku_part_number="SPE_E5",{TARGET}'
    labels, named = f"{{{sku}}}", f'{{{sku},product_name="Microsoft 365 E5"}}'
    free = questions()["How many seats are free, those in grace included?"]
    share = questions()["What share of the seats is taken?"]
    tests = [
        {"expr": free, "eval_time": "10m", "exp_samples": [{"labels": named, "value": 0}]},
        {"expr": share, "eval_time": "10m", "exp_samples": [{"labels": labels, "value": 1}]},
    ]
    assert judged(World(scraped(GRACE), "1m", "10m"), tests, tmp_path) == ""
