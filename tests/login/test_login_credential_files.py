"""Credentials in files: what is in them, what is wrong with them, and when they end."""

from __future__ import annotations

import base64
import json
import os
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs12
from pydantic import ValidationError

from o365_exporter.errors import AuthError
from o365_exporter.login import CredentialOptions
from o365_exporter.login.credentials import FederatedToken, credential_source
from o365_exporter.login.credentials.certificate import Certificate
from tests.certificates import DAY, certificate, key_pem, pem, pfx, rsa_key
from tests.fakes import NOON
from tests.graph.world import APP, ImpatientClock, client

GENERAL = (
    "Give a PEM or PFX file with the certificate and its private key (or the key in a PEM file of its own, by "
    "certificate_key_file) and let the exporter read it; no restart is needed."
)
PASSPHRASE = "Set certificate_passphrase_file to a file that holds the passphrase with which the key was protected."
AUDIENCE = "https://login.example/tenant/oauth2/v2.0/token"


def read(folder: Path, files: dict[str, bytes], **options: Any) -> Certificate:
    """The certificate out of files with this content, each named by its setting."""
    for setting, content in files.items():
        (folder / setting).write_bytes(content)
    named = {setting: folder / setting for setting in files}
    given = CredentialOptions.model_validate({"client_id": APP, **named, **options})
    credential = credential_source(given, "contoso").read()
    assert isinstance(credential, Certificate)
    return credential


def parts(assertion: str) -> list[dict[str, Any]]:
    """Header and claims of a statement."""
    return [json.loads(base64.urlsafe_b64decode(part + "==")) for part in assertion.split(".")[:2]]


Files = dict[str, bytes]
FILE, KEY, PHRASE = "certificate_file", "certificate_key_file", "certificate_passphrase_file"


def protected(passphrase: bytes = b"correct horse\r\n") -> Files:
    """The file with a passphrase."""
    return {PHRASE: passphrase}


LAYOUTS: dict[str, Callable[[x509.Certificate, x509.Certificate], Files]] = {
    "certificate, then key": lambda own, authority: {FILE: pem(own, authority) + key_pem()},
    "key, then certificate": lambda own, authority: {FILE: key_pem() + pem(own, authority)},
    "authority first": lambda own, authority: {FILE: pem(authority, own) + key_pem()},
    "protected key": lambda own, authority: {
        FILE: pem(own, authority) + key_pem(passphrase="correct horse"),
        **protected(),
    },
    "passphrase for nothing": lambda own, authority: {FILE: pem(own, authority) + key_pem(), **protected()},
    "two files": lambda own, authority: {FILE: pem(own, authority), KEY: key_pem()},
    "PFX": lambda own, authority: {FILE: pfx(own, authority)},
    "protected PFX": lambda own, authority: {FILE: pfx(own, authority, passphrase="correct horse"), **protected()},
    "PFX in base64": lambda own, authority: {FILE: base64.b64encode(pfx(own, authority))},
    "PFX in base64, with lines": lambda own, authority: {FILE: base64.encodebytes(pfx(own, authority))},
    "PFX in base64, of Windows": lambda own, authority: {
        FILE: base64.encodebytes(pfx(own, authority)).replace(b"\n", b"\r\n").decode().encode("utf-8-sig")
    },
    "PEM in base64": lambda own, authority: {FILE: base64.b64encode(pem(own, authority) + key_pem())},
    "PEM in UTF-16": lambda own, authority: {FILE: (pem(own, authority) + key_pem()).decode().encode("utf-16")},
    "PEM with a mark": lambda own, authority: {FILE: (pem(own, authority) + key_pem()).decode().encode("utf-8-sig")},
    "PEM of Windows": lambda own, authority: {FILE: (pem(own, authority) + key_pem()).replace(b"\n", b"\r\n")},
    "two files of Windows": lambda own, authority: {
        FILE: pem(own, authority).replace(b"\n", b"\r\n"),
        KEY: key_pem().decode().encode("utf-16"),
    },
}
"""One key pair, with the certificate of its authority, in every way in which it may lie in files."""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_key_pair_is_found_however_it_is_stored(tmp_path: Path, layout: str) -> None:
    """PEM in any order or in two files, and PFX; the key's own certificate comes first, then its authority's."""
    authority = certificate(rsa_key("authority"), subject="authority")
    own = certificate(signed_by=(authority, rsa_key("authority")))
    found = read(tmp_path, LAYOUTS[layout](own, authority))
    assert [one.subject.rfc4514_string() for one in found.pair.chain] == ["CN=exporter", "CN=authority"]
    assert found.pair.key.public_key() == rsa_key().public_key()
    assert found.ends == NOON + 90 * DAY
    assert found.setting == f"certificate_file {tmp_path / 'certificate_file'}"


def test_a_statement_is_signed_as_microsoft_asks(tmp_path: Path) -> None:
    """PS256, named by the SHA-256 thumbprint alone, for the token endpoint, for ten minutes from now, used once."""
    own = certificate()
    found = read(tmp_path, {"certificate_file": pem(own) + key_pem()})
    header, claims = parts(found.assertion(AUDIENCE, APP, NOON + 0.5))
    thumbprint = base64.urlsafe_b64encode(own.fingerprint(SHA256())).decode()  # msal keeps the padding
    assert header == {"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint}
    assert {name: claims[name] for name in ("aud", "iss", "sub")} == {"aud": AUDIENCE, "iss": APP, "sub": APP}
    assert (claims["nbf"], claims["iat"], claims["exp"]) == (NOON, NOON, NOON + 600)
    assert claims["jti"] != parts(found.assertion(AUDIENCE, APP, NOON))[1]["jti"]


def test_the_certificates_are_sent_when_asked_for(tmp_path: Path) -> None:
    """``certificate_send_x5c`` puts the whole chain into the statement, the own certificate first."""
    authority = certificate(rsa_key("authority"), subject="authority")
    own = certificate(signed_by=(authority, rsa_key("authority")))
    found = read(tmp_path, {"certificate_file": key_pem() + pem(authority, own)}, certificate_send_x5c=True)
    header, _ = parts(found.assertion(AUDIENCE, APP, NOON))
    assert header["x5c"] == [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in (own, authority)]


def _block(kind: str) -> bytes:
    """A part of a PEM file with nothing of use in it."""
    return f"-----BEGIN {kind}-----\nAAAA\n-----END {kind}-----\n".encode()


def _of_a_curve() -> bytes:
    curve = ec.generate_private_key(ec.SECP256R1())
    return pem(certificate(curve)) + key_pem(curve)


def _of_no_curve() -> bytes:
    """A certificate that says it is of a curve that nobody knows."""
    content = certificate(ec.generate_private_key(ec.SECP256R1())).public_bytes(Encoding.DER)
    known = bytes.fromhex("06082a8648ce3d030107")
    return ssl.DER_cert_to_PEM_cert(content.replace(known, known[:-1] + b"\x7f")).encode()


def _keyless() -> bytes:
    return pkcs12.serialize_key_and_certificates(b"x", None, certificate(), None, NoEncryption())


FLAWS: dict[str, tuple[Callable[[], Files], str, str]] = {
    "empty": (
        lambda: {FILE: b" \n"},
        f"{FILE} is empty",
        GENERAL,
    ),
    "something else": (
        lambda: {FILE: b"something else"},
        f"{FILE} is no PEM file, and no PFX file that can be opened without a passphrase",
        PASSPHRASE,
    ),
    "signing request": (
        lambda: {FILE: key_pem() + _block("CERTIFICATE REQUEST")},
        f"{FILE} has a signing request in it, where the certificate belongs that was made of it",
        GENERAL,
    ),
    "certificate alone, binary": (
        lambda: {FILE: certificate().public_bytes(Encoding.DER)},
        f"{FILE} has a certificate in it and no private key",
        GENERAL,
    ),
    "certificate alone, in base64": (
        lambda: {FILE: base64.b64encode(certificate().public_bytes(Encoding.DER))},
        f"{FILE} has a certificate in it and no private key",
        GENERAL,
    ),
    "Java keystore": (
        lambda: {FILE: b"\xfe\xed\xfe\xed\x00\x00\x00\x02"},
        f"{FILE} is a Java keystore, where a PEM or PFX file belongs",
        GENERAL,
    ),
    "unknown curve": (
        lambda: {FILE: _of_no_curve() + key_pem()},
        f"{FILE} has a certificate or a key of a kind that is not supported",
        GENERAL,
    ),
    "no key": (lambda: {FILE: pem(certificate())}, f"{FILE} has no private key in it", GENERAL),
    "no key in the key's file": (
        lambda: {FILE: pem(certificate()), KEY: pem(certificate())},
        f"{KEY} has no private key in it",
        GENERAL,
    ),
    "no certificate": (lambda: {FILE: key_pem()}, f"{FILE} has no certificate in PEM form in it", GENERAL),
    "PFX beside a key": (
        lambda: {FILE: pfx(certificate()), KEY: key_pem()},
        f"{FILE} has no certificate in PEM form in it",
        GENERAL,
    ),
    "damaged certificate": (
        lambda: {FILE: key_pem() + _block("CERTIFICATE")},
        f"{FILE} has a certificate that is damaged",
        GENERAL,
    ),
    "damaged key": (
        lambda: {FILE: pem(certificate()) + _block("PRIVATE KEY")},
        f"{FILE} has a private key that is damaged",
        GENERAL,
    ),
    "key of another": (
        lambda: {FILE: pem(certificate(rsa_key("other"))), KEY: key_pem()},
        f"{KEY} has a private key that does not belong to the certificate",
        GENERAL,
    ),
    "key of another in one file": (
        lambda: {FILE: pem(certificate(rsa_key("other"))) + key_pem()},
        f"{FILE} has a private key that does not belong to the certificate",
        GENERAL,
    ),
    "elliptic curve": (
        lambda: {FILE: _of_a_curve()},
        f"{FILE} has no RSA key, and Entra ID takes no other",
        "Create a certificate with an RSA key.",
    ),
    "protected key": (
        lambda: {FILE: pem(certificate()) + key_pem(passphrase="x")},
        f"{FILE} has a private key that is protected by a passphrase",
        PASSPHRASE,
    ),
    "wrong passphrase": (
        lambda: {FILE: pem(certificate()), KEY: key_pem(passphrase="right"), **protected(b"wrong")},
        f"{KEY} has a private key that the passphrase does not open",
        PASSPHRASE,
    ),
    "wrong passphrase of a PFX": (
        lambda: {FILE: pfx(certificate(), passphrase="right"), **protected(b"wrong")},
        f"{FILE} is no PEM file, and no PFX file that can be opened with this passphrase",
        PASSPHRASE,
    ),
    "PFX without key": (lambda: {FILE: _keyless()}, f"{FILE} has no private key in it", GENERAL),
    "empty passphrase": (
        lambda: {FILE: pem(certificate()) + key_pem(), **protected(b"\n")},
        f"{PHRASE} is empty",
        GENERAL,
    ),
    "passphrase in another encoding": (
        lambda: {FILE: pem(certificate()) + key_pem(), **protected(b"\xff")},
        f"{PHRASE} is not UTF-8 (byte 0)",
        GENERAL,
    ),
}
"""Files, what is said of them, and the remedy."""


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_flawed_key_pair_is_told(tmp_path: Path, flaw: str) -> None:
    """The sentence names tenant, key, path and flaw; the remedy fits."""
    files, why, remedy = FLAWS[flaw]
    with pytest.raises(AuthError) as failure:
        read(tmp_path, files())
    setting, rest = why.split(" ", 1)
    assert failure.value.message == (
        f"The certificate of tenant contoso cannot be used: {setting} {tmp_path / setting} {rest}."
    )
    assert failure.value.remedy == remedy


@pytest.mark.parametrize("missing", ["certificate_file", "certificate_key_file", "certificate_passphrase_file"])
def test_a_file_of_a_certificate_that_is_not_there_is_named(tmp_path: Path, missing: str) -> None:
    """Whichever of the three it is; and the certificate is found as soon as it is there."""
    names = ("certificate_file", "certificate_key_file", "certificate_passphrase_file")
    contents = dict(zip(names, (pem(certificate()), key_pem(passphrase="x"), b"x"), strict=True))
    for name in {*names} - {missing}:
        (tmp_path / name).write_bytes(contents[name])
    options = CredentialOptions.model_validate({"client_id": APP, **{name: tmp_path / name for name in names}})
    source = credential_source(options, "contoso")
    with pytest.raises(AuthError) as failure:
        source.read()
    assert failure.value.message == (
        f"The certificate of tenant contoso cannot be used: {missing} {tmp_path / missing} cannot be read "
        "(No such file or directory)."
    )
    (tmp_path / missing).write_bytes(contents[missing])
    assert source.read().ends == NOON + 90 * DAY


def test_a_renewed_certificate_is_read_again(tmp_path: Path) -> None:
    """Another certificate of another key has another fingerprint; the same one written anew has not."""
    (tmp_path / "one.pem").write_bytes(pem(certificate()) + key_pem())
    options = CredentialOptions(client_id=APP, certificate_file=tmp_path / "one.pem")
    source = credential_source(options, "contoso")
    first = source.read()
    content = (tmp_path / "one.pem").read_bytes()
    (tmp_path / "one.pem").write_bytes(content + b"\n")
    os.utime(tmp_path / "one.pem", (1, 1))
    assert source.read().fingerprint == first.fingerprint
    other = rsa_key("other")
    (tmp_path / "one.pem").write_bytes(pem(certificate(other, ends=NOON + 365 * DAY)) + key_pem(other))
    renewed = source.read()
    assert renewed.fingerprint != first.fingerprint
    assert renewed.ends == NOON + 365 * DAY


def test_a_passphrase_that_no_longer_fits_is_noticed(tmp_path: Path) -> None:
    """Whichever of the files changes, all are looked at again, and not only at the next restart."""
    found = {FILE: pfx(certificate(), passphrase="right"), **protected(b"right")}
    read(tmp_path, found)
    options = CredentialOptions.model_validate({"client_id": APP, **{name: tmp_path / name for name in found}})
    source = credential_source(options, "contoso")
    source.read()
    (tmp_path / PHRASE).write_bytes(b"wrong!")
    with pytest.raises(AuthError, match="no PFX file that can be opened with this passphrase"):
        source.read()


def test_a_changed_file_is_noticed_by_more_than_its_date(tmp_path: Path) -> None:
    """Another size or another file in its place is enough, as where a mount is swapped and dates are kept."""
    path, other = tmp_path / "secret", tmp_path / "other"
    source = credential_source(CredentialOptions(client_id=APP, client_secret_file=path), "contoso")
    seen = []
    for file, content in ((path, "abc"), (path, "defg"), (other, "hijk")):
        file.write_text(content)
        os.utime(file, (1, 1))
        file.replace(path)
        seen.append(source.read().hint)
    assert seen == ["abc", "def", "hij"]


def test_a_file_let_be_read_later_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A permission that was missing and is granted needs no change of content."""
    (tmp_path / "one.pem").write_bytes(pem(certificate()) + key_pem())
    source = credential_source(CredentialOptions(client_id=APP, certificate_file=tmp_path / "one.pem"), "contoso")

    def refuse(_: Path, *__: str) -> bytes:
        raise PermissionError(13, "Permission denied")  # root, as whom tests may run, would be let in

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        with pytest.raises(AuthError, match=r"one\.pem cannot be read \(Permission denied\)"):
            source.read()
    assert isinstance(source.read(), Certificate)


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        (
            NOON - DAY - 1,
            "is not valid yet: certificate_file {} begins at 2026-03-09T12:00:00Z. Wait, use another certificate, or "
            "check the clock of the machine that runs the exporter.",
        ),
        (NOON - DAY, ""),
        (NOON + 90 * DAY - 1, ""),
        (
            NOON + 90 * DAY,
            "has expired: certificate_file {} ended at 2026-06-08T12:00:00Z. Put a new one into that file and upload "
            "its public part to the app; no restart is needed.",
        ),
    ],
)
def test_a_certificate_has_its_time(tmp_path: Path, now: float, sentence: str) -> None:
    """Before its beginning and from its end on it is not used, and the sentence says when that is."""
    found = read(tmp_path, {"certificate_file": pem(certificate()) + key_pem()})
    if not sentence:
        found.check(now)
        return
    with pytest.raises(AuthError) as failure:
        found.check(now)
    expected = sentence.format(tmp_path / "certificate_file")
    assert str(failure.value) == f"The certificate of tenant contoso {expected}"


async def test_the_end_is_known_before_any_token(tmp_path: Path) -> None:
    """Without network, expired, and even after the file is gone; other kinds have no end of their own."""
    path = tmp_path / "one.pem"
    options = CredentialOptions(client_id=APP, certificate_file=path)
    async with client(credential=options) as graph:
        assert graph.auth.certificate_end is None
        path.write_bytes(pem(certificate(ends=NOON - 1)) + key_pem())
        assert graph.auth.certificate_end == NOON - 1
        path.write_bytes(pem(certificate(ends=NOON + DAY)) + key_pem())
        assert graph.auth.certificate_end == NOON + DAY
        path.unlink()
        assert graph.auth.certificate_end == NOON + DAY
    async with client() as graph:
        assert graph.auth.certificate_end is None


async def test_an_expired_certificate_asks_nobody(tmp_path: Path) -> None:
    """The tenant's state and sentence say so, without a request that Entra ID would only refuse."""
    (tmp_path / "one.pem").write_bytes(pem(certificate(ends=NOON)) + key_pem())
    options = CredentialOptions(client_id=APP, certificate_file=tmp_path / "one.pem")
    async with client(ImpatientClock(), credential=options) as graph:
        with pytest.raises(AuthError, match="has expired"):
            await graph.auth.token()
        assert graph.auth.state == "auth"
        assert not graph.traffic.requests


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "does not exist"),
        (b" \n", "is empty"),
        (b"\xff", "is not UTF-8 (byte 0)"),
        (b"two words", "holds no token"),
        ("tökén".encode(), "holds no token"),
    ],
)
def test_a_token_file_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None, why: str) -> None:
    """The sentence names tenant, key and path."""
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    source = credential_source(CredentialOptions(client_id=APP, federated_token_file=path), "contoso")
    with pytest.raises(AuthError) as failure:
        source.read()
    assert failure.value.message == (
        f"The federated token of tenant contoso is missing: federated_token_file {path} {why}."
    )


def test_a_token_file_is_read_each_time(tmp_path: Path) -> None:
    """Even where nothing but the content tells that it has changed; the fingerprint stays."""
    path = tmp_path / "token"
    source = credential_source(CredentialOptions(client_id=APP, federated_token_file=path), "contoso")
    found = []
    for content in ("first.token\n", " other.token \n"):
        path.write_text(content)
        os.utime(path, (1, 1))
        credential = source.read()
        assert isinstance(credential, FederatedToken)
        found.append(credential)
    assert [one.assertion(AUDIENCE, APP, NOON) for one in found] == ["first.token", "other.token"]
    assert found[0].fingerprint == found[1].fingerprint


def test_a_managed_identity_needs_no_app() -> None:
    """It is its own app; another one beside it is refused."""
    assert CredentialOptions.model_validate({"managed_identity": "system"}).client_id == "system"
    assert CredentialOptions.model_validate({"managed_identity": APP}).client_id == APP
    with pytest.raises(ValidationError, match="client_id and managed_identity, which do not go together"):
        CredentialOptions(client_id=APP, managed_identity="system")


KINDS: dict[str, Any] = {
    "client_secret": "x",
    "client_secret_file": Path("/x"),
    "certificate_file": Path("/x"),
    "federated_token_file": Path("/x"),
    "managed_identity": APP,
}


@pytest.mark.parametrize("one", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_a_credential_is_of_one_kind(one: str, other: str) -> None:
    """Two kinds together are refused by their names, whichever they are."""
    given = {"client_id": APP, one: KINDS[one], other: KINDS[other]}
    if one == other:
        assert CredentialOptions.model_validate(given).kinds() == [one]
        return
    first, second = sorted((one, other), key=list(KINDS).index)
    with pytest.raises(ValidationError, match=f"two credentials: set {first} or {second}, not both"):
        CredentialOptions.model_validate(given)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("certificate_key_file", "/x"),
        ("certificate_passphrase_file", "/x"),
        ("certificate_send_x5c", True),
    ],
)
def test_parts_of_a_certificate_go_with_a_certificate(part: str, value: Any) -> None:
    """Alone, or beside another kind, they would be passed over in silence."""
    with pytest.raises(ValidationError, match=f"{part}, which is of no use without certificate_file"):
        CredentialOptions.model_validate({"client_id": APP, "client_secret": "x", part: value})
