"""Real processes, and a simulated Microsoft that serves them from a thread of the test's own process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from o365_exporter.clock import SystemClock
from o365_exporter.simulator import Simulator, SimulatorOptions, Tenant
from tests.fakes import PATIENCE
from tools.stack import free_port, prometheus_command

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = (sys.executable, "-m", "o365_exporter")
T = TypeVar("T")


def eventually(what: Callable[[], T | None], progress: Callable[[], object] = lambda: None) -> T:
    """The first true answer; an error of HTTP counts as none yet.

    Args:
        what: is asked again and again.
        progress: as long as this changes, a slow machine is at work and is not given up.
    """
    stage, end = progress(), time.monotonic() + PATIENCE
    while True:
        try:
            if answer := what():
                return answer
        except httpx.HTTPError:
            pass
        if (now := progress()) != stage:
            stage, end = now, time.monotonic() + PATIENCE
        if time.monotonic() > end:
            raise TimeoutError(f"not within {PATIENCE:g} s: {what}")
        time.sleep(0.02)


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """A bare environment: nothing of whoever runs the tests, so no proxy and no stray setting."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables}


class Running:
    """The program while it runs; what it writes goes to files, so that it never waits for a reader."""

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        self._out, self._err = folder / "stdout", folder / "stderr"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [*PROGRAM, *arguments], env=environment(variables), stdout=out, stderr=err, stdin=subprocess.DEVNULL
            )

    @property
    def out(self) -> str:
        """Everything on standard output so far."""
        return self._out.read_text("utf-8")

    @property
    def err(self) -> str:
        """Everything on standard error so far."""
        return self._err.read_text("utf-8")

    def logged(self, event: str) -> list[dict[str, Any]]:
        """The JSON log lines of an event so far."""
        whole = self.err.rpartition("\n")[0]
        lines = [json.loads(line) for line in whole.split("\n") if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def url(self) -> str:
        """Where it serves, once it does."""
        lines = eventually(lambda: self.logged("listening") if self._alive() else None)
        return str(lines[0]["addresses"][0])

    def ready(self) -> str:
        """Where it serves, once every source has been tried."""
        url = self.url()
        eventually(lambda: self._alive() and httpx.get(f"{url}/-/ready").is_success, self._written)
        return url

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Exit code after a signal.

        Raises:
            subprocess.TimeoutExpired: it goes on: what is in flight in a test takes longer than this waits.
        """
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def end(self) -> int:
        """Exit code when it ends by itself."""
        eventually(lambda: self.process.poll() is not None, self._written)
        return self.process.wait()

    def _written(self) -> int:
        """Bytes that it has written, which grow while it works."""
        return self._out.stat().st_size + self._err.stat().st_size

    def _alive(self) -> bool:
        assert self.process.poll() is None, self.err
        return True


@contextmanager
def running(folder: Path, *arguments: str, **variables: str) -> Iterator[Running]:
    """Run the program while the context lasts."""
    program = Running(folder, *arguments, **variables)
    try:
        yield program
    finally:
        program.process.kill()
        program.process.wait()


def finished(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    with TemporaryDirectory() as folder, running(Path(folder), *arguments, **variables) as program:
        code = program.end()
        return subprocess.CompletedProcess(arguments, code, program.out, program.err)


@dataclass
class Microsoft:
    """A simulated Microsoft 365 at work."""

    simulator: Simulator
    url: str
    portal: BlockingPortal

    @property
    def tenant(self) -> Tenant:
        """The first tenant."""
        return next(iter(self.simulator.tenants.values()))

    def call(self, what: Callable[[], T]) -> T:
        """Do something to the simulator, in its own thread."""
        return self.portal.call(what)

    def break_(self, **fault: Any) -> None:
        """Let something go wrong; see ``simulator.Fault``."""
        self.call(lambda: self.simulator.add_fault(**fault))

    def mend(self) -> None:
        """Let nothing go wrong any more."""
        self.call(self.simulator.faults.clear)

    def asked(self, path: str) -> int:
        """How many requests to this path have come in."""
        return self.call(lambda: len(self.simulator.requests.find(path)))

    def three_variables(self, **others: str) -> dict[str, str]:
        """The settings of the first tenant as ``docker run`` would give them, and where the simulator is."""
        return {
            "O365_TENANT_ID": self.tenant.tenant_id,
            "O365_CLIENT_ID": self.tenant.client_id,
            "O365_CLIENT_SECRET": self.tenant.client_secret,
            "O365_LOGIN_URL": self.url,
            "O365_GRAPH_URL": self.url,
            "O365_LISTEN": "127.0.0.1:0",
            **others,
        }


@contextmanager
def microsoft(options: SimulatorOptions | None = None) -> Iterator[Microsoft]:
    """A simulator on a port of its own."""
    simulator = Simulator(SystemClock(), options)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(simulator.serve()) as url:
        yield Microsoft(simulator, url, portal)


@contextmanager
def prometheus_running(program: str, folder: Path, configuration: str, address: str = "", *flags: str) -> Iterator[str]:
    """A Prometheus with this configuration and these flags; yields where it serves, ``address`` where that is named."""
    address = address or f"127.0.0.1:{free_port()}"
    (folder / "prometheus.yml").write_text(configuration, "utf-8")
    command = prometheus_command(program, folder, address, *flags)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment({}), stdout=log, stderr=log)
    try:
        yield f"http://{address}"
    finally:
        process.kill()  # its data are of no use to anybody
        process.wait()
