"""TLS: which authorities are trusted, how strictly, and what is wrong with one.

The context is made here rather than by ``ssl.create_default_context``, which reads ``SSLKEYLOGFILE`` (and would write
down the keys of our connections) and is strict from Python 3.13 on and lax before.
"""

from __future__ import annotations

import re
import ssl
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import certifi

from o365_exporter.errors import ConfigurationError
from o365_exporter.http.options import CERTIFICATE_FILE, ConnectionOptions, Surroundings
from o365_exporter.texts import UnusableError, content_of, text_of

if TYPE_CHECKING:
    from cryptography import x509  # imported where an authority is looked at: most have none of their own

_DER = b"\x30\x82"
_CERTIFICATE = re.compile(r"-----BEGIN (?:X509 )?CERTIFICATE-----[^-]*-----END (?:X509 )?CERTIFICATE-----")
_BEGIN = re.compile(r"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----")
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
_FEW = 10  # certificates; a file of more is a bundle
_GIVE = "give a PEM file of certificates"
_PKCS7 = f"{_GIVE}, such as openssl pkcs7 -print_certs or openssl pkcs12 -cacerts -nokeys makes of it"
_TRUSTED = f"{_GIVE}, such as openssl x509 -in FILE -out FILE makes of it"
_STRICT_CODES = range(80, 95)
"""X509_V_ERR_PATHLEN_INVALID_FOR_NON_CA to X509_V_ERR_EC_KEY_EXPLICIT_PARAMS: what only X509_STRICT looks at
(OpenSSL 3, x509_vfy.h and check_extensions_strict)."""

LAX = "set tls_strict = false (O365_TLS_STRICT) to let it pass"


def tls_context(connection: ConnectionOptions, surroundings: Surroundings) -> ssl.SSLContext:
    """What every connection to Microsoft and to proxies is checked by.

    Raises:
        ConfigurationError: a file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags = _flags(context.verify_flags, strict=connection.tls_strict)
    for folder in surroundings.certificate_folders:
        context.load_verify_locations(capath=folder)
    if not (surroundings.certificate_file or surroundings.certificate_folders):
        context.load_verify_locations(cafile=certifi.where())
    for setting, path in ((CERTIFICATE_FILE, surroundings.certificate_file), ("ca_file", connection.ca_file)):
        try:
            if path is not None:
                load_authorities(context, path)
        except UnusableError as error:
            raise ConfigurationError([f"{setting}: {path} {error.what}: {error.remedy}."]) from None
    return context


def load_authorities(context: ssl.SSLContext, path: Path) -> None:
    """Trust what is in a file, PEM or DER.

    Raises:
        UnusableError: there is no certificate in it.
    """
    content = content_of(path)
    binary = content.startswith(_DER)
    found = content if binary else _certificates(content)
    try:
        context.load_verify_locations(cadata=found)
    except (ssl.SSLError, ValueError):
        if binary:
            raise UnusableError("holds something binary that is no certificate, such as a PFX or P7B", _PKCS7) from None
        raise UnusableError("holds a certificate that is damaged", _GIVE) from None


def check_folder(folder: Path) -> None:
    """See whether certificates would be found there, since nobody would notice until a handshake fails.

    Raises:
        UnusableError: none would.
    """
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError as error:
        raise UnusableError(f"cannot be read ({error.strerror})", "name a directory of certificates") from None
    if not any(map(_HASHED.fullmatch, names)):
        raise UnusableError("holds no certificate under its hash", "run openssl rehash on that directory")


def is_strict(error: ssl.SSLCertVerificationError) -> bool:
    """Whether a certificate was refused for what only strict checks look at."""
    return error.verify_code in _STRICT_CODES


def authority_defects(path: Path, now: float) -> list[str]:
    """What strict checks will refuse of the few authorities in a file, and which have ended; a clause each."""
    with warnings.catch_warnings(action="ignore"):  # cryptography warns of what is told here
        return [defect for one in _few(path) for defect in _defects(one, now)]


def issuer_of(certificate: bytes) -> str:
    """The name of the authority that issued a certificate (DER), trusted or not; empty where it cannot be read."""
    from cryptography import x509  # noqa: PLC0415 - as above
    from cryptography.x509.oid import NameOID  # noqa: PLC0415 - as above

    try:
        with warnings.catch_warnings(action="ignore"):
            issuer = x509.load_der_x509_certificate(certificate).issuer
        names = issuer.get_attributes_for_oid(NameOID.COMMON_NAME) or list(issuer)
    except ValueError:
        return ""
    return str(names[0].value) if names else ""


def _defects(one: x509.Certificate, now: float) -> Iterator[str]:
    name = one.subject.rfc4514_string() or "without a name"
    if one.not_valid_after_utc.timestamp() <= now:
        yield f"the authority {name} ended at {one.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}: put the next there"
    if lacks := ", ".join(_lacks(one)):
        yield f"the authority {name} {lacks}, which strict checks refuse: have it issued anew, or {LAX}"


def _few(path: Path) -> Sequence[x509.Certificate]:
    """The certificates of a file; none of a bundle, in which old authorities are kept for old ends."""
    from cryptography import x509  # noqa: PLC0415 - as above

    try:
        found = x509.load_pem_x509_certificates(_certificates(content_of(path)).encode())
    except (UnusableError, ValueError):
        return ()  # another's affair, or stranger than the library that reads it here
    return found if len(found) <= _FEW else ()


def _lacks(one: x509.Certificate) -> Iterator[str]:
    """As OpenSSL's check_extensions_strict; a certificate that is no authority's may be trusted by itself."""
    from cryptography.x509.oid import ExtensionOID  # noqa: PLC0415 - as above

    by_id = {extension.oid: extension for extension in one.extensions}
    basic = by_id.get(ExtensionOID.BASIC_CONSTRAINTS)
    if basic is None or not basic.value.ca:
        return
    if not basic.critical:
        yield "has Basic Constraints that are not marked critical"
    if ExtensionOID.KEY_USAGE not in by_id:
        yield "has no Key Usage"
    if ExtensionOID.SUBJECT_KEY_IDENTIFIER not in by_id:
        yield "has no Subject Key Identifier"
    if one.issuer != one.subject and ExtensionOID.AUTHORITY_KEY_IDENTIFIER not in by_id:
        yield "has no Authority Key Identifier"


def _flags(flags: ssl.VerifyFlags, *, strict: bool) -> ssl.VerifyFlags:
    """Alike on every Python: 3.13 is strict and trusts partial chains, its forerunners neither."""
    flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return flags | ssl.VERIFY_X509_STRICT if strict else flags & ~ssl.VERIFY_X509_STRICT


def _certificates(content: bytes) -> str:
    """The certificates of a PEM file, without what stands between them, which may be in any alphabet.

    Blanks before lines, as YAML leaves them, and any ends of lines pass; a certificate without its end does not, since
    OpenSSL would leave it out without a word.
    """
    try:
        text = text_of(content)
    except UnusableError:
        text = content.decode("ascii", "ignore")
    found = _CERTIFICATE.findall("\n".join(line.strip() for line in text.splitlines() if line.strip()))
    begun = _BEGIN.findall(text)
    if len(found) < len(begun):
        if any("TRUSTED" in head for head in begun):
            raise UnusableError("holds a certificate in the form of OpenSSL's trust lists", _TRUSTED)
        raise UnusableError("holds a certificate that is damaged or without its end", _GIVE)
    if found:
        return "\n".join(found)
    if "-----BEGIN PKCS7" in text:
        raise UnusableError("holds PKCS#7 (P7B)", _PKCS7)
    private = "PRIVATE KEY-----" in text
    raise UnusableError("holds a private key and no certificate" if private else "holds no certificate", _GIVE)
