"""Keeping state: what is written when, and what happens where that cannot be."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from o365_exporter.errors import ConfigurationError
from o365_exporter.scheduler import Scheduler
from o365_exporter.selfmetrics import SelfMetrics
from o365_exporter.state import Folder, Identity, keeper
from o365_exporter.state.keeper import AGAIN
from o365_exporter.store import Store
from tests.app.rig import RARELY, Rig, at_once, only, small
from tests.fakes import FakeClock
from tests.scheduler import scripted
from tests.state.kit import polls, process

ONE = small("contoso")
FEW = {**only("service_health", "subscriptions"), **RARELY}

WRITES = "o365_exporter_state_write_success"


def told(made: Rig, *events: str) -> list[dict[str, Any]]:
    """Lines about state."""
    return [line for line in made.logs if line["event"] in events]


def own(made: Rig, name: str) -> str:
    """The value of a series of the process."""
    lines = made.app.page().decode().split("\n")
    return next(line.split(" ")[1] for line in lines if line.startswith(name + " "))


async def test_a_full_disk_is_told_once_and_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Polls go on; one line when it begins and one when it ends, and a series meanwhile."""
    write = Folder.write

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    folder = tmp_path / "state"
    async with process(folder, ONE, FEW) as made:
        await made.clock.advance(60)
        assert own(made, WRITES) == "1.0"
        monkeypatch.setattr(Folder, "write", full)
        await made.clock.advance(3600)
        assert {poll.state for poll in polls(made).values()} == {"ok"}
        assert min(poll.attempted_at or 0 for poll in polls(made).values()) > made.clock.now() - 4000
        assert own(made, WRITES) == "0.0"
        assert [line["message"] for line in told(made, "state cannot be written")] == [
            f"State cannot be written to state_dir = '{folder}' (No space left on device): polls go on, and a restart "
            "will begin with what was written before. Make room there, or let the exporter's user write."
        ]
        monkeypatch.setattr(Folder, "write", write)
        await made.clock.advance(AGAIN)
        assert own(made, WRITES) == "1.0"
        assert float(own(made, "o365_exporter_state_last_write_timestamp_seconds")) > made.clock.now() - AGAIN
        assert len(told(made, "state is written again")) == 1


async def test_what_is_in_the_way_of_one_file_stops_no_other(tmp_path: Path) -> None:
    """A folder where a tenant's file belongs is named in one line, and the other tenants are written on."""
    folder = tmp_path / "state"
    async with process(folder, small("contoso", "fabrikam"), FEW) as made:
        await made.clock.advance(60)
        (file,) = folder.glob("contoso*.state")
        other = next(iter(folder.glob("fabrikam*.state")))
        file.unlink()
        file.mkdir()
        before = other.read_bytes()
        await made.clock.advance(1300)
        assert own(made, WRITES) == "0.0"
        assert other.read_bytes() != before
        (line,) = told(made, "state cannot be written")
        assert "(Is a directory at 'contoso" in line["message"]
        file.rmdir()
        await made.clock.advance(700)
        assert own(made, WRITES) == "1.0"
        assert len(told(made, "state is written again")) == 1


async def test_a_folder_that_cannot_be_made_is_tried_again(tmp_path: Path) -> None:
    """A volume that is mounted late is used as soon as it is there."""
    blocked = tmp_path / "volume"
    blocked.write_text("no folder")
    async with process(blocked / "state", ONE, FEW) as made:
        await made.clock.advance(60)
        assert own(made, WRITES) == "0.0"
        assert len(told(made, "state cannot be written")) == 1
        blocked.unlink()
        await made.clock.advance(700)
        assert own(made, WRITES) == "1.0"
        assert (blocked / "state" / "lock").exists()


async def test_a_second_process_is_refused(tmp_path: Path) -> None:
    """Its error names the key, the value and what to do."""
    folder = tmp_path / "state"
    async with process(folder, ONE, FEW) as made:
        with pytest.raises(ConfigurationError) as caught:
            async with process(folder, ONE, FEW, before=made):
                pass
    assert caught.value.faults == [
        f"state_dir = '{folder}' is in use: another process keeps its state there. Stop it, or give each process a "
        "state_dir of its own."
    ]


async def test_shards_have_folders_of_their_own(tmp_path: Path) -> None:
    """Two shards with one state_dir do not meet."""
    folder = tmp_path / "state"
    async with (
        process(folder, small("contoso", "fabrikam"), {**FEW, "O365_SHARD": "0/2"}) as first,
        process(folder, small("contoso", "fabrikam"), {**FEW, "O365_SHARD": "1/2"}, before=first),
    ):
        await first.clock.advance(60)
    assert {path.name for path in folder.iterdir()} == {"shard-0-of-2", "shard-1-of-2"}
    assert len(list(folder.glob("*/*.state"))) == 2


async def test_a_damaged_file_is_set_aside_and_told(tmp_path: Path) -> None:
    """The tenant begins anew, the others go on, and whoever wants to know finds the file."""
    folder = tmp_path / "state"
    options = small("contoso", "fabrikam")
    async with process(folder, options, FEW) as made:
        await made.clock.advance(60)
    place = Folder(folder).file_of("contoso")
    place.write_bytes(place.read_bytes()[:-5])
    async with process(folder, options, FEW, before=made) as again:
        states = {name: poll.state for name, poll in again.known.items()}
        assert {state for name, state in states.items() if name.startswith("fabrikam")} == {"ok"}
        assert [(line["tenant"], line["message"]) for line in told(again, "state not used")] == [
            (
                "contoso",
                f"The file {place} is damaged: it has no end. It is set aside as {place.stem}.set-aside, and the "
                "tenant is polled anew.",
            )
        ]
        await again.clock.advance(60)
        assert {poll.state for poll in polls(again).values()} == {"ok"}


async def test_a_tenant_that_comes_back_goes_on(tmp_path: Path) -> None:
    """Taken out of the settings and put back, it asks for nothing that is not due."""
    async with process(tmp_path / "state", small("contoso", "fabrikam"), FEW) as made:
        await made.clock.advance(120)
        before = polls(made)
        everybody = made.app.fleet.settings
        await made.app.fleet.follow([each for each in everybody if each.name == "contoso"])
        await made.clock.advance(10)
        assert not any(name.startswith("fabrikam") for name in polls(made))
        made.simulator.requests.clear()
        await made.app.fleet.follow(everybody)
        await made.clock.advance(10)
        assert not made.simulator.requests.find(tenant="fabrikam")
        assert {name: poll.taken_at for name, poll in polls(made).items()} == {
            name: poll.taken_at for name, poll in before.items()
        }


async def test_nothing_is_read_or_written_on_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files, and turning records into bytes and back, are the work of a thread."""
    assert await keeper.in_thread(threading.get_ident) != threading.get_ident()
    inside: list[str] = []
    seen: set[str] = set()

    async def noting(work: Callable[[], Any]) -> Any:
        inside.append("")
        try:
            return work()
        finally:
            inside.pop()

    def noted(owner: object, name: str) -> None:
        real = getattr(owner, name)

        def called(*arguments: Any) -> Any:
            assert inside, name
            seen.add(name)
            return real(*arguments)

        monkeypatch.setattr(owner, name, called)

    monkeypatch.setattr("tests.app.rig.at_once", noting)
    noted(Folder, "read")
    noted(Folder, "write")
    noted(Folder, "clean_up")
    noted(keeper, "read")
    noted(keeper, "written")
    for _ in range(2):
        async with process(tmp_path / "state", ONE, FEW) as made:
            await made.clock.advance(60)
    assert seen == {"read", "write", "clean_up", "written"}


async def written_by(number: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """How many files so many tenants write at their start, and in one minute afterwards of which one has news."""
    clock, store = FakeClock(), Store()
    scheduler = Scheduler(store, clock, Random(1))  # noqa: S311 - jitter
    keeping = keeper.Keeper(Folder(folder), store=store, scheduler=scheduler, selfmetrics=SelfMetrics("0"), clock=clock)
    files: list[str] = []
    monkeypatch.setattr(keeper, "in_thread", at_once)
    monkeypatch.setattr(Folder, "write", lambda _, tenant, __: files.append(tenant))
    tenants = []
    for index in range(number):
        tenant = scripted.tenant(scripted.ScriptedSource(clock), name=f"t{index}")
        tenants.append(tenant)
        scheduler.watch([tenant])
        await keeping.recall(tenant, Identity("", "", "", "", ""))
    async with keeping.keeping():
        await clock.advance(10)
        start = len(files)
        store.touch(["t3"])
        await clock.advance(60)
        return start, len(files) - start


async def test_the_work_is_in_proportion_to_what_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand tenants are a thousand files at the start, and one of them that changes is one."""
    assert await written_by(10, tmp_path / "a", monkeypatch) == (10, 1)
    assert await written_by(1000, tmp_path / "b", monkeypatch) == (1000, 1)
