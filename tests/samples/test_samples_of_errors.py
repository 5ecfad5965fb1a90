"""Microsoft's samples of errors and tokens: the reason, and the sentence for whoever runs the exporter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from o365_exporter.catalogue import all_collectors
from tests.graph.world import APP, Microsoft, microsoft
from tests.samples.watching import Watch, answer, page, read_sample, watching

SKUS = "/subscribedSkus"
NO_FAILURE = {("report_settings", "settings")}
"""Sources to which a 403 is an answer; each has a test of its own."""


@pytest.fixture
def world() -> Iterator[Microsoft]:
    """A Microsoft that answers what a test tells it to."""
    with microsoft() as fake:
        fake.graph("/directory/subscriptions").mock(return_value=page())
        yield fake


async def told_of_skus(world: Microsoft, response: httpx.Response) -> tuple[str, str]:
    """State and sentence of a poll that is always answered so."""
    world.graph(SKUS).mock(return_value=response)
    async with watching("subscriptions") as watch:
        await watch.poll()
    return watch.told("skus")


async def test_error_401(world: Microsoft, shared: Path) -> None:
    """A refused token is replaced once; refused again, somebody must look at cloud and consent."""
    world.graph("/directory/subscriptions").mock(return_value=answer(shared, "error-401.json"))
    told = await told_of_skus(world, answer(shared, "error-401.json"))
    assert world.tokens == 2
    assert told == (
        "auth",
        "Graph refuses the token of tenant contoso (401 InvalidAuthenticationToken: Access token is empty.; "
        "request-id e6ea1bde-9f04-46a8-9705-824047cfd611). Check that cloud is right, and that the app "
        f"{APP} has admin consent in the tenant.",
    )


async def test_error_401_of_one_endpoint(world: Microsoft, shared: Path) -> None:
    """A token that Graph takes elsewhere is not to blame: it is replaced once, and then the endpoint is at fault."""
    state, sentence = await told_of_skus(world, answer(shared, "error-401.json"))
    assert world.tokens == 2
    assert state == "unavailable"
    assert sentence.startswith(
        "Graph refuses for /subscribedSkus the token of tenant contoso that it takes elsewhere ("
    )


@pytest.mark.parametrize(
    ("collector", "source", "permissions"),
    [
        (collector.name, source.name, " or ".join(source.endpoints[0].permissions))
        for collector in all_collectors().values()
        for source in collector.sources(collector.options())
        if (collector.name, source.name) not in NO_FAILURE
    ],
)
async def test_error_403(world: Microsoft, shared: Path, collector: str, source: str, permissions: str) -> None:
    """What every source says when its permission is missing: which one, and who can add it where."""
    world.router.get(url__startswith="https://graph.microsoft.com/").mock(return_value=answer(shared, "error-403.json"))
    world.graph("/directory/subscriptions").mock(return_value=answer(shared, "error-403.json"))
    async with watching(collector) as watch:
        await watch.poll()
    assert watch.told(source) == (
        "permission",
        f"The app {APP} lacks the application permission {permissions} in tenant contoso (403 "
        "Authorization_RequestDenied: Insufficient privileges to complete the operation.; request-id "
        "93b6f17e-c05d-4f45-ad2a-6665c708d8a0). An administrator of the tenant can add it at "
        "https://portal.azure.com under App registrations > API permissions > Microsoft Graph > Application "
        "permissions, and grant admin consent; no restart is needed.",
    )


async def test_error_403_to_the_setting_that_conceals_names(world: Microsoft, shared: Path) -> None:
    """Without its permission the setting is told from the names in the reports: a state, and no failure."""
    world.graph("/admin/reportSettings").mock(return_value=answer(shared, "error-403.json"))
    async with watching("report_settings") as watch:
        await watch.poll()
    assert watch.told("settings") == (
        "unsupported",
        "The app may not read the setting that conceals names (ReportSettings.Read.All): whether they are concealed "
        "is told from the names in the reports.",
    )


async def test_a_403_without_a_code(world: Microsoft, shared: Path) -> None:
    """The error code may be empty, as in the sample of a batch; the message then stands alone."""
    refused = read_sample(shared, "batch-response.json")["responses"][1]
    told = await told_of_skus(world, httpx.Response(refused["status"], json=refused["body"]))
    assert told[0] == "permission"
    assert "(403 You do not have the required permissions to access this item.; request-id 93b6f17e-" in told[1]


async def test_error_429_once(world: Microsoft, shared: Path) -> None:
    """What is throttled waits as long as Microsoft asks, fractions included, and then succeeds."""
    route = world.graph(SKUS)
    route.side_effect = [answer(shared, "error-429.json"), answer(shared, "subscribedskus-list.json")]
    async with watching("subscriptions") as watch:
        await watch.poll()
    assert watch.told("skus") == ("ok", "")
    assert waits(watch) == {"retry_after": pytest.approx(2.128)}


async def test_error_429_for_good(world: Microsoft, shared: Path) -> None:
    """Who is throttled at every attempt gives up and says so."""
    assert await told_of_skus(world, answer(shared, "error-429.json")) == (
        "throttled",
        "graph.microsoft.com throttles (429 TooManyRequests: Please retry again later.; request-id "
        "94fb3b52-452a-4535-a601-69e0a90e3aa2).",
    )


async def test_error_503(world: Microsoft, shared: Path) -> None:
    """A service that is away for half a minute is asked again after it, once more than the deadline allows not."""
    route = world.graph(SKUS)
    route.mock(return_value=answer(shared, "error-503.json"))
    async with watching("subscriptions") as watch:
        await watch.poll()
    assert route.call_count == 2
    assert waits(watch) == {"retry_after": pytest.approx(30.0)}
    assert watch.told("skus") == (
        "unavailable",
        "graph.microsoft.com is not available (503 serviceNotAvailable: The service is not available. Try the request "
        "again after a delay.; request-id 0c1d2e3f-4a5b-4c6d-8e7f-90a1b2c3d4e5).",
    )


async def test_error_of_the_generic_shape(world: Microsoft, shared: Path) -> None:
    """An error that nobody has met is shown in Microsoft's words, for Microsoft's support."""
    assert await told_of_skus(world, answer(shared, "error-generic-shape.json")) == (
        "unexpected_answer",
        "Graph does not answer what was asked for tenant contoso (400 invalidRange: Uploaded fragment overlaps with "
        "existing data.; request-id request-id). What this means is not known. If it stays, give Microsoft's support "
        "the status, the code and the request-id.",
    )


async def test_error_of_the_generic_shape_to_a_filter(world: Microsoft, shared: Path) -> None:
    """A 400 to the filter on issues is answered by asking without it."""
    overviews = "/admin/serviceAnnouncement/healthOverviews"
    issues = "/admin/serviceAnnouncement/issues"
    world.graph(overviews).mock(return_value=answer(shared, "healthoverviews-list.json"))
    world.graph(f"{issues}?$filter").mock(return_value=answer(shared, "error-generic-shape.json"))
    world.graph(issues).mock(return_value=page())
    async with watching("service_health") as watch:
        await watch.poll()
    assert watch.told("issues") == ("ok", "")


@pytest.mark.parametrize("file", ["organization-list.json", "applications-count.json", "batch-response.json"])
async def test_an_answer_to_another_question(world: Microsoft, shared: Path, file: str) -> None:
    """Well-formed JSON that is not what was asked for is an unexpected answer and never an empty list."""
    state, sentence = await told_of_skus(world, answer(shared, file))
    assert state == "unexpected_answer"
    assert sentence.startswith("Graph")


async def test_token_success(world: Microsoft, shared: Path) -> None:
    """The sample's token is what Graph is asked with."""
    world.login.mock(return_value=answer(shared, "token-success.json"))
    route = world.graph(SKUS).mock(return_value=answer(shared, "subscribedskus-list.json"))
    async with watching("subscriptions") as watch:
        await watch.poll()
    assert watch.tenant.graph.auth.state == "ok"
    assert route.calls.last.request.headers["authorization"] == "Bearer SYNTHETIC.ACCESS.TOKEN"


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (
            "token-error-7000215.json",
            "The client secret of tenant contoso is wrong (AADSTS7000215). It stands in client_secret: write the "
            f"value there, not the ID, of a secret of the app {APP}; then start the exporter anew.",
        ),
        (
            "token-error-70011.json",
            "login.microsoftonline.com does not know the Graph that a token is asked for, for tenant contoso "
            "(AADSTS70011). Check the setting cloud, and login_url and graph_url if they are set: each national cloud "
            "has its own.",
        ),
        (
            "token-error-90002.json",
            "There is no tenant 11111111-2222-3333-4444-555555555555 at login.microsoftonline.com (tenant contoso) "
            "(AADSTS90002). Set tenant_id to the directory's ID (a GUID) or to one of its domains; check it for typing "
            "errors. Check the setting cloud, and login_url and graph_url if they are set: each national cloud has its "
            "own.",
        ),
    ],
)
async def test_token_errors(world: Microsoft, shared: Path, file: str, sentence: str) -> None:
    """A refusal by Entra ID is the state of the tenant and of each source, in one sentence, and is asked once."""
    world.login.mock(return_value=answer(shared, file))
    async with watching("subscriptions") as watch:
        await watch.poll()
    auth = watch.tenant.graph.auth
    assert watch.told("skus") == watch.told("subscriptions") == (auth.state, auth.message) == ("auth", sentence)
    assert world.login.call_count == 1


async def test_token_error_of_an_unknown_tenant_comes_by_discovery(world: Microsoft, shared: Path) -> None:
    """Entra ID says that a tenant does not exist before it is asked for a token."""
    world.discovery.mock(return_value=answer(shared, "token-error-90002.json"))
    assert (await told_of_skus(world, page()))[1].startswith("There is no tenant 11111111-2222-3333-4444-555555555555")
    assert not world.login.called


def waits(watch: Watch) -> dict[str, float]:
    """Seconds that the tenant's requests waited, by cause."""
    return {str(cause): seconds for cause, seconds in watch.tenant.graph.traffic.waits.items()}
