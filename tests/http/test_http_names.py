"""Names are looked up so that those that hang hold nobody up but who asks for them."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import anyio
import httpx
import pytest

from o365_exporter.clock import SystemClock
from o365_exporter.http.failures import failure_of
from o365_exporter.http.names import AT_ONCE, SECONDS, Names, NamesFirst, NameTimeoutError, in_turns
from o365_exporter.http.progress import Stage
from o365_exporter.http.reach import NoConnectionError
from tests.fakes import PATIENCE, FakeClock, settle

FOUR, OTHER_FOUR, SIX = "192.0.2.1", "192.0.2.2", "2001:db8::1"


class NameServers:
    """Answers each name but those that begin with ``hanging``, which wait for ``answer``."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.answer = threading.Event()

    def __call__(self, host: str, _: int) -> Sequence[str]:
        self.asked[host] += 1
        if host.startswith("hanging"):
            self.answer.wait(PATIENCE)
        if host.startswith("unknown"):
            raise OSError(-2, "Name or service not known")
        return [FOUR]


@pytest.fixture
def servers() -> Iterator[NameServers]:
    """Whose hanging answers come at the end."""
    servers = NameServers()
    yield servers
    servers.answer.set()


async def outcome(names: Names, host: str, into: list[Any]) -> None:
    """What comes of asking for a name."""
    try:
        into.append(await names.addresses(host, 443))
    except httpx.ConnectError as error:
        into.append(str(error))
    except NameTimeoutError as error:
        into.append(type(error))


async def test_forty_names_that_hang_leave_the_others_untouched(servers: NameServers) -> None:
    """Each is asked for once, whoever wants it, and given up in time; what resolves does so meanwhile."""
    clock, hung = FakeClock(), list[Any]()
    names = Names(clock, servers)
    async with anyio.create_task_group() as tasks:
        for number in range(40):
            for _ in range(10):
                tasks.start_soon(outcome, names, f"hanging{number}.example", hung)
        await settle()
        with anyio.fail_after(PATIENCE):
            for number in range(40):
                assert await names.addresses(f"host{number}.example", 443) == [FOUR]
        assert hung == []
        await clock.advance(SECONDS)
    assert hung == [NameTimeoutError] * 400
    assert {servers.asked[f"hanging{number}.example"] for number in range(40)} == {1}


async def test_who_comes_when_a_name_has_hung_for_long_does_not_wait(servers: NameServers) -> None:
    """Nor is it asked for again before the name servers have said something."""
    clock, hung = FakeClock(), list[Any]()
    names = Names(clock, servers)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outcome, names, "hanging.example", hung)
        await clock.advance(SECONDS)
        tasks.start_soon(outcome, names, "hanging.example", hung)
        await clock.advance(0)
        assert hung == [NameTimeoutError] * 2
        assert servers.asked["hanging.example"] == 1


async def test_threads_are_bounded_and_known_names_do_not_wait_for_one(servers: NameServers) -> None:
    """A name that was resolved before is looked up beside however many hang; a new one is told that it is late."""
    clock, hung, new = FakeClock(), list[Any](), list[Any]()
    names = Names(clock, servers)
    before = threading.active_count()
    await names.addresses("graph.example", 443)
    async with anyio.create_task_group() as tasks:
        for number in range(AT_ONCE + 50):
            tasks.start_soon(outcome, names, f"hanging{number}.example", hung)
        await settle()
        tasks.start_soon(outcome, names, "new.example", new)
        await settle()
        assert threading.active_count() <= before + AT_ONCE
        with anyio.fail_after(PATIENCE):
            assert await names.addresses("graph.example", 443) == [FOUR]
        await clock.advance(2 * SECONDS)
    assert new == [NameTimeoutError]


async def test_a_name_that_is_unknown_is_an_error_of_the_connection(servers: NameServers) -> None:
    """With the system's own words."""
    with pytest.raises(httpx.ConnectError, match="Name or service not known"):
        await Names(FakeClock(), servers).addresses("unknown.example", 443)


def test_a_name_that_is_late_is_told_with_its_remedy() -> None:
    """The next thirty seconds nobody asks for it again."""
    path = "graph.example:443 directly"
    error = failure_of(
        NameTimeoutError("graph.example"),
        host="graph.example",
        path=path,
        seconds=10,
        stage=Stage.CONNECTION,
        begun=False,
    )
    assert isinstance(error, NoConnectionError)
    assert str(error) == (
        "The name of graph.example:443 was not resolved within 8 s. Check the name servers of the machine that runs "
        "the exporter, and the way to them."
    )


def test_the_process_ends_while_names_hang() -> None:
    """No thread is waited for."""
    program = (
        "import anyio, threading\n"
        "from o365_exporter.clock import SystemClock\n"
        "from o365_exporter.http.names import Names\n"
        "async def main():\n"
        "    names = Names(SystemClock(), lambda host, port: threading.Event().wait())\n"
        "    async with anyio.create_task_group() as tasks:\n"
        "        for number in range(40):\n"
        "            tasks.start_soon(names.addresses, f'h{number}', 1)\n"
        "        await anyio.wait_all_tasks_blocked()\n"
        "        tasks.cancel_scope.cancel()\n"
        "anyio.run(main)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=PATIENCE, check=False).returncode == 0


class Network:
    """A network backend; ``how`` says by address what becomes of connecting to it."""

    def __init__(self, how: dict[str, Callable[[], Any]] | None = None) -> None:
        self.how = how or {}
        self.asked: list[str] = []

    async def connect_tcp(self, host: str, port: int, timeout: float | None = None, **_: Any) -> str:  # noqa: ASYNC109
        assert (port, timeout) == (443, 10.0)
        self.asked.append(host)
        if host in self.how:
            await self.how[host]()
        return f"stream to {host}"


async def refused() -> None:
    """As where nobody listens."""
    raise httpx.ConnectError("refused")


async def connected(network: Network, host: str, *addresses: str, clock: FakeClock | None = None) -> Any:
    """The stream to a host that has these addresses."""
    names = Names(SystemClock(), lambda _host, _port: addresses)
    return await NamesFirst(names, network, clock or SystemClock()).connect_tcp(host, 443, timeout=10.0)


async def test_an_address_is_connected_to_as_it_is() -> None:
    """Nothing is looked up."""
    network = Network()
    assert [await connected(network, host) for host in (FOUR, SIX)] == [f"stream to {FOUR}", f"stream to {SIX}"]


async def test_the_next_address_is_tried_where_one_refuses() -> None:
    """The last error is told where all do."""
    network = Network({SIX: refused})
    assert await connected(network, "graph.example", SIX, FOUR) == f"stream to {FOUR}"
    with pytest.raises(httpx.ConnectError, match="refused"):
        await connected(Network({SIX: refused, FOUR: refused}), "graph.example", SIX, FOUR)


async def test_the_next_address_is_tried_beside_one_that_hangs() -> None:
    """After a quarter of a second, and not before."""
    network, clock, found = Network({SIX: anyio.sleep_forever}), FakeClock(), list[Any]()
    names = Names(clock, lambda _host, _port: [SIX, FOUR])
    await names.addresses("graph.example", 443)

    async def connect() -> None:
        found.append(await NamesFirst(names, network, clock).connect_tcp("graph.example", 443, timeout=10.0))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(connect)
        with anyio.fail_after(PATIENCE):
            while not network.asked:
                await anyio.lowlevel.checkpoint()
        await clock.advance(0.2)
        assert network.asked == [SIX]
        await clock.advance(0.1)
    assert found == [f"stream to {FOUR}"]


def test_families_take_turns() -> None:
    """The preferred one first."""
    assert in_turns([SIX, "::1", FOUR]) == [SIX, FOUR, "::1"]
    assert in_turns([FOUR, OTHER_FOUR, SIX]) == [FOUR, SIX, OTHER_FOUR]
    assert in_turns([]) == []
