"""The environment of a real process: what is read of it, that every command says the same, and SIGHUP."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.e2e.programs import Microsoft, environment, eventually, finished, running
from tests.fakes import PATIENCE

CANARY = "Canary8Qdonotshow"
THREE = {
    "O365_TENANT_ID": "contoso.com",
    "O365_CLIENT_ID": "11111111-1111-1111-1111-111111111111",
    "O365_CLIENT_SECRET": "8Q8~abc",
    "O365_LISTEN": "127.0.0.1:0",
}
REFUSED = [
    ("ALL_PROXY", "socks5://127.0.0.1:1080"),
    ("SSL_CERT_FILE", "/missing/ca.pem"),
    ("http_proxy", f"http://proxy:{CANARY}"),
    ("HTTPS_PROXY", '"http://proxy.example:3128"'),
    ("HTTPS_PROXY", f"http://svc:{CANARY}#ss@proxy.example:3128"),
    ("HTTPS_PROXY", f"http://svc:Secret?{CANARY}@proxy.example:3128"),
    ("HTTPS_PROXY", f"http://svc-m365:p%40ss:w%23rd%/{CANARY}@proxy.example:3128"),
    ("O365_CA_FILE", "/missing/ca.pem"),
    ("O365_PROXY", f"http://svc:{CANARY}#x@proxy"),
    ("PROMETHEUS_MULTIPROC_DIR", "/missing"),
]


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_every_command_refuses_what_one_refuses(name: str, value: str) -> None:
    """check-config, once and run end with exit code 2 and one sentence that names the variable, and no traceback."""
    for command in ("check-config", "once", "run"):
        done = finished(command, **{**THREE, name: value})
        sentence = done.stderr.removeprefix("o365-exporter: ")
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
        assert sentence.startswith(f"{name} ")
        assert CANARY not in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NO_PROXY", "localhost,127.0.0.1,[::1]"),
        ("NO_PROXY", "127.0.0.1,fd07:b51a:cc66:f0::/64"),
        ("NO_PROXY", "127.0.0.0/8,fd00::/8"),
        ("SSL_CERT_DIR", ""),
        ("WEB_CONCURRENCY", "auto"),
        ("FORWARDED_ALLOW_IPS", "\N{SNOWMAN}"),
        ("SSLKEYLOGFILE", "/missing/keys"),
        ("REQUESTS_CA_BUNDLE", "/missing/ca.pem"),
    ],
)
def test_it_works_whatever_else_is_set(cloud: Microsoft, tmp_path: Path, name: str, value: str) -> None:
    """The proxy that does not exist is not taken for loopback hosts, and other programs' variables do no harm."""
    nowhere = {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}
    with running(tmp_path, "run", **{**cloud.three_variables(), **nowhere, name: value}) as program:
        page = httpx.get(f"{program.ready()}/metrics").text
    assert f'o365_exporter_tenant_up{{tenant="{cloud.tenant.tenant_id}"}} 1.0' in page


KNOWN = {
    "FORCE_COLOR",
    "NO_COLOR",
    "TERM",
    "COLUMNS",
    "LINES",
    "LANG",
    "LANGUAGE",
    "TMPDIR",
    "PROMETHEUS_MULTIPROC_DIR",
    "prometheus_multiproc_dir",
    "PROMETHEUS_DISABLE_CREATED_SERIES",
    "PROMETHEUS_LEGACY_NAME_VALIDATION",
    "PYDANTIC_DISABLE_PLUGINS",
    "PYDANTIC_VALIDATE_CORE_SCHEMAS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "SSLKEYLOGFILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "https_proxy",
    "http_proxy",
    "all_proxy",
    "no_proxy",
    "HOME",
    "PATH",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
    "KUBERNETES_SERVICE_HOST",
}
"""What may be asked for by name: what this program reads, what it refuses, and what changes nothing that it does."""

SPY = """
import os, sys, json
class Spy(type(os.environ)):
    seen = set()
    def __getitem__(self, name): Spy.seen.add(name); return super().__getitem__(name)
    def __contains__(self, name): Spy.seen.add(name); return name in dict(self)
real = os.environ
os.environ = Spy(real._data, real.encodekey, real.decodekey, real.encodevalue, real.decodevalue)
os.getenv = lambda name, default=None: os.environ.get(name, default)
from o365_exporter.cli import main
try:
    main(["once"])
except SystemExit:
    pass
print(json.dumps(sorted(Spy.seen)), file=sys.stderr)
"""


def test_nothing_else_is_read_of_the_environment(cloud: Microsoft) -> None:
    """No library asks for a variable that nobody has thought of: a new one is to be read, refused or found harmless."""
    done = subprocess.run(
        [sys.executable, "-c", SPY],
        env=environment(cloud.three_variables()),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    asked = set(json.loads(done.stderr.splitlines()[-1]))
    ours = {name for name in asked if name.lstrip("_").startswith(("O365_", "PYTHON", "LC_"))}
    assert asked - ours - KNOWN - set(cloud.three_variables()) == set()


def test_hangup_reads_everything_anew(cloud: Microsoft, tmp_path: Path) -> None:
    """A tenant is renamed without a restart; a file that cannot be used changes nothing and ends nothing."""
    config = tmp_path / "o365.toml"
    config.write_text('tenant_name = "before"\n')
    with running(tmp_path, "run", "--config", str(config), **cloud.three_variables()) as program:
        url = program.ready()
        config.write_text('tenant_name = "after"\nlisten = ":1"\nrequest_timeout = 7\n')
        program.process.send_signal(signal.SIGHUP)
        eventually(lambda: 'tenant="after"' in httpx.get(f"{url}/metrics").text)
        (line,) = program.logged("settings that need a restart")
        assert line["keys"] == ["request_timeout"], "the environment sets listen, whatever the file says"
        config.write_text("[half")
        program.process.send_signal(signal.SIGHUP)
        eventually(lambda: "o365_exporter_config_last_reload_successful 0.0" in httpx.get(f"{url}/metrics").text)
        (line,) = program.logged("settings not read again")
        assert line["faults"] == [
            f"{config} is not TOML: Expected ']' at the end of a table declaration (at end of document); "
            "write a table as [name], alone in its line."
        ]
        assert 'tenant="after"' in httpx.get(f"{url}/metrics").text
        assert program.stop() == 0


def test_reload_by_http(cloud: Microsoft, tmp_path: Path) -> None:
    """Where the setting allows it, POST /-/reload does as SIGHUP does, and answers with what came of it."""
    config = tmp_path / "o365.toml"
    config.write_text('tenant_name = "before"\nreload_endpoint = true\n')
    with running(tmp_path, "run", "--config", str(config), **cloud.three_variables()) as program:
        url = f"{program.ready()}/-/reload"
        config.write_text('tenant_name = "after"\n')
        answer = httpx.post(url)
        assert (answer.status_code, answer.text) == (
            200,
            "New: after.\nGone: before.\nThey need a restart and stay as they were: reload_endpoint.\n",
        )
        config.write_text("[half")
        answer = httpx.post(url)
        assert answer.status_code == 500
        assert answer.text.startswith(f"The settings were not read again: {config} is not TOML: ")
        assert program.stop() == 0


def test_listen_on_the_command_line(cloud: Microsoft, tmp_path: Path) -> None:
    """The option wins over the environment, and a wrong one is named."""
    with running(tmp_path, "run", "--listen", "127.0.0.1:0", **cloud.three_variables(O365_LISTEN=":1")) as program:
        assert program.url().startswith("http://127.0.0.1:")
    done = finished("run", "--listen", "10365", **THREE)
    assert (
        done.returncode,
        done.stderr.startswith("o365-exporter: --listen '10365' is no address to listen on: "),
    ) == (
        2,
        True,
    )
