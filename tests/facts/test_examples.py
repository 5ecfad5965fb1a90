"""What the docs show can be used as it stands: expressions, configurations, and calls of the simulator."""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import httpx
import pytest
import yaml

from o365_exporter.catalogue import all_metrics
from o365_exporter.settings import load
from o365_exporter.simulator import Simulator, SimulatorOptions
from tests.facts.pages import blocks, commands, page, rows
from tests.fakes import FakeClock

PAGES_OF_QUESTIONS = ("docs/quick-start.md", "docs/metrics.md")
LABELS = re.compile(r"(?:on|ignoring|by|group_left) \(([^)]*)\)")
SELECTOR = re.compile(r"\b(o365_\w+)\{(.*?)\}")
OWN_LABELS = {"country"}
"""What the examples suppose in `labels` of the settings."""


def expressions() -> Iterator[str]:
    """Every expression in a table that answers questions."""
    for text in map(page, PAGES_OF_QUESTIONS):
        for cells in rows(text):
            if len(cells) == 2 and cells[0].endswith(("?", ")", ".")) and re.search(r"\bo365_\w+", cells[1]):
                yield cells[1].strip("`")


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_expressions_use_labels_that_are_there(expression: str) -> None:
    """Metrics exist, and so does every label by which they are selected and joined."""
    metrics = [all_metrics()[name] for name in re.findall(r"\bo365_\w+", expression)]
    known = set(chain.from_iterable(metric.all_labels for metric in metrics)) | OWN_LABELS
    for group in LABELS.findall(expression):
        assert set(group.split(", ")) <= known
    for name, matchers in SELECTOR.findall(expression):
        metric = all_metrics()[name]
        for label, operator, value in re.findall(r"(\w+)(=|!=|=~|!~)\"([^\"]*)\"", matchers):
            assert label in metric.all_labels
            members = set(value.split("|")) if "~" in operator else {value}
            assert members <= set(metric.values[label])


def test_expressions_are_promql(tmp_path: Path) -> None:
    """promtool, which comes with Prometheus, can read each of them."""
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    found = sorted(set(expressions()))
    assert len(found) > 15
    rules = [{"record": f"example:{number}", "expr": expression} for number, expression in enumerate(found)]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "docs", "rules": rules}]}), "utf-8")
    done = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False)
    assert (done.returncode, f"SUCCESS: {len(found)} rules found" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize("number", [0, 1])
def test_scrape_configurations_are_prometheus_own(number: int, tmp_path: Path) -> None:
    """promtool accepts them; there are two, the whole and tenant by tenant."""
    block = blocks(page("docs/quick-start.md"), "yaml")[number]
    assert yaml.safe_load(block).keys() == {"scrape_configs"}
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    file = tmp_path / "prometheus.yml"
    file.write_text(block, "utf-8")
    done = subprocess.run(["promtool", "check", "config", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_readme_scrapes_as_the_quick_start_does() -> None:
    """The short way stands on both pages."""
    assert blocks(page("README.md"), "yaml") == blocks(page("docs/quick-start.md"), "yaml")[:1]


def test_the_toml_example_is_a_configuration(tmp_path: Path) -> None:
    """Two tenants, of which one has a name and a label, and the other polls no subscriptions."""
    block = blocks(page("docs/many-tenants.md"), "toml")[0]
    file = tmp_path / "o365.toml"
    file.write_text(block, "utf-8")
    contoso, fabrikam = load(file, {"O365_SECRETS_DIR": str(tmp_path)}).tenants
    assert (contoso.name, contoso.labels) == ("Contoso", {"country": "Germany"})
    assert (fabrikam.name, fabrikam.collectors["subscriptions"].enabled) == ("fabrikam.onmicrosoft.com", False)


@pytest.mark.parametrize("language", ["sh", "powershell"])
def test_the_scripts_end_with_all_that_is_needed(language: str, tmp_path: Path) -> None:
    """The three variables that the registration of an app sets are enough to run."""
    (script,) = (
        block
        for block in blocks(page("docs/registration.md"), language)
        if "o365-exporter" in block and "Role" in block
    )
    names = re.findall(r"\b(O365_\w+)=", script)
    guid = "00000000-0000-0000-0000-000000000000"
    settings = load(None, dict.fromkeys(names, guid) | {"O365_SECRETS_DIR": str(tmp_path)})
    assert [tenant.tenant_id for tenant in settings.tenants] == [guid]


async def test_the_simulator_understands_every_call() -> None:
    """All calls of docs/simulator.md, in their order, are answered with 200."""
    text = page("docs/simulator.md")
    calls = [shlex.split(line)[1:] for line in commands(text) if line.startswith("curl ")]
    assert len(calls) > 20
    simulator = Simulator(FakeClock(), SimulatorOptions.many(1))
    async with simulator.serve() as url, httpx.AsyncClient() as http:
        for arguments in calls:
            answer = await http.send(_request(arguments, f"{url}/control"))
            assert answer.status_code == 200, (arguments, answer.text)


def _request(arguments: list[str], control: str) -> httpx.Request:
    """What curl would send."""
    curl = argparse.ArgumentParser()
    curl.add_argument("-sS", action="store_true")
    curl.add_argument("-X")
    curl.add_argument("-d")
    curl.add_argument("url")
    call = curl.parse_args(arguments)
    method = call.X or ("GET" if call.d is None else "POST")
    return httpx.Request(method, call.url.replace("$SIM", control), content=call.d)
