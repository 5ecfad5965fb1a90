"""TLS: which authorities are trusted, and what is said about one that strict checks refuse."""

from __future__ import annotations

import re
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from o365_exporter.errors import TlsError
from o365_exporter.http import ConnectionOptions, Surroundings, check_folder, load_authorities
from o365_exporter.http.trust import authority_defects, tls_context
from o365_exporter.texts import UnusableError
from tests.certificates import certificate, pem
from tests.fakes import NOON
from tests.graph.world import APPS, client
from tests.http.loopback import certificates, listening, microsoft

FLAWS: dict[str, dict[str, bool]] = {
    "has Basic Constraints that are not marked critical": {"critical": False},
    "has no Key Usage": {"key_usage": False},
    "has no Subject Key Identifier": {"subject_key": False},
}
UNSEEN = {"lacks the Authority Key Identifier": {"authority_key": False}}


@pytest.mark.parametrize("flaw", [*FLAWS.values(), *UNSEEN.values()], ids=[*FLAWS, *UNSEEN])
async def test_a_lax_authority(tmp_path: Path, flaw: dict[str, bool]) -> None:
    """On every Python it is refused, the very defect and the way out are named, and that way works."""
    ca, context = certificates(tmp_path, **flaw)
    async with listening(microsoft, context) as port:
        site: dict[str, Any] = {"login_url": f"https://127.0.0.1:{port}", "graph_url": f"https://127.0.0.1:{port}"}
        async with client(**site, connection=ConnectionOptions(ca_file=ca)) as graph:
            with pytest.raises(TlsError) as refused:
                await graph.list(APPS)
        async with client(**site, connection=ConnectionOptions(ca_file=ca, tls_strict=False)) as graph:
            assert await graph.list(APPS) == [{"id": "1"}]
    assert refused.value.message.startswith(
        f"A certificate on the way to 127.0.0.1:{port} (directly) is not as RFC 5280 asks: "
    )
    assert "set tls_strict = false (O365_TLS_STRICT)" in refused.value.remedy
    assert "ca_file" not in refused.value.remedy


@pytest.mark.parametrize("flaw", FLAWS)
def test_defects_are_seen_before_any_handshake(tmp_path: Path, flaw: str) -> None:
    """The very defect is told of the file alone."""
    ca, _ = certificates(tmp_path, **FLAWS[flaw])
    assert list(authority_defects(ca, NOON)) == [
        f"the authority CN=Test authority {flaw}, which strict checks refuse: have it issued anew, or set "
        "tls_strict = false (O365_TLS_STRICT) to let it pass"
    ]


def test_a_sound_authority_has_no_defects(tmp_path: Path) -> None:
    """Nothing is said of an authority as RFC 5280 asks, nor of a certificate that is none."""
    ca, _ = certificates(tmp_path)
    assert list(authority_defects(ca, NOON)) == []
    (tmp_path / "leaf-alone.pem").write_bytes(pem(certificate()))
    assert list(authority_defects(tmp_path / "leaf-alone.pem", NOON)) == []


def test_an_authority_that_has_ended(tmp_path: Path) -> None:
    """The end is told, with the day."""
    path = tmp_path / "old.pem"
    path.write_bytes(pem(certificate(ends=NOON - 1)))
    assert list(authority_defects(path, NOON)) == [
        "the authority CN=exporter ended at 2026-03-10T11:59:59Z: put the next there"
    ]


@pytest.mark.parametrize(
    "write",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: f"# Autorité de Zürich\n{text}".encode(),
        lambda text: f"# Autorité de Zürich\n{text}".encode("latin-1"),
        lambda text: f"{text}\n# the end\n{text}".encode(),
        ssl.PEM_cert_to_DER_cert,
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: "".join(f"    {line}  \n\n" for line in text.splitlines()).encode(),
    ],
    ids=["mark", "utf-16", "windows", "comment", "latin-1", "twice", "der", "old Mac", "cut out of YAML"],
)
def test_authorities_in_every_dress(tmp_path: Path, write: Any) -> None:
    """A file of certificates is read however Windows, people and other programs wrote it."""
    ca, _ = certificates(tmp_path)
    (tmp_path / "dressed").write_bytes(write(ca.read_text()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    load_authorities(context, tmp_path / "dressed")
    assert [one["subject"] for one in context.get_ca_certs()] == [((("commonName", "Test authority"),),)]


@pytest.mark.parametrize(
    ("write", "what"),
    [
        (lambda text: f"{text}{text[:400]}", "holds a certificate that is damaged or without its end: give a PEM file"),
        (lambda text: text[:400], "holds a certificate that is damaged or without its end: give a PEM file"),
        (lambda text: f"{text}{text.replace('M', '*', 1)}", "holds a certificate that is damaged: give a PEM file"),
        (
            lambda text: text.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
            "holds a certificate in the form of OpenSSL's trust lists: .* openssl x509 -in",
        ),
        (lambda text: text.replace("CERTIFICATE", "PKCS7"), r"holds PKCS#7 \(P7B\): .* openssl pkcs7 -print_certs"),
        (lambda text: text.replace("CERTIFICATE", "PRIVATE KEY"), "holds a private key and no certificate"),
    ],
    ids=["second without end", "without end", "second damaged", "trusted", "pkcs7", "key"],
)
def test_a_file_that_is_not_whole_or_of_another_form_is_named(
    tmp_path: Path, write: Callable[[str], str], what: str
) -> None:
    """OpenSSL leaves out a certificate without end and says nothing; then half of the authorities would be missing."""
    ca, _ = certificates(tmp_path)
    (tmp_path / "odd.pem").write_text(write(ca.read_text()))
    with pytest.raises(UnusableError) as error:
        load_authorities(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), tmp_path / "odd.pem")
    assert re.match(what, f"{error.value.what}: {error.value.remedy}")


def test_a_binary_file_of_another_form_is_named(tmp_path: Path) -> None:
    """PFX and P7B begin like a certificate, and are told with what makes one of them."""
    (tmp_path / "authorities.p7b").write_bytes(
        b"\x30\x82\x01\x0a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + bytes(300)
    )
    with pytest.raises(UnusableError) as error:
        load_authorities(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), tmp_path / "authorities.p7b")
    assert error.value.what == "holds something binary that is no certificate, such as a PFX or P7B"
    assert "openssl pkcs12" in error.value.remedy


def test_a_folder_without_hashed_names(tmp_path: Path) -> None:
    """OpenSSL would find nothing in it, and nobody would know why."""
    certificates(tmp_path)
    with pytest.raises(UnusableError, match="holds no certificate under its hash: run openssl rehash"):
        check_folder(tmp_path)
    (tmp_path / "5ed36f99.0").write_bytes((tmp_path / "ca.pem").read_bytes())
    check_folder(tmp_path)
    with pytest.raises(UnusableError, match="cannot be read"):
        check_folder(tmp_path / "nowhere")


@pytest.mark.parametrize("strict", [True, False])
def test_contexts_are_alike_on_every_python(strict: bool) -> None:
    """What Python 3.13 changed in its defaults is set either way, and what checks names and chains always is."""
    context = tls_context(ConnectionOptions(tls_strict=strict), Surroundings())
    assert bool(context.verify_flags & ssl.VERIFY_X509_STRICT) is strict
    assert context.verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert len(context.get_ca_certs()) > 50, sys.version


def test_a_file_of_the_environment_replaces_the_usual_authorities(tmp_path: Path) -> None:
    """As with curl and OpenSSL, SSL_CERT_FILE stands instead of the authorities that come along; ca_file adds to it."""
    ca, _ = certificates(tmp_path)
    context = tls_context(ConnectionOptions(), Surroundings(certificate_file=ca))
    assert len(context.get_ca_certs()) == 1
    (tmp_path / "own.pem").write_bytes(pem(certificate()))
    context = tls_context(ConnectionOptions(ca_file=ca), Surroundings(certificate_folders=(tmp_path,)))
    assert len(context.get_ca_certs()) == 1
