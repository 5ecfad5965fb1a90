"""Reads a web configuration file; whatever is wrong with it becomes sentences that name key, value and remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from o365_exporter.errors import one_line
from o365_exporter.texts import MASK, UnusableError, content_of, without_login
from o365_exporter.web.webconfig import CIPHERS, TlsServer, WebConfig

_LONGEST = 80
"""Characters of a value that is shown."""

_Fault = tuple[str, str, str]
"""A key, what is wrong with it, and what to do."""


class WebConfigError(Exception):
    """The file cannot be used. ``faults`` are sentences with key, value and remedy."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = [one_line(fault) for fault in faults]
        super().__init__("\n".join(self.faults))


def parse_web_config(path: Path) -> tuple[WebConfig, bytes]:
    """What a file says, and its bytes; other files are not opened.

    Raises:
        WebConfigError: it cannot be read or used.
    """
    from o365_exporter.web.yamlfile import document_of  # noqa: PLC0415 - with yaml, 1 MiB for who has such a file

    try:
        content = content_of(path)
        document = document_of(content)
    except UnusableError as error:
        raise WebConfigError(
            [f"web_config_file (O365_WEB_CONFIG_FILE) = {without_login(str(path))!r} {error}."]
        ) from None
    try:
        config = WebConfig.model_validate(document)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True)
        raise WebConfigError([_sentence(dict(detail), path) for detail in details]) from None
    if faults := [fault_in(path, *fault) for fault in _contradictions(config)]:
        raise WebConfigError(faults)
    return config, content


def fault_in(path: Path, key: str, what: str, remedy: str) -> str:
    """A sentence about a key of the file."""
    return f"{key} in {path} {what}: {remedy}."


_WORDS = {
    "bool_parsing": ("is neither true nor false", "write one of them"),
    "bool_type": ("is neither true nor false", "write one of them"),
    "string_type": ("is not a text", "write one value behind the colon"),
    "tuple_type": ("is not a list", "write its items on lines of their own, each behind a hyphen"),
    "dict_type": ("is not a table", "write its keys on lines of their own, indented"),
    "model_type": ("is not a table", "write its keys on lines of their own, indented"),
    "int_parsing": ("is not a whole number", "write digits only"),
    "int_type": ("is not a whole number", "write digits only"),
    "int_parsing_size": ("is not a whole number of any use", "write a smaller one"),
    "float_parsing": ("is not a duration", 'write such as "100ms" or "1s"'),
    "float_type": ("is not a duration", 'write such as "100ms" or "1s"'),
    "greater_than_equal": ("is too small", "write 0 or more"),
}


def _sentence(error: dict[str, Any], path: Path) -> str:
    parts = [str(part) for part in error["loc"]]
    if parts[-1] == "[key]" and error["type"] != "extra_forbidden":  # pydantic's word for the name of an entry
        parts.pop()
    key = re.sub(r"\.(\d+)\b", r"[\1]", ".".join(map(_name_shown, parts)))
    cause = error.get("ctx", {}).get("error")
    if error["type"] == "extra_forbidden":
        return fault_in(path, key, "is not a key of web configuration files", _meant(parts))
    what, remedy = _WORDS.get(error["type"], ("cannot be used", "look it up: o365-exporter docs security"))
    if isinstance(cause, UnusableError):
        what, remedy = cause.what, cause.remedy
    return fault_in(path, key + _shown(error["input"], parts), what, remedy)


def _name_shown(name: str) -> str:
    """The name of a key up to a colon: in brackets, ``{user:hash}`` without a blank is a name altogether."""
    start, colon, _ = name.partition(":")
    return f"{start}:{MASK}" if colon else name


def _shown(value: Any, parts: list[str]) -> str:
    """The value, unless it may be a secret or is no text of one line; in the place of a table anything may stand."""
    of_table = len(parts) == 1 or "headers" in parts
    secret = of_table or parts[0] == "basic_auth_users" or parts[-1] in ("key", "cert", "client_ca")
    showable = isinstance(value, str) and not secret and len(value) <= _LONGEST and value.isprintable()
    return f' = "{value}"' if showable else ""


def _meant(parts: list[str]) -> str:
    model: Any = WebConfig
    for part in parts[:-1]:
        model = model.model_fields[part].annotation
    near = get_close_matches(parts[-1], model.model_fields, n=1)
    return f"write {near[0]}, or remove it" if near else "remove it"


def _contradictions(config: WebConfig) -> Iterator[_Fault]:
    """Keys that do not go together."""
    tls = config.tls_server_config
    for name in ("cert", "key", "client_ca"):
        if _text(tls, name) and _text(tls, f"{name}_file"):
            yield f"tls_server_config.{name}", f"stands beside {name}_file", "keep one of them"
    if not tls.is_wanted:
        return
    for name in ("cert", "key"):
        if not _text(tls, name) and not _text(tls, f"{name}_file"):
            yield f"tls_server_config.{name}_file", "is missing", f"name it, or write {name}"
    yield from _about_clients(tls)
    if tls.min_version > tls.max_version:
        yield "tls_server_config.min_version", "is newer than max_version", "exchange them"
    if tls.cipher_suites and tls.max_version == "TLS12" and not any(name in CIPHERS for name in tls.cipher_suites):
        yield "tls_server_config.cipher_suites", "names none of TLS 1.2", f"add some of {', '.join(CIPHERS)}"


def _about_clients(tls: TlsServer) -> Iterator[_Fault]:
    authorities = _text(tls, "client_ca") or _text(tls, "client_ca_file")
    require = 'write client_auth_type: "RequireAndVerifyClientCert"'
    if authorities and not tls.asks_for_certificates:
        yield "tls_server_config.client_ca_file", "has no client_auth_type beside it", require
    if tls.asks_for_certificates and not authorities:
        yield "tls_server_config.client_ca_file", "is missing", "name the authority of the clients' certificates"
    if tls.client_allowed_sans and not tls.requires_certificates:
        yield "tls_server_config.client_allowed_sans", "holds for no client that shows no certificate", require


def _text(tls: TlsServer, name: str) -> str:
    value = getattr(tls, name)
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
