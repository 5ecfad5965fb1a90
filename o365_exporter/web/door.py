"""Who is let in, and how: the web configuration file as it is in effect, read again when it changes."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
from anyio import CapacityLimiter

from o365_exporter.clock import Clock
from o365_exporter.errors import ConfigurationError
from o365_exporter.logs import get_logger
from o365_exporter.selfmetrics import SelfMetrics
from o365_exporter.web.options import WebOptions
from o365_exporter.web.passwords import Passwords
from o365_exporter.web.places import Places, most_connections
from o365_exporter.web.refusals import Refusals
from o365_exporter.web.tls import TlsError, context_of, files_of
from o365_exporter.web.webconfig import WebConfig
from o365_exporter.web.webfile import WebConfigError, fault_in, parse_web_config

log = get_logger("web")

FOLLOW_INTERVAL = 5.0
"""Seconds between two looks at the file and those that it names; what has changed counts once it stands still."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for every connection and request.

    Args:
        config: as it is written.
        context: for TLS; None for plain HTTP.
        passwords: of the users; None where everybody is let in.
        fingerprint: of everything that was read.
    """

    config: WebConfig
    context: ssl.SSLContext | None = None
    passwords: Passwords | None = None
    fingerprint: str = ""


def read_rules(path: Path | None) -> Rules:
    """The rules of a web configuration file, with the files that it names; without one there are none.

    Raises:
        ConfigurationError: something in it cannot be used.
    """
    if path is None:
        return Rules(WebConfig())
    try:
        config, content = parse_web_config(path)
        tls = config.tls_server_config
        files = files_of(tls, path.parent) if tls.is_wanted else {}
        context = context_of(tls, files) if tls.is_wanted else None
    except WebConfigError as error:
        raise ConfigurationError(error.faults) from None
    except TlsError as error:
        sentence = fault_in(path, f"tls_server_config.{error.key}", error.cause.what, error.cause.remedy)
        raise ConfigurationError([sentence]) from None
    users = {name: hashed.get_secret_value() for name, hashed in config.basic_auth_users.items()}
    return Rules(config, context, Passwords(users) if users else None, _fingerprint(content, *files.values()))


def remarks(rules: Rules) -> Iterator[str]:
    """What somebody may believe to be in effect, and is not."""
    if rules.fingerprint and rules.config == WebConfig():
        yield "web_config_file says nothing, as where it is half written: everything is served to everybody. Fill it."
    if rules.config.http_server_config.http2:
        yield "http_server_config.http2 in web_config_file is true, and HTTP/2 is not served: clients use HTTP/1.1."
    if rules.passwords and not rules.context:
        yield (
            "web_config_file has basic_auth_users and no certificate: passwords cross the network as they are. "
            "Add tls_server_config."
        )


class Door:
    """The rules in effect, and those who are turned away by them.

    Args:
        path: of the web configuration file; None without one.
        rules: as it says.
        clock: for the looks at the file.
        selfmetrics: where refusals and changes are counted.
    """

    def __init__(self, path: Path | None, rules: Rules, clock: Clock, selfmetrics: SelfMetrics) -> None:
        self._path = path
        self.rules = rules
        self.clock = clock
        self.selfmetrics = selfmetrics
        self.refusals = Refusals(clock, selfmetrics.refused)
        self.places = Places(most_connections())
        self._seen = self._latest = rules.fingerprint
        self._thread = CapacityLimiter(1)  # its own: those of the default limiter may all be waiting for a login

    @property
    def scheme(self) -> str:
        """By which clients come now."""
        return "https" if self.rules.context else "http"

    async def follow(self) -> None:
        """Keep up with the file; a fault in it is told, and changes nothing."""
        while True:
            await self.clock.sleep(FOLLOW_INTERVAL)
            self.refusals.tell()
            if self._path is not None:
                try:
                    await self._look(self._path)
                except Exception as error:  # noqa: BLE001 - the door stays as it is
                    self.selfmetrics.web_config_read(success=False)
                    self.refusals.fault("The web configuration was not read again.", error)

    async def _look(self, path: Path) -> None:
        found = await anyio.to_thread.run_sync(_read, path, limiter=self._thread)
        before, self._latest = self._latest, found.fingerprint
        if found.fingerprint == self._seen or found.fingerprint != before:  # what has just changed may be half written
            return
        self._seen = found.fingerprint
        self.selfmetrics.web_config_read(success=isinstance(found, Rules))
        if isinstance(found, Rules):
            self.rules = found
            log.info("web configuration read again", scheme=self.scheme, users=len(found.config.basic_auth_users))
            for remark in remarks(found):
                log.warning("suspicious setting", message=remark)
        else:
            log.error(
                "web configuration not read again", faults=found.faults, message="The one before stays in effect."
            )


async def open_door(options: WebOptions, clock: Clock, selfmetrics: SelfMetrics) -> Door:
    """The door as the settings want it.

    Raises:
        ConfigurationError: the web configuration file cannot be used.
    """
    rules = await anyio.to_thread.run_sync(read_rules, options.web_config_file)
    return Door(options.web_config_file, rules, clock, selfmetrics)


@dataclass(frozen=True, slots=True)
class _Faulty:
    faults: list[str]
    fingerprint: str


def _read(path: Path) -> Rules | _Faulty:
    try:
        return read_rules(path)
    except ConfigurationError as error:
        return _Faulty(error.faults, _fingerprint(*(fault.encode("utf-8", "replace") for fault in error.faults)))


def _fingerprint(*contents: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in contents)).hexdigest()
