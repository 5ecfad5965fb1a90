"""The places that settings are written in: TOML files, a secrets directory and the environment.

Each is read into a ``Layer``: flat, by path, with the name and the place under which every value was written, so that a
problem and ``check-config`` can say where something comes from. What fits no key is a problem here. Laid over each
other, the layers are one tree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from o365_exporter.errors import ConfigurationError
from o365_exporter.probing import VARIABLES
from o365_exporter.settings.problems import Problem, Spell, dotted, quoted, unknown
from o365_exporter.settings.schema import (
    KINDS,
    PREFIX,
    PROOFS,
    Key,
    KeyPath,
    Table,
    is_free_text,
    lookup,
    schema,
    variable,
)
from o365_exporter.settings.tomlfile import has_huge_number, is_too_deep, tables_of
from o365_exporter.texts import NotThereError, UnusableError, given, quotes_around, text_in, without_login

ENVIRONMENT = "the environment"
CONFIG = "O365_CONFIG"
SECRETS_DIR = "O365_SECRETS_DIR"
DEFAULT_SECRETS_DIR = Path("/run/secrets")
"""Where Docker and Podman mount secrets; read where it can be."""

TENANTS_FILE: KeyPath = ("tenants_file",)

_KUBERNETES = re.compile(
    r"O365(_[A-Z0-9]+)*_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
"""What Kubernetes sets in every container for a Service whose name begins with ``o365``."""
_KUBERNETES_PORT = re.compile(r"O365(_[A-Z0-9]+)*_PORT")
_KUBERNETES_ADDRESSES = ("tcp://", "udp://", "sctp://")


@dataclass(frozen=True, slots=True)
class Entry:
    """One value as somebody wrote it; its representation shows no value, which may be a secret.

    ``plain`` says that the value is a list of one that was written as a text, without the brackets of a list.
    """

    value: Any = field(repr=False)
    name: str
    place: str
    plain: bool = False


Layer = dict[KeyPath, Entry]
Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """Everything that was read.

    Args:
        layers: every place, the weakest first: the configuration file, ``tenants_file``, secrets, the environment.
        problems: what fits no key.
        remarks: what was passed over, a sentence each.
    """

    layers: list[Layer]
    problems: list[Problem]
    remarks: list[str]

    @property
    def file(self) -> Layer:
        """What stands in the configuration file."""
        return self.layers[0]

    def merged(self) -> Layer:
        """All layers in one, each value from its strongest place."""
        return {path: entry for layer in self.layers for path, entry in layer.items()}


def read(config_file: Path | None, environ: Mapping[str, str]) -> Written:
    """Every place.

    Raises:
        ConfigurationError: one cannot be read, so that nothing can be said about what is missing.
    """
    return _Reading(environ).all(config_file)


def tree_of(layer: Layer) -> Tree:
    """What is written, as tables in tables."""
    tree: Tree = {}
    for path in sorted(layer, key=len):
        *parents, name = path
        table = tree
        for parent in parents:
            table = table.setdefault(parent, {})
        value = layer[path].value
        table[name] = dict(value) if isinstance(value, dict) else value
    return tree


class _Reading:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._problems: list[Problem] = []
        self._unreadable: list[Problem] = []
        self._remarks: list[str] = []
        self._special = {name.upper(): self._place(name) for name in environ if name.upper() in (CONFIG, SECRETS_DIR)}

    def all(self, config_file: Path | None) -> Written:
        environment = self._variables(self._environ, ENVIRONMENT, self._problems)
        file = self._file(config_file or self._special.get(CONFIG) or None, f"--config or {CONFIG}")
        secrets = self._secrets({str(entry.value) for layer in (file, environment) for entry in _file_names(layer)})
        tenants = self._tenants([file, secrets, environment])
        if self._unreadable:
            raise ConfigurationError([str(problem) for problem in (*self._unreadable, *self._problems)])
        layers = _without_replaced_proofs([file, tenants, secrets, environment])
        return Written(layers, self._problems, self._remarks)

    def _place(self, name: str) -> str:
        """What one of the two variables says that name a place; empty for none."""
        try:
            path = given(self._environ[name])
        except UnusableError as error:
            self._unreadable.append(Problem((name,), error.what, error.remedy, ENVIRONMENT))
            return ""
        if quotes_around(path):
            self._unreadable.append(Problem((name,), "has quotes around it", "remove them", ENVIRONMENT, quoted(path)))
            return ""
        return path

    def _file(self, path: Path | str | None, named_by: str) -> Layer:
        if path is None:
            return {}
        layer = _Layered(str(path), dotted, self._problems)
        try:
            layer.put((), tables_of(text_in(Path(path))), schema())
        except UnusableError as error:
            remedy = f"name the file by {named_by}" if isinstance(error, NotThereError) else error.remedy
            self._unreadable.append(Problem((without_login(str(path)),), error.what, remedy))
        return layer.found

    def _tenants(self, layers: list[Layer]) -> Layer:
        """What stands in ``tenants_file``, wherever that is named; it may hold tables of tenants and nothing else."""
        named = [layer[TENANTS_FILE] for layer in layers if TENANTS_FILE in layer]
        if not named or not isinstance(named[-1].value, str):
            return {}
        path = named[-1].value
        layer = self._file(path, named[-1].name)
        self._problems.extend(
            Problem((entry.name,), "is no tenant", f"only tables [tenants.NAME] stand in {named[-1].name}", path)
            for key, entry in layer.items()
            if key[0] != "tenants"
        )
        return {key: entry for key, entry in layer.items() if key[0] == "tenants"}

    def _secrets(self, known: set[str]) -> Layer:
        """The secrets directory. What nobody asked for, and cannot be used, is passed over and not refused."""
        asked = self._special.get(SECRETS_DIR)
        folder = Path(asked) if asked else DEFAULT_SECRETS_DIR
        problems: list[Problem] = []
        found: dict[str, str] = {}
        for file in self._names(folder, asked=bool(asked)):
            if str(file) in known:
                continue
            if not file.name.upper().startswith(PREFIX):
                problems += _with_hyphens(file)
                continue
            try:
                found[file.name] = text_in(file)
            except UnusableError as error:
                # Docker makes a directory of a file that is not there, and links may lead nowhere. Of another name than
                # a setting's, they are nobody's business.
                if not isinstance(error, NotThereError) or isinstance(lookup(_path_of(file.name)), Key):
                    self._unreadable_secret(file, error, asked=bool(asked))
        layer = self._variables(found, str(folder), problems)
        if asked:
            self._problems.extend(problems)
        else:
            self._remarks.extend(f"Passed over: {problem}" for problem in problems)
        return layer

    def _names(self, folder: Path, *, asked: bool) -> list[Path]:
        try:
            return sorted(folder.iterdir())
        except OSError as error:
            if asked:
                self._unreadable.append(_no_folder(folder, error))
            elif not isinstance(error, FileNotFoundError):
                self._remarks.append(
                    f"{folder} cannot be read ({error.strerror}), and no {SECRETS_DIR} asks for it: passed over."
                )
        return []

    def _unreadable_secret(self, file: Path, error: UnusableError, *, asked: bool) -> None:
        problem = Problem((str(file),), error.what, error.remedy)
        if asked or isinstance(lookup(_path_of(file.name)), Key):
            self._unreadable.append(problem)
        else:
            self._remarks.append(f"Passed over: {problem}")

    def _variables(self, variables: Mapping[str, str], place: str, problems: list[Problem]) -> Layer:
        """Values by variable name, in any case; an empty one counts as not set. The more special name wins."""
        layer = _Layered(place, variable, problems)
        seen: dict[str, str] = {}
        for name in sorted(variables, key=lambda name: (len(name), name)):
            upper, text = name.upper(), variables[name].strip()
            if not text or not upper.startswith(PREFIX) or _is_not_ours(upper, text):
                continue
            if upper in seen:
                problems.append(Problem((seen[upper], name), "are the same setting", "keep one of them", place))
                continue
            seen[upper] = name
            layer.put_text(name, text)
        return layer.found


def _with_hyphens(file: Path) -> Iterator[Problem]:
    """A file that is called as Kubernetes likes names, and would be a setting with underscores."""
    name = file.name.replace("-", "_")
    if name.upper().startswith(PREFIX) and isinstance(lookup(_path_of(name)), Key):
        yield Problem((file.name,), "is not a setting", f"did you mean {name}?", str(file.parent))


def _no_folder(folder: Path, error: OSError) -> Problem:
    wanted, told = f"let {SECRETS_DIR} name the directory with the secrets", without_login(str(folder))
    if isinstance(error, NotADirectoryError):
        return Problem((told,), "is not a directory", wanted)
    if isinstance(error, FileNotFoundError):
        return Problem((told,), "does not exist", wanted)
    return Problem(
        (told,),
        f"cannot be read ({error.strerror})",
        f"let the exporter's user read it, or name another directory by {SECRETS_DIR}",
    )


def _is_not_ours(name: str, text: str) -> bool:
    """Whether it says where settings are, or is what Kubernetes says about a Service."""
    if name in (CONFIG, SECRETS_DIR, *VARIABLES) or _KUBERNETES.fullmatch(name):
        return True
    return _KUBERNETES_PORT.fullmatch(name) is not None and text.startswith(_KUBERNETES_ADDRESSES)


def _path_of(name: str) -> KeyPath:
    return tuple(name[len(PREFIX) :].lower().split("__"))


@dataclass
class _Layered:
    """Fills a layer from one place."""

    place: str
    spell: Spell
    problems: list[Problem]
    found: Layer = field(default_factory=dict)

    def put_text(self, name: str, text: str) -> None:
        """What a variable or a secret file holds: JSON for a table, else the value itself."""
        path = _path_of(name)
        at = lookup(path)
        try:
            if isinstance(at, Key):
                plain = given(text)
                value = _value(path, at, plain)
                self.found[path] = Entry(value, name, self.place, plain=value == [plain])
            elif at is None:
                self.problems.append(unknown(path, self.spell, self.place))
            else:
                self.put(path, _json(given(text)), at, name)
        except UnusableError as error:
            self.problems.append(Problem((name,), error.what, error.remedy, self.place))
            if isinstance(at, Key) and not (at.is_list or at.is_file):  # or it would be told as missing, too
                self.found[path] = Entry(text.strip("\"'").encode("utf-8", "replace").decode(), name, self.place)

    def put(self, path: KeyPath, value: Any, at: Table | Key | None, within: str = "") -> None:
        """A value and all that is in it; ``within`` names the variable whose JSON it is part of."""
        spelled = self.spell(path)
        if within.upper() not in ("", spelled):
            spelled = f"{spelled} (within {within})"
        if at is None:
            self.problems.append(unknown(path, self.spell, self.place))
        elif isinstance(at, Key):
            alone = at.is_list and isinstance(value, str)
            self.found[path] = Entry([value] if alone else value, spelled, self.place, plain=alone)
        elif not isinstance(value, dict):
            kind = "a table" if self.spell is not variable else "a JSON object"
            example = self.spell((*path, next(iter(at)).replace("*", "NAME")))
            remedy = f"set single keys of it, such as {example}"
            self.problems.append(Problem((spelled,), f"is not {kind}", remedy, self.place))
        else:
            if path and not value:
                self.found.setdefault(path, Entry({}, spelled, self.place))  # an empty table is there all the same
            for part, inner in value.items():
                self.put((*path, part), inner, at.get(part, at.get("*")), within)


def _json(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return None if is_too_deep(value) or has_huge_number(value) else value


def _value(path: KeyPath, key: Key, text: str) -> Any:
    """A variable's text; JSON for a list, though a list of one may be written plainly.

    Raises:
        UnusableError: it is no list, or has kept quotes that its file put around it.
    """
    if quotes_around(text) and not is_free_text(path, key):
        raise UnusableError(
            "has quotes around it", "remove them: docker --env-file, and secrets, keep what stands there"
        )
    if not key.is_list:
        return text
    if not text.startswith("["):
        return [text]
    value = _json(text)
    if value is None and text.startswith('["'):
        raise UnusableError("is not a JSON list", 'write ["one", "two"], with every backslash doubled')
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
