"""Kinds of values that belong to no room below: identifiers, names and addresses of tenants."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from o365_exporter.login import CLOUDS, SYSTEM_ASSIGNED, find_cloud
from o365_exporter.texts import UnusableError, given, quotes_around

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NOBODY = "00000000-0000-0000-0000-000000000000"
"""The GUID of examples, which nobody has."""
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_TEMPLATE = re.compile(r"<.*>|\$\{.*\}|\{\{.*\}\}|\$\(.*\)|%\(.*\)s", re.DOTALL)
"""What shells, Helm, Ansible and documentation put where a value belongs."""
_KEY = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")

_MULTI_TENANT = ("common", "organizations", "consumers")
RESERVED_LABELS = ("tenant", "tenant_id", "cloud", "admin_center", "display_name", "job", "instance")
"""Labels that ``o365_tenant_info`` has already, or that Prometheus sets."""


def guid(text: str) -> str:
    """A GUID in lower case, as Entra ID writes it."""
    if _DOMAIN.fullmatch(text.lower()):
        raise UnusableError("is a domain name in place of a GUID", "write the GUID that the Azure portal shows")
    if not _GUID.fullmatch(text.lower()):
        raise UnusableError(
            "is not a GUID", "write it as 00000000-0000-0000-0000-000000000000, as the Azure portal shows it"
        )
    return text.lower()


def client_secret(text: str) -> str:
    """A secret's value, without what editors and templates leave around it.

    Raises:
        UnusableError: it cannot be one.
    """
    text = given(text)
    if not text:
        raise UnusableError("is empty", "write the value of the secret, or remove the key")
    if quotes_around(text):
        raise UnusableError(
            "has quotes around it", "remove them: docker --env-file, and secrets, keep what stands there"
        )
    if _TEMPLATE.fullmatch(text):
        raise UnusableError("is a placeholder that nobody filled in", "write the value of the secret")
    if not text.isprintable():
        raise UnusableError("has a line break or a control character in it", "write the value of the secret alone")
    return text


def managed_identity(text: str) -> str:
    """``system``, or a GUID in lower case."""
    if not is_identity(text):
        raise UnusableError(
            "is no identity", f"write {SYSTEM_ASSIGNED}, or the client ID (a GUID) of a user-assigned one"
        )
    return text.lower()


def is_identity(value: object) -> bool:
    """Whether it names a managed identity."""
    return isinstance(value, str) and (value.lower() == SYSTEM_ASSIGNED or bool(_GUID.fullmatch(value.lower())))


def _tenant_id(text: str) -> str:
    lower = text.lower()
    if lower in _MULTI_TENANT:
        raise UnusableError(
            "stands for any tenant, and an application signs in to one", "write the tenant's own GUID or domain name"
        )
    if not (_GUID.fullmatch(lower) or _DOMAIN.fullmatch(lower)):
        raise UnusableError("is neither a GUID nor a domain name", "write the tenant id, or contoso.onmicrosoft.com")
    return lower


def _tenant_key(text: str) -> str:
    if not _KEY.fullmatch(text):
        raise UnusableError(
            "is not a key of a tenant",
            "use lower-case letters, digits and single underscores between them, and say the rest with `name`",
        )
    return text


def _name(text: str) -> str:
    if not text.strip():
        raise UnusableError("is empty", "write a name, or leave it out to use the tenant id")
    if not text.isascii() and text != text.encode("utf-8", "replace").decode():
        raise UnusableError("is not UTF-8", "write the name in UTF-8")
    return text


def _cloud(text: str) -> str:
    found = find_cloud(text)
    if found is None:
        raise UnusableError(
            "is not a known cloud",
            f"choose from {', '.join(CLOUDS)}, or write what Microsoft's tools call it, such as AzureUSGovernment",
        )
    return found.name


def _label_name(text: str) -> str:
    if not _LABEL.fullmatch(text) or text.startswith("__"):
        raise UnusableError("is not a label name", "use letters, digits and underscores, and no digit or __ in front")
    if text in RESERVED_LABELS:
        raise UnusableError("is set by the exporter or by Prometheus", f"choose another name than {text}")
    return text


def _label_value(text: str) -> str:
    if not text:
        raise UnusableError("is empty, which means no label at all to Prometheus", "leave it out")
    return text


def _origin(text: str) -> str:
    """An address without path. Plain http is for a simulator on this machine: elsewhere it would show the secret."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise UnusableError("is not an address", "write https://HOST or https://HOST:PORT")
    if parts.username is not None or parts.path not in ("", "/") or "?" in text or "#" in text:
        raise UnusableError("is more than an address", "write https://HOST:PORT without user, path, query or fragment")
    if parts.scheme == "http" and not _is_loopback(host):
        raise UnusableError(
            "would send the secret unencrypted", "write https://, plain http is for loopback hosts only"
        )
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


TenantId = Annotated[str, AfterValidator(_tenant_id)]
TenantKey = Annotated[str, AfterValidator(_tenant_key)]
TenantName = Annotated[str, AfterValidator(_name)]
CloudName = Annotated[str, AfterValidator(_cloud)]
Origin = Annotated[str, AfterValidator(_origin)]
LabelName = Annotated[str, AfterValidator(_label_name)]
LabelValue = Annotated[str, AfterValidator(_label_value)]
