"""What an operator can set about the way to Microsoft and about who asks."""

from __future__ import annotations

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator


class ConnectionOptions(BaseModel):
    """How hosts of Microsoft are reached: the same for login, Graph and downloads."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    proxy: SecretStr | None = Field(
        None,
        description=(
            "Address of an HTTP proxy for everything, as `http://[user:password@]host:port`. Without it the "
            "system's settings and `HTTPS_PROXY`/`NO_PROXY` hold."
        ),
    )
    ca_file: Path | None = Field(
        None,
        description=(
            "PEM file of certificate authorities to trust besides the usual ones, such as that of a proxy "
            "that opens TLS."
        ),
    )
    report_hosts: tuple[str, ...] = Field(
        (),
        description=(
            "Hosts from which usage reports may be downloaded besides those that are known for the cloud "
            "(`reports*.office.com`); `*` stands for any text."
        ),
    )
    request_timeout: float = Field(
        30.0,
        gt=0,
        le=600,
        description="Seconds to wait for a connection, and for each next piece of an answer.",
    )

    @field_validator("proxy")
    @classmethod
    def _is_http(cls, proxy: SecretStr | None) -> SecretStr | None:
        if proxy is None:
            return None
        try:
            parts = urlsplit(proxy.get_secret_value())
            known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port that is none, a bracket left open
            known = False
        if not known:
            raise ValueError("write it as http://host:port, or http://user:password@host:port")
        return proxy


class CredentialOptions(BaseModel):
    """Which app registration asks for a tenant, and by what it proves who it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    client_id: str = Field(min_length=1, description="Application (client) ID of the app registration.")
    client_secret: SecretStr | None = Field(None, description="Value (not ID) of a client secret of that app.")
    client_secret_file: Path | None = Field(
        None,
        description="File that holds the client secret; read again when it changes, so a rotation needs no restart.",
    )

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        value = self.client_secret is not None and self.client_secret.get_secret_value().strip() != ""
        if not value and self.client_secret_file is None:
            raise ValueError("no credential: set client_secret or client_secret_file")
        if value and self.client_secret_file is not None:
            raise ValueError("two credentials: set client_secret or client_secret_file, not both")
        return self
