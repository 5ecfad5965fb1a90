"""Other people's Graph clients read the simulator over HTTPS, each in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from o365_exporter.clock import SystemClock
from o365_exporter.simulator import Simulator, SimulatorOptions, TenantOptions, ThrowawayAuthority
from tests.simulator.support import GraphUser

HERE = Path(__file__).parent
PYTHON = HERE.parent.parent / ".venv-clients/bin/python"
SCRIPTS: Mapping[str, Mapping[str, Any]] = {
    "microsoft_sdk.py": {"count": 100},
    "office365_client.py": {},
    "microsoft_client.mjs": {"count": 100, "batch": [200, 200, 403]},
}
"""What each finds besides what all find."""
USUAL = ("PATH", "HOME", "LANG")
REPORT = "/v1.0/reports/getEmailActivityUserDetail(period='D7')"


@dataclass(frozen=True)
class Site:
    """A simulator by HTTPS, and whom its clients must trust."""

    simulator: Simulator
    url: str
    ca_file: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """What a script must know; each library has its own variable for trust, and bytecode is kept."""
        tenant = self.simulator.tenants["contoso"]
        trust = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        return (
            {name: os.environ[name] for name in USUAL if name in os.environ}
            | dict.fromkeys(trust, str(self.ca_file))
            | {
                "SIMULATOR_URL": self.url,
                "TENANT_ID": tenant.tenant_id,
                "CLIENT_ID": tenant.client_id,
                "CLIENT_SECRET": tenant.client_secret,
            }
        )


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A tenant on an ordinary bad day, with a hundred and thirty issues: two pages."""
    simulator = Simulator(SystemClock(), SimulatorOptions(tenants=(TenantOptions(key="contoso", issues=130),)))
    simulator.tenants["contoso"].withdraw(["ServiceMessage.Read.All"])
    authority = ThrowawayAuthority(SystemClock().now())
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(authority.pem)
    async with simulator.serve(tls=authority.server()) as url:
        yield Site(simulator, url, ca_file)


def command(script: str) -> list[str]:
    """How a client is started; skips where it is not installed."""
    needed = HERE / "node_modules" if script.endswith(".mjs") else PYTHON
    if not needed.exists():
        pytest.skip(f"{needed.name} of {script} is missing: make clients")
    return [shutil.which("node") or "node" if script.endswith(".mjs") else str(PYTHON), str(HERE / script)]


async def output(site: Site, script: str) -> dict[str, Any]:
    """What a client found."""
    process = await asyncio.create_subprocess_exec(
        *command(script),
        env=site.environment,
        cwd=site.ca_file.parent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.mark.parametrize("script", SCRIPTS)
async def test_a_client_lists_pages_expands_and_downloads(site: Site, script: str) -> None:
    """What it finds is what the tenant holds; what is not allowed is refused; every request came to the simulator."""
    found = await output(site, script)
    tenant = site.simulator.tenants["contoso"]
    trusted = ssl.create_default_context(cafile=site.ca_file)
    async with httpx.AsyncClient(base_url=site.url, verify=trusted, trust_env=False) as http:
        file = await http.get((await GraphUser(http, tenant).get(REPORT)).headers["location"])
    held = [one["service"] for one in tenant.issues.values()]
    assert found["list"] == list(tenant.services)
    assert found["pages"] == list(tenant.issues)
    assert found["expand"] == [held.count(one["service"]) for one in tenant.services.values()]
    assert found["download"].splitlines() == file.content.decode("utf-8-sig").splitlines()
    assert found["refused"] == [403, "UnknownError"]
    assert {name: found[name] for name in SCRIPTS[script]} == SCRIPTS[script]
    files = site.simulator.requests.find("/data/*")
    assert {one.headers["authorization"] for one in files} == {""}
    assert all(one.status in (200, 302, 403) for one in site.simulator.requests)
