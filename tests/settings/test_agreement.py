"""check-config and run say the same of whatever is set: what one refuses, the other refuses, in the same words."""

from __future__ import annotations

import contextlib
import io
import logging
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from o365_exporter.app import App
from o365_exporter.commands.check_config import check_config
from o365_exporter.commands.run import run
from o365_exporter.errors import ConfigurationError
from tests.certificates import key_pem
from tests.http.loopback import certificates
from tests.settings.desk import CLIENT, ONE_TENANT, Desk

CANARY = "Canary8Qdonotshow"


@pytest.fixture(autouse=True)
def _no_daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """``run`` puts everything together, opens all it needs, and ends where it would begin to serve."""

    async def serve(*_: object, **__: object) -> None:
        return

    monkeypatch.setattr(App, "serve", serve)
    root = logging.getLogger()
    handlers, level, hangup = root.handlers[:], root.level, signal.getsignal(signal.SIGHUP)
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    signal.signal(signal.SIGHUP, hangup)
    structlog.reset_defaults()


def outcomes(environ: dict[str, str]) -> tuple[list[str], list[str]]:
    """What check-config refuses, and what run refuses."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = check_config(None, environ)
        try:
            run(None, environ, None, None)
        except ConfigurationError as error:
            refused = error.faults
        else:
            refused = []
    assert "Traceback" not in err.getvalue()
    told = [line for line in err.getvalue().splitlines() if not line.startswith(("{", "warning: "))]
    assert (code == 2) == bool(told)
    return told, refused


PATHS = ["{ca}", "{lax}", "{key}", "{folder}", "{missing}", "{empty}", "{secret}", '"{ca}"', "", " ", "x", "\udcff"]
ADDRESSES = [
    "http://p:1",
    "p",
    "socks5://p",
    f"http://u:{CANARY}@p",
    f"http://u:{CANARY}#@p",
    f"http://u:{CANARY}",
    "[",
]
VALUES = {
    **dict.fromkeys(("SSL_CERT_FILE", "SSL_CERT_DIR", "O365_CA_FILE", "O365_CONFIG", "O365_TENANTS_FILE"), PATHS),
    **dict.fromkeys(("O365_CLIENT_SECRET_FILE", "O365_CERTIFICATE_FILE", "O365_SECRETS_DIR"), PATHS),
    **dict.fromkeys(("HTTPS_PROXY", "http_proxy", "ALL_PROXY", "O365_PROXY"), ADDRESSES),
    "NO_PROXY": ["*", "a;b", "fd00::/8", "[::1]:80", f"u:{CANARY}@p"],
    "O365_TLS_STRICT": ["no", "perhaps"],
    "O365_CLOUD": ["usgov", "AzureCloud", "moon"],
    "O365_CLIENT_SECRET": ["", "<x>", '"x"', CLIENT, "changeme"],
    "O365_LOG_LEVEL": ["Warn", "loud"],
    "PROMETHEUS_MULTIPROC_DIR": ["/x"],
    "WEB_CONCURRENCY": ["auto"],
}
SETTINGS = st.lists(
    st.sampled_from([(name, value) for name, values in VALUES.items() for value in values]), max_size=4
).map(dict)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SETTINGS)
def test_what_one_refuses_the_other_refuses(desk: Desk, variables: dict[str, str]) -> None:
    """In the same words, and no word of a password."""
    places = _places(desk.folder)
    environ = {**ONE_TENANT, **{name: value.format_map(places) for name, value in variables.items()}}
    told, refused = outcomes(environ)
    assert told == refused
    assert CANARY not in " ".join(told)


def _places(folder: Path) -> dict[str, str]:
    if not (folder / "ca.pem").exists():
        for name, content in (("key", key_pem()), ("empty", b""), ("secret", b"8Q8~abc")):
            (folder / name).write_bytes(content)
        (folder / "lax").mkdir()
        certificates(folder)
        certificates(folder / "lax", critical=False)
    found = {name: str(folder / name) for name in ("key", "empty", "secret", "missing")}
    return {**found, "ca": str(folder / "ca.pem"), "lax": str(folder / "lax" / "ca.pem"), "folder": str(folder)}


def test_what_is_open_to_run_is_open_to_check_config(desk: Desk) -> None:
    """A file of authorities that disappears is refused by both, and one that is there by neither."""
    ca, _ = certificates(desk.folder)
    environ = {**ONE_TENANT, "O365_CA_FILE": str(ca)}
    assert outcomes(environ) == ([], [])
    ca.unlink()
    told, refused = outcomes(environ)
    assert (
        told
        == refused
        == [f'O365_CA_FILE = "{ca}" in the environment does not exist: write the file, or mend the path that names it.']
    )
