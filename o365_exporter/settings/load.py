"""From what is written to what the program runs with, or to every fault at once; and again while it runs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from o365_exporter.errors import ConfigurationError
from o365_exporter.settings.checking import check
from o365_exporter.settings.effective import Settings, TenantSettings, effective
from o365_exporter.settings.inheritance import arrange, between_tenants, workload_identities
from o365_exporter.settings.permissions import openness
from o365_exporter.settings.places import secret_place
from o365_exporter.settings.problems import Problem
from o365_exporter.settings.schema import SHORTHAND, Key, lookup
from o365_exporter.settings.sources import CONFIG, TENANTS_FILE, Layer, read, tree_of
from o365_exporter.settings.surroundings import authorities, machine_addresses, remarks, surroundings
from o365_exporter.settings.suspicions import suspicions
from o365_exporter.texts import MASK, UnusableError, content_of
from o365_exporter.web import Rules, read_rules
from o365_exporter.web import remarks as remarks_of_the_door

_SHORTEST_SECRET = 4
"""A text of fewer characters is no secret, and to mask it would garble a sentence."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """The settings, every written value with its place, and sentences about what looks like an oversight."""

    settings: Settings
    written: Layer
    warnings: tuple[str, ...]


def load(config_file: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings out of the TOML file, the secrets directory and the environment, each stronger than the last.

    Args:
        config_file: the TOML file; None to let ``O365_CONFIG`` name it, or to do without.
        environ: the environment variables.

    Raises:
        ConfigurationError: with every fault there is.
    """
    return inspect(config_file, environ).settings


def has_settings(config_file: Path | None, environ: Mapping[str, str]) -> bool:
    """Whether somebody has begun to say which tenants are polled; what is wrong there ``load`` tells.

    Raises:
        ConfigurationError: a place cannot be read.
    """
    if config_file is not None or any(name.upper() == CONFIG and environ[name].strip() for name in environ):
        return True
    read_in = read(None, environ)
    about_tenants = {"tenants", *TENANTS_FILE, *SHORTHAND}
    return bool(read_in.problems) or any(path[0] in about_tenants for path in read_in.merged())


def inspect(config_file: Path | None, environ: Mapping[str, str]) -> Inspection:
    """As ``load``, and tells where each value was written, and what looks like an oversight."""
    read_in = read(config_file, environ)
    written = read_in.merged()
    azure = workload_identities(written, environ)
    written |= azure
    document, wrong = check(arrange(tree_of(written)), written)
    problems = [*read_in.problems, *between_tenants(written), *wrong]
    proxied = ("proxy",) in written
    around = surroundings(environ, problems, proxied=proxied)
    if document is not None:
        problems += authorities(document.connection, written)
        if any(tenant.credential.managed_identity for tenant in document.tenants.values()):
            problems += machine_addresses(environ)
    sentences = _sentences(problems, written)
    rules, faults = _rules_of_the_door(document)
    if document is None or problems or faults:
        raise ConfigurationError([*sentences, *faults])
    settings = effective(document, around, partial(secret_place, written=written, environ=environ))
    warnings = (
        *read_in.remarks,
        *suspicions(settings, read_in.file, written),
        *remarks_of_the_door(rules),
        *_files_of_the_door(document.web.web_config_file, rules),
        *remarks(environ, around, proxied=proxied, trusting=("ca_file",) in written or bool(around.certificate_file)),
    )
    return Inspection(settings, written, tuple(dict.fromkeys(warnings)))


def _rules_of_the_door(document: Any) -> tuple[Rules, list[str]]:
    """What the web configuration file says, and everything that is wrong with it."""
    try:
        return read_rules(document.web.web_config_file if document is not None else None), []
    except ConfigurationError as error:
        return read_rules(None), error.faults


def _files_of_the_door(path: Path | None, rules: Rules) -> Iterator[str]:
    """Whether others may read keys and hashes of passwords, or change who is let in."""
    if path is not None:
        tls = rules.config.tls_server_config
        yield from openness(path, secret=bool(rules.passwords or tls.key.get_secret_value()))
        if tls.key_file:
            yield from openness(path.parent / tls.key_file, secret=True)


def _sentences(problems: list[Problem], written: Layer) -> list[str]:
    """The problems as sentences, each once; a secret cannot be in them, and would be masked if it were."""
    keys = ((lookup(path), str(entry.value)) for path, entry in written.items())
    secrets = [text for key, text in keys if isinstance(key, Key) and key.is_secret and len(text) >= _SHORTEST_SECRET]
    sentences = [str(problem) for problem in problems]
    for secret in secrets:
        sentences = [sentence.replace(secret, MASK) for sentence in sentences]
    return list(dict.fromkeys(sentences))


class Reloader:
    """Reads the settings again: the tenants when ``tenants_file`` has changed and stands still, all when asked to.

    Args:
        config_file: as for ``load``.
        environ: as for ``load``; a process cannot be given another one.
        settings: what was loaded last.
    """

    def __init__(self, config_file: Path | None, environ: Mapping[str, str], settings: Settings) -> None:
        self._config_file = config_file
        self._environ = environ
        self._path = settings.more_tenants.tenants_file
        self._seen = self._latest = self._fingerprint()

    def changed(self) -> tuple[TenantSettings, ...] | None:
        """All tenants as they stand now, or None where nothing has changed since the last look.

        Raises:
            ConfigurationError: the change cannot be used; told once for each change.
        """
        now, before = self._fingerprint(), self._latest
        self._latest = now
        if now == self._seen or now != before:  # what has just changed may be half written: look once more
            return None
        self._seen = now
        return load(self._config_file, self._environ).tenants

    def read(self) -> Settings:
        """Everything as it stands now.

        Raises:
            ConfigurationError: it cannot be used; what was loaded before stays in effect.
        """
        seen = self._fingerprint()  # before it is read: what changes meanwhile is then a change
        settings = load(self._config_file, self._environ)
        if settings.more_tenants.tenants_file != self._path:
            self._path = settings.more_tenants.tenants_file
            seen = self._fingerprint()
        self._seen = self._latest = seen
        return settings

    def _fingerprint(self) -> str:
        if self._path is None:
            return ""
        try:
            return hashlib.sha256(content_of(self._path)).hexdigest()
        except UnusableError as error:
            return error.what
