"""Passwords against bcrypt hashes."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from typing import Any

import anyio
import bcrypt
import pytest

from o365_exporter.web import passwords
from o365_exporter.web.passwords import BusyError, Passwords
from tests.web.behind import HASH, PASSWORD

BOB = "$2a$04$" + HASH[7:]


def basic(user: str, password: str) -> str:
    """The header's value."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The passwords that were really compared, with the thread's name checked."""
    seen: list[bytes] = []
    real: Callable[..., bool] = bcrypt.checkpw

    def checkpw(password: bytes, hashed: bytes) -> bool:
        assert threading.current_thread() is not threading.main_thread()
        seen.append(password)
        return real(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", checkpw)
    return seen


async def test_the_right_password(compared: list[bytes]) -> None:
    """Is compared once, off the loop, and known from then on; a wrong one likewise."""
    door = Passwords({"alice": HASH, "bob": BOB})
    for _ in range(3):
        assert await door.check(basic("alice", PASSWORD), "192.0.2.1")
        assert await door.check(basic("bob", PASSWORD), "192.0.2.1")
        assert not await door.check(basic("alice", "wrong"), "192.0.2.1")
    assert compared == [PASSWORD.encode(), PASSWORD.encode(), b"wrong"]


async def test_a_user_who_is_not_known_costs_as_much(compared: list[bytes]) -> None:
    """And is not let in even with a password that is somebody's."""
    door = Passwords({"alice": HASH})
    assert not await door.check(basic("mallory", PASSWORD), "192.0.2.1")
    assert not await door.check(basic("mallory", PASSWORD), "192.0.2.1")
    assert compared == [PASSWORD.encode()]
    assert await door.check(basic("alice", PASSWORD), "192.0.2.1")


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic !!", "Bearer abc", "Basic YWxpY2U=", "Basic \xff", f"Digest {basic('alice', PASSWORD)}"],
)
async def test_what_is_no_pair(compared: list[bytes], header: str) -> None:
    """Is refused without a comparison."""
    assert not await Passwords({"alice": HASH}).check(header, "192.0.2.1")
    assert compared == []


@pytest.mark.parametrize(
    "password", ["", "a\0b", "ä" * 100, "x" * 10_000, "\udc80".encode("utf-8", "replace").decode()]
)
async def test_odd_passwords(password: str) -> None:
    """Are wrong, and no fault of ours."""
    assert not await Passwords({"alice": HASH}).check(basic("alice", password), "192.0.2.1")


async def test_a_long_password_counts_as_far_as_bcrypt_looks() -> None:
    """72 bytes, as for htpasswd and the toolkit."""
    hashed = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    assert await Passwords({"alice": hashed}).check(basic("alice", "x" * 80), "192.0.2.1")


async def test_those_who_guess_push_nobody_out(monkeypatch: pytest.MonkeyPatch, compared: list[bytes]) -> None:
    """However many wrong passwords come, the right one stays known, and what is kept is bounded."""
    monkeypatch.setattr(passwords, "_MOST_KEPT", 5)
    door = Passwords({"alice": HASH})
    assert await door.check(basic("alice", PASSWORD), "192.0.2.1")
    for number in range(20):
        await door.check(basic("alice", str(number)), "192.0.2.1")
    assert await door.check(basic("alice", PASSWORD), "192.0.2.1")
    assert compared.count(PASSWORD.encode()) == 1
    assert len(door._wrong._digests) == 5


async def test_one_is_compared_at_a_time_and_few_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever floods the door waits with his own: no other address is kept out, and who is known never waits."""
    go, running, most = threading.Event(), 0, 0

    def slowly(password: bytes, _: bytes) -> bool:
        nonlocal running, most
        running += 1
        most = max(most, running)
        assert go.wait(30)
        running -= 1
        return password == PASSWORD.encode()

    door = Passwords({"alice": HASH})
    assert await door.check(basic("alice", PASSWORD), "192.0.2.9")
    monkeypatch.setattr(bcrypt, "checkpw", slowly)
    outcomes: list[Any] = []

    async def check(password: str, address: str) -> None:
        try:
            outcomes.append(await door.check(basic("alice", password), address))
        except BusyError:
            outcomes.append("busy")

    async with anyio.create_task_group() as tasks:
        for number in range(10):
            tasks.start_soon(check, f"wrong {number}", "192.0.2.1")
        await anyio.wait_all_tasks_blocked()
        assert outcomes == ["busy"] * 6
        tasks.start_soon(check, "another", "192.0.2.2")
        await anyio.wait_all_tasks_blocked()
        assert outcomes == ["busy"] * 6
        assert await door.check(basic("alice", PASSWORD), "192.0.2.1")
        go.set()
    assert outcomes[6:] == [False] * 5
    assert (most, door._waiting.total()) == (1, 0)


async def test_who_waits_for_the_same_shares_the_answer(compared: list[bytes]) -> None:
    """Two scrapes at once with the password that was not seen before cost one comparison."""
    door = Passwords({"alice": HASH})
    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(door.check, basic("alice", PASSWORD), "192.0.2.1")
    assert compared == [PASSWORD.encode()]


async def test_what_is_remembered_is_no_password() -> None:
    """Neither a password nor a hash that could be tried elsewhere."""
    door, other = Passwords({"alice": HASH}), Passwords({"alice": HASH})
    for one in (door, other):
        await one.check(basic("alice", PASSWORD), "192.0.2.1")
    assert door._right._digests.keys() != other._right._digests.keys()
    assert PASSWORD not in repr(vars(door))
