"""The command line as a person meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from o365_exporter import __version__
from tests.certificates import below_zero, certificate, key_pem
from tests.e2e.programs import Microsoft, finished


def test_the_version() -> None:
    """One line: name and version."""
    done = finished("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"o365-exporter {__version__}\n", "")


def test_check_config(cloud: Microsoft) -> None:
    """It shows what is in effect with the secret masked, and asks nobody."""
    done = finished("check-config", **cloud.three_variables(O365_TENANT_NAME="Contoso GmbH"))
    assert done.returncode == 0
    assert 'name = "Contoso GmbH"' in done.stdout
    assert cloud.tenant.tenant_id in done.stdout
    assert cloud.tenant.client_secret not in done.stdout + done.stderr
    assert cloud.asked("*") == 0


def test_check_config_with_faults() -> None:
    """Exit code 2, and each fault on standard error."""
    done = finished("check-config", O365_TENANT_ID="nowhere", O365_CLIENT_ID="x", O365_LOG_LEVEL="loud")
    assert (done.returncode, done.stdout) == (2, "")
    for key in ("tenant_id", "client_id", "loud", "client_secret"):
        assert key in done.stderr.lower()


@pytest.mark.parametrize("command", ["check-config", "once"])
def test_no_warning_of_a_library_reaches_anybody(cloud: Microsoft, tmp_path: Path, command: str) -> None:
    """A certificate and an authority with a serial number below 0, of which cryptography warns, are read in silence."""
    authority, own = tmp_path / "authority.pem", tmp_path / "own.pem"
    authority.write_bytes(below_zero(certificate()))
    own.write_bytes(below_zero(certificate()) + key_pem())
    files = {"O365_CA_FILE": str(authority), "SSL_CERT_FILE": str(authority), "O365_CERTIFICATE_FILE": str(own)}
    done = finished(command, **cloud.three_variables(O365_CLIENT_SECRET=""), **files)
    assert "own.pem" in done.stdout + done.stderr
    assert "DeprecationWarning" not in done.stderr


def test_an_unknown_command() -> None:
    """Exit code 2 and the list of commands."""
    done = finished("start")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'start' is not known (choose from run" in done.stderr


def test_help() -> None:
    """The help names every command and every exit code, and needs no settings."""
    done = finished("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for text in ("run", "once", "check-config", "demo", "simulate", "exit codes:", "O365_CLIENT_SECRET"):
        assert text in done.stdout
