"""Inheritance: from what is written to what each model gets, before anything is checked.

Every tenant gets all that holds for it, so that a model sees (and refuses) what will be in effect, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from o365_exporter.settings.layers import Entry, Layer
from o365_exporter.settings.schema import INHERITED, KINDS, PROOFS, ROOMS, SHORTHAND, SINGLE, Credential, KeyPath
from o365_exporter.settings.values import is_identity

Tree = dict[str, Any]

SOMEBODY = "00000000-0000-0000-0000-000000000000"
_STAND_IN: Mapping[str, Any] = {"tenant_id": SOMEBODY, "client_id": SOMEBODY, "client_secret": "stand-in"}
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
