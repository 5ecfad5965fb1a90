"""Tokens: when they are asked for, what is said when there is none, and that one request is enough."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import anyio
import httpx
import pytest

from o365_exporter.errors import (
    AuthError,
    NetworkError,
    PollError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
)
from o365_exporter.graph.meanings import TABLE
from o365_exporter.http.meanings import Service
from o365_exporter.login import CredentialOptions
from tests.graph.world import (
    APP,
    APPS,
    SECRET,
    SKUS,
    TENANT_ID,
    ImpatientClock,
    Microsoft,
    client,
    discovery,
    entra_error,
    microsoft,
)

WRONG = entra_error(7000215, "Invalid client secret provided.")


@pytest.fixture
def world() -> Iterator[Microsoft]:
    """A fake Microsoft."""
    with microsoft() as fake:
        fake.graph("/applications").respond(json={"value": []})
        fake.graph("/subscribedSkus").respond(json={"value": []})
        yield fake


async def test_the_token_request_is_a_client_credentials_grant(world: Microsoft) -> None:
    """The secret goes into the form, the scope is the cloud's Graph, and no other host is asked."""
    async with client() as graph:
        await graph.list(APPS)
    form = parse_qs(world.login.calls.last.request.content.decode())
    assert (form["client_id"], form["client_secret"], form["grant_type"]) == ([APP], [SECRET], ["client_credentials"])
    assert form["scope"] == ["https://graph.microsoft.com/.default"]
    hosts = {call.request.url.host for call in world.router.calls}
    assert hosts == {"login.microsoftonline.com", "graph.microsoft.com"}


async def test_a_region_in_the_environment_changes_nothing(world: Microsoft, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens come from the login host that is configured, whatever variables of other clients say."""
    monkeypatch.setenv("MSAL_FORCE_REGION", "westeurope")
    async with client() as graph:
        await graph.list(APPS)
    assert [call.request.url.path for call in world.discovery.calls] == [
        f"/{TENANT_ID}/v2.0/.well-known/openid-configuration"
    ]


async def test_a_token_serves_until_shortly_before_its_end(world: Microsoft) -> None:
    """One token does for all requests; it is renewed five to seven minutes ahead of its end, by our own clock."""
    clock = ImpatientClock()
    async with client(clock) as graph:
        await graph.list(APPS)
        clock.pass_time(3600 - 421)
        await graph.list(SKUS)
        assert world.tokens == 1
        clock.pass_time(121)
        await graph.list(APPS)
        assert world.tokens == 2
    assert world.discovery.call_count == 1


async def test_a_short_token_is_not_renewed_at_each_request(world: Microsoft) -> None:
    """A token that lives two minutes serves for its first half."""
    world.lifetime = 120
    clock = ImpatientClock()
    async with client(clock) as graph:
        for _ in range(5):
            await graph.list(APPS)
            clock.pass_time(11)
        assert world.tokens == 1


async def test_many_requests_at_once_ask_for_one_token(world: Microsoft) -> None:
    """Sources that start together share one token request."""
    async with client() as graph, anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(graph.list, APPS)
    assert world.tokens == 1


async def test_a_failed_renewal_does_not_fail_the_poll(world: Microsoft) -> None:
    """While the old token lives it is used; the state stays ok, and the message says what is wrong."""
    clock = ImpatientClock()
    async with client(clock) as graph:
        await graph.list(APPS)
        clock.pass_time(3600 - 200)
        world.refuse(WRONG)
        assert await graph.list(APPS) == []
        assert graph.auth.state == "ok"
        assert graph.auth.message.startswith("The client secret of tenant contoso is wrong (AADSTS7000215).")
        clock.pass_time(200)
        with pytest.raises(AuthError):
            await graph.list(APPS)
        assert graph.auth.state == "auth"
        world.relent()
        clock.pass_time(31)
        await graph.list(APPS)
        assert (graph.auth.state, graph.auth.message) == ("ok", "")


async def test_the_state_follows_when_the_old_token_ends(world: Microsoft) -> None:
    """A renewal that failed shortly before the end of the old token leaves no state of ok behind that end."""
    clock = ImpatientClock()
    async with client(clock) as graph:
        await graph.list(APPS)
        world.refuse(WRONG)
        clock.pass_time(3590)
        await graph.list(APPS)
        assert graph.auth.state == "ok"
        clock.pass_time(10)
        with pytest.raises(AuthError):
            await graph.list(APPS)
        assert (graph.auth.state, world.login.call_count) == ("auth", 2)


@pytest.mark.usefixtures("world")
async def test_the_state_is_pending_then_ok() -> None:
    """Before the first token nothing is said to be well."""
    async with client() as graph:
        assert (graph.auth.state, graph.auth.message, graph.identity.secret_hint) == ("pending", "", "")
        await graph.list(APPS)
        assert (graph.auth.state, graph.identity.secret_hint) == ("ok", SECRET[:3])
        assert (graph.identity.client_id, graph.identity.tenant_id) == (APP, TENANT_ID)


async def test_a_refusal_answers_all_sources_of_a_tenant(world: Microsoft) -> None:
    """Wrong credentials cost one token request for all sources, and another one half a minute later."""
    world.refuse(WRONG)
    clock = ImpatientClock()
    async with client(clock) as graph:
        for endpoint in (APPS, SKUS, APPS):
            with pytest.raises(AuthError, match="wrong"):
                await graph.list(endpoint)
        assert world.login.call_count == 1
        clock.pass_time(30)
        with pytest.raises(AuthError):
            await graph.list(APPS)
        assert world.login.call_count == 2


async def test_what_was_put_right_works_at_the_next_attempt(world: Microsoft) -> None:
    """No memory of an answer that was a refusal hides that Entra ID has changed its mind."""
    world.refuse(entra_error(700016, "Application not found.", "unauthorized_client"), status=400)
    clock = ImpatientClock()
    async with client(clock) as graph:
        with pytest.raises(AuthError):
            await graph.list(APPS)
        world.relent()
        clock.pass_time(30)
        assert await graph.list(APPS) == []


async def test_after_a_failure_discovery_is_asked_again(world: Microsoft) -> None:
    """What was learned of the login host is forgotten with the failure, in case it was wrong."""
    clock = ImpatientClock()
    async with client(clock) as graph:
        await graph.list(APPS)
        world.refuse(WRONG)
        clock.pass_time(3600)
        with pytest.raises(AuthError):
            await graph.list(APPS)
        world.relent()
        clock.pass_time(30)
        await graph.list(APPS)
    assert world.discovery.call_count == 2


async def test_an_unknown_tenant_is_told_by_discovery(world: Microsoft) -> None:
    """A tenant that Entra ID does not know fails before a secret is sent, with the sentence for it."""
    world.discovery.respond(400, json=entra_error(90002, f"Tenant '{TENANT_ID}' not found.", "invalid_tenant"))
    async with client() as graph:
        with pytest.raises(AuthError) as failure:
            await graph.list(APPS)
    assert failure.value.message == (
        f"There is no tenant {TENANT_ID} at login.microsoftonline.com (tenant contoso) (AADSTS90002)."
    )
    assert not world.login.called


async def test_an_expired_secret_reads_as_a_sentence(world: Microsoft) -> None:
    """The sentence says whose secret it is, what happened, and what to do."""
    world.refuse(entra_error(7000222, "The provided client secret keys are expired."))
    async with client() as graph:
        with pytest.raises(AuthError) as failure:
            await graph.list(APPS)
    assert str(failure.value) == (
        "The client secret of tenant contoso has expired (AADSTS7000222). Create a new one at https://portal.azure.com "
        "under App registrations > Certificates & secrets, and write its value into client_secret; then start the "
        "exporter anew."
    )
    assert (failure.value.status, failure.value.code) == (401, "AADSTS7000222")


NUMBERS = sorted(
    int(code.removeprefix("AADSTS"))
    for row in TABLE
    for code in row.codes
    if Service.LOGIN in row.services and issubclass(row.outcome, AuthError)
)


@pytest.mark.parametrize("number", NUMBERS)
async def test_every_known_number_becomes_a_sentence(world: Microsoft, number: int) -> None:
    """Each meaning names tenant or app and code, leaves no brace unfilled, and says what to do."""
    world.refuse(entra_error(number, "Microsoft's words."), status=400)
    async with client() as graph:
        with pytest.raises(AuthError) as failure:
            await graph.list(APPS)
    assert failure.value.message.endswith(f" (AADSTS{number}).")
    assert "contoso" in failure.value.message
    assert re.fullmatch(r"[A-Z][^{}]+\.", failure.value.remedy)


async def test_an_unknown_number_is_told_in_microsofts_words(world: Microsoft) -> None:
    """The first line of the description is shown, without trace and correlation ids."""
    world.refuse(entra_error(99999999, "Something new. Really.\r\nSecond line."), status=400)
    async with client() as graph:
        with pytest.raises(AuthError) as failure:
            await graph.list(APPS)
    assert str(failure.value) == (
        "login.microsoftonline.com gives no token for tenant contoso: AADSTS99999999: Something new. Really. "
        "Look the code up at https://login.microsoftonline.com/error."
    )


async def test_passing_troubles_of_entra_are_tried_again(world: Microsoft) -> None:
    """A 5xx, a 429 and the numbers that pass by themselves are retried by the same rules as Graph's."""
    answers = iter(
        [
            httpx.Response(503),
            httpx.Response(429, headers={"Retry-After": "7"}),
            httpx.Response(400, json=entra_error(90033, "A transient error has occurred.", "temporarily_unavailable")),
        ]
    )
    world.login.mock(side_effect=lambda request: next(answers, None) or world.give(request))
    clock = ImpatientClock()
    async with client(clock) as graph:
        assert await graph.list(APPS) == []
    assert clock.slept[1] == 7
    assert len(clock.slept) == 3
    assert graph.traffic.requests["/{tenant}/oauth2/v2.0/token", "503"] == 1


@pytest.mark.parametrize(
    ("answer", "kind", "state"),
    [
        (httpx.Response(503), UnavailableError, "unavailable"),
        (httpx.Response(429), ThrottledError, "throttled"),
        (httpx.Response(400, json=entra_error(50196, "Loop.")), ThrottledError, "throttled"),
        (httpx.ConnectError("no route"), NetworkError, "network"),
        (httpx.Response(200, html="<html>login</html>"), UnexpectedAnswerError, "unexpected_answer"),
        (httpx.Response(200, json=[]), UnexpectedAnswerError, "unexpected_answer"),
        (httpx.Response(200, json={}), UnexpectedAnswerError, "unexpected_answer"),
        (httpx.Response(200, json={"access_token": "two lines\r\nX: y"}), UnexpectedAnswerError, "unexpected_answer"),
        (
            httpx.Response(200, json={"access_token": "x", "expires_in": "soon"}),
            UnexpectedAnswerError,
            "unexpected_answer",
        ),
        (httpx.Response(400, text="Bad request"), UnexpectedAnswerError, "unexpected_answer"),
        (httpx.Response(302, headers={"location": "https://portal.corp.example/"}), PollError, "refused_redirect"),
    ],
)
async def test_the_state_says_why_there_is_signing_in(
    world: Microsoft, answer: httpx.Response | Exception, kind: type[PollError], state: str
) -> None:
    """Whatever goes wrong with the login has its reason, and the reason becomes the tenant's state."""
    world.login.side_effect = [answer] * 5
    async with client() as graph:
        with pytest.raises(kind) as failure:
            await graph.list(APPS)
        assert (graph.auth.state, failure.value.reason) == (state, state)
        assert graph.auth.message == str(failure.value)


@pytest.mark.parametrize("document", [{}, {"token_endpoint": 5}, {"token_endpoint": "http://evil.example/token"}, []])
async def test_a_discovery_that_is_none_is_an_error(world: Microsoft, document: object) -> None:
    """A document without a token endpoint that a secret may be sent to ends as unexpected_answer."""
    world.discovery.respond(json=document)
    async with client() as graph:
        with pytest.raises(UnexpectedAnswerError, match="not as Entra ID does: no token in it"):
            await graph.list(APPS)


async def test_the_secret_is_sent_to_the_login_host_alone(world: Microsoft) -> None:
    """Were discovery to name another host for tokens, the secret would still go to the one that is configured."""
    world.discovery.respond(json=discovery("https://evil.example"))
    async with client() as graph:
        await graph.list(APPS)
    assert {call.request.url.host for call in world.router.calls} == {
        "graph.microsoft.com",
        "login.microsoftonline.com",
    }


async def test_another_login_address_serves_instead_of_the_cloud(world: Microsoft) -> None:
    """With ``login_url`` every request for a token goes there, over plain http on loopback too."""
    local = "http://127.0.0.1:9"
    world.router.get(f"{local}/{TENANT_ID}/v2.0/.well-known/openid-configuration").respond(json=discovery(local))
    route = world.router.post(f"{local}/{TENANT_ID}/oauth2/v2.0/token").mock(side_effect=world.give)
    async with client(login_url=local + "/") as graph:
        await graph.list(APPS)
    assert route.called
    assert not world.login.called
    assert not world.discovery.called


async def test_the_login_keeps_to_the_deadline(world: Microsoft) -> None:
    """A wait that the poll's deadline does not allow is not begun, in the login neither."""
    world.login.respond(429, headers={"Retry-After": "61"})
    clock = ImpatientClock()
    async with client(clock) as graph:
        with pytest.raises(ThrottledError) as failure, clock.deadline(60):
            await graph.list(APPS)
    assert (failure.value.retry_after, clock.slept) == (61, [])


def _file_credential(path: Path) -> CredentialOptions:
    return CredentialOptions(client_id=APP, client_secret_file=path)


def _secrets_sent(world: Microsoft) -> list[str]:
    return [parse_qs(call.request.content.decode())["client_secret"][0] for call in world.login.calls]


async def test_a_rotated_secret_needs_no_restart(world: Microsoft, tmp_path: Path) -> None:
    """The file is read again when it changes; the newline at its end is not part of the secret."""
    path = tmp_path / "secret"
    path.write_text("first-secret\n")
    async with client(credential=_file_credential(path)) as graph:
        await graph.list(APPS)
        assert graph.identity.secret_hint == "fir"
        path.write_text("second-secret-is-longer\r\n")
        await graph.list(APPS)
        await graph.list(APPS)
        assert graph.identity.secret_hint == "sec"
    assert _secrets_sent(world) == ["first-secret", "second-secret-is-longer"]


async def test_a_file_that_is_only_touched_costs_signing_in(world: Microsoft, tmp_path: Path) -> None:
    """The content decides, not the date: a file written again with the same secret changes nothing."""
    path = tmp_path / "secret"
    path.write_text("secret")
    async with client(credential=_file_credential(path)) as graph:
        await graph.list(APPS)
        path.write_text("secret\n")
        os.utime(path, (1, 1))
        await graph.list(APPS)
    assert world.tokens == 1


async def test_a_secret_put_right_is_tried_at_once(world: Microsoft, tmp_path: Path) -> None:
    """The memory of a refusal belongs to the credential that was refused."""
    path = tmp_path / "secret"
    path.write_text("wrong")
    world.refuse(WRONG)
    async with client(credential=_file_credential(path)) as graph:
        with pytest.raises(AuthError):
            await graph.list(APPS)
        world.relent()
        path.write_text("right!")
        assert await graph.list(APPS) == []
        assert graph.auth.state == "ok"


@pytest.mark.usefixtures("world")
async def test_a_wrong_rotation_leaves_the_living_token_in_use(tmp_path: Path) -> None:
    """A new secret that is wrong, or a file that is gone, is told at once but breaks nothing before the token ends."""
    path = tmp_path / "secret"
    path.write_text("right")
    async with client(credential=_file_credential(path)) as graph:
        await graph.list(APPS)
        path.unlink()
        assert await graph.list(APPS) == []
        assert "client_secret_file" in graph.auth.message
        assert graph.auth.state == "ok"


@pytest.mark.parametrize("content", [b"right", b"right\n", b"right\r\n", b"\xef\xbb\xbfright\r\n"])
async def test_a_secret_file_may_be_of_any_editor(world: Microsoft, tmp_path: Path, content: bytes) -> None:
    """The end of the line and the mark in front that editors of Windows write are no part of the secret."""
    path = tmp_path / "secret"
    path.write_bytes(content)
    async with client(credential=_file_credential(path)) as graph:
        await graph.list(APPS)
    assert _secrets_sent(world) == ["right"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"\n", "is empty"),
        (b"\xff", "is not UTF-8 (byte 0)"),
        (b"\xff\xfe", "is empty"),  # a mark of UTF-16, and no text
        (b"old\nnew\n", "holds more than one line"),
    ],
)
async def test_a_secret_file_that_cannot_be_used_is_named(
    world: Microsoft, tmp_path: Path, content: bytes | None, why: str
) -> None:
    """The sentence names tenant, key and path; no request is made without a secret."""
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    async with client(credential=_file_credential(path)) as graph:
        with pytest.raises(AuthError) as failure:
            await graph.list(APPS)
        assert graph.auth.state == "auth"
    assert failure.value.message == (
        f"The client secret of tenant contoso is missing: client_secret_file {path} {why}."
    )
    assert not world.router.calls
