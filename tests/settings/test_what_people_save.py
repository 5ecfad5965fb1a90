"""Files and values as editors, shells, Docker and Kubernetes leave them: read, or named."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from o365_exporter import texts
from o365_exporter.errors import ConfigurationError
from o365_exporter.login import CredentialOptions, credential_source
from o365_exporter.login.credentials import ClientSecret, FederatedToken
from o365_exporter.settings import Reloader
from o365_exporter.settings.tomlfile import tables_of
from tests.settings.desk import CLIENT, MANY, ONE_TENANT, Desk

Dress = Callable[[str], bytes]

DRESSES: dict[str, Dress] = {
    "plain": str.encode,
    "mark of byte order": lambda text: text.encode("utf-8-sig"),
    "UTF-16 of Notepad": lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
    "UTF-16, big end first": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "UTF-32": lambda text: text.encode("utf-32"),
    "Windows": lambda text: text.replace("\n", "\r\n").encode() + b"\r\n",
    "Windows with a mark": lambda text: text.replace("\n", "\r\n").encode("utf-8-sig"),
    "blank lines at the end": lambda text: text.encode() + b"\n\n\n",
    "blanks at the end": lambda text: text.encode() + b" \t \n",
}
TENANT = (
    f'[tenants.contoso]\ntenant_id = "contoso.com"\nname = "Söhne"\nclient_id = "{CLIENT}"\nclient_secret = "s3cret"'
)


@pytest.mark.parametrize("dress", DRESSES.values(), ids=DRESSES)
@pytest.mark.parametrize("place", ["--config", "tenants_file", "secrets directory", "client_secret_file", "token"])
def test_every_dress_is_read_in_every_place(desk: Desk, place: str, dress: Dress) -> None:
    """What an editor puts around a text is not part of it."""
    file = desk.folder / "file"
    if place == "--config":
        desk.config.write_bytes(dress(TENANT))
        assert desk.tenant(environ={"O365_CONFIG": str(desk.config)}).name == "Söhne"
    elif place == "tenants_file":
        file.write_bytes(dress(TENANT))
        assert desk.tenant(f'tenants_file = "{file}"').name == "Söhne"
    elif place == "secrets directory":
        (desk.secrets / "o365_client_secret").write_bytes(dress("s3cret"))
        environ = {**ONE_TENANT, "O365_CLIENT_SECRET": "", "O365_SECRETS_DIR": str(desk.secrets)}
        assert desk.tenant(environ=environ).credential.client_secret == SecretStr("s3cret")
    else:
        file.write_bytes(dress("a.b.c"))
        kind = "client_secret_file" if place == "client_secret_file" else "federated_token_file"
        credential = credential_source(CredentialOptions.model_validate({"client_id": CLIENT, kind: file}), "x").read()
        assert isinstance(credential, ClientSecret | FederatedToken)
        assert (credential.value if isinstance(credential, ClientSecret) else credential.token) == "a.b.c"


@pytest.mark.parametrize("text", ["{}", " {}", "{}\r\n", "\ufeff{}", " \ufeff{} \t", "{}\n\n"])
def test_every_dress_of_a_variable(desk: Desk, text: str) -> None:
    """The same for a variable."""
    environ = {name: text.format(value) for name, value in ONE_TENANT.items()}
    tenant = desk.tenant(environ=environ)
    assert (tenant.tenant_id, tenant.credential.client_secret) == ("contoso.com", SecretStr("s3cret"))


BAD_FILES: dict[str, tuple[bytes, str]] = {
    "not UTF-8": (b'name = "\xff"', "is not UTF-8 (byte 8): save it as UTF-8."),
    "half of UTF-16": (b"\xff\xfea", "is not UTF-16 (byte 2): save it as UTF-8."),
    "UTF-16 without a mark": (TENANT.encode("utf-16-le"), "is UTF-16 without a mark that says so: save it as UTF-8."),
    "UTF-16, big end first": (TENANT.encode("utf-16-be"), "is UTF-16 without a mark that says so: save it as UTF-8."),
    "NUL": (b'name = "a\0b"', "has a NUL in it (character 9): save it as UTF-8."),
    "half written": (
        b"[tenants.cont",
        "is not TOML: Expected ']' at the end of a table declaration (at end of document); "
        "write a table as [name], alone in its line.",
    ),
    "an integer of 5 000 digits": (
        b"interval = " + b"9" * 5000,
        "has a number with too many digits in it: write numbers of up to 18 digits.",
    ),
    "a hexadecimal one": (
        b"interval = 0x" + b"f" * 5000,
        "has a number with too many digits in it: write numbers of up to 18 digits.",
    ),
    "deep brackets": (
        b"a = " + b"[" * 20_000,
        "has too many brackets within each other: write it as o365-exporter docs configuration shows.",
    ),
    "deep tables": (
        b"[" + b".".join([b"a"] * 20_000) + b"]",
        "has too many brackets within each other: write it as o365-exporter docs configuration shows.",
    ),
    "too large": (b"#" * (16 * 1024 * 1024 + 1), "is larger than 16 MiB: name the right file."),
}


@pytest.mark.parametrize(("content", "fault"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_named(desk: Desk, content: bytes, fault: str) -> None:
    """Whatever is in the configuration file or in ``tenants_file``, there is one sentence with its name."""
    desk.config.write_bytes(content)
    assert desk.faults(environ={**ONE_TENANT, "O365_CONFIG": str(desk.config)}) == [f"o365.toml {fault}"]
    (desk.folder / "tenants.toml").write_bytes(content)
    desk.config.write_text(f'tenants_file = "{desk.folder / "tenants.toml"}"\n{MANY}')
    assert desk.faults(environ={"O365_CONFIG": str(desk.config)}) == [f"tenants.toml {fault}"]


@pytest.mark.parametrize("bad", [*BAD_FILES, "a directory", "gone", "another key", "no tenant"])
def test_a_bad_file_changes_nothing(desk: Desk, bad: str) -> None:
    """Reading anew what cannot be used is one refusal; mended, the next reading takes it over."""
    loaded = desk.load(TENANT)
    reloader = Reloader(desk.config, {}, loaded)
    desk.config.unlink()
    if bad == "a directory":
        desk.config.mkdir()
    elif bad != "gone":
        extra = {"another key": b"x = 1\n" + TENANT.encode(), "no tenant": b""}
        desk.config.write_bytes(extra[bad] if bad in extra else BAD_FILES[bad][0])
    with pytest.raises(ConfigurationError) as refused:
        reloader.read()
    assert len(refused.value.faults) == 1
    desk.config.rmdir() if bad == "a directory" else desk.config.unlink(missing_ok=True)
    desk.config.write_text(TENANT, "utf-8")
    assert reloader.read() == loaded


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("[" * 20_000, "O365_DEFAULTS in the environment is not a JSON object: set single keys of it, such as "),
        (
            '{"a":' * 400 + "1" + "}" * 400,
            "O365_DEFAULTS in the environment is not a JSON object: set single keys of it, such as ",
        ),
        ('{"cloud": ' + "9" * 5000 + "}", "O365_DEFAULTS in the environment is not a JSON object: "),
        ("\udcff", "O365_DEFAULTS in the environment is not UTF-8: write it in UTF-8."),
    ],
)
def test_a_bad_variable_is_named(desk: Desk, value: str, fault: str) -> None:
    """Deep or endless JSON in a variable, and bytes that are no text, are named like any other fault."""
    faults = desk.faults(environ={**ONE_TENANT, "O365_DEFAULTS": value})
    assert [one[: len(fault)] for one in faults if one.startswith("O365_DEFAULTS")] == [fault]


@pytest.fixture
def unrequested(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A default secrets directory in which one file, or everything, may not be read."""
    folder = desk.folder / "run-secrets"
    folder.mkdir()
    really: tuple[Any, Any] = (Path.open, Path.iterdir)

    def open_(path: Path, *mode: Any, **others: Any) -> object:
        if mode == ("rb",) and (path.name.endswith("_locked") or path.name == "o365_client_id"):
            raise PermissionError(13, "Permission denied")  # root, as whom tests may run, would be let in
        return really[0](path, *mode, **others)

    def iterdir(path: Path) -> object:
        if (folder / "all_locked").exists():
            raise PermissionError(13, "Permission denied")
        return really[1](path)

    monkeypatch.setattr(Path, "open", open_)
    monkeypatch.setattr(Path, "iterdir", iterdir)
    return folder


@pytest.mark.parametrize(
    ("name", "warning"),
    [
        (
            "all_locked",
            "run-secrets cannot be read (Permission denied), and no O365_SECRETS_DIR asks for it: passed over.",
        ),
        (
            "o365_backup_locked",
            "Passed over: run-secrets/o365_backup_locked cannot be read (Permission denied): let the "
            "exporter's user read it.",
        ),
        (
            "o365_backup_key",
            "Passed over: O365_BACKUP_KEY in run-secrets is not a setting: remove it, or look its name "
            "up: o365-exporter docs configuration.",
        ),
        ("db_locked", None),
    ],
)
def test_secrets_that_nobody_asked_for_are_passed_over(
    desk: Desk, unrequested: Path, name: str, warning: str | None
) -> None:
    """/run/secrets is there in each container of Podman and OpenShift; what is not for us there stops nobody."""
    (unrequested / name).write_text("x")
    found = desk.inspect(environ=ONE_TENANT)
    assert [one.replace(f"{desk.folder}/", "") for one in found.warnings] == ([warning] if warning else [])


def test_a_setting_of_ours_in_there_that_cannot_be_read_is_refused(desk: Desk, unrequested: Path) -> None:
    """Its name says that it is for us."""
    (unrequested / "o365_client_id").write_text(CLIENT)
    assert desk.faults(environ=ONE_TENANT) == [
        "run-secrets/o365_client_id cannot be read (Permission denied): let the exporter's user read it."
    ]


def test_secrets_that_were_asked_for_are_not_passed_over(desk: Desk, unrequested: Path) -> None:
    """Whoever names a directory wants what is in it."""
    environ = {**ONE_TENANT, "O365_SECRETS_DIR": str(unrequested)}
    (unrequested / "o365_backup_locked").write_text("x")
    assert desk.faults(environ=environ)[0].startswith("run-secrets/o365_backup_locked cannot be read")
    (unrequested / "all_locked").write_text("x")
    assert desk.faults(environ=environ) == [
        "run-secrets cannot be read (Permission denied): let the exporter's user read it, or name another directory by "
        "O365_SECRETS_DIR."
    ]


def test_a_pipe_is_waited_for_and_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that nobody writes to is named; what a shell's ``<(command)`` gives is read."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.setattr(texts, "PATIENCE", 0.01)
    with pytest.raises(
        texts.UnusableError, match=r"^is a pipe that has no end after 0\.01 seconds: write a plain file$"
    ):
        texts.content_of(pipe)
    reader, writer = os.pipe()
    os.write(writer, b"canary")
    os.close(writer)
    assert texts.content_of(Path(f"/dev/fd/{reader}")) == b"canary"
    os.close(reader)


def test_a_device_without_an_end_is_too_large() -> None:
    """And its bytes are not gathered for ever."""
    with pytest.raises(texts.UnusableError, match=r"^is larger than 16 MiB: name the right file$"):
        texts.content_of(Path("/dev/zero"))


@pytest.mark.parametrize("part", ["a", '"a"', "'a' ", '"a b"', r'"\"a"', "''"])
def test_a_name_of_many_parts_does_not_reach_the_parser(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose time grows with their square."""
    monkeypatch.setattr(tomllib, "loads", lambda _: pytest.fail("the parser was given it"))
    with pytest.raises(texts.UnusableError, match=r"^has too many brackets within each other: "):
        tables_of(f"x = 1\ny = {{ {'.'.join([part] * 100_000)} = 1 }}")


def test_long_words_are_no_names_of_many_parts() -> None:
    """A secret of a megabyte, and a text with many points, are read as they are."""
    word, points, quotes = "a" * 1_000_000, "..." * 100_000, '"' * 100_000
    escaped = quotes.replace('"', r"\"")
    assert tables_of(f"x = '{word}'\ny = '{points}'\nz = \"{escaped}\"") == {"x": word, "y": points, "z": quotes}
