"""What Azure says about a pod with workload identity, taken for settings where ``workload_identity`` asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import TypeAdapter, ValidationError

from o365_exporter.settings.arranging import find
from o365_exporter.settings.layers import ENVIRONMENT, Entry, Layer
from o365_exporter.settings.schema import AZURE, SINGLE, Key, KeyPath, lookup


def workload_identities(written: Layer, environ: Mapping[str, str]) -> Layer:
    """Values for the tables that ask for it, of keys that are neither set there nor inherited.

    ``AZURE_AUTHORITY_HOST`` is not looked at: two clouds have one login host, so the setting ``cloud`` decides.
    """
    return {
        path: Entry(environ[AZURE[path[-1]]], AZURE[path[-1]], ENVIRONMENT)
        for path in _wanted(written)
        if environ.get(AZURE[path[-1]])
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
