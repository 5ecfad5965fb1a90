"""``/sd``: service discovery for Prometheus."""

from __future__ import annotations

import httpx
import pytest

from o365_exporter import web
from o365_exporter.login import CLOUDS
from o365_exporter.status import Board
from o365_exporter.telemetry import TenantFacts
from tests.web.site import UNITS, UP, Site

CONTOSO = TenantFacts("contoso", "11111111-1111-1111-1111-111111111111", CLOUDS["global"], {"team": "north"})
FABRIKAM = TenantFacts("fabrikam & söhne", "fabrikam.com", CLOUDS["china"])


def client(site: Site, *tenants: TenantFacts, shard: str = "") -> httpx.AsyncClient:
    """Of an exporter that watches these tenants."""
    app = web.create_app(
        store=site.store,
        board=Board(site.store, site.clock, dict, shard=shard),
        clock=site.clock,
        metrics=(UP, UNITS),
        selfmetrics=site.selfmetrics,
        version="1.2.3",
        ready=lambda: site.state,
        tenants=lambda: tenants,
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://exporter:10365")


async def test_a_target_for_each_tenant_and_one_for_the_process(site: Site) -> None:
    """In the form of http_sd, with all that is known of a tenant; at the address by which Prometheus came."""
    async with client(site, CONTOSO, FABRIKAM) as http:
        answer = await http.get("/sd")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == [
        {
            "targets": ["exporter:10365"],
            "labels": {
                "__param_tenant": "contoso",
                "__meta_o365_tenant": "contoso",
                "__meta_o365_tenant_id": "11111111-1111-1111-1111-111111111111",
                "__meta_o365_cloud": "global",
                "__meta_o365_label_team": "north",
            },
        },
        {
            "targets": ["exporter:10365"],
            "labels": {
                "__param_tenant": "fabrikam & söhne",
                "__meta_o365_tenant": "fabrikam & söhne",
                "__meta_o365_tenant_id": "fabrikam.com",
                "__meta_o365_cloud": "china",
            },
        },
        {"targets": ["exporter:10365"], "labels": {"__metrics_path__": "/metrics/process"}},
    ]


async def test_no_address_no_targets(site: Site) -> None:
    """A client of HTTP/1.0 may not say by which address it came."""
    async with client(site, CONTOSO) as http:
        answer = await http.get("/sd", headers={"host": ""})
    assert (answer.status_code, answer.text) == (400, "The header Host is missing: it is the address of the targets.\n")


async def test_the_process_alone(site: Site) -> None:
    """What ``?tenant=`` gives is at a path of its own, too."""
    async with client(site) as http:
        page, other = await http.get("/metrics/process"), await http.get("/metrics?tenant=")
        families = [line.split()[2] for line in page.text.splitlines() if line.startswith("# TYPE")]
        assert "o365_exporter_build_info" in families
        assert families == [line.split()[2] for line in other.text.splitlines() if line.startswith("# TYPE")]
        assert "tenant=" not in page.text


@pytest.mark.parametrize("parameter", ["tenant", "name"])
async def test_the_process_takes_no_parameter(site: Site, parameter: str) -> None:
    """A tenant that is asked for there would otherwise silently be missing."""
    async with client(site) as http:
        answer = await http.get(f"/metrics/process?{parameter}=contoso")
    assert (answer.status_code, answer.text) == (
        400,
        f"There is no parameter {parameter!r}: /metrics/process takes none.\n",
    )


@pytest.mark.parametrize(("shard", "told"), [("", False), ("1/3", True)])
async def test_the_overview_says_which_shard_it_is(site: Site, shard: str, told: bool) -> None:
    """So that nobody thinks a tenant of another one is forgotten."""
    async with client(site, shard=shard) as http:
        page = (await http.get("/")).text
    sentence = "This is shard 1/3, counted from 0: further tenants are polled by the others."
    assert (sentence in page) is told
