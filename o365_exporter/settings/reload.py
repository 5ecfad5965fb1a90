"""Settings that change while the program runs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from o365_exporter.settings.load import Settings, TenantSettings, load


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
        settings = load(self._config_file, self._environ)
        self._path = settings.more_tenants.tenants_file
        self._seen = self._latest = self._fingerprint()
        return settings

    def _fingerprint(self) -> str:
        if self._path is None:
            return ""
        try:
            return hashlib.sha256(self._path.read_bytes()).hexdigest()
        except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
            return type(error).__name__
