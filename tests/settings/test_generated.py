"""config.example.toml and docs/configuration.md are made of the settings, and what they show is true."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from o365_exporter.settings import schema
from tests.settings.desk import CLIENT, ONE_TENANT, Desk

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = (ROOT / "config.example.toml").read_text("utf-8")
DOCS = (ROOT / "docs" / "configuration.md").read_text("utf-8")
SETTING = re.compile(r"^#(?=\S)(?!#)", re.MULTILINE)


def _uncommented(*names: str) -> str:
    """The example with these lines switched on, as a person would do it: by removing the # in front."""
    return "\n".join(
        line[1:] if SETTING.match(line) and (not names or line[1:].startswith(names)) else line
        for line in EXAMPLE.splitlines()
    )


def _paths(table: dict[str, Any], at: schema.Table, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    found = set()
    for name, value in table.items():
        part = name if name in at else schema.ANY
        below = at[part]
        found |= {(*path, part)} if isinstance(below, schema.Key) else _paths(value, below, (*path, part))
    return found


@pytest.mark.parametrize("stale", [False, True])
def test_generated_files_are_fresh(stale: bool, tmp_path: Path) -> None:
    """``--check`` is silent while the files are what would be made, else it names the file and exits with 1."""
    tool = ROOT / "tools" / "make_configuration.py"
    if stale:
        copy = tmp_path / "tools" / tool.name
        copy.parent.mkdir()
        copy.write_text(tool.read_text("utf-8"), "utf-8")
        (tmp_path / "config.example.toml").write_text(EXAMPLE.replace('":10365"', '":1"'), "utf-8")
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "configuration.md").write_text(DOCS, "utf-8")
        tool = copy
    done = subprocess.run(
        [sys.executable, str(tool), "--check"],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == int(stale)
    assert done.stderr.startswith("config.example.toml is stale: run python tools/make_configuration.py\n") == stale
    assert ('+#listen = ":10365"' in done.stderr) == stale


def test_example_has_every_key() -> None:
    """Each key of each room and collector is in the example; a tenant's collectors are shown by one key each."""
    single = tomllib.loads(_uncommented())
    wanted = {path for path, _ in schema.walk() if path[2:3] != ("collectors",) or path[4:] == ("enabled",)}
    assert _paths(single, schema.schema()) == wanted


def test_example_as_it_is_sets_nothing(desk: Desk) -> None:
    """The untouched example lacks a tenant and nothing else; with one it has the defaults."""
    (fault,) = desk.faults(EXAMPLE)
    assert fault.startswith("No tenant is set")
    assert desk.load(EXAMPLE, ONE_TENANT) == desk.load(environ=ONE_TENANT)


def test_example_tenant_is_one(desk: Desk) -> None:
    """With its tenant's lines switched on the example loads."""
    head, tenants = EXAMPLE.split("#[tenants.contoso]")
    others = "|".join(sorted(schema.PROOFS - {"client_secret_file"}))
    by_file = re.sub(rf"^#({others}) = .*\n", "", tenants, flags=re.MULTILINE)
    (tenant,) = desk.load(head + SETTING.sub("", "#[tenants.contoso]" + by_file)).tenants
    assert (tenant.key, tenant.name, tenant.tenant_id) == ("contoso", "Contoso", "contoso.onmicrosoft.com")
    assert tenant.labels == {"country": "Germany"}


def test_example_shows_true_defaults(desk: Desk) -> None:
    """Every collector's key switched on changes nothing, but for keys without a default: those show an example."""
    start = EXAMPLE.index("[collectors.")
    shown = EXAMPLE[start : EXAMPLE.index("#[tenants.contoso]")]
    collectors = SETTING.sub("", re.sub(r"^#hash_key = .*\n", "", shown, flags=re.MULTILINE))
    assert desk.tenant(collectors, ONE_TENANT) == desk.tenant(environ=ONE_TENANT)


def test_documented_file_loads(desk: Desk) -> None:
    """The file that the documentation shows is a right one."""
    (toml,) = re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL)
    contoso, fabrikam, woodgrove = desk.load(toml).tenants
    assert (contoso.name, fabrikam.labels, woodgrove.cloud.name) == ("Contoso", {"country": "Germany"}, "us_gov_l4")


def test_documented_command_is_enough(desk: Desk) -> None:
    """The variables of the documented command are a right configuration."""
    (command,) = re.findall(r"```sh\n(.*?)```", DOCS, re.DOTALL)
    environ = dict(re.findall(r"-e (\w+)=(\S+)", command))
    assert desk.tenant(environ=environ).name == "Contoso"


def test_every_variable_is_documented_once() -> None:
    """The tables of the documentation have a row for each key."""
    rows = re.findall(r"^\| `[^`]+` \| `(O365_\w+)` \|", DOCS, re.MULTILINE)
    names = {"tenants": "NAME", "labels": "LABEL"}
    wanted = [
        schema.variable(tuple(names[path[at - 1]] if part == schema.ANY else part for at, part in enumerate(path)))
        for path, _ in schema.walk()
        if path[2:3] != ("collectors",)
    ]
    assert sorted(rows) == sorted(wanted)


def test_every_key_is_described() -> None:
    """No key is left without a sentence that says what it means."""
    assert [path for path, key in schema.walk() if not key.description.endswith(".")] == []


def test_variables_of_documented_rules(desk: Desk) -> None:
    """The lists and tables that the rules show as variables are right ones."""
    shown = dict(re.findall(r"`(O365_\w+)=([^`]+)`", DOCS))
    environ = {"O365_DEFAULTS__CLIENT_ID": CLIENT, "O365_DEFAULTS__CLIENT_SECRET": "x", **shown}
    environ = {name: value for name, value in environ.items() if "…" not in value}
    assert desk.tenant(environ=environ).labels == {"Country": "Germany"}
