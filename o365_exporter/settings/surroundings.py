"""Variables of other programs that say how Microsoft is reached: read here, like keys of ours, and nowhere else."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from o365_exporter.http import (
    CERTIFICATE_FILE,
    CERTIFICATE_FOLDERS,
    ConnectionOptions,
    Proxies,
    Proxy,
    Surroundings,
    check_folder,
    load_authorities,
    parse_bypasses,
    parse_proxy,
)
from o365_exporter.settings.problems import Problem, quoted, toml
from o365_exporter.settings.sources import ENVIRONMENT, Layer
from o365_exporter.texts import MASK, UnusableError, given, quotes_around

_HARMLESS = re.compile(r"[\"']?([a-z0-9]+://)?[a-z0-9_.-]+(:[0-9]+)?/?[\"']?", re.IGNORECASE)
"""An address in which no password can be."""

_BUNDLES = dict.fromkeys(
    ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), "name that file by ca_file (O365_CA_FILE)"
)
_UNREAD = {"SSLKEYLOGFILE": "no keys of connections are written down"}
"""What other programs obey and this one does not, with what to do instead."""

_MACHINE = ("IDENTITY_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST")
_BREAKING = ("PROMETHEUS_MULTIPROC_DIR",)
"""What would let a library of ours keep its numbers in files of other processes."""

_Value = TypeVar("_Value")


def surroundings(environ: Mapping[str, str], problems: list[Problem], *, proxied: bool) -> Surroundings:
    """What the environment says of the way to Microsoft.

    Args:
        environ: the environment variables.
        problems: whatever cannot be used is added here.
        proxied: whether the setting ``proxy`` names a proxy; then these variables name none.
    """
    read = _Reader(environ, problems)
    for name in _BREAKING:
        read.value(name, _refused)
    return Surroundings(
        Proxies() if proxied else read.proxies(),
        read.value(CERTIFICATE_FILE, _certificate_file),
        read.value(CERTIFICATE_FOLDERS, _folders) or (),
    )


def machine_addresses(environ: Mapping[str, str]) -> list[Problem]:
    """What is wrong with the addresses at which Azure, by variables that it sets, answers for a managed identity."""
    problems: list[Problem] = []
    read = _Reader(environ, problems)
    for name in _MACHINE:
        read.value(name, _address)
    return problems


def authorities(connection: ConnectionOptions, written: Layer) -> list[Problem]:
    """What is wrong with the file of further authorities, without which no connection would be trusted."""
    if connection.ca_file is None:
        return []
    try:
        _certificate_file(str(connection.ca_file))
    except UnusableError as error:
        entry = written["ca_file",]
        return [Problem((entry.name,), error.what, error.remedy, entry.place, quoted(entry.value))]
    return []


def remarks(environ: Mapping[str, str], found: Surroundings, *, proxied: bool, trusting: bool) -> Iterator[str]:
    """What somebody may believe to be in effect, and is not.

    Args:
        environ: the environment variables.
        found: what was read of them.
        proxied: whether the setting ``proxy`` names a proxy.
        trusting: whether certificate authorities are named in a way that counts.
    """
    if found.proxies.http and not found.proxies.https and not proxied:
        yield (
            f"{found.proxies.http.setting} is set and HTTPS_PROXY is not: Microsoft is asked by https, and so without "
            "a proxy. Set HTTPS_PROXY."
        )
    for name, instead in (_UNREAD if trusting else {**_UNREAD, **_BUNDLES}).items():
        if environ.get(name, "").strip():
            yield f"{name} in {ENVIRONMENT} is not read by this program: {instead}."


class _Reader:
    """Values of variables in any case; lower case wins, as in curl and Python."""

    def __init__(self, environ: Mapping[str, str], problems: list[Problem]) -> None:
        self._names = {name.lower(): name for name in sorted(environ)}  # capitals sort first, so small letters stay
        self._environ = environ
        self._problems = problems

    def proxies(self) -> Proxies:
        https, http, both = (self._proxy(name) for name in ("https_proxy", "http_proxy", "all_proxy"))
        if not (https or http or both):
            return Proxies()
        return Proxies(https or both, http or both, self.value("no_proxy", parse_bypasses) or ())

    def _proxy(self, name: str) -> Proxy | None:
        return self.value(name, lambda text: parse_proxy(text, self._names[name]), _proxy_shown)

    def value(
        self, variable: str, parse: Callable[[str], _Value], shown: Callable[[str], str] | None = None
    ) -> _Value | None:
        """What a variable says; None where it says nothing, or nothing that can be used."""
        name = self._names.get(variable.lower(), variable)
        text = self._environ.get(name, "")
        try:
            text = given(text)
            return parse(text) if text else None
        except UnusableError as error:
            self._problems.append(Problem((name,), error.what, error.remedy, ENVIRONMENT, (shown or _shown)(text)))
        return None


def _shown(text: str) -> str:
    return toml(MASK) if "@" in text else quoted(text)


def _address(text: str) -> None:
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets, or a port that is none
        known = False
    if not known or not text.isprintable() or " " in text:
        raise UnusableError(
            "is not an address",
            "remove it where Azure has not set it; managed_identity works on machines of Azure only",
        )


def _refused(_: str) -> None:
    raise UnusableError("would mix our series with those of other processes", "remove it for this program")


def _proxy_shown(text: str) -> str:
    return toml(text if _HARMLESS.fullmatch(text) else MASK)


def _certificate_file(text: str) -> Path:
    path = _path(text)
    load_authorities(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), path)
    return path


def _folders(text: str) -> tuple[Path, ...]:
    """Those in which certificates are; OpenSSL passes over others, too, but not over all."""
    usable, errors = list[Path](), list[UnusableError]()
    for part in filter(None, text.split(os.pathsep)):
        try:
            check_folder(folder := _path(part))
            usable.append(folder)
        except UnusableError as error:
            errors.append(error)
    if errors and not usable:
        raise errors[0]
    return tuple(usable)


def _path(text: str) -> Path:
    if quotes_around(text):
        raise UnusableError("has quotes around it", "remove them")
    return Path(text)
