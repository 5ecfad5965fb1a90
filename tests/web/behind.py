"""A folder with a web configuration file, an authority and the certificates that it has signed."""

from __future__ import annotations

import ipaddress
import ssl
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509

from tests.certificates import DAY, certificate, key_pem, pem, rsa_key

LOOPBACK = (x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1")))

PASSWORD = "correct horse"
HASH = "$2y$04$7qqsBqX5DS/QbDmu.tBveu8roKqzYSn4KBeIFbKDB7Woe9o9ydJbC"
"""The hash of that password, at bcrypt's lowest cost."""


def issued(folder: Path, name: str, names: Sequence[x509.GeneralName] = LOOPBACK, authority: str = "ca") -> None:
    """``NAME.pem`` and ``NAME.key``, signed by an authority, whose certificate is beside them; valid today."""
    begins, ends = time.time() - DAY, time.time() + DAY
    signer = rsa_key(authority)
    root = certificate(signer, subject=authority, begins=begins, ends=ends, is_authority=True)
    own = certificate(rsa_key(name), subject=name, begins=begins, ends=ends, names=names, signed_by=(root, signer))
    (folder / f"{authority}.pem").write_bytes(pem(root))
    (folder / f"{name}.pem").write_bytes(pem(own))
    (folder / f"{name}.key").write_bytes(key_pem(rsa_key(name)))


def written(folder: Path, **parts: Mapping[str, Any]) -> Path:
    """``web.yml`` of these parts."""
    path = folder / "web.yml"
    path.write_text(yaml.safe_dump(parts), "utf-8")
    return path


def served_by(folder: Path, **others: Any) -> dict[str, Any]:
    """``tls_server_config`` with the certificate ``server``, which is made where it is missing."""
    if not (folder / "server.pem").exists():
        issued(folder, "server")
    return {"cert_file": "server.pem", "key_file": "server.key", **others}


def trusting(folder: Path, client: str = "", authority: str = "ca") -> ssl.SSLContext:
    """What a client trusts, and the certificate that it shows."""
    context = ssl.create_default_context(cafile=str(folder / f"{authority}.pem"))
    context.verify_flags &= ~ssl.VerifyFlags.VERIFY_X509_STRICT
    if client:
        context.load_cert_chain(folder / f"{client}.pem", folder / f"{client}.key")
    return context
