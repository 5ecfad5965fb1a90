"""The three places that settings are written in: a TOML file, a secrets directory and the environment.

Each is read into a ``Layer``: flat, by path, with the name and the place under which every value was written, so that a
fault and ``check-config`` can say where something comes from. What fits no key is a fault here.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from o365_exporter.errors import ConfigurationError
from o365_exporter.settings.schema import KINDS, PREFIX, PROOFS, Key, KeyPath, Table, lookup, schema, variable
from o365_exporter.settings.suggestions import unknown
from o365_exporter.settings.text import dotted

ENVIRONMENT = "the environment"
CONFIG = "O365_CONFIG"
SECRETS_DIR = "O365_SECRETS_DIR"
DEFAULT_SECRETS_DIR = Path("/run/secrets")
"""Where Docker and Podman mount secrets; read where it exists."""

TENANTS_FILE: KeyPath = ("tenants_file",)

_KUBERNETES = re.compile(
    r"O365(_[A-Z0-9]+)*_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
"""What Kubernetes sets in every container for a Service whose name begins with ``o365``."""
_KUBERNETES_PORT = re.compile(r"O365(_[A-Z0-9]+)*_PORT")
_KUBERNETES_ADDRESSES = ("tcp://", "udp://", "sctp://")


@dataclass(frozen=True, slots=True)
class Entry:
    """One value as somebody wrote it; its representation shows no value, which may be a secret."""

    value: Any = field(repr=False)
    name: str
    place: str


Layer = dict[KeyPath, Entry]


def read_layers(config_file: Path | None, environ: Mapping[str, str], faults: list[str]) -> list[Layer]:
    """Every place, the weakest first. Adds to ``faults`` whatever fits no key.

    Raises:
        ConfigurationError: a place cannot be read, so that nothing can be said about what is missing.
    """
    special = {name.upper(): text.strip() for name, text in environ.items() if text.strip()}
    environment = _variables_layer(environ, ENVIRONMENT, faults)
    unreadable: list[str] = []
    file = _file_layer(config_file or special.get(CONFIG), f"--config or {CONFIG}", faults, unreadable)
    known = {str(entry.value) for layer in (file, environment) for entry in _file_names(layer)}
    folder = Path(special.get(SECRETS_DIR, DEFAULT_SECRETS_DIR))
    secrets: Layer = {}
    if SECRETS_DIR in special or folder.is_dir():
        secrets = _variables_layer(_secret_files(folder, known, unreadable), str(folder), faults)
    tenants = _tenants_layer([file, secrets, environment], faults, unreadable)
    if unreadable:
        raise ConfigurationError([*unreadable, *faults])
    return _without_replaced_proofs([file, tenants, secrets, environment])


def _tenants_layer(layers: list[Layer], faults: list[str], unreadable: list[str]) -> Layer:
    """What stands in ``tenants_file``, wherever that is named; it may hold tables of tenants and nothing else."""
    named = [layer[TENANTS_FILE] for layer in layers if TENANTS_FILE in layer]
    if not named or not isinstance(named[-1].value, str):
        return {}
    path = named[-1].value
    layer = _file_layer(path, named[-1].name, faults, unreadable)
    faults.extend(
        f"{entry.name} in {path} is no tenant: only tables [tenants.NAME] stand in {named[-1].name}."
        for key, entry in layer.items()
        if key[0] != "tenants"
    )
    return {key: entry for key, entry in layer.items() if key[0] == "tenants"}


def _file_layer(path: Path | str | None, named_by: str, faults: list[str], unreadable: list[str]) -> Layer:
    if path is None:
        return {}
    reader = _Reader(str(path), dotted, faults)
    try:
        reader.put((), tomllib.loads(Path(path).read_text(encoding="utf-8")), schema())
    except FileNotFoundError:
        unreadable.append(f"{path} does not exist: name the file by {named_by}.")
    except IsADirectoryError:
        unreadable.append(f"{path} is a directory: name the TOML file in it by {named_by}.")
    except OSError as error:
        unreadable.append(f"{path} cannot be read ({error.strerror}): let the exporter's user read it.")
    except UnicodeDecodeError as error:
        unreadable.append(f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8.")
    except tomllib.TOMLDecodeError as error:
        unreadable.append(f"{path} is not TOML: {error}.")
    return reader.layer


def _secret_files(folder: Path, known: set[str], unreadable: list[str]) -> dict[str, str]:
    """Contents of the files that are settings, by file name; a file that a setting names is read by others."""
    found: dict[str, str] = {}
    try:
        for file in sorted(folder.iterdir()):
            if file.name.upper().startswith(PREFIX) and file.is_file() and str(file) not in known:
                found[file.name] = file.read_text(encoding="utf-8")
    except NotADirectoryError:
        unreadable.append(f"{folder} is not a directory: let {SECRETS_DIR} name the one with the secrets.")
    except FileNotFoundError:
        unreadable.append(f"{folder} does not exist: let {SECRETS_DIR} name the directory with the secrets.")
    except OSError as error:
        unreadable.append(
            f"{error.filename} cannot be read ({error.strerror}): let the exporter's user read it, "
            f"or name another directory by {SECRETS_DIR}."
        )
    except UnicodeDecodeError as error:
        unreadable.append(f"{file} is not UTF-8 (byte {error.start}): save it as UTF-8.")
    return found


def _variables_layer(variables: Mapping[str, str], place: str, faults: list[str]) -> Layer:
    """Values by variable name, in any case; an empty one counts as not set. The more special name wins."""
    reader = _Reader(place, variable, faults)
    seen: dict[str, str] = {}
    for name in sorted(variables, key=lambda name: (len(name), name)):
        upper, text = name.upper(), variables[name].strip()
        if not text or not upper.startswith(PREFIX) or _is_not_ours(upper, text):
            continue
        if upper in seen:
            faults.append(f"{seen[upper]} and {name} in {place} are the same setting: keep one of them.")
            continue
        seen[upper] = name
        reader.put_text(name, text)
    return reader.layer


def _is_not_ours(name: str, text: str) -> bool:
    """Whether it says where settings are, or is what Kubernetes says about a Service."""
    if name in (CONFIG, SECRETS_DIR) or _KUBERNETES.fullmatch(name):
        return True
    return _KUBERNETES_PORT.fullmatch(name) is not None and text.startswith(_KUBERNETES_ADDRESSES)


@dataclass
class _Reader:
    """Fills a layer from one place."""

    place: str
    spell: Callable[[KeyPath], str]
    faults: list[str]
    layer: Layer = field(default_factory=dict)

    def put_text(self, name: str, text: str) -> None:
        """What a variable or a secret file holds: JSON for a table, else the value itself."""
        path = tuple(name[len(PREFIX) :].lower().split("__"))
        at = lookup(path)
        if isinstance(at, Key):
            try:
                self.layer[path] = Entry(_decoded(at, text), name, self.place)
            except ValueError as error:
                self.faults.append(f"{name} in {self.place} {error}.")
        elif at is None:
            self.faults.append(unknown(path, self.spell, self.place))
        else:
            self.put(path, _json(text), at, name)

    def put(self, path: KeyPath, value: Any, at: Table | Key | None, within: str = "") -> None:
        """A value and all that is in it; ``within`` names the variable whose JSON it is part of."""
        spelled = self.spell(path)
        if within.upper() not in ("", spelled):
            spelled = f"{spelled} (within {within})"
        if at is None:
            self.faults.append(unknown(path, self.spell, self.place))
        elif isinstance(at, Key):
            alone = at.is_list and isinstance(value, str)
            self.layer[path] = Entry([value] if alone else value, spelled, self.place)
        elif not isinstance(value, dict):
            kind = "a table" if self.spell is not variable else "a JSON object"
            example = self.spell((*path, next(iter(at)).replace("*", "NAME")))
            self.faults.append(f"{spelled} in {self.place} is not {kind}: set single keys of it, such as {example}.")
        else:
            if path and not value:
                self.layer.setdefault(path, Entry({}, spelled, self.place))  # an empty table is there all the same
            for part, inner in value.items():
                self.put((*path, part), inner, at.get(part, at.get("*")), within)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _decoded(key: Key, text: str) -> Any:
    """A variable's text; JSON for a list, though a list of one may be written plainly."""
    if not key.is_list:
        return text
    if not text.startswith("["):
        return [text]
    value = _json(text)
    if value is None and text.startswith('["'):
        raise ValueError('is not a JSON list: write ["one", "two"], with every backslash doubled')
    return [text] if value is None else value  # a regular expression may begin with a bracket


def _file_names(layer: Layer) -> list[Entry]:
    found = ((lookup(path), entry) for path, entry in layer.items())
    return [entry for key, entry in found if isinstance(key, Key) and key.is_file]


def _without_replaced_proofs(layers: list[Layer]) -> list[Layer]:
    """In one table a stronger place replaces the whole proof of a weaker one: a value there, a file's name here."""
    kept: list[Layer] = []
    replaced: set[KeyPath] = set()
    for layer in reversed(layers):
        proofs = {path for path in layer if path[-1] in PROOFS and "labels" not in path}
        kept.insert(
            0, {path: entry for path, entry in layer.items() if path not in proofs or path[:-1] not in replaced}
        )
        replaced |= {path[:-1] for path in proofs if path[-1] in KINDS}
    return kept
