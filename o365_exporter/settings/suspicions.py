"""What is legal but looks like an oversight; nobody is stopped by it.

Credentials in files are here, too: they are read again when they change, and what is wrong with one of them is one
tenant's affair, which may not keep the others from being watched.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from o365_exporter.clock import SystemClock
from o365_exporter.errors import AuthError
from o365_exporter.filters import Filter
from o365_exporter.http import CERTIFICATE_FILE, authority_defects
from o365_exporter.login import CredentialOptions, credential_source, secret_doubt
from o365_exporter.settings.effective import Settings, TenantSettings
from o365_exporter.settings.permissions import openness
from o365_exporter.settings.schema import CREDENTIAL_FILES, PROOFS, Key, KeyPath, is_free_text, lookup
from o365_exporter.settings.sources import ENVIRONMENT, Layer
from o365_exporter.settings.values import NOBODY
from o365_exporter.texts import quotes_around

_NO_SEPARATOR = re.compile(r"\\.|\[[^\]]*\]|\{[0-9]*,[0-9]*\}")
"""Where a comma belongs to a regular expression: escaped, in a class, or between two numbers of repetitions."""

_IN_BRACKETS = re.compile(r"\[[^\[\]]*\]")


def suspicions(settings: Settings, file: Layer, written: Layer) -> Iterator[str]:
    """One sentence each; ``file`` is the layer of the configuration file."""
    yield from _secrets_in(file)
    yield from _values(written)
    yield from _ids(settings)
    yield from _files(written)
    yield from _places(written)
    if settings.connection.tls_strict:
        yield from _authorities(settings)


def credential_doubts(tenants: Iterable[TenantSettings]) -> Iterator[str]:
    """What a login would find in the files of credentials now; nothing is asked of Microsoft."""
    now = SystemClock().now()
    for options, name in _by_files(tenants):
        try:
            credential = credential_source(options, name).read()
            credential.check(now)
        except AuthError as error:
            yield str(error)
            continue
        if doubt := credential.doubt():
            yield f"{credential.setting} of tenant {name} {doubt}."


def _by_files(tenants: Iterable[TenantSettings]) -> Iterator[tuple[CredentialOptions, str]]:
    """Each credential in files once, and whose it is: a thousand tenants may share one."""
    shared: dict[tuple[Path | None, ...], list[TenantSettings]] = defaultdict(list)
    for tenant in tenants:
        shared[tuple(getattr(tenant.credential, name) for name in CREDENTIAL_FILES)].append(tenant)
    for files, (first, *others) in shared.items():
        if any(files) and all(map(_is_readable, filter(None, files))):  # the others have been told
            yield first.credential, f"{first.name} (and {len(others)} more)" if others else first.name


def _secrets_in(file: Layer) -> Iterator[str]:
    for path, entry in file.items():
        key = lookup(path)
        if isinstance(key, Key) and key.is_secret and path[-1] in PROOFS:
            yield (
                f"{entry.name} stands in {entry.place}, where backups and colleagues find it: "
                f"name a file by {path[-1]}_file instead."
            )


def _values(written: Layer) -> Iterator[str]:
    for path, entry in written.items():
        key = lookup(path)
        if path[-1] in Filter.model_fields and entry.plain and _looks_like_list(entry.value[0]):
            yield (
                f"{entry.name} in {entry.place} looks like a list, and is taken as one regular expression: write a "
                'list as ["one", "two"], and put this into such brackets, too, if it is meant as it is.'
            )
        if not (isinstance(key, Key) and isinstance(entry.value, str)):
            continue
        if path[-1] == "client_secret" and (doubt := secret_doubt(entry.value)):
            yield f"{entry.name} in {entry.place} {doubt}."
        if path[-1] in ("tenant_id", "client_id") and entry.value == NOBODY:
            yield f"{entry.name} in {entry.place} is the placeholder of examples: write the GUID that the portal shows."
        if is_free_text(path, key) and quotes_around(entry.value):
            yield f"{entry.name} in {entry.place} has quotes around it, which count as part of it: remove them."


def _looks_like_list(pattern: str) -> bool:
    return _IN_BRACKETS.fullmatch(pattern) is not None or "," in _NO_SEPARATOR.sub("", pattern)


def _ids(settings: Settings) -> Iterator[str]:
    """Only a simulator could have one GUID for both."""
    for tenant in settings.tenants:
        if tenant.tenant_id == tenant.credential.client_id != NOBODY:
            yield (
                f"The tenant {tenant.name} has one GUID as tenant_id and client_id: write the Directory (tenant) ID "
                "and the Application (client) ID, as the overview of the app shows both."
            )


def _files(written: Layer) -> Iterator[str]:
    proofs = {path: str(entry.value) for path, entry in written.items() if path[-1] in CREDENTIAL_FILES}
    files = {name: _is_public(path, written) for path, name in proofs.items() if name.startswith("/")}
    for name, public in files.items():
        yield from _about_file(Path(name), public=public)


def _places(written: Layer) -> Iterator[str]:
    """The files in which settings stand, and those of the secrets directory."""
    folders = {place: Path(place).is_dir() for place in {entry.place for entry in written.values()} - {ENVIRONMENT}}
    files: dict[Path, bool] = {}
    for path, entry in written.items():
        if (is_folder := folders.get(entry.place)) is not None:
            file = Path(entry.place, entry.name) if is_folder else Path(entry.place)
            key = lookup(path)
            files[file] = files.get(file, False) or (isinstance(key, Key) and key.is_secret)
    for file, secret in files.items():
        if file.is_file():
            yield from openness(file, secret=secret)


def _is_public(path: KeyPath, written: Layer) -> bool:
    """Whether others may well read it: a certificate without its key, and what Kubernetes writes for everybody."""
    without_key = path[-1] == "certificate_file" and (*path[:-1], "certificate_key_file") in written
    return without_key or path[-1] == "federated_token_file"


def _is_readable(path: Path) -> bool:
    try:
        path.open("rb").close()
    except (OSError, ValueError):
        return False
    return True


def _about_file(path: Path, *, public: bool) -> Iterator[str]:
    try:
        path.open("rb").close()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not the name of a file"
        yield f"{path} cannot be read now ({why}): polls fail until it can."
        return
    yield from openness(path, secret=not public)


def _authorities(settings: Settings) -> Iterator[str]:
    now = SystemClock().now()
    files = {"ca_file": settings.connection.ca_file, CERTIFICATE_FILE: settings.surroundings.certificate_file}
    for setting, path in files.items():
        for defect in authority_defects(path, now) if path else ():
            yield f"{setting} {path}: {defect}."
