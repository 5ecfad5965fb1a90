"""Addresses of hosts, looked up so that a name that does not resolve holds nobody up but who asks for it.

``getaddrinfo`` cannot be cancelled and takes as long as the name servers let it. asyncio gives it a handful of threads,
six on two cores, for which the process waits at its end: so many names that hang, and no tenant would connect any more.
Here each name has one thread of its own while it is looked up, and the process may end meanwhile.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from typing import Any

import anyio
import anyio.from_thread
import anyio.lowlevel
import httpx

from o365_exporter.clock import Clock

SECONDS = 8.0
"""After which a name counts as not resolved; a resolver's usual first attempt takes five."""

AT_ONCE = 128
"""Names looked up at once, each in a thread; those that were resolved before do not count and do not wait."""

_HEAD_START = 0.25  # seconds of one address before the next is tried beside it (RFC 8305, section 5)

Resolve = Callable[[str, int], Sequence[str]]


class NameTimeoutError(httpx.ConnectTimeout):
    """The name servers gave no address in so many seconds."""

    def __init__(self, host: str, seconds: float = SECONDS) -> None:
        super().__init__(f"The name {host} was not resolved in time.")
        self.seconds = seconds


class UnknownNameError(httpx.ConnectError):
    """The system has no address for a name; ``is_settled`` says whether that is what name servers have answered."""

    def __init__(self, host: str, error: Exception) -> None:
        super().__init__(str(error))
        self.host = host
        self.is_settled = not (isinstance(error, OSError) and error.errno in _NO_ANSWER)


_NO_ANSWER = (socket.EAI_AGAIN, socket.EAI_FAIL)


def system_addresses(host: str, port: int) -> Sequence[str]:
    """Addresses of a host in the order in which the system prefers them; blocks.

    Raises:
        OSError, UnicodeError: there are none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _Lookup:
    """One name being looked up, for all that want it."""

    def __init__(self, started: float) -> None:
        self.started = started
        self.over = anyio.Event()
        self.addresses: Sequence[str] = ()
        self.error: Exception | None = None


class Names:
    """Looks names up, each by one thread at a time.

    Args:
        clock: bounds the waits.
        resolve: blocks until it has the addresses.
        seconds: after which a name counts as not resolved.
    """

    def __init__(self, clock: Clock, resolve: Resolve = system_addresses, seconds: float = SECONDS) -> None:
        self._clock = clock
        self._resolve = resolve
        self._seconds = seconds
        self._under_way: dict[str, _Lookup] = {}
        self._proven: set[str] = set()
        self._ended = anyio.Event()

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """All addresses of a host.

        Raises:
            UnknownNameError: there are none, or ``NameTimeoutError``: there is no telling yet.
        """
        try:
            lookup = await self._looked_up(host, port)
        except TimeoutError:
            raise NameTimeoutError(host, self._seconds) from None
        if lookup.error is not None:
            raise UnknownNameError(host, lookup.error) from lookup.error
        return lookup.addresses

    async def _looked_up(self, host: str, port: int) -> _Lookup:
        with self._clock.deadline(self._seconds):
            while self._is_full(host):
                await self._ended.wait()
        lookup = self._under_way.get(host) or self._begun(host, port)
        with self._clock.deadline(max(0.0, lookup.started + self._seconds - self._clock.monotonic())):
            await lookup.over.wait()
        return lookup

    def _is_full(self, host: str) -> bool:
        return host not in self._under_way and host not in self._proven and len(self._under_way) >= AT_ONCE

    def _begun(self, host: str, port: int) -> _Lookup:
        lookup = self._under_way[host] = _Lookup(self._clock.monotonic())
        token = anyio.lowlevel.current_token()
        threading.Thread(target=self._work, args=(host, port, lookup, token), name=f"name {host}", daemon=True).start()
        return lookup

    def _work(self, host: str, port: int, lookup: _Lookup, token: Any) -> None:
        """In a thread."""
        try:
            lookup.addresses = self._resolve(host, port)
        except Exception as error:  # noqa: BLE001 - it is raised where the answer is awaited
            lookup.error = error
        with suppress(RuntimeError):  # the loop has ended meanwhile
            anyio.from_thread.run_sync(self._end, host, lookup, token=token)

    def _end(self, host: str, lookup: _Lookup) -> None:
        del self._under_way[host]
        if lookup.error is None:
            self._proven.add(host)
        lookup.over.set()
        self._ended.set()
        self._ended = anyio.Event()


class NamesFirst:
    """A network backend of httpcore's that is given addresses only.

    Args:
        names: looks them up.
        network: connects.
        clock: bounds the waits.
    """

    def __init__(self, names: Names, network: Any, clock: Clock) -> None:
        self._names = names
        self._network = network
        self._clock = clock

    async def connect_tcp(self, host: str, port: int, timeout: float | None = None, **options: Any) -> Any:  # noqa: ASYNC109 - httpcore's signature
        """A connection to one of the host's addresses: the first that comes about."""
        if is_address(host):
            return await self._network.connect_tcp(host, port, timeout=timeout, **options)
        addresses = await self._names.addresses(host, port)
        connect = partial(self._network.connect_tcp, port=port, timeout=timeout, **options)
        return await self._first([partial(connect, address) for address in in_turns(addresses)])

    async def connect_unix_socket(self, *args: Any, **options: Any) -> Any:
        """As it was."""
        return await self._network.connect_unix_socket(*args, **options)

    async def sleep(self, seconds: float) -> None:
        """As it was."""
        await self._network.sleep(seconds)

    async def _first(self, attempts: Sequence[Callable[[], Any]]) -> Any:
        """What the first attempt that succeeds brings; each begins when the one before has failed or takes long.

        Raises:
            Exception: of the last that failed, where all did.
        """
        if len(attempts) == 1:
            return await attempts[0]()
        found: list[Any] = []
        errors: list[Exception] = []

        async def attempt(connect: Callable[[], Any], over: anyio.Event) -> None:
            try:
                stream = await connect()
            except Exception as error:  # noqa: BLE001 - raised below, once no other attempt is left
                errors.append(error)
            else:
                if found:
                    await stream.aclose()
                found.append(stream)
                tasks.cancel_scope.cancel()
            over.set()

        try:
            async with anyio.create_task_group() as tasks:
                for connect in attempts:
                    over = anyio.Event()
                    tasks.start_soon(attempt, connect, over)
                    with suppress(TimeoutError), self._clock.deadline(_HEAD_START):
                        await over.wait()
        except BaseException:  # cancelled in the very moment in which a connection came about
            for stream in found[:1]:
                with anyio.CancelScope(shield=True):
                    await stream.aclose()
            raise
        if not found:
            raise errors[-1]
        return found[0]


def in_turns(addresses: Sequence[str]) -> list[str]:
    """Both families by turns, beginning with the preferred one: where one is broken, the other is soon tried."""
    sixes = [address for address in addresses if ":" in address]
    fours = [address for address in addresses if ":" not in address]
    first, second = (sixes, fours) if addresses and addresses[0] in sixes else (fours, sixes)
    pairs = zip(first, second, strict=False)
    shared = min(len(first), len(second))
    return [address for pair in pairs for address in pair] + first[shared:] + second[shared:]


def is_address(host: str) -> bool:
    """Whether a host is an address already (an IPv6 one without brackets), so that there is nothing to look up."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
