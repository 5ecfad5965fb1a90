"""``/metrics``."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import anyio.to_thread
import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from o365_exporter.exposition import Segment, shown
from o365_exporter.web import scrape
from tests.web.site import Site

OPENMETRICS = {"accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"}
TENANTS = """\
# HELP o365_exporter_tenant_up Whether a token can be had.
# TYPE o365_exporter_tenant_up gauge
o365_exporter_tenant_up{tenant="contoso"} 1.0
o365_exporter_tenant_up{tenant="fabrikam & söhne"} 1.0
# HELP o365_sku_units Units.
# TYPE o365_sku_units gauge
o365_sku_units{sku="E5",tenant="contoso"} 1.0
o365_sku_units{sku="F1",tenant="contoso"} 1.0
o365_sku_units{sku="E3",tenant="fabrikam & söhne"} 1.0
"""
CONTOSO = """\
# HELP o365_exporter_tenant_up Whether a token can be had.
# TYPE o365_exporter_tenant_up gauge
o365_exporter_tenant_up{tenant="contoso"} 1.0
# HELP o365_sku_units Units.
# TYPE o365_sku_units gauge
o365_sku_units{sku="E5",tenant="contoso"} 1.0
o365_sku_units{sku="F1",tenant="contoso"} 1.0
"""


async def get(site: Site, path: str = "/metrics", method: str = "GET", **headers: str) -> httpx.Response:
    """One answer."""
    async with site.client() as client:
        answer: httpx.Response = await client.request(method, path, headers=headers)
        return answer


async def test_the_whole(site: Site) -> None:
    """Without parameters every tenant is served, then the process-wide series; the length is told beforehand."""
    answer = await get(site)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.text.startswith(TENANTS + "# HELP o365_exporter_build_info ")
    assert "\nprocess_cpu_seconds_total " in answer.text
    assert "# EOF" not in answer.text


async def test_openmetrics(site: Site) -> None:
    """Prometheus gets OpenMetrics 1.0, which its reference parser accepts."""
    answer = await get(site, **OPENMETRICS)
    assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert answer.text.startswith(TENANTS)
    assert answer.text.endswith("\n# EOF\n")
    names = [family.name for family in parse_openmetrics(answer.text)]  # type: ignore[no-untyped-call]
    assert names[:3] == ["o365_exporter_tenant_up", "o365_sku_units", "o365_exporter_build_info"]


async def test_one_tenant(site: Site) -> None:
    """``tenant=NAME`` is that tenant alone, without the process-wide series."""
    assert (await get(site, "/metrics?tenant=contoso")).text == CONTOSO
    assert (await get(site, "/metrics?tenant=contoso", **OPENMETRICS)).text == CONTOSO + "# EOF\n"


@pytest.mark.parametrize("query", ["fabrikam%20%26%20s%C3%B6hne", "fabrikam+%26+s%C3%B6hne"])
async def test_a_tenant_with_a_difficult_name(site: Site, query: str) -> None:
    """Names are decoded as every URL library encodes them."""
    answer = await get(site, f"/metrics?tenant={query}")
    assert 'o365_sku_units{sku="E3",tenant="fabrikam & söhne"} 1.0\n' in answer.text
    assert "contoso" not in answer.text


async def test_the_process_alone(site: Site) -> None:
    """An empty ``tenant=`` is the process-wide series, which a site that scrapes tenant by tenant wants once."""
    answer = await get(site, "/metrics?tenant=")
    assert answer.text.startswith("# HELP o365_exporter_build_info ")
    assert "tenant=" not in answer.text


async def test_several_tenants_are_the_union(site: Site) -> None:
    """Every ``tenant`` parameter adds its part."""
    both = await get(site, "/metrics?tenant=contoso&tenant=fabrikam%20%26%20s%C3%B6hne")
    assert both.text == TENANTS
    with_process = await get(site, "/metrics?tenant=contoso&tenant=")
    assert with_process.text.startswith(CONTOSO + "# HELP o365_exporter_build_info ")


async def test_an_unknown_tenant(site: Site) -> None:
    """A tenant that is not watched is 404 with a sentence, not an empty page that looks like a good one."""
    answer = await get(site, "/metrics?tenant=contoso&tenant=Contoso")
    assert answer.status_code == 404
    assert answer.text == (
        "No tenant is called 'Contoso'. Did you mean 'contoso'? The page / lists those that are watched.\n"
    )


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("CONTOSO", "contoso"), ("contosso", "contoso"), ("fabrikam", ""), ("fabrikam & sohne", "fabrikam & söhne")],
)
async def test_an_unknown_tenant_that_is_nearly_known(site: Site, asked: str, meant: str) -> None:
    """A tenant misspelt in a scrape configuration is told as it is spelt; what resembles nothing gets no guess."""
    text = (await get(site, "/metrics?" + urlencode({"tenant": asked}))).text
    assert ("Did you mean" in text) is bool(meant)
    assert text.startswith(f"No tenant is called {asked!r}. ")
    assert f"Did you mean {meant!r}? " in text or not meant


async def test_an_unknown_tenant_where_none_is_watched_is_told_so() -> None:
    """Then there is no list to look at."""
    answer = await get(Site(), "/metrics?tenant=contoso")
    assert (answer.status_code, answer.text) == (404, "No tenant is called 'contoso'. None is watched at all.\n")


@pytest.mark.parametrize("query", ["tenants=contoso", "name[]=o365_sku_units", "tenant=contoso&x"])
async def test_an_unknown_parameter(site: Site, query: str) -> None:
    """A misspelt parameter is refused; passed over it would serve everything, many times."""
    answer = await get(site, f"/metrics?{query}")
    assert answer.status_code == 400
    assert answer.text.endswith(": /metrics takes tenant=NAME alone.\n")


async def test_old_data_are_withdrawn(site: Site) -> None:
    """While polls fail, records older than ``stale_after`` are not shown; what the tenant says about itself is."""
    site.fail()
    await site.clock.advance(3601)
    answer = await get(site, "/metrics?tenant=contoso")
    assert answer.text.endswith('o365_exporter_tenant_up{tenant="contoso"} 1.0\n')


@pytest.mark.parametrize("skus", [1, 3000])
async def test_gzip(site: Site, skus: int) -> None:
    """Small and large pages are compressed where the client accepts it, and are the same text."""
    site.put("contoso", *(f"sku-{number}" for number in range(skus)))
    plain = await get(site, "/metrics?tenant=contoso")
    async with (
        site.client() as client,
        client.stream("GET", "/metrics?tenant=contoso", headers={"accept-encoding": "gzip"}) as answer,
    ):
        packed = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == len(packed)
    assert gzip.decompress(packed) == plain.content
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize(("skus", "on_the_loop"), [(1, True), (3000, False)])
async def test_large_pages_are_compressed_off_the_loop(
    site: Site, monkeypatch: pytest.MonkeyPatch, skus: int, on_the_loop: bool
) -> None:
    """A megabyte takes tens of milliseconds, in which nobody else would be answered; a thread for less costs more."""
    site.put("contoso", *(f"sku-{number}" for number in range(skus)))
    threads = []

    def noted(segments: Sequence[Segment]) -> None:
        threads.append(threading.current_thread())
        pack(segments)

    pack = scrape._pack
    monkeypatch.setattr(scrape, "_pack", noted)
    await get(site, "/metrics?tenant=contoso", **{"accept-encoding": "gzip"})
    assert [thread is threading.current_thread() for thread in threads] == [on_the_loop]


async def test_a_scrape_does_not_wait_for_logins(site: Site) -> None:
    """Compression has threads of its own, for those of the program may all be waiting for Microsoft."""
    site.put("contoso", *(f"sku-{number}" for number in range(3000)))
    everybody = anyio.to_thread.current_default_thread_limiter()
    everybody.total_tokens = 1
    async with everybody:
        answer = await get(site, **{"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"


async def test_gzip_refused(site: Site) -> None:
    """``gzip;q=0`` means no."""
    assert "content-encoding" not in (await get(site, **{"accept-encoding": "gzip;q=0"})).headers


async def test_several_accept_lines_are_one(site: Site) -> None:
    """A header may come in several lines."""
    lines = [("accept", "text/plain;q=0.5"), ("accept", "application/openmetrics-text;version=1.0.0")]
    async with site.client() as client:
        answer = await client.get("/metrics", headers=lines)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")


@pytest.mark.parametrize("coding", ["identity", "gzip"])
async def test_head(site: Site, coding: str) -> None:
    """HEAD has the headers of GET and no body."""
    path = "/metrics?tenant=contoso"
    full = await get(site, path, **{"accept-encoding": coding})
    head = await get(site, path, "HEAD", **{"accept-encoding": coding})
    assert head.headers == full.headers
    assert head.content == b""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_other_methods(site: Site, method: str) -> None:
    """Nothing can be changed here."""
    answer = await get(site, method=method)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


async def test_only_what_changed_is_put_together_and_compressed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of twenty scrapes with one poll in between, two look at the store; one tenant's lines are compressed twice."""
    for tenant in ("contoso", "fabrikam"):
        site.put(tenant, *(f"sku-{number}" for number in range(2_000)))
    looks, packed = 0, 0

    def looked(*of: Any) -> Any:
        nonlocal looks
        looks += 1
        return shown(*of)

    def noted(segments: Sequence[Segment]) -> None:
        nonlocal packed
        pack(segments)
        packed += sum(segment.length for segment in segments)

    pack = scrape._pack
    monkeypatch.setattr(scrape, "shown", looked)
    monkeypatch.setattr(scrape, "_pack", noted)
    async with site.client() as client:
        headers = {"accept-encoding": "gzip"}
        for _ in range(10):
            whole = (await client.get("/metrics", headers=headers)).text
        first, size = packed, len(whole)
        site.put("fabrikam", *(f"sku-{number}" for number in range(2_001)))
        for _ in range(10):
            assert 'sku="sku-2000"' in (await client.get("/metrics", headers=headers)).text
    assert looks == 2
    assert size * 0.9 < first <= size
    assert packed - first < 0.6 * size


async def test_what_is_kept_is_withdrawn_in_time(site: Site) -> None:
    """A page that nobody changed loses what has become stale, and has it again where the clock is set back."""
    site.put("contoso", "basic")
    site.fail()
    async with site.client() as client:
        assert "basic" in (await client.get("/metrics")).text
        site.clock._now += 3601
        assert "basic" not in (await client.get("/metrics")).text
        site.clock._now -= 3601
        assert "basic" in (await client.get("/metrics")).text
