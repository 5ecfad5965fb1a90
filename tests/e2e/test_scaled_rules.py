"""The rules that run many times as fast are the shipped ones in everything but their durations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml

from tests.rules.kit import RULE_FILES, run
from tools import scaled_rules
from tools.scaled_rules import RULES, NotUnderstoodError, Scale

FAST = Scale(1 / 180)
DURATION = re.compile(r"\b\d+(?:ms|[smhdwy])\b")
QUERY = re.compile(r'(?:printf|query) "((?:[^"\\]|\\.)*)"')


def expressions(document: dict[str, Any]) -> Iterator[str]:
    """Every expression of a file, those in annotations with a text for what is put in."""
    for group in document["groups"]:
        for rule in group["rules"]:
            yield rule["expr"]
            for text in rule.get("annotations", {}).values():
                for query in QUERY.findall(text):
                    if "%." not in query:
                        yield re.sub(r"%(\[\d\])?q", '"?"', query.replace('\\"', '"'))


def numbers_and_times(expression: str) -> list[tuple[str, float]]:
    """Every number and time of an expression in its order, read from its tree alone."""
    found: list[tuple[str, float]] = []

    def note(node: Any) -> None:
        if isinstance(node, promql.NumberLiteral):
            found.append(("number", node.val))
        for name in ("range", "step", "offset"):
            value = getattr(node, name, None)
            if isinstance(value, timedelta):
                found.append((name, value.total_seconds()))

    promql.walk(promql.parse(expression), note)
    return found


def without_durations(expression: str) -> str:
    """The expression with a sign for each duration and each number of 60 or more."""
    plain = re.sub(r"\d+ \* (?:3600|86400)", "T", DURATION.sub("T", expression))
    return re.sub(r"(?<![\w.])(?:\d{2,}|\d+\.\d{3,})(?:\.\d+)?(?!\w)", "T", plain)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the copy is."""
    path = tmp_path_factory.mktemp("rules")
    scaled_rules.write(path, FAST)
    return path


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_no_duration_of_the_original_survives(folder: Path, path: Path) -> None:
    """Each is a 180th of what it was, or stands on its floor; multipliers, counts and shares are as they were."""
    shipped, copy = (yaml.safe_load((where / path.name).read_text("utf-8")) for where in (RULES, folder))
    pairs = list(zip(expressions(shipped), expressions(copy), strict=True))
    assert pairs
    for before, after in pairs:
        for kind in ("range", "step", "offset"):
            floor = scaled_rules.SHORTEST[kind]
            times = [[value for name, value in numbers_and_times(text) if name == kind] for text in (before, after)]
            assert times[1] == pytest.approx([max(value / 180, floor) for value in times[0]], abs=0.001)
        assert [text for text in DURATION.findall(after) if not text.endswith("ms")] == []
        in_days = after.replace("/ 86400", "/ 1")  # another unit, not a duration
        assert not {60, 300, 3600, 86_400} & {value for name, value in numbers_and_times(in_days) if name == "number"}
    rules = [[rule for group in one["groups"] for rule in group["rules"]] for one in (shipped, copy)]
    for before, after in zip(*rules, strict=True):
        floor = scaled_rules.SHORTEST_WAIT.get(before.get("alert"), 0.0)
        assert seconds(after, "for") == pytest.approx(max(seconds(before, "for") / 180, floor), abs=0.001)
        assert seconds(after, "keep_firing_for") == pytest.approx(seconds(before, "keep_firing_for") / 180, abs=0.001)


def seconds(rule: dict[str, str], key: str) -> float:
    """That a rule waits; 0 where it does not."""
    return promql.parse_duration(rule[key]).total_seconds() if key in rule else 0.0


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_everything_else_is_as_shipped(folder: Path, path: Path) -> None:
    """Names, labels, texts and the rest of each expression are the same to the letter."""
    shipped, copy = (yaml.safe_load((where / path.name).read_text("utf-8")) for where in (RULES, folder))
    for before, after in zip(expressions(shipped), expressions(copy), strict=True):
        assert without_durations(before) == without_durations(after)
    for one in (shipped, copy):
        for group in one["groups"]:
            for rule in group["rules"]:
                rule["annotations"] = {name: QUERY.sub("", text) for name, text in rule.get("annotations", {}).items()}
                for key in ("expr", "for", "keep_firing_for"):
                    rule.pop(key, None)
    assert shipped == copy


def test_prometheus_takes_the_copy(folder: Path) -> None:
    """Every file of it."""
    assert "FAILED" not in run("promtool", "check", "rules", *sorted(folder.glob("*.yaml")))


@pytest.mark.parametrize(
    ("shipped", "scaled"),
    [
        ("time() - x_seconds < 3 * y_seconds + 300", "time() - x_seconds < 3 * y_seconds + 1.667"),
        ("a:seconds > -7 * 86400 <= 0", "a:seconds > -3360 <= 0"),
        ("count(x <= time() - 7 * 86400)", "count(x <= time() - 3360)"),
        ('rate(x{a="[5m]", b="> 300"}[1h]) >= 3', 'rate(x{a="[5m]", b="> 300"}[20000ms]) >= 3'),
        ("max_over_time(x[7d:1h])", "max_over_time(x[3360000ms:20000ms])"),
        ("max_over_time(x[10m:1m])", "max_over_time(x[10000ms:1000ms])"),
        ("x_seconds / 86400 + 3 > 1.5", "x_seconds / 86400 + 3 > 1.5"),
        ("changes(x_seconds[30m]) >= 3", "changes(x_seconds[10000ms]) >= 3"),
        ("a:held > time() - 1800", "a:held > time() - 10"),
        ("x offset 1w", "x offset 3360000ms"),
        ("tenant_report:o365_report_age:seconds > 5 * 86400", "tenant_report:o365_report_age:seconds > 345600"),
        ("tenant_report:o365_report_age:seconds > 900 * 86400", "tenant_report:o365_report_age:seconds > 432000"),
    ],
)
def test_what_is_a_duration(shipped: str, scaled: str) -> None:
    """Ranges, steps, offsets, and numbers beside seconds; never a multiplier, a count, or what stands in quotes."""
    assert FAST.expression(shipped) == scaled


@pytest.mark.parametrize(
    "expression",
    [
        "x_seconds > 30",
        "x_seconds > 0.5",
        "x_seconds > 1h30m",
        "o365_users > 100",
        "x_seconds > 2 * y + 90 * z",
        "x_seconds @ 1700000000 > 300",
        "clamp_max(x, 3600) > 1",
    ],
)
def test_what_is_not_understood_is_an_error(expression: str) -> None:
    """Few seconds, many things, moments: nothing is left as it was, or scaled, by chance."""
    with pytest.raises(NotUnderstoodError):
        FAST.expression(expression)


def test_the_error_names_the_file(tmp_path: Path) -> None:
    """So do keys of rules and groups that nobody has thought of, and durations that are none."""
    for rule in (
        "{record: a, expr: o365_users > 100}",
        "{record: a, expr: b, limit: 3}",
        "{alert: a, expr: b, for: soon}",
    ):
        (tmp_path / "mine.yaml").write_text(f"groups: [{{name: g, rules: [{rule}]}}]")
        with pytest.raises(NotUnderstoodError, match=r"mine\.yaml"):
            scaled_rules.write(tmp_path / "out", FAST, tmp_path)
    (tmp_path / "mine.yaml").write_text("groups: [{name: g, interval: 1m, rules: []}]")
    with pytest.raises(NotUnderstoodError, match="key 'interval' of a group is not known"):
        scaled_rules.write(tmp_path / "out", FAST, tmp_path)


def test_annotations() -> None:
    """Queries in them are scaled, with their gaps; words, formats and figures are not."""
    text = (
        '{{ with printf "last_over_time(a{b=%[1]q,c=\\"d\\"}[7h]) - time() > -7 * 86400" $labels.b | query }}'
        '{{ . | first | value | printf "%.0f" }}{{ else }}not for 12 hours{{ end }}'
    )
    assert FAST.annotation(text) == text.replace("[7h]", "[140000ms]").replace("7 * 86400", "3360")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        *((("--speed", wrong), f"{wrong!r} is not a number of 1 or more") for wrong in ("0", "0.5", "nan", "inf", "x")),
        (("--speed=-1",), "'-1' is not a number of 1 or more"),
        (("--speed", "180"), "/mine cannot be written (File exists): name a folder that can"),
    ],
)
def test_wrong_options(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    """Exit code 2 and a sentence, and nothing is written."""
    taken = tmp_path / "mine"
    taken.touch()
    monkeypatch.setattr("sys.argv", ["scaled_rules", *arguments, str(taken)])
    with pytest.raises(SystemExit) as ended:
        scaled_rules.main()
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [taken]
