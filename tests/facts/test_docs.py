"""What exists in code has its place in the docs, and what the docs name exists."""

from __future__ import annotations

import ast
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route

from o365_exporter import cli, errors
from o365_exporter.catalogue import all_collectors, all_metrics
from o365_exporter.cli.parser import EPILOG
from o365_exporter.graph import ROLES
from o365_exporter.probing import VARIABLES
from o365_exporter.selfmetrics import SelfMetrics
from o365_exporter.settings.schema import PREFIX, lookup
from o365_exporter.settings.sources import CONFIG, SECRETS_DIR
from o365_exporter.status import Board
from o365_exporter.store import STATES, Store
from o365_exporter.web import create_app
from tests.facts.pages import PAGES, ROOT, anchor, blocks, code, commands, headings, links, page, rows, table
from tests.facts.pages import spans as code_spans
from tests.fakes import FakeClock
from tools import make_docs

README, COMMANDS, REGISTRATION = (page(f"{name}.md") for name in ("README", "docs/commands", "docs/registration"))
GUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
GRAPH = "00000003-0000-0000-c000-000000000000"
EXAMPLES = ("o365_secure_score", "o365_onedrive")
"""What CONTRIBUTING invents to show how a collector and a usage report are made."""
EXAMPLE_FILES = {
    f"{folder}{name}.py"
    for folder in ("o365_exporter/collectors/", "tests/collectors/test_")
    for name in ("secure_score", "onedrive_usage")
}
"""Their files, which are there once somebody saves them."""
MISSPELT = "O365_CLIENT_SECERT"
"""What a decision record shows as a typing error."""


def parsers() -> dict[str, Any]:
    """The parser of each command."""
    (choices,) = (action.choices for action in cli.parser()._actions if isinstance(action.choices, dict))
    return dict(choices)


def spans(cell: str) -> list[str]:
    """What is set as code in a cell."""
    return re.findall(r"`([^`]+)`", cell)


def test_readme_begins_with_the_two_commands() -> None:
    """A newcomer who knows nothing runs the first two shell blocks."""
    assert blocks(README, "sh")[:2] == ["make demo\n", "make test\n"]


def test_make_targets_exist() -> None:
    """Each `make …` that a page shows is a target."""
    targets = set(re.findall(r"^([a-z]+):", page("Makefile"), re.MULTILINE))
    shown = {
        target
        for path in PAGES
        for text in code(path.read_text("utf-8"))
        for target in re.findall(r"\bmake (\w+)", text)
    }
    assert {"demo", "test", "check", "docs"} <= shown <= targets


def test_every_command_is_in_the_table() -> None:
    """And no other."""
    assert [spans(row[0]) for row in table(COMMANDS, "Command")] == [[name] for name in parsers()]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_command_lines_are_understood(path: Path) -> None:
    """Each command line of the program that a page shows has options that exist."""
    for line in commands(path.read_text("utf-8")):
        found = re.fullmatch(r"(?:.*\.venv/bin/python -m o365_exporter|o365-exporter) (.*)", line)
        if found:
            cli.parser().parse_args(shlex.split(found[1].split("#")[0].split(">")[0]))


def test_exit_codes_are_those_of_help() -> None:
    """One meaning of each exit code, word for word."""
    meanings = re.findall(r"^  (\d+)  (.+)$", EPILOG, re.MULTILINE)
    assert table(COMMANDS, "Exit code", "Meaning") == [list(pair) for pair in meanings]


def test_every_endpoint_is_in_the_table() -> None:
    """And no other."""
    app = create_app(
        store=Store(),
        board=Board(Store(), FakeClock(), dict),
        clock=FakeClock(),
        metrics=(),
        selfmetrics=SelfMetrics("1"),
        version="1",
        ready=lambda: (True, ""),
    )
    served = {route.path for route in app.routes if isinstance(route, Route) and route.include_in_schema}
    assert {spans(row[0])[0] for row in table(COMMANDS, "Endpoint")} == served


def test_every_source_has_its_permission() -> None:
    """Each collector has a row with all its sources, and a permission there that opens each of their endpoints."""
    told = {spans(row[0])[0]: (spans(row[1]), spans(row[2])) for row in table(REGISTRATION, "Collector", "Source")}
    assert told.keys() == all_collectors().keys()
    for collector in all_collectors().values():
        sources, permissions = told[collector.name]
        for source in collector.sources(collector.options()):
            assert source.name in sources
            assert all(set(endpoint.permissions) & set(permissions) for endpoint in source.endpoints)


def test_both_scripts_grant_exactly_these_permissions() -> None:
    """The Azure CLI and PowerShell add the roles of the table to Microsoft Graph, and no other."""
    wanted = {role for row in table(REGISTRATION, "Collector", "Source") for role in spans(row[3])} | {GRAPH}
    (azure,) = (block for block in blocks(REGISTRATION, "sh") if "az ad app" in block)
    (powershell,) = blocks(REGISTRATION, "powershell")
    assert set(GUID.findall(azure)) == set(GUID.findall(powershell)) == wanted


def test_role_ids_are_microsofts(shared: Path) -> None:
    """Each permission stands with the id that Microsoft gave it."""
    ids = json.loads((shared / "graph" / "permissions.json").read_text("utf-8"))["permission_ids"]
    assert {name: ids[name]["application"] for name in ROLES} == ROLES


def test_every_permission_has_its_id() -> None:
    """Scripts and portals want ids; whoever adds a collector adds its permission's."""
    endpoints = [
        endpoint
        for collector in all_collectors().values()
        for source in collector.sources(collector.options())
        for endpoint in source.endpoints
    ]
    assert {name for endpoint in endpoints for name in endpoint.permissions} <= ROLES.keys()


def test_every_metric_is_in_the_changelog() -> None:
    """A new series is news to whoever has rules and dashboards."""
    told = set(chain.from_iterable(spans(line) for line in page("CHANGELOG.md").splitlines()))
    assert {name for name in all_metrics() if not name.startswith("process_")} <= told


def test_every_metric_is_explained() -> None:
    """The reference has each metric with its help."""
    told = {spans(row[0])[0]: row[3] for row in metric_rows()}
    assert told == {name: metric.help for name, metric in all_metrics().items()}


def metric_rows() -> list[list[str]]:
    """The rows about metrics in docs/metrics.md."""
    text = page("docs/metrics.md")
    sections = text.split("| Metric | Type | Labels | Meaning |\n")[1:]
    return [row for section in sections for row in table(f"| Metric |\n{section}", "Metric")]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_metrics_that_a_page_names_exist(path: Path) -> None:
    """A name, or a beginning such as `o365_sku_*`, belongs to a metric."""
    for text in code(path.read_text("utf-8")):
        for name, more in set(re.findall(r"(?<![:\w])(o365_[a-z_]*[a-z])(_\*)?(?![:\w])", text)):
            if name != "o365_exporter" and not name.startswith(EXAMPLES) and not is_setting(name):
                matching = [metric for metric in all_metrics() if metric == name or (more and metric.startswith(name))]
                assert matching, name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_settings_that_a_page_names_exist(path: Path) -> None:
    """Each variable sets something; the generated page, which also names what is ignored, has tests of its own."""
    for text in code(path.read_text("utf-8")) if path.name != "configuration.md" else ():
        for name in set(re.findall(r"\bO365_[A-Z0-9_]*[A-Z0-9]", text)):
            assert is_setting(name) or name == MISSPELT, name


def is_setting(name: str) -> bool:
    """Whether a variable of this name, in any case, would set something or hold a table."""
    path = name.upper().removeprefix(PREFIX).lower().split("__")
    return name.upper() in (CONFIG, SECRETS_DIR, *VARIABLES) or lookup(tuple(path)) is not None


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    """Each link within the repository leads to a file that is there, and to a heading where it names one."""
    for link in links(path.read_text("utf-8")):
        target, _, fragment = link.partition("#")
        if "://" in link:
            continue
        found = (path.parent / target).resolve() if target else path
        assert found.exists(), link
        if fragment:
            assert fragment in map(anchor, headings(found.read_text("utf-8"))), link


def test_every_room_is_in_the_table_of_the_architecture() -> None:
    """Each room of the package has its place there, above all that it may import, and no other has."""
    settings = tomllib.loads(page("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in settings if contract["type"] == "layers")
    depth = {room: number for number, layer in enumerate(layers) for room in layer.split(" | ")}
    told = [span.rstrip("/") for row in table(page("docs/architecture.md"), "Room") for span in spans(row[0])]
    assert set(told) == depth.keys() - {"__main__"}
    told.remove("simulator")  # it stands apart, as the last row
    assert [depth[room] for room in told] == sorted(depth[room] for room in told)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_a_page_names_exist(path: Path) -> None:
    """By their path from the root, from the package or from where the page is; what moves takes its mentions along."""
    missing = [
        span
        for span in code_spans(path.read_text("utf-8"))
        if re.fullmatch(r"\w+/(?:[\w.-]+/)*[\w-]+(?:/|\.(?:py|toml|yaml|libsonnet))", span)
        and not any((home / span).exists() for home in (ROOT, ROOT / "o365_exporter", path.parent))
    ]
    assert set(missing) <= EXAMPLE_FILES, missing


def test_every_decision_is_in_the_index() -> None:
    """Numbered without a gap, indexed under their titles, and each with the four headings."""
    files = sorted(path.name for path in ROOT.glob("docs/adr/0*.md"))
    index = re.findall(r"^(\d+)\. \[(.+)\]\((.+)\)$", page("docs/adr/README.md"), re.MULTILINE)
    assert [link for _, _, link in index] == files
    for number, (position, title, name) in enumerate(index, start=1):
        assert (position, name[:5]) == (str(number), f"{number:04}-")
        assert headings(page(f"docs/adr/{name}")) == [
            f"{number}. {title}",
            "Context",
            "Decision",
            "What we gained",
            "What it costs",
        ]


def test_every_state_has_a_heading_in_troubleshooting() -> None:
    """Whoever sees a state finds what it means and who does what."""
    text = page("docs/troubleshooting.md")
    assert set(STATES) - {"ok"} == {heading for heading in headings(text) if re.fullmatch(r"[a-z_]+", heading)}
    for state in set(STATES) - {"ok"}:
        assert "**Who:**" in text.split(f"\n## {state}\n")[1].split("\n## ")[0], state


def test_sentences_in_troubleshooting_are_those_of_the_code() -> None:
    """What stands between the `<placeholders>` of each sentence is in the program, word for word."""
    spoken = "\n".join(_texts())
    for line in chain.from_iterable(block.splitlines() for block in blocks(page("docs/troubleshooting.md"), "text")):
        for fragment in re.split(r"<[a-z /]+>", line):
            assert fragment.strip(" ().:,") in spoken, line


def _sentences() -> Iterator[tuple[str, str]]:
    """Every failure of a poll that the program words where it raises it: its reason, and its longest fixed words."""
    failures = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
    reasons = {name: kind.reason for name, kind in failures.items() if issubclass(kind, errors.PollError)}
    for path in (ROOT / "o365_exporter").rglob("*.py"):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if "from o365_exporter.errors import" in text else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in reasons and node.args:
                said = node.args[0]
                parts = said.values if isinstance(said, ast.JoinedStr) else [said]
                words = [str(part.value) for part in parts if isinstance(part, ast.Constant)]
                pieces = [piece for text in words for piece in re.split(r"(?<=[.:;]) ", text)]
                if pieces:
                    yield reasons[node.func.id], max(pieces, key=len).strip(" ().:,;'")


def test_whatever_a_poll_fails_with_is_found_by_its_words() -> None:
    """Each sentence stands below the heading of its state, or in the table of Microsoft's answers."""
    told = {
        heading: " ".join(text.split())
        for heading, _, text in (part.partition("\n") for part in page("docs/troubleshooting.md").split("\n## "))
    }
    answers = page("docs/errors.md")
    sentences = set(_sentences())
    assert len(sentences) > 50
    assert [words for reason, words in sentences if words not in told[reason] and words not in answers] == []


def test_what_shows_after_consent_is_gone_is_what_errors_says() -> None:
    """Each code that a tenant answers then has the state that stands beside it, and each alert its runbook."""
    states = {cells[0]: cells[1] for cells in rows(page("docs/errors.md")) if len(cells) == 6}
    alerts = page("docs/runbooks/exporter.md")
    for _, answer, state, alert in table(page("docs/deauthorising.md"), "Taken away", "Answer"):
        for number in re.findall(r"AADSTS\d+", answer):
            (found,) = (known for codes, known in states.items() if re.search(rf"\b{number}\b", codes))
            assert state.startswith(found), number
        assert f"## {spans(alert)[0]}\n" in alerts


def _texts() -> list[str]:
    """Every string of the program; what an f-string fills in is a gap."""
    trees = (ast.parse(path.read_text("utf-8")) for path in (ROOT / "o365_exporter").rglob("*.py"))
    nodes = [node for tree in trees for node in ast.walk(tree)]
    formatted = [
        "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)
        for node in nodes
        if isinstance(node, ast.JoinedStr)
    ]
    return [
        *formatted,
        *(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)),
    ]


def test_generated_files_are_fresh() -> None:
    """What `make docs` would write is there already."""
    stale = [name for name, text in make_docs.generated().items() if page(name) != text]
    assert not stale, "run make docs"


def test_a_stale_file_is_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--check writes nothing, shows the difference and says what to run; after that it is content."""
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(make_docs, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["make_docs.py", "--check"])
    assert make_docs.main() == 1
    told = capsys.readouterr().err
    assert "docs/metrics.md is stale: run make docs\n" in told
    assert "\n+# Metrics\n" in told
    assert not (tmp_path / "docs" / "metrics.md").exists()
    monkeypatch.setattr("sys.argv", ["make_docs.py"])
    assert make_docs.main() == 0
    monkeypatch.setattr("sys.argv", ["make_docs.py", "--check"])
    assert make_docs.main() == 0
