"""Secrets and tokens are hunted through everything that leaves the client."""

from __future__ import annotations

import io
import traceback
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from o365_exporter import logs
from o365_exporter.errors import PollError
from o365_exporter.graph import GraphClient
from o365_exporter.http import ConnectionOptions
from o365_exporter.http.quoting import printable
from o365_exporter.login import CredentialOptions
from tests.graph.world import APP, APPS, SECRET, Microsoft, client, entra_error, every_line, graph_error, microsoft

FORBIDDEN = ("canary-token", SECRET, quote_plus(SECRET), quote(SECRET), SECRET[4:])
LOG = logs.get_logger(__name__)


@pytest.fixture
def world() -> Iterator[Microsoft]:
    """A fake Microsoft."""
    with microsoft() as fake:
        yield fake


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Every line of every logger at its chattiest."""
    with every_line() as lines:
        yield lines


def echo_to_graph(world: Microsoft) -> None:
    """Graph answers with the request's own headers, as debugging proxies do."""
    world.graph("/applications").mock(
        side_effect=lambda request: httpx.Response(400, text=f"<html>{dict(request.headers)}</html>")
    )


def echo_to_graph_in_json(world: Microsoft) -> None:
    """Graph quotes the token in its error."""
    world.graph("/applications").mock(
        side_effect=lambda request: httpx.Response(403, json=graph_error("X", request.headers["authorization"][7:]))
    )


def echo_to_login(world: Microsoft) -> None:
    """A proxy shows the form that was posted."""
    world.login.mock(side_effect=lambda request: httpx.Response(200, html=f"<p>{request.content.decode()}"))


def echo_in_entras_words(world: Microsoft) -> None:
    """Entra ID quotes the secret."""
    world.login.mock(return_value=httpx.Response(401, json=entra_error(1234567, f"Secret {SECRET} is not good")))


def network_down(world: Microsoft) -> None:
    """The connection breaks with the token in flight."""
    world.graph("/applications").mock(side_effect=httpx.ReadError("broken"))


def token_in_next_link(world: Microsoft) -> None:
    """A next link leads elsewhere and carries the token in its query."""
    link = "https://evil.example/?t=canary-token-1"
    world.graph("/applications").respond(json={"value": [], "@odata.nextLink": link})


def token_that_fits_no_header(world: Microsoft) -> None:
    """A token that no header can hold would be quoted by the HTTP library."""
    world.login.respond(json={"access_token": "canary-token\n\x00ü"})


TROUBLES = (
    echo_to_graph,
    echo_to_graph_in_json,
    echo_to_login,
    echo_in_entras_words,
    network_down,
    token_in_next_link,
    token_that_fits_no_header,
)


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
async def test_no_trouble_shows_a_secret(
    world: Microsoft, log: io.StringIO, trouble: Callable[[Microsoft], None]
) -> None:
    """Whatever goes wrong: no log line, no error, no traceback as logged and no repr holds secret or token."""
    trouble(world)
    async with client() as graph:
        error = await _failure_of(graph.list(APPS))
        LOG.error("poll failed", exc_info=error, state=graph.auth.state, message=graph.auth.message)
        shown = [log.getvalue(), str(error), repr(error), *traceback.format_exception(error), *_reprs(graph)]
    assert "poll failed" in log.getvalue()
    assert not [text for text in shown for secret in FORBIDDEN if secret in text]


async def test_success_shows_no_secret_either(world: Microsoft, log: io.StringIO) -> None:
    """Nor does a poll that works; what is visible of the secret is its hint."""
    world.graph("/applications").respond(json={"value": []})
    async with client() as graph:
        await graph.list(APPS)
        shown = [log.getvalue(), *_reprs(graph)]
        assert graph.identity.secret_hint == SECRET[:3]
    assert not [text for text in shown for secret in FORBIDDEN if secret in text]


def test_options_show_no_secret() -> None:
    """Neither their repr nor a validation error shows a secret or the credentials of a proxy."""
    options = (
        CredentialOptions(client_id=APP, client_secret=SecretStr(SECRET)),
        ConnectionOptions(proxy=SecretStr(f"http://user:{quote(SECRET, safe='')}@proxy.example:3128")),
    )
    with pytest.raises(ValidationError) as wrong_proxy:
        ConnectionOptions.model_validate({"proxy": f"socks5://user:{SECRET}@proxy"})
    with pytest.raises(ValidationError) as two:
        CredentialOptions.model_validate({"client_id": APP, "client_secret": SECRET, "client_secret_file": "/x"})
    shown = [*map(repr, options), *map(str, options), str(wrong_proxy.value), str(two.value)]
    assert not [text for text in shown for secret in FORBIDDEN if secret in text]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\n\tb\x00c\u2028d", "a b c d"),
        ("authorization: BEARER abc.def", "authorization: [hidden]"),
        ("token=eyJhbGciOiJub25lIn0.eyJhIjoxfQ.x", "token=[hidden]"),
        (f"a {SECRET} b {quote_plus(SECRET)} c", "a [hidden] b [hidden] c"),
        ("x" * 201, "x" * 199 + "…"),
    ],
)
def test_foreign_text_is_made_fit_to_print(text: str, shown: str) -> None:
    """Control characters, secrets and tokens are taken out before a text is cut."""
    assert printable(text, (SECRET,)) == shown


@pytest.mark.parametrize(
    "given",
    [
        {"client_id": APP},
        {"client_id": APP, "client_secret": " "},
        {"client_id": "", "client_secret": "x"},
        {"client_id": APP, "client_secret": "x", "client_secret_file": Path("/x")},
        {"client_id": APP, "client_secret": "x", "password": "y"},
    ],
)
def test_a_credential_is_one_thing(given: dict[str, object]) -> None:
    """Exactly one kind of credential with a client id is accepted."""
    with pytest.raises(ValidationError):
        CredentialOptions.model_validate(given)


@pytest.mark.parametrize(
    "proxy", ["ftp://proxy.example:3128", "socks5://proxy.example", "http://", "http://[x", "http://x:y"]
)
def test_a_proxy_is_an_http_address(proxy: str) -> None:
    """Anything else is refused with the right form."""
    with pytest.raises(ValidationError, match="write it as http://host:port"):
        ConnectionOptions.model_validate({"proxy": proxy})


async def _failure_of(work: Awaitable[object]) -> PollError:
    with pytest.raises(PollError) as failure:
        await work
    return failure.value


def _reprs(graph: GraphClient) -> list[str]:
    """The client and everything it is made of, some levels deep."""
    found, level = [repr(graph)], [graph.__dict__]
    for _ in range(3):
        values = [value for things in level for value in things.values()]
        found += map(repr, values)
        level = [
            value.__dict__
            for value in values
            if type(value).__module__.startswith("o365") and hasattr(value, "__dict__")
        ]
    return found
