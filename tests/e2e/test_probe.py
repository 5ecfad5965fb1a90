"""``probe`` against the real exporter and a simulated Microsoft: what the plugins would say of the same tenant."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from o365_exporter.probing.modes import MODES
from tests.e2e.programs import Microsoft, Running, eventually, finished, microsoft, running
from tests.probing.plugins import ORACLE
from tests.web.behind import HASH, PASSWORD, served_by, written

SETTINGS = {
    "O365_COLLECTORS__SUBSCRIPTIONS__INTERVAL": "10s",
    "O365_TENANT_NAME": "Contoso",
}


@dataclass
class Watched:
    """A tenant of a simulated Microsoft, the exporter that has polled all of it, and its address."""

    cloud: Microsoft
    program: Running
    url: str

    def probe(self, arguments: str, **variables: str) -> tuple[int, str]:
        """Exit code and output of a check in a process of its own."""
        done = finished("probe", *shlex.split(arguments), **{"O365_PROBE_URL": self.url, **variables})
        assert done.stderr == ""
        return done.returncode, done.stdout

    def now(self) -> float:
        """The exporter's clock."""
        return parsedate_to_datetime(httpx.head(f"{self.url}/metrics/process").headers["Date"]).timestamp()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Whose statuses are spelt as Graph does most of the time."""
    with microsoft() as cloud:
        cloud.call(lambda: cloud.simulator.switch(pascal_case_rate=0.0))
        variables = cloud.three_variables(**SETTINGS)
        with running(tmp_path_factory.mktemp("probe"), "run", **variables) as program:
            yield Watched(cloud, program, program.ready())


@pytest.mark.parametrize("mode", [mode.name for mode in MODES])
def test_a_check_says_what_the_plugin_would_say(watched: Watched, mode: str) -> None:
    """Of the same lists and files, byte by byte and with the same exit code."""
    options = "--unit w" if mode == "app-credentials" else ""
    code, text = watched.probe(f"{mode} {options}")
    expected, said = ORACLE[mode](watched.cloud.tenant, watched.now())
    assert (code, text) == (expected, f"{said}\n")


def test_what_goes_wrong_between_here_and_microsoft_is_unknown(watched: Watched) -> None:
    """A source that begins to fail turns its check UNKNOWN with the reason, and back when it recovers."""
    check = "subscriptions --filter-sku-part-number '^SPE_E5$'"
    numbers = (
        "'SPE_E5#subscription.usage.count'=25;;;0;25 'SPE_E5#subscription.free.count'=0;;;0;25 "
        "'SPE_E5#subscription.usage.percentage'=100.00%;;;0;100"
    )
    fine = (
        "OK: Subscriptions 'SPE_E5' capability status: enabled, usage total: 25 used: 25 (100.00%) free: 0 (0.00%) | "
        f"{numbers}\n"
    )
    assert watched.probe(check) == (0, fine)
    watched.cloud.break_(path="/v1.0/subscribedSkus", status=403)
    code, text = eventually(lambda: found if (found := watched.probe(check))[0] else None)
    assert (code, text) == (
        3,
        "UNKNOWN: Contoso/subscriptions/skus lacks an application permission (permission). Let an administrator of the "
        f"tenant grant it and consent; no restart is needed. The exporter's log has the whole sentence. | {numbers}\n",
    )
    watched.cloud.mend()
    assert eventually(lambda: found if (found := watched.probe(check))[0] == 0 else None) == (0, fine)


def test_the_tenant_must_be_known(watched: Watched) -> None:
    """The exporter's own sentence says which is meant."""
    assert watched.probe("subscriptions --tenant contso") == (
        3,
        f"UNKNOWN: The exporter at {watched.url} answers with 404. It says: No tenant is called 'contso'. Did you mean "
        "'Contoso'? The page / lists those that are watched. Give --tenant as the label `tenant` has it; mend "
        "--url if this is not the exporter.\n",
    )


def test_behind_tls_and_a_password(tmp_path: Path) -> None:
    """By the exporter's own web configuration; an exporter that is stopped is UNKNOWN."""
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    file = written(tmp_path, tls_server_config=served_by(tmp_path), basic_auth_users={"ann": HASH})
    with microsoft() as cloud:
        variables = cloud.three_variables(O365_WEB_CONFIG_FILE=str(file))
        with running(tmp_path, "run", **variables) as program:
            watched = Watched(cloud, program, program.url())
            check = f"service-status --service Planner --ca-file {tmp_path / 'ca.pem'}"
            eventually(lambda: watched.probe(f"{check} --user ann --password-file {password}")[0] == 0)
            assert watched.probe(f"{check} --user ann", O365_PROBE_PASSWORD=PASSWORD)[0] == 0
            assert watched.probe(f"{check} --user ann", O365_PROBE_PASSWORD="wrong")[0] == 3
            assert watched.probe("service-status --service Planner")[0] == 3
            program.stop(signal.SIGTERM)
            code, text = watched.probe(check)
    assert (code, text) == (
        3,
        f"UNKNOWN: The exporter at {watched.url} does not answer (Connection refused). Start it, or give its address "
        "by --url; write https if it serves with TLS.\n",
    )
