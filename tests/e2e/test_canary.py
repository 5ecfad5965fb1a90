"""Planted secrets, faults of every kind, and then a search in everything that anybody can see."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus

import httpx
import pytest

from o365_exporter.settings.schema import ANY, variable, walk
from o365_exporter.simulator import SimulatorOptions, TenantOptions
from tests.certificates import certificate, key_pem, pem
from tests.e2e.programs import Microsoft, Running, environment, eventually, finished, microsoft, running
from tests.e2e.test_prometheus import many_variables
from tests.facts.test_docs import parsers
from tests.faults.matrix import Sent
from tools.troubles import TROUBLES

SECRET = "Kanarienvogel~/+&=%7E"  # planted
"""What each secret begins with; the tenant's key follows."""

TOKENS = "*/token"
GRAPH = "/v1.0/*"

FAULTS: dict[str, dict[str, object]] = {
    "well": {},
    "app_unknown": {"path": TOKENS, "aadsts": 700016},
    "login_echoes": {"path": TOKENS, "text": f"you sent {SECRET}login_echoes"},
    "login_echoes_form": {"path": TOKENS, "text": f"client_secret={quote_plus(SECRET)}login_echoes_form&grant_type=…"},
    "login_echoes_page": {"path": TOKENS, "status": 401, "text": f"<html>sign in: {SECRET}login_echoes_page</html>"},
    "login_echoes_error": {
        "path": TOKENS,
        "status": 400,
        "text": json.dumps({"error": "x", "error_description": f"{SECRET}login_echoes_error is wrong"}),
    },
    "login_page": {"path": TOKENS, "page": "login"},
    "login_is_down": {"path": TOKENS, "status": 503, "count": 1},
    "login_breaks": {"path": TOKENS, "wire": "broken_connection", "count": 1},
    "login_cut": {"path": TOKENS, "wire": "cut_length", "count": 1},
    "login_without_token": {"path": TOKENS, "remove": ["access_token"]},
    "login_with_number": {"path": TOKENS, "set": {"access_token": 7}},
    "login_with_newline": {"path": TOKENS, "set": {"access_token": "eyJ0.canary\nX: y"}},
    "login_odd_lifetime": {"path": TOKENS, "set": {"expires_in": "soon"}},
    "discovery_page": {"path": "*/openid-configuration", "page": "proxy"},
    "graph_refuses": {
        "path": GRAPH,
        "status": 401,
        "message": "token eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.e30.x is no good",
    },
    "graph_forbids": {"path": GRAPH, "status": 403},
    "graph_throttles": {"path": GRAPH, "status": 429, "retry_after": 0.01},
    "graph_is_down": {"path": GRAPH, "status": 500, "count": 1},
    "graph_page": {"path": GRAPH, "page": "proxy"},
    "graph_redirects": {
        "path": GRAPH,
        "status": 302,
        "headers": {"Location": "https://evil.example/?t=eyJ0"},
    },
    "graph_elsewhere": {"path": GRAPH, "next_link": "foreign"},
    "graph_loops": {"path": GRAPH, "next_link": "loop"},
    "graph_nonsense": {"path": GRAPH, "invalid_json": True},
    "graph_empty": {"path": GRAPH, "text": "", "count": 1},
    "graph_cut": {"path": GRAPH, "wire": "cut_chunked", "count": 1},
    "graph_breaks": {"path": GRAPH, "wire": "broken_connection", "count": 1},
    "graph_odd_gzip": {"path": GRAPH, "wire": "wrong_gzip"},
    "graph_wrong_type": {"path": GRAPH, "set": {"value.*.id": 5}},
    "graph_without_ids": {"path": GRAPH, "remove": ["value.*.id", "value.*.appId", "value.*.skuId"]},
    "graph_without_list": {"path": GRAPH, "remove": ["value"]},
}
"""One tenant for each kind of fault, by the tenant's key."""

SPELLINGS = {
    "cut": ("status line", "header line", "error", "Entra ID's words", "text with 200", "a header"),
    "upper": ("error", "Entra ID's words"),
    "base64": ("error", "text with 200"),
    "unquoted": ("Entra ID's words",),
}
"""How what was sent comes back, and where; the fault matrix has all of them."""


def echoes() -> dict[str, dict[str, object]]:
    """A tenant for each of these at login and at Graph."""
    found = {}
    for trouble in TROUBLES:
        (place, *_), (fault, *_) = trouble.places, trouble.faults or ({},)
        wanted = any(f"({how}) in" in trouble.name and trouble.name.endswith(SPELLINGS[how]) for how in SPELLINGS)
        if trouble.kind == "echo" and place != "file" and (wanted or trouble.name.endswith("as a host")):
            key = "_".join(re.findall(r"[a-z0-9]+", trouble.name.lower()))
            found[key] = {**fault, "path": TOKENS if place == "login" else GRAPH}
    return found


FAULTS |= echoes()

NEEDED = {
    "backfill": ("--output", "history.om", "--days", "2", "--overwrite", "--partial"),
    "probe": ("subscriptions", "--user", "ann", "--url", "http://127.0.0.1:1"),
    "completion": ("bash",),
}
"""What commands cannot do without; whatever is added and needs more fails with exit code 2."""

LISTENING = dict.fromkeys(("demo", "simulate"), ("--listen", "127.0.0.1:0"))
"""Options by which commands take a free port; ``run`` has a setting."""

SERVING = ("run", *LISTENING)
"""Commands that end only when they are stopped."""


def command_lines() -> Iterator[tuple[str, ...]]:
    """Each command there is, with each of its formats."""
    for name, parser in parsers().items():
        parser.declare_all()
        forms = next((action.choices for action in parser._actions if "--format" in action.option_strings), None)
        for form in forms or ("",):
            options = ("--format", form) if form else ()
            yield (name, *NEEDED.get(name, ()), *LISTENING.get(name, ()), *options)


def secret_settings() -> dict[str, str]:
    """A planted value for each secret of collectors, and of the process, that there is."""
    found = (path for path, key in walk() if key.is_secret and ANY not in path and "client_secret" not in path)
    return {variable(path): SECRET for path in found}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Microsoft]:
    """A tenant for each fault."""
    tenants = tuple(TenantOptions(key=key, client_secret=f"{SECRET}{key}", applications=20, issues=6) for key in FAULTS)
    with microsoft(SimulatorOptions(tenants=tenants)) as made:
        for key, fault in FAULTS.items():
            if fault:
                made.break_(tenant=key, **fault)
        yield made


@pytest.fixture(scope="module")
def variables(cloud: Microsoft) -> dict[str, str]:
    """All tenants, collectors that list pages, read single objects and download, and a log that tells everything."""
    unwatched = ("CREDENTIAL_EXPIRY", "SUBSCRIPTIONS", "SKYPE_USAGE", "TEAMS_USAGE")
    off = {f"O365_COLLECTORS__{name}__ENABLED": "false" for name in unwatched}
    return {**many_variables(cloud), **off, "O365_LOG_LEVEL": "debug"}


def assert_silent(text: str, where: str) -> None:
    """No secret and no token stands in the text, in whatever coding."""
    assert text, f"{where} is empty"
    lowered = text.lower()
    for canary in ("kanarienv", "arienvogel", "s2fuyxjpzw", "eyj0", "/data/v1.0/download", "?token="):
        found = lowered.find(canary)
        assert found < 0, f"{where} holds {text[max(0, found - 100) : found + 100]!r}"


def seen(program: Running, url: str) -> dict[str, str]:
    """Everything that a running exporter shows."""
    shown = {path: httpx.get(f"{url}{path}").text for path in ("/", "/metrics", "/-/ready", "/-/healthy", "/nowhere")}
    command = Path(f"/proc/{program.process.pid}/cmdline").read_bytes().decode()
    return {**shown, "the command line": command, "the log": program.err}


def test_no_secret_shows(variables: dict[str, str], tmp_path: Path) -> None:
    """Logs, metrics, pages, command line and state stay silent, whatever Microsoft or a proxy sends back."""
    state = tmp_path / "state"
    with Sent() as sent, running(tmp_path, "run", **variables, O365_STATE_DIR=str(state)) as program:
        url = program.ready()
        shown = seen(program, url)
        assert program.stop() == 0
    files = sorted(state.glob("*.state"))
    assert len(files) == len(FAULTS)
    shown |= {path.name: path.read_text("utf-8") for path in files}
    for where, text in shown.items():
        assert_silent(text, where)
        assert not list(sent.pieces_in(text)), where
    assert all(f'tenant="{key}"' in shown["/metrics"] for key in FAULTS)
    assert 'state="internal"' not in shown["/metrics"], program.logged("fault of the exporter")
    assert program.logged("polled")


def test_no_secret_shows_in_one_shot(variables: dict[str, str]) -> None:
    """Neither does ``once`` nor ``check-config`` show any, for people in columns."""
    for command in (["once"], ["once", "--format", "table"], ["once", "--format", "json"], ["check"], ["check-config"]):
        done = finished(*command, **variables, O365_LOG_FORMAT="console")
        assert_silent(done.stdout, f"the output of {' '.join(command)}")
        assert "Kanarienvogel" not in done.stderr
        assert "eyJ" not in done.stderr


def test_no_secret_shows_when_settings_are_wrong() -> None:
    """A fault beside a secret, or in it, tells of neither."""
    done = finished(
        "run", O365_TENANT_ID="nowhere", O365_CLIENT_ID=SECRET, O365_CLIENT_SECRET=SECRET, O365_PROXY=f"x://{SECRET}@y"
    )
    assert done.returncode == 2
    assert_silent(done.stderr, "the complaint")


@pytest.mark.parametrize("line", list(command_lines()), ids=" ".join)
def test_no_command_shows_what_is_planted(line: tuple[str, ...], tmp_path: Path) -> None:
    """Certificate, key, passphrase, passwords, keys of hashes: not in help, output, files, log or command line."""
    key = key_pem(passphrase=SECRET).decode()
    own, state = tmp_path / "own", tmp_path / "state"
    own.mkdir()
    (own / "own.pem").write_text(pem(certificate()).decode() + key, "utf-8")
    (own / "passphrase").write_text(SECRET, "utf-8")
    planted = secret_settings() | {
        "O365_TENANT_ID": "contoso.example",
        "O365_CLIENT_ID": "66666666-7777-8888-9999-aaaaaaaaaaaa",
        "O365_CERTIFICATE_FILE": f"{own}/own.pem",
        "O365_CERTIFICATE_PASSPHRASE_FILE": f"{own}/passphrase",
        "O365_PROXY": f"http://exporter:{quote_plus(SECRET)}@127.0.0.1:1",
        "HTTPS_PROXY": f"http://exporter:{quote_plus(SECRET)}@127.0.0.1:1",
        "NO_PROXY": f"http://exporter:{SECRET}@127.0.0.1:1",
        "O365_PROBE_PASSWORD": SECRET,
        "O365_STATE_DIR": str(state),
        "O365_LISTEN": "127.0.0.1:0",
        "O365_LOG_LEVEL": "debug",
    }
    line = tuple(str(tmp_path / part) if part.endswith(".om") else part for part in line)
    shown = finished(line[0], "--help", **planted).stdout
    with running(tmp_path, *line, **planted) as program:
        if line[0] not in SERVING:
            assert program.end() != 2, program.err
        else:
            eventually(lambda: program.out or program.err)
            shown += Path(f"/proc/{program.process.pid}/cmdline").read_bytes().decode()
            program.stop()
    written = [path for path in tmp_path.rglob("*") if path.is_file() and own not in path.parents]
    shown += "".join(path.read_text("utf-8", "replace") for path in written)
    assert_silent(shown, " ".join(line))
    assert not [each for each in key.splitlines() if "-----" not in each and each in shown]


def test_the_environment_is_what_the_tests_say() -> None:
    """The processes of these tests inherit no setting, proxy or secret."""
    assert set(environment({})) == {"PATH", "PYTHONPATH"}
