"""Files that others may read or change are warned of, where that means something."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import bcrypt
import pytest

from o365_exporter.settings.permissions import openness
from tests.certificates import certificate, key_pem, pem, rsa_key
from tests.settings.desk import ONE_TENANT, Desk

SECRET = f'client_id = "{ONE_TENANT["O365_CLIENT_ID"]}"\nclient_secret = "8Q8~abc"\ntenant_id = "contoso.com"'


def told(path: Path, *, secret: bool = True) -> list[str]:
    """What is said of a file, by its name alone."""
    return [sentence.replace(f"{path.parent}/", "") for sentence in openness(path, secret=secret)]


def made(path: Path, mode: int) -> Path:
    """A file with this mode."""
    path.write_text("x")
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("mode", "secret", "sentence"),
    [
        (0o600, True, None),
        (0o640, True, None),
        (0o660, True, None),
        (0o644, True, "file can be read by every user of this machine (mode 0644): chmod 600 file."),
        (0o602, True, "file can be changed by every user of this machine (mode 0602): chmod 600 file."),
        (0o666, True, "file can be read and changed by every user of this machine (mode 0666): chmod 600 file."),
        (0o644, False, None),
        (0o666, False, "file can be changed by every user of this machine (mode 0666): chmod o-w file."),
    ],
)
def test_what_the_mode_says_to_everybody(tmp_path: Path, mode: int, secret: bool, sentence: str | None) -> None:
    """Mode and command are named; a group is trusted, and settings without a secret may be read."""
    assert told(made(tmp_path / "file", mode), secret=secret) == ([sentence] if sentence else [])


def test_owners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user's file is named with that user; root's is not, nor one whose owner a container cannot name."""
    file, really = made(tmp_path / "file", 0o600), Path.stat

    def owned_by(user: int) -> None:
        def stat(path: Path, **options: Any) -> os.stat_result:
            values = list(really(path, **options))
            values[4] = user
            return os.stat_result(values)

        monkeypatch.setattr(Path, "stat", stat)

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for user in (0, 1000, 65534):
        owned_by(user)
        assert told(file) == []
    owned_by(1001)
    assert told(file) == [
        "file belongs to user 1001, who can change it and is neither the exporter's nor root: "
        "chown root file, and let the exporter read it by its group (chmod 640)."
    ]
    file.chmod(0o644)
    owned_by(0)
    assert told(file) == ["file can be read by every user of this machine (mode 0644): chmod o-rw file."]


def test_a_volume_of_kubernetes_is_let_pass(tmp_path: Path) -> None:
    """There every file is a link to ..data, with a mode that the volume sets."""
    (tmp_path / "..2026_11_28").mkdir()
    made(tmp_path / "..2026_11_28" / "secret", 0o644)
    (tmp_path / "..data").symlink_to("..2026_11_28")
    (tmp_path / "secret").symlink_to("..data/secret")
    assert told(tmp_path / "secret") == []


def test_a_read_only_mount_is_let_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can change a mode there, so that no sentence would help."""
    file = made(tmp_path / "file", 0o644)
    really = os.statvfs(file)
    values = [*really[:8], really.f_flag | os.ST_RDONLY, really[9]]
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(values))
    assert told(file) == []


def test_files_of_the_web_configuration(desk: Desk) -> None:
    """The key beside a certificate is a secret, and so is a file with hashes of passwords; other rules are none."""
    own = certificate(rsa_key(), ends=4e9)
    for name, content in (("cert.pem", pem(own)), ("key.pem", key_pem())):
        made(desk.folder / name, 0o644).write_bytes(content)
    web, tls = made(desk.folder / "web.yml", 0o644), "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n"
    environ = {**ONE_TENANT, "O365_WEB_CONFIG_FILE": str(web)}
    open_to_all = "can be read by every user of this machine (mode 0644): chmod 600"
    web.write_text(tls)
    key = desk.folder / "key.pem"
    assert [one for one in desk.inspect(environ=environ).warnings if "(mode" in one] == [f"{key} {open_to_all} {key}."]
    web.write_text(tls + f"basic_auth_users: {{ann: '{bcrypt.hashpw(b'x', bcrypt.gensalt(4)).decode()}'}}\n")
    assert [one for one in desk.inspect(environ=environ).warnings if "(mode" in one] == [
        f"{file} {open_to_all} {file}." for file in (web, key)
    ]


def test_files_in_which_settings_stand(desk: Desk) -> None:
    """The configuration file where a secret stands in it, tenants_file likewise, and files of the secrets directory."""
    tenants = desk.folder / "tenants.toml"
    tenants.write_text('[tenants.contoso]\ntenant_id = "contoso.com"\nclient_secret = "8Q8~abc"\n')
    desk.config.write_text(f'tenants_file = "{tenants}"\n[defaults]\nclient_id = "{ONE_TENANT["O365_CLIENT_ID"]}"')
    secret = made(desk.secrets / "o365_defaults__client_secret", 0o644)
    secret.write_text("8Q8~def")
    desk.config.chmod(0o644)
    tenants.chmod(0o644)
    found = desk.inspect(desk.config.read_text(), {"O365_SECRETS_DIR": str(desk.secrets)}).warnings
    open_to_all = "can be read by every user of this machine (mode 0644): chmod 600"
    assert {one for one in found if "(mode" in one} == {f"{file} {open_to_all} {file}." for file in (tenants, secret)}
