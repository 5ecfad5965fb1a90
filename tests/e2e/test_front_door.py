"""A real Prometheus comes through the door: TLS, its certificate and its password; who lacks one of them does not."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx
import yaml

from tests.e2e.programs import Microsoft, eventually, finished, prometheus_running, running
from tests.e2e.test_prometheus import ask
from tests.web.behind import HASH, PASSWORD, issued, served_by, trusting, written

MUTUAL = {"client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": "ca.pem"}


def behind_a_door(folder: Path) -> dict[str, str]:
    """The setting, for a door that wants everything."""
    issued(folder, "prometheus")
    tls = served_by(folder, **MUTUAL)
    path = written(folder, tls_server_config=tls, basic_auth_users={"prometheus": HASH})
    return {"O365_WEB_CONFIG_FILE": str(path)}


def jobs(folder: Path, target: str) -> str:
    """Three configurations of Prometheus: one with all that is asked for, and two that lack something."""
    tls = {"ca_file": str(folder / "ca.pem"), "server_name": "localhost"}
    shown = {**tls, "cert_file": str(folder / "prometheus.pem"), "key_file": str(folder / "prometheus.key")}
    password = {"username": "prometheus", "password": PASSWORD}
    wanted = {
        "right": {"tls_config": shown, "basic_auth": password},
        "uncertified": {"tls_config": tls, "basic_auth": password},
        "wrong": {"tls_config": shown, "basic_auth": {**password, "password": "wrong"}},
    }
    configs = [
        {"job_name": name, "scheme": "https", **rest, "static_configs": [{"targets": [target]}]}
        for name, rest in wanted.items()
    ]
    return yaml.safe_dump({"global": {"scrape_interval": "1s"}, "scrape_configs": configs})


def test_a_real_prometheus_comes_through_the_door(cloud: Microsoft, tmp_path: Path, prometheus: str) -> None:
    """With everything it scrapes; without certificate or password it is told 403 or 401, and the probes are open."""
    with running(tmp_path, "run", **cloud.three_variables(**behind_a_door(tmp_path))) as program:
        url = program.url()
        assert url.startswith("https://127.0.0.1:")
        eventually(lambda: httpx.get(f"{url}/-/ready", verify=trusting(tmp_path)).is_success)
        folder = tmp_path / "tsdb"
        folder.mkdir()
        with prometheus_running(prometheus, folder, jobs(tmp_path, url.removeprefix("https://"))) as address:
            api = f"{address}/api/v1"
            up = eventually(lambda: ask(api, 'up{job="right"} == 1'))
            healthy = eventually(lambda: ask(api, 'count by (tenant) (o365_service_healthy{job="right"})'))
            errors = eventually(lambda: last_errors(api))
        assert up == {"": 1.0}
        assert healthy == {next(iter(healthy)): 30.0}
        assert errors == {
            "right": "",
            "uncertified": "server returned HTTP status 403 Forbidden",
            "wrong": "server returned HTTP status 401 Unauthorized",
        }
        assert program.stop() == 0
        assert PASSWORD not in program.err


def last_errors(api: str) -> dict[str, str] | None:
    """What each job's latest scrape ended with; None until each has been tried."""
    targets = httpx.get(f"{api}/targets").json()["data"]["activeTargets"]
    if any(target["health"] == "unknown" for target in targets):
        return None
    return {target["labels"]["job"]: target["lastError"] for target in targets}


def test_a_certificate_is_renewed_while_it_runs(cloud: Microsoft, tmp_path: Path) -> None:
    """A client that trusts the new authority alone is served soon after the files have changed."""
    with running(tmp_path, "run", **cloud.three_variables(**behind_a_door(tmp_path))) as program:
        url = program.url()
        issued(tmp_path, "server", authority="next")
        context: ssl.SSLContext = trusting(tmp_path, authority="next")
        assert eventually(lambda: httpx.get(f"{url}/-/healthy", verify=context).is_success)
        assert program.logged("web configuration read again")


def test_faults_of_the_file_are_those_of_the_settings(cloud: Microsoft, tmp_path: Path) -> None:
    """``run`` and ``check-config`` end with 2 and name key, file and remedy."""
    path = written(tmp_path, basic_auth_users={"prometheus": PASSWORD})
    variables = cloud.three_variables(O365_WEB_CONFIG_FILE=str(path))
    for command in ("run", "check-config"):
        done = finished(command, **variables)
        assert done.returncode == 2
        assert f"basic_auth_users.prometheus in {path} is not a bcrypt hash: write what htpasswd" in done.stderr
        assert PASSWORD not in done.stderr
