"""From ``tls_server_config`` to a context of Python's ssl, and the names in a client's certificate."""

from __future__ import annotations

import ipaddress
import os
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from o365_exporter.texts import UnusableError, content_of, text_of
from o365_exporter.web.webconfig import CIPHERS, CURVES, TlsServer

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_LARGEST = 64 * 1024
"""Bytes of a certificate or a key; a chain of ten is a fifth of that."""

Files = dict[str, bytes]
"""What is read for TLS, by the key that names it, such as ``cert_file``."""


class TlsError(Exception):
    """A key of ``tls_server_config`` cannot be used.

    Args:
        key: which one.
        cause: what is wrong with it.
    """

    def __init__(self, key: str, cause: UnusableError) -> None:
        super().__init__(f"{key} {cause}")
        self.key = key
        self.cause = cause


def files_of(tls: TlsServer, folder: Path) -> Files:
    """The files that are named, relative to the folder of the web configuration file.

    Raises:
        TlsError: one cannot be read.
    """
    found: Files = {}
    for key in ("cert_file", "key_file", "client_ca_file"):
        if name := getattr(tls, key):
            try:
                found[key] = content_of(folder / name)
            except UnusableError as error:
                raise TlsError(key, error) from None
    return found


def context_of(tls: TlsServer, files: Files) -> ssl.SSLContext:
    """A context for servers.

    Raises:
        TlsError: certificate, key, authority or a list of ciphers cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version, context.maximum_version = _VERSIONS[tls.min_version], _VERSIONS[tls.max_version]
    context.options |= ssl.OP_NO_RENEGOTIATION  # which costs us more than whoever asks for it
    if not tls.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    _choose(context, tls)
    _load_pair(context, tls, files)
    if tls.asks_for_certificates:
        _load_authorities(context, tls, files)
    return context


def _choose(context: ssl.SSLContext, tls: TlsServer) -> None:
    """Ciphers and curve, of which a system's policy may have none left."""
    try:
        if ciphers := [CIPHERS[name] for name in tls.cipher_suites if name in CIPHERS]:
            context.set_ciphers(":".join(ciphers))
    except ssl.SSLError:
        raise TlsError("cipher_suites", UnusableError("names none that OpenSSL has here", "name others")) from None
    try:
        for name in tls.curve_preferences:
            context.set_ecdh_curve(CURVES[name])
    except (ssl.SSLError, ValueError):
        raise TlsError("curve_preferences", UnusableError("is not in OpenSSL here", "name another")) from None


def names_in(certificate: Mapping[str, Any] | None) -> frozenset[str] | None:
    """Subject alternative names of a certificate as ``getpeercert`` has it; None where there is none."""
    if not certificate:
        return None
    names = certificate.get("subjectAltName", ())
    return frozenset(_plain(value) if kind == "IP Address" else value for kind, value in names)


def _plain(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address.strip()))
    except ValueError:
        return address


def _load_pair(context: ssl.SSLContext, tls: TlsServer, files: Files) -> None:
    """Certificate and key as they were read: a file that changes in between would not fit the other."""
    certificate = files.get("cert_file", tls.cert.encode())
    key = files.get("key_file", tls.key.get_secret_value().encode())
    names = [name if name in files else name.removesuffix("_file") for name in ("cert_file", "key_file")]
    try:
        with ExitStack() as stack:
            paths = [
                stack.enter_context(_path_of(name, text)) for name, text in zip(names, (certificate, key), strict=True)
            ]
            context.load_cert_chain(paths[0], paths[1], password=_no_passphrase)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise TlsError(
                names[1], UnusableError("is not the key of the certificate", "write the key to it")
            ) from None
        cause = UnusableError(
            f"makes no pair with {names[1]} ({error.reason or 'not PEM'})", "write a certificate and its key as PEM"
        )
        raise TlsError(names[0], cause) from None
    except _EncryptedError:
        cause = UnusableError("is encrypted", "take the passphrase off it, as Prometheus has no place for one either")
        raise TlsError(names[1], cause) from None


class _EncryptedError(Exception):
    pass


def _no_passphrase() -> str:
    raise _EncryptedError


@contextmanager
def _path_of(key: str, content: bytes) -> Iterator[str]:
    """A path under which OpenSSL reads a text: Python takes keys from files only, and none is to lie about."""
    if len(content) > _LARGEST:
        raise TlsError(key, UnusableError(f"is larger than {_LARGEST // 1024} KiB", "name the right file"))
    with _file_without_name() as file:
        file.write(content)
        file.flush()
        yield f"/dev/fd/{file.fileno()}"


def _file_without_name() -> IO[bytes]:
    """In memory where the system has that, so that a file system that is read only will do."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("tls"), "w+b")
    return tempfile.TemporaryFile()


def _load_authorities(context: ssl.SSLContext, tls: TlsServer, files: Files) -> None:
    """A certificate is asked for and verified; who must show one is asked of the pages, since probes have none."""
    key = "client_ca_file" if "client_ca_file" in files else "client_ca"
    try:
        text = text_of(files[key]) if key in files else tls.client_ca
        context.load_verify_locations(cadata=text)
    except UnusableError as error:
        raise TlsError(key, error) from None
    except (ssl.SSLError, ValueError):
        raise TlsError(key, UnusableError("has no certificate in PEM", "write that of the authority")) from None
    context.verify_mode = ssl.CERT_OPTIONAL
