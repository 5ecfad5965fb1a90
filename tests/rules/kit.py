"""The shipped rules as data, and the programs that judge them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
RULES = ROOT / "deploy" / "prometheus" / "rules"
MACROS = ROOT / "deploy" / "prometheus" / "rules-examples" / "centreon-macros.yaml"
RUNBOOKS = ROOT / "docs" / "runbooks"
TESTS = Path(__file__).resolve().parent
RULE_FILES = sorted(RULES.glob("*.yaml"))
TEST_FILES = sorted(TESTS.glob("*.test.yaml"))

ALERT_NAME = re.compile(r"^O365([A-Z][a-z0-9]+)+$")
COMMENTED_RULE = re.compile(r"^( {6})#(?=- |  )", re.MULTILINE)


@dataclass(frozen=True)
class Rule:
    """One rule: ``subject`` is its file's name without ``.yaml``, ``body`` what stands in the file."""

    subject: str
    body: dict[str, Any]

    @property
    def name(self) -> str:
        """Of the alert or of the recorded series."""
        return str(self.body.get("alert") or self.body["record"])

    @property
    def expressions(self) -> Iterator[str]:
        """The rule's own PromQL and that which its annotations query, with ``%q`` for what is put in."""
        yield self.body["expr"]
        for text in self.body.get("annotations", {}).values():
            for query in re.findall(r'(?:printf|query) "((?:[^"\\]|\\.)*)"', text):
                if "%." not in query:
                    yield re.sub(r"%(\[\d\])?q", '"?"', query.replace('\\"', '"'))


def load(path: Path) -> dict[str, Any]:
    """One YAML file."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, and every worker reads all of them
    document: dict[str, Any] = yaml.load(path.read_text("utf-8"), loader)  # noqa: S506 - it is a safe loader, in C
    return document


@cache
def rules() -> tuple[Rule, ...]:
    """Every shipped rule, in the order of evaluation."""
    return tuple(
        Rule(path.stem, body) for path in RULE_FILES for group in load(path)["groups"] for body in group["rules"]
    )


@cache
def alerts() -> dict[str, Rule]:
    """The alerts by name."""
    return {rule.name: rule for rule in rules() if "alert" in rule.body}


@cache
def unit_tests() -> tuple[dict[str, Any], ...]:
    """Every unit test of the rules."""
    return tuple(test for path in TEST_FILES for test in load(path)["tests"])


def macros_switched_on() -> str:
    """The file of thresholds with all its alerts on, as a person would do it: by removing the # in front."""
    return COMMENTED_RULE.sub(r"\1", MACROS.read_text("utf-8"))


def installed(program: str) -> str:
    """Where a program is, or a skip that says how to get it."""
    path = shutil.which(program)
    if path is None:
        package = "prometheus-alertmanager" if program == "amtool" else "prometheus"
        pytest.skip(f"{program} is missing: apt-get install {package}")
    return path


def run(program: str, *arguments: str | Path, timezone: str = "UTC") -> str:
    """What a program of Prometheus or Alertmanager prints; its failure is the test's."""
    path = installed(program)
    environment = {**os.environ, "TZ": timezone}
    done = subprocess.run([path, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
