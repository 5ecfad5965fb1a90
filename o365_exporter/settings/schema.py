"""What can be written: the models that check it, and the tree of keys by which sources, docs and examples go.

A **path** is a key as it stands in the TOML file, part by part: ``("tenants", "contoso", "cloud")``. Models are made of
rooms (``logs``, ``credential``); in what people write, the keys of a room stand directly in their table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    create_model,
    field_validator,
)
from pydantic.fields import FieldInfo

from o365_exporter.catalogue import all_collectors
from o365_exporter.http import ConnectionOptions
from o365_exporter.login import SYSTEM_ASSIGNED, CredentialOptions
from o365_exporter.logs import LogOptions
from o365_exporter.settings.sharding import ShardingOptions
from o365_exporter.settings.values import (
    CloudName,
    LabelName,
    LabelValue,
    Origin,
    TenantId,
    TenantKey,
    TenantName,
    client_secret,
    guid,
    managed_identity,
)
from o365_exporter.source import CollectorOptions, format_duration, parse_duration
from o365_exporter.state import StateOptions
from o365_exporter.texts import UnusableError
from o365_exporter.web import WebOptions

KeyPath = tuple[str, ...]

ANY = "*"
"""The part of a path that is chosen by whoever writes it: a tenant's key, a label's name."""

PREFIX = "O365_"
"""What every environment variable of this program begins with."""

SINGLE = "default"
"""Key of the tenant that is set by the shorthand."""


AZURE = {
    "federated_token_file": "AZURE_FEDERATED_TOKEN_FILE",
    "client_id": "AZURE_CLIENT_ID",
    "tenant_id": "AZURE_TENANT_ID",
}
"""What ``workload_identity`` fills in, and the variables that it takes that from."""

CREDENTIAL_FILES = tuple(name for name in CredentialOptions.model_fields if name.endswith("_file"))
"""Keys of a credential that name files."""


class Credential(CredentialOptions):
    """A credential as it may be written in settings: stricter than the Graph client needs it."""

    KINDS: ClassVar[tuple[str, ...]] = (*CredentialOptions.KINDS, "workload_identity")

    workload_identity: bool = Field(
        default=False,
        description=(
            "Take `federated_token_file`, `client_id` and `tenant_id`, where they are not set, from the variables "
            "that Azure sets in a pod with workload identity."
        ),
    )

    @field_validator("client_secret")
    @classmethod
    def _is_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        return None if secret is None else SecretStr(client_secret(secret.get_secret_value()))

    @field_validator("client_id")
    @classmethod
    def _is_guid(cls, client_id: str) -> str:
        return client_id.lower() if client_id.lower() == SYSTEM_ASSIGNED else guid(client_id)

    @field_validator("managed_identity")
    @classmethod
    def _is_identity(cls, name: str | None) -> str | None:
        return None if name is None else managed_identity(name)

    @field_validator(*CREDENTIAL_FILES)
    @classmethod
    def _is_absolute(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_absolute():
            raise UnusableError("is not an absolute path", "write where the file is from the root on")
        return path

    def check(self) -> None:
        if self.workload_identity and self.federated_token_file is None:
            raise UnusableError(
                f"asks by workload_identity for {AZURE['federated_token_file']}, which is not in the environment",
                "label the pod azure.workload.identity/use, or set federated_token_file",
                ("workload_identity", "federated_token_file"),
            )
        super().check()

    def kinds(self) -> list[str]:
        renamed = {"federated_token_file": "workload_identity"} if self.workload_identity else {}
        return [renamed.get(kind, kind) for kind in super().kinds()]


class TenantOptions(BaseModel):
    """One tenant, but for its collectors, which are known only to the catalogue."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    tenant_id: TenantId = Field(description="Tenant to watch: its GUID, or one of its domain names.")
    name: TenantName | None = Field(None, description="Value of the label `tenant`, any text. Default: the tenant id.")
    credential: Credential
    cloud: CloudName = Field(
        "global",
        description="National cloud of the tenant: `global` (also `gcc`), `us_gov_l4` (`gcc_high`), "
        "`us_gov_l5` (`dod`) or `china` (`21vianet`).",
    )
    login_url: Origin | None = Field(
        None,
        description="Address of the login service instead of the cloud's own; plain http only for loopback hosts.",
    )
    graph_url: Origin | None = Field(
        None,
        description="Address of Microsoft Graph instead of the cloud's own; plain http only for loopback hosts.",
    )
    labels: dict[LabelName, LabelValue] = Field({}, description="Further labels; they land on `o365_tenant_info` only.")


class TenantsFileOptions(BaseModel):
    """Where tenants stand besides the configuration file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenants_file: Path | None = Field(
        None,
        description="TOML file with tables `[tenants.NAME]` and nothing else; read again when it changes, so that "
        "tenants come and go without a restart.",
        examples=["/etc/o365-exporter/tenants.toml"],
    )

    @field_validator("tenants_file")
    @classmethod
    def _is_absolute(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_absolute():
            raise UnusableError("is not an absolute path", "write where the file is from the root on")
        return path


ROOMS: dict[str, tuple[str, type[BaseModel]]] = {
    "web": ("", WebOptions),
    "logs": ("log_", LogOptions),
    "connection": ("", ConnectionOptions),
    "more_tenants": ("", TenantsFileOptions),
    "sharding": ("", ShardingOptions),
    "state": ("", StateOptions),
}
"""Options of the whole process: field of the model, prefix of its keys, and the options."""

INHERITED = (*Credential.model_fields, "cloud", "login_url", "graph_url")
"""Keys of ``[defaults]``."""

SHORTHAND = {"tenant_id": "tenant_id", "tenant_name": "name", **{name: name for name in INHERITED}}
"""Keys at the top that set the one tenant, and what they are called in a tenant's table."""

PROOFS = frozenset(Credential.model_fields) - {"client_id"}
"""Keys by which an app proves who it is."""

KINDS = frozenset(Credential.KINDS)
"""Those that are a proof by themselves; whoever sets one replaces all proofs that would be inherited."""


def _fresh_enough(options: CollectorOptions) -> CollectorOptions:
    """Data that are withdrawn before the next poll would come and go for ever."""
    intervals = [(name, value) for name, value in options if name.endswith("interval")]
    name, longest = max(intervals, key=lambda interval: interval[1])
    if longest > options.stale_after:
        raise UnusableError(
            f"has a stale_after ({format_duration(options.stale_after)}) that is smaller than {name} "
            f"({format_duration(longest)})",
            "raise stale_after, or poll more often",
            ("stale_after", name),
        )
    return options


@cache
def document() -> type[BaseModel]:
    """The model of everything that is written, with every collector of the catalogue."""
    frozen = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    options: Any = {
        name: (Annotated[collector.options, AfterValidator(_fresh_enough)], collector.options())
        for name, collector in all_collectors().items()
    }
    collectors: Any = create_model("Collectors", __config__=frozen, **options)
    tenant: Any = create_model("Tenant", __base__=TenantOptions, collectors=(collectors, ...))
    rooms: Any = {name: (options, ...) for name, (_, options) in ROOMS.items()}
    return create_model(
        "Document",
        __config__=frozen,
        **rooms,
        defaults=(tenant, ...),
        collectors=(collectors, ...),
        tenants=(dict[TenantKey, tenant], ...),
    )


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that can be set.

    Args:
        field: how its model declares it.
        default: as it would stand in TOML; None where there is none.
        subject: what the table around it is about; empty where that is the process, a tenant or a collector.
    """

    field: FieldInfo
    default: Any
    subject: str

    @property
    def description(self) -> str:
        """What it means, in sentences."""
        return f"{self.subject} {self.field.description or ''}".strip()

    @property
    def is_secret(self) -> bool:
        """Whether the value must never be shown."""
        return SecretStr in _types(self.field.annotation)

    @property
    def is_file(self) -> bool:
        """Whether the value names a file."""
        return Path in _types(self.field.annotation)

    @property
    def is_list(self) -> bool:
        """Whether the value has items; a lone text then stands for a list of one."""
        return not {tuple, list, set, frozenset}.isdisjoint(_types(self.field.annotation))

    @property
    def is_duration(self) -> bool:
        """Whether the value is seconds that may be written as ``5m``."""
        return any(getattr(part, "func", None) is parse_duration for part in self.field.metadata)


Table = dict[str, "Table | Key"]


@cache
def schema() -> Table:
    """Every key that can be written, as the tree it is written in."""
    tenant = _keys(TenantOptions)
    collectors: Table = {name: _keys(collector.options) for name, collector in all_collectors().items()}
    top: Table = {}
    for prefix, options in ROOMS.values():
        top |= {prefix + name: key for name, key in _keys(options).items()}
    return {
        **top,
        **{short: tenant[name] for short, name in SHORTHAND.items()},
        "defaults": {name: tenant[name] for name in INHERITED},
        "collectors": collectors,
        "tenants": {ANY: {**tenant, "collectors": collectors}},
    }


def is_free_text(path: KeyPath, key: Key) -> bool:
    """Whether any text can be meant, quotes around it included: names, labels, patterns."""
    return path[-1] in ("name", "tenant_name") or "labels" in path or key.is_list


def walk(table: Table | None = None, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Key]]:
    """Every key below a table, with its path."""
    for name, below in (schema() if table is None else table).items():
        if isinstance(below, Key):
            yield (*path, name), below
        else:
            yield from walk(below, (*path, name))


def lookup(path: KeyPath) -> Table | Key | None:
    """What stands at a path: a table, a key, or None where nothing can be written."""
    here: Table | Key | None = schema()
    for part in path:
        if not isinstance(here, dict):
            return None
        here = here.get(part, here.get(ANY))
    return here


def variable(path: KeyPath) -> str:
    """The environment variable that sets what stands at a path."""
    return PREFIX + "__".join(path).upper()


def _keys(model: type[BaseModel], defaults: dict[str, Any] | None = None, subject: str = "") -> Table:
    if defaults is None:
        defaults = model.model_construct().model_dump(mode="json")
    found: Table = {}
    for name, field in model.model_fields.items():
        kind = field.annotation
        if kind is Credential:
            found |= _keys(kind)  # directly in the table of the tenant
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            found[name] = _keys(kind, defaults.get(name), field.description or "")
        elif get_origin(kind) is dict:
            found[name] = {ANY: Key(field, None, subject)}
        else:
            found[name] = Key(field, defaults.get(name), subject)
    return found


def _types(annotation: Any) -> set[Any]:
    """An annotation's own type and those of its members: ``{tuple, str}`` for ``tuple[str, ...]``."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    own = {get_origin(annotation) or annotation}
    return own.union(*(_types(member) for member in get_args(annotation)))
