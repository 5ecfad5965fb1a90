"""Inheritance: from what is written to what each model gets, before anything is checked.

Every tenant gets all that holds for it, so that a model sees (and refuses) what will be in effect, and nothing else.
What is wrong between tenants is told here, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from o365_exporter.login import find_cloud
from o365_exporter.settings.problems import Problem
from o365_exporter.settings.schema import (
    AZURE,
    INHERITED,
    KINDS,
    PROOFS,
    ROOMS,
    SHORTHAND,
    SINGLE,
    Credential,
    Key,
    KeyPath,
    lookup,
    variable,
)
from o365_exporter.settings.sources import ENVIRONMENT, Entry, Layer, Tree
from o365_exporter.settings.values import is_identity

SOMEBODY = "ffffffff-ffff-ffff-ffff-ffffffffffff"
_STAND_IN: Mapping[str, Any] = {"tenant_id": "stand-in.invalid", "client_id": SOMEBODY, "client_secret": "stand-in"}
"""What ``[defaults]`` lacks to be a tenant, so that it is checked even where every tenant replaces it."""


def arrange(tree: Tree) -> Tree:
    """The written tree as the fields of the document; the shorthand becomes a tenant like others."""
    defaults = tree.get("defaults", {})
    collectors = tree.get("collectors", {})
    tenants = tree.get("tenants") or _single_tenant(tree)
    return {
        **{room: _room(tree, prefix, options.model_fields) for room, (prefix, options) in ROOMS.items()},
        "defaults": _tenant(_inherit(_STAND_IN, defaults), {}),
        "collectors": collectors,
        "tenants": {key: _tenant(_inherit(defaults, tenant), collectors) for key, tenant in tenants.items()},
    }


def find(path: KeyPath, written: Layer) -> tuple[KeyPath, Entry] | None:
    """What sets the key at this path and where it stands, the tenant's own value before an inherited one."""
    return next(((here, written[here]) for here in _candidates(path) if here in written), None)


def _candidates(path: KeyPath) -> Iterator[KeyPath]:
    yield path
    match path:
        case ("tenants", _, "collectors", *_):
            yield path[2:]
        case ("tenants", key, name):
            if key == SINGLE:
                yield from ((short,) for short, long in SHORTHAND.items() if long == name)
            if name in INHERITED:
                yield ("defaults", name)


def _room(tree: Tree, prefix: str, names: Mapping[str, object]) -> Tree:
    return {name: tree[prefix + name] for name in names if prefix + name in tree}


def _single_tenant(tree: Tree) -> Tree:
    written = {name: tree[short] for short, name in SHORTHAND.items() if short in tree}
    return {SINGLE: written} if written else {}


def _inherit(defaults: Mapping[str, Any], own: Tree) -> Tree:
    replaced = PROOFS if KINDS & own.keys() else frozenset()
    if "managed_identity" in own:
        replaced |= {"client_id"}  # the machine is an app of its own
    return {**{name: value for name, value in defaults.items() if name not in replaced}, **own}


def _tenant(written: Tree, collectors: Tree) -> Tree:
    names = Credential.model_fields
    return {
        **{name: value for name, value in written.items() if name not in names},
        "credential": _with_app({name: value for name, value in written.items() if name in names}),
        "collectors": _over(collectors, written.get("collectors", {})),
    }


def _with_app(credential: Tree) -> Tree:
    """A machine is an app of its own; where its name is none, that fault is enough."""
    name = credential.get("managed_identity")
    if name is None or "client_id" in credential:
        return credential
    return {**credential, "client_id": name if is_identity(name) else SOMEBODY}


def _over(lower: Tree, upper: Tree) -> Tree:
    """Both trees in one; where both have a value, the upper one's."""
    merged = {**lower, **upper}
    for name in lower.keys() & upper.keys():
        if isinstance(lower[name], dict) and isinstance(upper[name], dict):
            merged[name] = _over(lower[name], upper[name])
    return merged


def workload_identities(written: Layer, environ: Mapping[str, str]) -> Layer:
    """What Azure says about a pod, for the tables that ask for it and keys that are neither set there nor inherited.

    ``AZURE_AUTHORITY_HOST`` is not looked at: two clouds have one login host, so the setting ``cloud`` decides.
    """
    return {
        path: Entry(environ[AZURE[path[-1]]].strip(), AZURE[path[-1]], ENVIRONMENT)
        for path in _wanted(written)
        if environ.get(AZURE[path[-1]], "").strip()
    }


def _wanted(written: Layer) -> Iterator[KeyPath]:
    for path, entry in written.items():
        if path[-1] == "workload_identity" and isinstance(lookup(path), Key) and _is_true(entry):
            beside = ((*path[:-1], name) for name in AZURE)
            yield from (one for one in beside if isinstance(lookup(one), Key) and find(_in_table(one), written) is None)


def _in_table(path: KeyPath) -> KeyPath:
    return path if len(path) > 1 else ("tenants", SINGLE, *path)


def _is_true(entry: Entry) -> bool:
    try:
        return TypeAdapter(bool).validate_python(entry.value)
    except ValidationError:
        return False  # it will be refused


def between_tenants(written: Layer) -> Iterator[Problem]:
    """What is wrong between tenants, whatever else may be wrong with each."""
    keys = list(dict.fromkeys(path[1] for path in written if path[0] == "tenants" and len(path) > 1))
    shorthand = [path for path in written if path[0] in SHORTHAND]
    if not keys and not shorthand:
        yield Problem(
            (),
            "No tenant is set",
            "for one, set O365_TENANT_ID, O365_CLIENT_ID and O365_CLIENT_SECRET or O365_CLIENT_SECRET_FILE; for many, "
            "write a table [tenants.NAME] for each into the configuration file",
        )
    for path in shorthand if keys else []:
        inherited = ("defaults", *path)
        yield Problem(
            (written[path].name,),
            "sets a single tenant, and there are tables of tenants",
            f"for all tenants write {variable(inherited)}, or {path[0]} in [defaults]"
            if lookup(inherited)
            else "remove one of both",
            written[path].place,
        )
    yield from _doubles(keys, written)


def _doubles(keys: list[str], written: Layer) -> Iterator[Problem]:
    names: dict[str, list[str]] = defaultdict(list)
    tenants: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key in keys:
        tenant_id, name, cloud = (_text(("tenants", key, part), written) for part in ("tenant_id", "name", "cloud"))
        names[name or tenant_id.lower()].append(f"tenants.{key}")
        known = find_cloud(cloud)
        tenants[tenant_id.lower(), known.name if known else cloud or "global"].append(f"tenants.{key}")
    for name, same in names.items():
        if name and len(same) > 1:
            what = f"have the same name, {name!r}"
            yield Problem(tuple(same), what, "give each a name of its own (label `tenant`)")
    for (tenant_id, cloud), same in tenants.items():
        if tenant_id and len(same) > 1:
            what = f"are the same tenant, {tenant_id} in the cloud {cloud}"
            yield Problem(tuple(same), what, "keep one of them")


def _text(path: KeyPath, written: Layer) -> str:
    found = find(path, written)
    return found[1].value.strip() if found and isinstance(found[1].value, str) else ""
