"""What is known: one poll for each source, replaced whole."""

from __future__ import annotations

import anyio
import pytest

from o365_exporter.errors import REASONS
from o365_exporter.store import STATES, SUCCESS_STATES, Key, Poll, Store
from tests.fakes import settle

SKUS = Key("contoso", "subscriptions", "skus")
OTHER = Key("fabrikam", "subscriptions", "skus")


def test_a_new_poll_is_pending_and_empty() -> None:
    """Before the first attempt nothing is known, and that is a state of its own."""
    poll = Poll(interval=60, stale_after=600)
    assert (poll.state, poll.records, poll.taken_at, poll.succeeded) == ("pending", None, None, False)
    assert not poll.is_fresh(0.0)


@pytest.mark.parametrize("state", STATES)
def test_which_states_are_a_success(state: str) -> None:
    """An answer is a success, if only that there is nothing; pending and every reason are none."""
    assert Poll(interval=60, stale_after=600, state=state).succeeded == (state in SUCCESS_STATES)
    assert not set(SUCCESS_STATES) & set(REASONS)


def test_a_failure_keeps_the_records_and_counts() -> None:
    """After failures the last good records are still there, and each reason has its count."""
    poll = Poll(interval=60, stale_after=600, state="ok", records="R", taken_at=100.0)
    failed = poll.failed("network", "down").failed("auth", "no").failed("network", "still down")
    assert (failed.records, failed.taken_at, failed.state, failed.message) == ("R", 100.0, "network", "still down")
    assert failed.failures == {"network": 2, "auth": 1}
    assert poll.failures == {}


def test_records_are_fresh_until_stale_after() -> None:
    """The limit itself is still fresh."""
    poll = Poll(interval=60, stale_after=600, taken_at=100.0)
    assert [poll.is_fresh(now) for now in (100.0, 700.0, 700.1)] == [True, True, False]


def test_polls_are_found_by_key_and_by_tenant() -> None:
    """A tenant sees its own polls only, and tenants are told in the order in which they came."""
    store = Store()
    poll = Poll(interval=60, stale_after=600)
    for key in (OTHER, SKUS):
        store.put(key, poll)
        store.put_about(key.tenant, {"x": key.tenant.encode()})
    assert store[SKUS] is poll
    assert list(store) == [OTHER, SKUS]
    assert store.of("contoso") == {SKUS: poll}
    assert store.tenants() == ("fabrikam", "contoso")
    assert store.about("contoso") == {"x": b"contoso"}


def test_lines_that_are_as_before_are_the_same_bytes() -> None:
    """A page has them compressed already; a family that has changed is another, and one that is gone is gone."""
    store = Store()
    same, other, about = b"".join([b"a", b" 1"]), b"b 1", b"".join([b"c", b" 1"])
    store.put(SKUS, Poll(interval=60, stale_after=600, rendered={"a": same, "b": other, "gone": b"d 1"}))
    store.put_about("contoso", {"c": about})
    store.put(SKUS, Poll(interval=60, stale_after=600, rendered={"a": b"".join([b"a", b" 1"]), "b": b"b 2"}))
    store.put_about("contoso", {"c": b"".join([b"c", b" 1"])})
    assert store[SKUS].rendered == {"a": b"a 1", "b": b"b 2"}
    assert store[SKUS].rendered["a"] is same
    assert store.about("contoso")["c"] is about


async def test_whoever_waits_hears_of_the_next_put() -> None:
    """Each put wakes those who wait, and those who come later wait for the next."""
    store = Store()
    heard: list[int] = []

    async def listen(number: int) -> None:
        await store.changed()
        heard.append(number)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen, 1)
        await settle()
        store.put(SKUS, Poll(interval=60, stale_after=600))
        await settle()
        assert heard == [1]
        tasks.start_soon(listen, 2)
        await settle()
        assert heard == [1]
        store.put(SKUS, Poll(interval=60, stale_after=600))
    assert heard == [1, 2]
