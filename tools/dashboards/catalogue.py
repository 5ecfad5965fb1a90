"""What panels take from the catalogue of metrics and from the rules: units, descriptions, headings of runbooks."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from o365_exporter.catalogue import all_metrics

ROOT = Path(__file__).resolve().parent.parent.parent
RULES = ROOT / "deploy" / "prometheus" / "rules"

_NAME = re.compile(r"\b(?:\w+:)?(?:o365|process)_\w+(?::\w+)?\b")
_HISTOGRAM = re.compile(r"_(bucket|sum|count)$")
_UNITS = (
    (r"_timestamp_seconds$", "dateTimeAsIso"),
    (r"(_seconds|_seconds_total|:seconds)$", "s"),
    (r"_bytes$", "bytes"),
    (r":ratio", "percentunit"),
)


def unit_of(expr: str) -> str:
    """Grafana's unit for the first metric of an expression, by the end of its name."""
    first = _HISTOGRAM.sub("", named(expr)[0])
    return next((unit for pattern, unit in _UNITS if re.search(pattern, first)), "short")


def named(expr: str) -> list[str]:
    """The metrics and recordings of an expression, in their order."""
    return list(dict.fromkeys(_NAME.findall(expr)))


def explained(about: str, exprs: list[str]) -> str:
    """A panel's description: what it shows, the help of each of its metrics, and what it needs besides them."""
    names = list(dict.fromkeys(_HISTOGRAM.sub("", name) for expr in exprs for name in named(expr)))
    recordings = [name for name in names if ":" in name]
    lines = [f"- `{name}`: {all_metrics()[name].help}" for name in names if name in all_metrics()]
    if recordings:
        needed = ", ".join(f"`{name}`" for name in recordings)
        lines.append(f"- {needed}: recorded by deploy/prometheus/rules; **empty where these are not loaded**.")
    return "\n".join([about, "", *lines])


@cache
def runbooks() -> dict[str, str]:
    """The page and heading of each alert's runbook, as they are called below the folder of the runbooks."""
    documents: dict[str, Any] = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in RULES.glob("*.yaml")}
    return {
        rule["alert"]: f"{subject}.md#{rule['alert'].lower()}"
        for subject, document in documents.items()
        for group in document["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
