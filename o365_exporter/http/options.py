"""What an operator can set about the way to Microsoft."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from o365_exporter.http.proxies import Proxies, parse_proxy

CERTIFICATE_FILE = "SSL_CERT_FILE"
CERTIFICATE_FOLDERS = "SSL_CERT_DIR"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What variables that many programs obey say about the way to Microsoft.

    Args:
        proxies: of ``HTTPS_PROXY`` and the like.
        certificate_file: PEM file of the authorities to trust instead of those that come with the program.
        certificate_folders: directories of such authorities under hashed names, likewise.
    """

    proxies: Proxies = field(default_factory=Proxies)
    certificate_file: Path | None = None
    certificate_folders: tuple[Path, ...] = ()


class ConnectionOptions(BaseModel):
    """How hosts of Microsoft are reached: the same for login, Graph and downloads."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    proxy: SecretStr | None = Field(
        None,
        description=(
            "Address of an HTTP proxy for everything, as `http://[user:password@]host:port`. Without it "
            "`HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` hold."
        ),
    )
    ca_file: Path | None = Field(
        None,
        description=(
            "PEM file of certificate authorities to trust besides the usual ones, such as that of a proxy "
            "that opens TLS."
        ),
    )
    tls_strict: bool = Field(
        default=True,
        description=(
            "Whether certificates must be as RFC 5280 asks, whatever the version of Python. `false` lets authorities "
            "pass whose Basic Constraints are not critical, or that lack Key Usage or key identifiers, as those of "
            "proxies often do; signatures, names and dates are checked all the same."
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
        description="Seconds to wait for each next piece of an answer; a connection is given up after 5.",
    )

    @field_validator("proxy")
    @classmethod
    def _is_address(cls, proxy: SecretStr | None) -> SecretStr | None:
        if proxy is not None:
            parse_proxy(proxy.get_secret_value(), "proxy")
        return proxy
