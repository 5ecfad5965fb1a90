"""Plays series through the shipped rules with promtool, and its alerts through the routes of Alertmanager's example."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from o365_exporter.source import parse_duration
from tests.rules.kit import ROOT, RULE_FILES, alerts, installed, load
from tests.rules.timelines.series import Series

EXAMPLE = ROOT / "deploy" / "alertmanager" / "alertmanager.example.yml"

Labels = frozenset[tuple[str, str]]
Firing = Mapping[int, frozenset[Labels]]
"""What fires at each step."""

_MOMENT = re.compile(r"alertname: \w+, time: (\S+?), \n(.*?)(?=alertname: |expr: |\Z)", re.DOTALL)
_LINE = re.compile(r"time: (\S+?),$|\{__name__=\"ALERTS\", (.*?)\} 1E\+00", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ANNOTATED = re.compile(r"Labels:\{(.*)\}\n\s+Annotations:\{(.*)\}")
_PARTS = {"w": 10_080, "d": 1440, "h": 60, "m": 1}


@dataclass(frozen=True)
class Played:
    """What the rules made of series: alerts that fire, minute by minute, and their annotations at some minutes."""

    firing: Firing
    texts: Mapping[int, Mapping[Labels, Mapping[str, str]]]


def _order(rules: Sequence[Path]) -> list[str]:
    """Of evaluation, which is at random otherwise: last what others read, so that they know it as of a minute ago."""
    files = sorted(rules, key=lambda path: path.stem == "exporter")
    return [group["name"] for path in files for group in yaml.safe_load(path.read_text("utf-8"))["groups"]]


def played(
    series: Series,
    minutes: int,
    step: int = 1,
    rules: Sequence[Path] = tuple(RULE_FILES),
    texts_at: Sequence[int] = (),
) -> Played:
    """Evaluate rules each ``step`` minutes; promtool says what it has where nothing is expected."""
    questions = [
        {"expr": 'ALERTS{alertstate="firing"}', "eval_time": f"{minute}m", "exp_samples": []}
        for minute in range(0, minutes + 1, step)
    ]
    asked = [
        {"eval_time": f"{minute}m", "alertname": name, "exp_alerts": []} for minute in texts_at for name in alerts()
    ]
    test = {
        "interval": f"{step}m",
        "input_series": series.input_series(),
        "alert_rule_test": asked,
        "promql_expr_test": questions,
    }
    document = {
        "rule_files": list(map(str, rules)),
        "evaluation_interval": f"{step}m",
        "group_eval_order": _order(rules),
        "tests": [test],
    }
    printed = _asked(document)
    return Played({minute: frozenset(found) for minute, found in _read(printed).items()}, _texts(printed))


def firing(series: Series, minutes: int, step: int = 1, rules: Sequence[Path] = tuple(RULE_FILES)) -> Firing:
    """The alerts that fire, minute by minute."""
    return played(series, minutes, step, rules).firing


def _texts(printed: str) -> dict[int, dict[Labels, dict[str, str]]]:
    found: dict[int, dict[Labels, dict[str, str]]] = {}
    for time, block in _MOMENT.findall(printed):
        for labels, says in _ANNOTATED.findall(block):
            found.setdefault(_minute(time), {})[frozenset(_pairs(labels).items())] = _pairs(says)
    return found


def _minute(time: str) -> int:
    return sum(int(number) * _PARTS[unit] for number, unit in re.findall(r"(\d+)([wdhm])", time))


def _pairs(text: str) -> dict[str, str]:
    return {name: json.loads(f'"{value}"') for name, value in _LABEL.findall(text)}


def _asked(document: Mapping[str, Any]) -> str:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        command = [installed("promtool"), "test", "rules", file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    printed = done.stdout + done.stderr
    wrong = [
        line for line in printed.splitlines() if "err:" in line or "error expanding" in line or "parse error" in line
    ]
    assert not wrong, wrong[:3]
    return printed


def _read(printed: str) -> dict[int, list[Labels]]:
    found: dict[int, list[Labels]] = {}
    minute = 0
    for time, alert in _LINE.findall(printed):
        if time:
            minute = _minute(time)
            continue
        labels = _pairs(alert)
        del labels["alertstate"]
        found.setdefault(minute, []).append(frozenset(labels.items()))
    return found


@dataclass(frozen=True)
class Told:
    """One alert in one message: when (minutes), to whom, what; ``again`` where it was told before and not over."""

    minute: float
    receiver: str
    status: str
    labels: Mapping[str, str]
    again: bool = False

    @property
    def alert(self) -> str:
        """Its name without the prefix."""
        return self.labels["alertname"].removeprefix("O365")

    def __str__(self) -> str:
        thing = " ".join(
            value for label, value in sorted(self.labels.items()) if label not in ("alertname", "severity")
        )
        return f"{self.minute:7.1f} {self.receiver:8}{self.status:9}{self.alert} {thing}{' (again)' * self.again}"


@dataclass
class _Group:
    """A group of Alertmanager: members with the minute of their end, what the last message had, and its next flush."""

    receiver: str
    wait: float
    interval: float
    repeat: float
    flush: float
    members: dict[Labels, float | None] = field(default_factory=dict)
    told: frozenset[Labels] = frozenset()
    sent: float | None = None


class Alertmanager:
    """Groups, waits, repeats and silences as Alertmanager does, by a configuration; time is minutes."""

    def __init__(self, configuration: Path = EXAMPLE) -> None:
        document = load(configuration)
        self._root = document["route"]
        self._rules = [_Inhibition.of(rule) for rule in document["inhibit_rules"]]
        self._groups: dict[tuple[str, Labels], _Group] = {}

    def tick(self, minute: float, alerts: frozenset[Labels], before: frozenset[Labels]) -> Iterator[Told]:
        """What is sent at this moment, while ``alerts`` fire, and ``before`` a moment ago."""
        for alert in alerts ^ before:
            self._join(minute, alert, over=alert in before)
        due = [group for group in self._groups.values() if group.flush <= minute]
        silences = [silence for rule in self._rules for silence in rule.silences(alerts)] if due else []
        for group in due:
            yield from self._flush(group, minute, silences)
            group.flush = minute + group.interval
        self._groups = {key: group for key, group in self._groups.items() if group.members}

    def _join(self, minute: float, alert: Labels, *, over: bool) -> None:
        route = self._route(dict(alert))
        by = route["group_by"]
        key = (route["receiver"], alert if by == ["..."] else frozenset(pair for pair in alert if pair[0] in by))
        if key not in self._groups:
            if over:
                return
            wait, interval, repeat = (
                parse_duration(route[name]) / 60 for name in ("group_wait", "group_interval", "repeat_interval")
            )
            self._groups[key] = _Group(route["receiver"], wait, interval, repeat, minute + wait)
        self._groups[key].members[alert] = minute if over else None

    def _route(self, labels: Mapping[str, str]) -> dict[str, Any]:
        inherited = {name: value for name, value in self._root.items() if name != "routes"}
        for route in self._root["routes"]:
            if all(_matches(matcher, labels) for matcher in route["matchers"]):
                return {**inherited, **route}
        return inherited

    def _flush(self, group: _Group, minute: float, silences: Sequence[_Silence]) -> Iterator[Told]:
        loud = {alert: end for alert, end in group.members.items() if not any(one.covers(alert) for one in silences)}
        now = frozenset(alert for alert, end in loud.items() if end is None)
        over = frozenset(alert for alert, end in loud.items() if end is not None)
        group.members = {alert: end for alert, end in group.members.items() if end is None}
        repeats = bool(now) and group.sent is not None and minute - group.sent >= group.repeat
        if not (now - group.told or over & group.told or repeats):
            return
        yield from (Told(minute, group.receiver, "resolved", dict(alert)) for alert in over & group.told)
        yield from (Told(minute, group.receiver, "firing", dict(alert), alert in group.told) for alert in now)
        group.told, group.sent = (group.told - over) | now, minute


@dataclass(frozen=True)
class _Silence:
    """What one source silences: alerts that match, and have these labels."""

    source: Labels
    target: str
    equal: Labels

    def covers(self, alert: Labels) -> bool:
        labels = dict(alert)
        same = all(labels.get(label, "") == value for label, value in self.equal)
        return same and alert != self.source and _matches(self.target, labels)


@dataclass(frozen=True)
class _Inhibition:
    source: str
    target: str
    equal: tuple[str, ...]

    @classmethod
    def of(cls, rule: Mapping[str, Any]) -> _Inhibition:
        (source,), (target,) = rule["source_matchers"], rule["target_matchers"]
        return cls(source, target, tuple(rule.get("equal", ())))

    def silences(self, alerts: frozenset[Labels]) -> Iterator[_Silence]:
        for alert in alerts:
            labels = dict(alert)
            if _matches(self.source, labels):
                yield _Silence(alert, self.target, frozenset((label, labels.get(label, "")) for label in self.equal))


def _matches(matcher: str, labels: Mapping[str, str]) -> bool:
    label, pattern = _matcher(matcher)
    return bool(pattern.fullmatch(labels.get(label, "")))


@cache
def _matcher(matcher: str) -> tuple[str, re.Pattern[str]]:
    found = re.fullmatch(r'(\w+)=(~?)"(.*)"', matcher)
    assert found is not None, matcher
    label, regular, value = found.groups()
    return label, re.compile(value if regular else re.escape(value))


def notified(fires: Firing, minutes: int, step: int = 1) -> list[Told]:
    """Everything that Alertmanager sends while these alerts fire; it looks twice a minute."""
    manager = Alertmanager()
    told: list[Told] = []
    before: frozenset[Labels] = frozenset()
    for half in range(2 * (minutes + 90)):
        minute = half / 2
        alerts = fires.get(int(minute) // step * step, frozenset()) if minute <= minutes else before
        told += manager.tick(minute, alerts, before)
        before = alerts
    return told


def write_test(series: Series, path: Path, step: int = 1) -> None:
    """The input as a file for ``promtool test rules``, to look at what went wrong."""
    test = {"interval": f"{step}m", "input_series": series.input_series()}
    path.write_text(yaml.safe_dump({"rule_files": list(map(str, RULE_FILES)), "tests": [test]}), "utf-8")
