"""What is said of certificates and federated tokens, and what is never shown of them."""

from __future__ import annotations

import io
import re
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from o365_exporter import logs
from o365_exporter.errors import AuthError, PollError
from o365_exporter.graph import GraphClient
from o365_exporter.http.meanings import Said, Service, look_up
from o365_exporter.login import CredentialOptions
from o365_exporter.login.credentials import credential_source
from o365_exporter.login.meanings import TABLE
from tests.certificates import certificate, key_pem, pem, pfx
from tests.graph.world import APP, Microsoft, client, entra_error, every_line, microsoft

PASSPHRASE = "canary-passphrase"
FEDERATED = "canary-federated-token"
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


def by_certificate(folder: Path, **changes: Any) -> CredentialOptions:
    """A protected PFX file."""
    (folder / "own.pfx").write_bytes(pfx(certificate(), passphrase=PASSPHRASE))
    (folder / "passphrase").write_text(PASSPHRASE)
    given = {"certificate_file": folder / "own.pfx", "certificate_passphrase_file": folder / "passphrase"}
    return CredentialOptions.model_validate({"client_id": APP, **given, **changes})


def by_key(folder: Path) -> CredentialOptions:
    """A certificate and its key in PEM files, sent along."""
    (folder / "own.pem").write_bytes(pem(certificate()))
    (folder / "own.key").write_bytes(key_pem())
    given = {"certificate_file": folder / "own.pem", "certificate_key_file": folder / "own.key"}
    return CredentialOptions.model_validate({"client_id": APP, **given, "certificate_send_x5c": True})


def by_token(folder: Path) -> CredentialOptions:
    """A federated token."""
    (folder / "token").write_text(FEDERATED)
    return CredentialOptions(client_id=APP, federated_token_file=folder / "token")


ALL = (by_certificate, by_key, by_token)


OF_FEDERATED_TOKENS = sorted(
    int(code.removeprefix("AADSTS")) for row in TABLE if row.services == {Service.FEDERATED} for code in row.codes
)


@pytest.mark.parametrize("number", OF_FEDERATED_TOKENS)
async def test_a_refused_federated_token_reads_as_a_sentence(world: Microsoft, tmp_path: Path, number: int) -> None:
    """What Entra ID says of any assertion is said of the token and its file."""
    world.refuse(entra_error(number, "Microsoft's words."))
    async with client(credential=by_token(tmp_path)) as graph:
        failure = await _refused(graph)
    assert re.fullmatch(rf"[A-Z].+ (federated )?token .+ \(AADSTS{number}\)\.", failure.message)
    assert f"federated_token_file {tmp_path / 'token'}" in failure.remedy
    assert "{" not in str(failure)


@pytest.mark.parametrize("number", [7000214, 700027, 50013])
async def test_a_refused_certificate_is_named_by_its_file(world: Microsoft, tmp_path: Path, number: int) -> None:
    """The remedy says which certificate is meant."""
    world.refuse(entra_error(number, "Microsoft's words."))
    async with client(credential=by_certificate(tmp_path)) as graph:
        failure = await _refused(graph)
    assert f"certificate_file {tmp_path / 'own.pfx'}" in failure.remedy


@pytest.mark.parametrize("number", OF_FEDERATED_TOKENS)
def test_what_is_said_of_tokens_differs(number: int) -> None:
    """A sentence of its own is there only where the general one would mislead."""
    services = (Service.FEDERATED, Service.LOGIN)
    token, other = (look_up(Said(service, 401, f"AADSTS{number}"), TABLE) for service in services)
    assert token.what != other.what


def echo(world: Microsoft) -> None:
    """A proxy shows the form that was posted."""
    world.login.mock(side_effect=lambda request: httpx.Response(200, html=f"<p>{_form(request)}"))


def echo_in_entras_words(world: Microsoft) -> None:
    """Entra ID quotes the statement."""
    world.login.mock(
        side_effect=lambda request: httpx.Response(
            401, json=entra_error(1234567, f"The assertion {_form(request)['client_assertion'][0]} is not good")
        )
    )


def refusal(world: Microsoft) -> None:
    """Entra ID refuses."""
    world.refuse(entra_error(700027, "No."))


def network_down(world: Microsoft) -> None:
    """The connection breaks with the statement in flight."""
    world.login.mock(side_effect=httpx.ReadError("broken"))


def nothing(world: Microsoft) -> None:
    """All is well."""
    world.login.mock(side_effect=world.give)


@pytest.mark.parametrize(
    "trouble", [echo, echo_in_entras_words, refusal, network_down, nothing], ids=lambda one: one.__name__
)
@pytest.mark.parametrize("credential", ALL, ids=lambda one: one.__name__)
async def test_nothing_of_a_credential_is_ever_shown(
    world: Microsoft,
    log: io.StringIO,
    tmp_path: Path,
    credential: Callable[[Path], CredentialOptions],
    trouble: Callable[[Microsoft], None],
) -> None:
    """Whatever happens: no log line, error, traceback or repr has key, passphrase, token or statement in it."""
    trouble(world)
    options = credential(tmp_path)
    async with client(credential=options) as graph:
        error: PollError | None = None
        try:
            await graph.auth.token()
        except PollError as raised:
            error = raised
            LOG.exception("poll failed", message=graph.auth.message)
        shown = [log.getvalue(), str(error), repr(error), repr(options), *_reprs(graph)]
        shown += traceback.format_exception(error) if error else []
        source = graph.auth._source.read()
        shown += [repr(source), str(source)]
    sent = [_form(call.request)["client_assertion"][0] for call in world.login.calls]
    assert sent
    forbidden = [PASSPHRASE, FEDERATED, "canary-token", *sent, *(one.rpartition(".")[2] for one in sent)]
    forbidden += key_pem().decode().splitlines()[1:-1]
    assert not [text for text in shown for secret in forbidden if secret in text]


@pytest.mark.parametrize("flaw", ["passphrase", "certificate", "everything"])
def test_nothing_of_a_flawed_file_is_shown(tmp_path: Path, flaw: str) -> None:
    """Neither the key nor the passphrase that does not fit stands in the sentence or behind it."""
    options = by_certificate(tmp_path)
    protected = pem(certificate()) + key_pem(passphrase=PASSPHRASE)
    content = {"passphrase": protected, "certificate": key_pem(), "everything": b"junk"}[flaw]
    (tmp_path / "own.pfx").write_bytes(content)
    (tmp_path / "passphrase").write_text("canary-wrong")

    with pytest.raises(AuthError) as failure:
        credential_source(options, "contoso").read()
    shown = "".join(traceback.format_exception(failure.value)) + repr(failure.value)
    lines = content.decode().splitlines()[1:-1]
    assert not [secret for secret in (PASSPHRASE, "canary-wrong", *lines) if secret in shown]


def _form(request: httpx.Request) -> dict[str, list[str]]:
    return parse_qs(request.content.decode())


async def _refused(graph: GraphClient) -> AuthError:
    with pytest.raises(AuthError) as failure:
        await graph.auth.token()
    return failure.value


def _reprs(graph: GraphClient) -> list[str]:
    """The client and everything it is made of, some levels deep."""
    found, level = [repr(graph)], [graph.__dict__]
    for _ in range(4):
        values = [value for things in level for value in things.values()]
        found += map(repr, values)
        ours = (value for value in values if type(value).__module__.startswith("o365"))
        level = [value.__dict__ for value in ours if hasattr(value, "__dict__")]
    return found
