"""``tenants_file``: one file with many tenants, read again when it changes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from o365_exporter.errors import ConfigurationError
from o365_exporter.settings import Reloader, Settings, load
from tests.settings.desk import MANY, Desk

CONTOSO = '[tenants.contoso]\ntenant_id = "contoso.com"\n'
FABRIKAM = '[tenants.fabrikam]\ntenant_id = "fabrikam.com"\n'


@pytest.fixture
def tenants(desk: Desk) -> Path:
    """The file with the tenants, with one in it."""
    file = desk.folder / "tenants.toml"
    file.write_text(CONTOSO)
    return file


def settings(tenants: Path) -> str:
    """A configuration that names the file, and what all tenants inherit."""
    return f'tenants_file = "{tenants}"\n{MANY}'


def test_its_tenants_inherit_and_stand_beside_the_others(desk: Desk, tenants: Path) -> None:
    """A table there is as good as one in the configuration file."""
    found = desk.load(settings(tenants) + FABRIKAM).tenants
    assert {tenant.tenant_id for tenant in found} == {"contoso.com", "fabrikam.com"}
    assert len({tenant.credential.client_id for tenant in found}) == 1


def test_it_can_be_named_by_the_environment_alone(desk: Desk, tenants: Path) -> None:
    """O365_TENANTS_FILE is the same setting."""
    environ = {
        "O365_TENANTS_FILE": str(tenants),
        "O365_DEFAULTS__CLIENT_ID": "11111111-1111-1111-1111-111111111111",
        "O365_DEFAULTS__CLIENT_SECRET": "s3cret",
    }
    assert desk.tenant(environ=environ).key == "contoso"


def test_only_tenants_stand_in_it(desk: Desk, tenants: Path) -> None:
    """Anything else is a fault that names key, file and what belongs there."""
    tenants.write_text('listen = ":1"\n' + CONTOSO)
    assert desk.faults(settings(tenants)) == [
        "listen in tenants.toml is no tenant: only tables [tenants.NAME] stand in tenants_file."
    ]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "tenants.toml does not exist: name the file by tenants_file."),
        ("[tenants", "tenants.toml is not TOML: "),
        ('[tenants.contoso]\ntenant_id = "contoso.com"\ncolour = "red"', "tenants.contoso.colour in tenants.toml"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(desk: Desk, tenants: Path, content: str | None, fault: str) -> None:
    """Missing, not TOML or with an unknown key: the sentence names the file."""
    if content is None:
        tenants.unlink()
    else:
        tenants.write_text(content)
    assert fault in desk.faults(settings(tenants))[0]


def test_changes_are_followed(desk: Desk, tenants: Path) -> None:
    """Nothing while the file is the same; all tenants once it has changed; a fault once for each change."""
    loaded = desk.load(settings(tenants))
    follower = Reloader(desk.config, {}, loaded)
    assert follower.changed() is None
    tenants.write_text(CONTOSO + FABRIKAM)
    assert follower.changed() is None, "what has just changed may be half written"
    found = follower.changed()
    assert found is not None
    assert [tenant.key for tenant in found] == ["contoso", "fabrikam"]
    assert found[0] == loaded.tenants[0], "an unchanged tenant equals itself, or it would be started anew"
    tenants.unlink()
    assert follower.changed() is None
    with pytest.raises(ConfigurationError, match="does not exist: name the file by tenants_file"):
        follower.changed()
    assert follower.changed() is None
    tenants.write_text(FABRIKAM)
    assert follower.changed() is None
    assert [tenant.key for tenant in follower.changed() or ()] == ["fabrikam"]


def followed(follower: Reloader) -> list[str] | None:
    """The keys of the tenants after the two looks that a change takes; None where nothing has changed."""
    found = [tenants for tenants in (follower.changed(), follower.changed()) if tenants is not None]
    return [tenant.key for tenant in found[0]] if found else None


def test_a_swap_of_kubernetes_is_seen(desk: Desk) -> None:
    """The file is a link to ..data, itself a link that is replaced; no file changes, and no signal is sent."""
    for version, content in (("..1", CONTOSO), ("..2", FABRIKAM)):
        (desk.folder / version).mkdir()
        (desk.folder / version / "tenants.toml").write_text(content)
    (desk.folder / "..data").symlink_to("..1")
    (desk.folder / "tenants.toml").symlink_to("..data/tenants.toml")
    follower = Reloader(desk.config, {}, desk.load(settings(desk.folder / "tenants.toml")))
    assert followed(follower) is None
    (desk.folder / "..data_tmp").symlink_to("..2")
    (desk.folder / "..data_tmp").rename(desk.folder / "..data")
    assert followed(follower) == ["fabrikam"]


def test_a_change_while_everything_is_read_anew_is_seen(
    desk: Desk, tenants: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written after the file was read and before that is over is still a change."""
    follower = Reloader(desk.config, {}, desk.load(settings(tenants)))

    def loaded(*places: Any) -> Settings:
        found = load(*places)
        tenants.write_text(FABRIKAM)
        return found

    monkeypatch.setattr(sys.modules[Reloader.__module__], "load", loaded)
    assert [tenant.key for tenant in follower.read().tenants] == ["contoso"]
    monkeypatch.undo()
    assert followed(follower) == ["fabrikam"]


def test_a_file_without_end_is_refused(desk: Desk, tenants: Path) -> None:
    """However much there is to read, 16 MiB are."""
    follower = Reloader(desk.config, {}, desk.load(settings(tenants)))
    tenants.unlink()
    tenants.symlink_to("/dev/zero")
    with pytest.raises(ConfigurationError, match="is larger than 16 MiB: name the right file"):
        followed(follower)


def test_without_the_setting_nothing_ever_changes(desk: Desk) -> None:
    """A configuration without tenants_file is read once."""
    desk.config.write_text(MANY + CONTOSO)
    follower = Reloader(desk.config, {}, load(desk.config, {}))
    desk.config.write_text(MANY + FABRIKAM)
    assert follower.changed() is None
