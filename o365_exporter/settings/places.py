"""Where a tenant's client secret was written, so that whoever has a new one knows where it goes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from o365_exporter.errors import one_line
from o365_exporter.login import SOMEWHERE, CredentialOptions, Place
from o365_exporter.settings.inheritance import find
from o365_exporter.settings.sources import ENVIRONMENT, Entry, Layer

_POD = "KUBERNETES_SERVICE_HOST"
"""What Kubernetes sets in every container."""

_READ_AGAIN = "then reload the settings (SIGHUP) or start the exporter anew"


def secret_place(key: str, credential: CredentialOptions, written: Layer, environ: Mapping[str, str]) -> Place:
    """Where it was written, without a word of the secret itself.

    Args:
        key: of the tenant.
        credential: in effect there, which may be of a kind that replaces an inherited one.
        written: every value with its place.
        environ: tells whether this is a container of Kubernetes.
    """
    kind = credential.kinds()[0]
    found = find(("tenants", key, kind), written)
    if found is None or kind not in _PLACES:
        return SOMEWHERE
    place = _PLACES[kind](found[1])
    return Place(one_line(place.name), f"{place.then}{_of_pod(environ)}")


def _of_file(entry: Entry) -> Place:
    return Place(f"the file {entry.value}, which {entry.name} in {entry.place} names", "no restart is needed")


def _of_value(entry: Entry) -> Place:
    if entry.place == ENVIRONMENT:
        return Place(f"{entry.name} in {entry.place}", "then start the exporter anew")
    if Path(entry.place).is_dir():  # of secrets
        return Place(str(Path(entry.place, entry.name)), _READ_AGAIN)
    return Place(f"{entry.name} in {entry.place}", _READ_AGAIN)


_PLACES = {"client_secret": _of_value, "client_secret_file": _of_file}
"""By the kind of credential, if that is a client secret."""


def _of_pod(environ: Mapping[str, str]) -> str:
    return " (in this pod it may come out of a Secret of Kubernetes: change that)" if environ.get(_POD) else ""
