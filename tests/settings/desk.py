"""Settings are written into a real file, a real secrets directory and a mapping of variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from o365_exporter.errors import ConfigurationError
from o365_exporter.settings import Inspection, Settings, TenantSettings, inspect, load

CLIENT = "11111111-1111-1111-1111-111111111111"
ONE_TENANT = {"O365_TENANT_ID": "contoso.com", "O365_CLIENT_ID": CLIENT, "O365_CLIENT_SECRET": "s3cret"}
MANY = f"""
[defaults]
client_id = "{CLIENT}"
client_secret = "s3cret"
"""


@dataclass(frozen=True)
class Desk:
    """A directory in which settings are written down."""

    folder: Path

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "o365.toml"

    @property
    def secrets(self) -> Path:
        """The secrets directory, made when first asked for."""
        path = self.folder / "secrets"
        path.mkdir(exist_ok=True)
        return path

    def _write(self, toml: str) -> None:
        self.config.touch(0o600)
        self.config.write_text(toml, "utf-8")

    def load(self, toml: str | None = None, environ: Mapping[str, str] | None = None) -> Settings:
        """The settings out of this file and these variables."""
        if toml is not None:
            self._write(toml)
        return load(None if toml is None else self.config, environ or {})

    def inspect(self, toml: str | None = None, environ: Mapping[str, str] | None = None) -> Inspection:
        """The settings out of this file and these variables, with what looks like an oversight."""
        if toml is not None:
            self._write(toml)
        return inspect(None if toml is None else self.config, environ or {})

    def tenant(self, toml: str | None = None, environ: Mapping[str, str] | None = None) -> TenantSettings:
        """The only tenant out of this file and these variables."""
        (tenant,) = self.load(toml, environ).tenants
        return tenant

    def faults(self, toml: str | None = None, environ: Mapping[str, str] | None = None) -> list[str]:
        """What is wrong with this file and these variables; the file's folder is left out of the sentences."""
        with pytest.raises(ConfigurationError) as caught:
            self.load(toml, environ)
        return [fault.replace(f"{self.folder}/", "") for fault in caught.value.faults]
