"""What an operator can set about who asks, and by what it proves who it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from o365_exporter.texts import UnusableError

SYSTEM_ASSIGNED = "system"
"""What ``managed_identity`` says of the identity that the machine has by itself."""

PARTS_OF_CERTIFICATE = ("certificate_key_file", "certificate_passphrase_file", "certificate_send_x5c")
"""Settings that say more about ``certificate_file``."""


class CredentialOptions(BaseModel):
    """Which app registration asks for a tenant, and by what it proves who it is; a managed identity is both.

    Attributes:
        KINDS: settings of which each is a credential by itself; exactly one of them is set.
    """

    KINDS: ClassVar[tuple[str, ...]] = (
        "client_secret",
        "client_secret_file",
        "certificate_file",
        "federated_token_file",
        "managed_identity",
    )
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    client_id: str = Field(
        min_length=1,
        description="Application (client) ID of the app registration; not with `managed_identity`.",
    )
    client_secret: SecretStr | None = Field(None, description="Value (not ID) of a client secret of that app.")
    client_secret_file: Path | None = Field(
        None,
        description="File that holds the client secret; read again when it changes, so a rotation needs no restart.",
    )
    certificate_file: Path | None = Field(
        None,
        description=(
            "PEM or PFX file that holds a certificate of that app and its private key (RSA); read again when it "
            "changes, as are the next two."
        ),
    )
    certificate_key_file: Path | None = Field(
        None, description="PEM file that holds the private key, where `certificate_file` does not."
    )
    certificate_passphrase_file: Path | None = Field(
        None, description="File that holds the passphrase of the private key or of the PFX file, where there is one."
    )
    certificate_send_x5c: bool = Field(
        default=False,
        description=(
            "Whether to send the certificate itself with each login: needed where the app trusts certificates by "
            "subject name and issuer."
        ),
    )
    federated_token_file: Path | None = Field(
        None,
        description=(
            "File that holds a token of another issuer, which the app trusts by a federated credential (workload "
            "identity); read anew for each login, since its issuer renews it."
        ),
    )
    managed_identity: str | None = Field(
        None,
        min_length=1,
        description=(
            "Sign in as the Azure machine that runs the exporter: `system` for its system-assigned identity, or the "
            "client ID of a user-assigned one."
        ),
    )

    @model_validator(mode="before")
    @classmethod
    def _machines_need_no_app(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("managed_identity") and not given.get("client_id"):
            return {**given, "client_id": given["managed_identity"]}
        return given

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        self.check()
        return self

    def check(self) -> None:
        """See whether the settings go together.

        Raises:
            UnusableError: they do not; with the keys of which that is said.
        """
        kinds = self.kinds()
        if not kinds:
            one_of = f"set one of {', '.join(self.KINDS[:-1])} and {self.KINDS[-1]}"
            raise UnusableError("has no credential", one_of, self.KINDS)
        if len(kinds) > 1:
            raise UnusableError("has two credentials", f"set {kinds[0]} or {kinds[1]}, not both", tuple(kinds[:2]))
        part = next((name for name in PARTS_OF_CERTIFICATE if getattr(self, name)), None)
        if part and self.certificate_file is None:
            what = f"has {part}, which is of no use without certificate_file"
            raise UnusableError(what, "set that too, or remove it", (part, "certificate_file"))
        if self.managed_identity not in (None, self.client_id):
            raise UnusableError(
                "has client_id and managed_identity, which do not go together",
                "remove client_id, and for a user-assigned identity set managed_identity to its client ID",
                ("client_id", "managed_identity"),
            )

    def kinds(self) -> list[str]:
        """Every kind of credential that is set, by its setting."""
        return [name for name in CredentialOptions.KINDS if _is_set(getattr(self, name))]


def _is_set(value: Any) -> bool:
    return value.get_secret_value().strip() != "" if isinstance(value, SecretStr) else value is not None
