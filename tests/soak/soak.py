"""Days of a simulated exporter: what happens is drawn from a seed, and every few minutes what must hold is checked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from structlog.testing import capture_logs

from o365_exporter.scheduler.timing import LAST_RETRY
from o365_exporter.settings.problems import toml
from o365_exporter.simulator import Simulator, SimulatorOptions, TenantOptions
from o365_exporter.store import SUCCESS_STATES
from tests.app.rig import MICROSOFT
from tests.fakes import FakeClock
from tests.soak import invariants
from tests.soak.leaks import Held
from tests.soak.page import Page
from tests.soak.process import Process, process
from tests.soak.truth import SUMS, Truth
from tests.soak.weather import Weather

HOUR = 3_600.0
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
SETTINGS = f"""
[defaults]
login_url = "{MICROSOFT}"
graph_url = "{MICROSOFT}"
[collectors.service_health]
interval = "{{interval:g}}s"
issues_interval = "{{interval:g}}s"
keep_resolved = "1h"
stale_after = "2h"
"""
BAD = (
    b"client_id = " + b"9" * 5_000,
    b"a = " + b"[" * 20_000,
    b'log_level = "a\0b"',
    b"\xff\xfe",
    b'[tenants.contoso]\ntenant_id = "conto',
    b"",
)
"""What a settings file may hold that nobody can use."""

_QUIET = 1.5 * HOUR
"""Seconds after which everything is well again once nothing is wrong: the longest wait, and a poll or two."""

_TOLD = 25
"""Events that are told of a run that failed."""


class BrokenInvariantError(AssertionError):
    """Something does not hold; the text says what, when, after what, and how to see it again."""


@dataclass
class Soak:
    """One run.

    Args:
        folder: for the settings.
        seed: of everything that is drawn.
        tenants: how many there are.
        interval: seconds between two polls of service health.
        steps: how many there are at least and at most between two quiet moments.
        lives: how many quiet moments there are between two starts.
    """

    folder: Path
    seed: int
    tenants: int
    interval: float = 300.0
    steps: tuple[int, int] = (10, 40)
    lives: tuple[int, int] = (2, 5)
    clock: FakeClock = field(default_factory=FakeClock)
    scrapes: int = 0
    happened: int = 0
    restarts: int = 0

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)  # noqa: S311 - what happens, not a secret
        keys = ("contoso", "fabrikam", *(f"tenant_{number:03}" for number in range(3, self.tenants + 1)))
        options = tuple(
            TenantOptions.model_validate({"key": key, "applications": 20, "issues": 10, "users": 40})
            for key in keys[: self.tenants]
        )
        self.simulator = Simulator(self.clock, SimulatorOptions(tenants=options, seed=self.seed, request_log=1))
        self.simulator.switch(gzip=False)  # large answers would be compressed in a thread
        self.truth = Truth(self.simulator.tenants, self.clock.now)
        self.events: deque[str] = deque(maxlen=_TOLD)
        self.weather = Weather(self.simulator, self.chance, self._happens, self._blinds)
        self.blind_until: dict[str, float] = {}
        self.locked_out: set[str] = set()
        self.watched = set(self.simulator.tenants)
        self.counters: dict[str, float] = {}
        self.ages: dict[invariants.Name, float] = {}
        self.keeps_state = False
        self.summed: set[str] = set()
        self.held: Held | None = None
        self.last: Held | None = None
        self.config, self.tenants_file = self.folder / "o365.toml", self.folder / "tenants.toml"
        self.config.write_text(
            f"tenants_file = {toml(str(self.tenants_file))}\nstate_dir = {toml(str(self.folder / 'state'))}\n"
            + SETTINGS.format(interval=self.interval),
            "utf-8",
        )
        self.begin = self.clock.now()
        self.is_bad = False
        self._write()

    @property
    def hours(self) -> float:
        """Simulated, so far."""
        return (self.clock.now() - self.begin) / HOUR

    async def run(self, enough: Callable[[], bool]) -> None:
        """Go on until it is enough; the last thing is a quiet moment, in which all must be well.

        Raises:
            BrokenInvariantError: something does not hold.
        """
        with capture_logs() as logs:
            try:
                while not enough():
                    kept, self.keeps_state = self.keeps_state, self.chance.random() < 0.7
                    seed = self.chance.randrange(2**32)
                    async with process(
                        self.simulator, self.clock, self.config, seed, keeps_state=self.keeps_state
                    ) as running:
                        await self._begin(running, known=kept and self.keeps_state)
                        await self._live(running, logs, enough)
                    self.restarts += 1
                assert self.summed == SUMS.keys(), f"nobody had {SUMS.keys() - self.summed}"
            except (AssertionError, ExceptionGroup) as error:
                raise BrokenInvariantError(self._told(_innermost(error))) from error

    async def _begin(self, running: Process, *, known: bool) -> None:
        """Who knows what was before shows it at once, as old as it is; who does not begins anew."""
        self.counters = {}
        if not known:
            self._hide_all(5 * self.interval)
            return
        ages = invariants.sources(Page(await running.text()), "last_success_timestamp_seconds")
        gone = [f"{name} was of {taken}, is of {ages.get(name)}" for name, taken in self.ages.items()]
        gone = [one for one, (name, taken) in zip(gone, self.ages.items(), strict=True) if ages.get(name) != taken]
        assert not gone, "after a restart: " + "\n".join(gone[:10])

    async def _live(self, running: Process, logs: list[Any], enough: Callable[[], bool]) -> None:
        """From a start to the end of that process."""
        for _ in range(self.chance.randint(*self.lives)):
            for _ in range(self.chance.randint(*self.steps)):
                await self._step(running, logs)
                if enough():
                    break
            await self._rest(running, logs)
            if enough():
                return
        self._happens("restart")

    async def _step(self, running: Process, logs: list[Any]) -> None:
        """Something happens, time passes, and a scrape comes."""
        for _ in range(self.chance.randint(0, 2)):
            self.weather.change()
        draw = self.chance.random()
        if draw < 0.05:
            self._rotate()
        elif draw < 0.12:
            await self._come_and_go(running)
        elif draw < 0.15:
            await self._misspell(running)
        self.truth.note()
        await self._pass(self.chance.uniform(20, 1_200), running, logs)

    async def _pass(self, seconds: float, running: Process, logs: list[Any]) -> None:
        await self.clock.advance(seconds)
        await self._scrape(running)
        wrong = [line for line in logs if line["event"] == "fault of the exporter"]
        assert not wrong, f"{wrong[0]}"
        logs.clear()

    async def _scrape(self, running: Process) -> None:
        self.scrapes += 1
        now, app = self.clock.now(), running.app
        page = Page(await running.text())
        tenants = app.fleet.tenants
        broken = [
            *invariants.counted(page, self.counters),
            *invariants.aged(page, now, tenants),
            *invariants.planned(app.store, now, tenants),
            *invariants.seen(page, now, self.blind_until | dict.fromkeys(self.locked_out, float("inf"))),
            *invariants.whole(page, self.truth, app.store, now),
        ]
        if self.scrapes % 20 == 0:
            broken += invariants.parsed(page.text, await running.text(accept=OPENMETRICS))
            await running.text("/")
            await running.text("/sd")
        shown = {labels["tenant"] for labels, _ in page.of("o365_tenant_info")}
        broken += [f"shown are {sorted(shown)}"] * (shown != {tenant.facts.name for tenant in tenants})
        broken += [f"{key}'s secret is shown" for key, one in self._secrets().items() if one in page.text]
        assert not broken, "\n".join(broken[:10])
        self.summed |= invariants.summed(page)
        self.counters = dict(page.counted())
        self.ages = invariants.sources(page, "last_success_timestamp_seconds")

    async def _rest(self, running: Process, logs: list[Any]) -> None:
        """Nothing is wrong for a while: everything recovers by itself, and nothing is held that was not before."""
        self.weather.clear_up()
        self.watched = set(self.simulator.tenants)
        self._write()
        self.truth.note()
        assert await running.reload(), running.app.reloads.faults
        self._hide_all(LAST_RETRY)
        for _ in range(3):
            await self._pass(_QUIET / 3, running, logs)
        store = running.app.store
        ill = [f"{key} is {store[key].state}: {store[key].message}" for key in store]
        ill = [one for one, key in zip(ill, store, strict=True) if store[key].state not in SUCCESS_STATES]
        assert not ill, "not well again:\n" + "\n".join(ill[:10])
        assert running.app.scheduler.ready()[0], running.app.scheduler.ready()
        self.last = Held.now()
        if self.held is None:
            self.held = self.last
        leaks = self.last.leaks(self.held, self.tenants)
        assert not leaks, "held:\n" + "\n".join(leaks)

    # What those do who run the exporter -------------------------------------------------------------------------

    def _rotate(self) -> None:
        """A new secret: at Microsoft's at once, in the settings with the next reload."""
        tenant = self.chance.choice(list(self.simulator.tenants.values()))
        kept = self.chance.random() < 0.5
        tenant.rotate_secret(keep_old=kept)
        if not kept:
            self.locked_out.add(tenant.key)
        self._happens(f"{tenant.key} has a new secret, {'and the old one' if kept else 'and it alone'}")

    async def _come_and_go(self, running: Process) -> None:
        """Tenants are taken out and put in again, secrets are written down; somebody says so, or the file is seen."""
        key = self.chance.choice(list(self.simulator.tenants))
        self.watched ^= {key}
        self.watched |= {next(iter(self.simulator.tenants))}
        self._write()
        told = self.chance.random() < 0.5
        self._happens(f"{key} is {'put in' if key in self.watched else 'taken out'}, {'told' if told else 'untold'}")
        if told:
            assert await running.reload(), running.app.reloads.faults
        else:
            await self.clock.advance(40)
        if key not in self.watched:  # who comes again begins at 0
            self.counters = {one: value for one, value in self.counters.items() if f'tenant="{key}"' not in one}

    async def _misspell(self, running: Process) -> None:
        """What nobody can use is written, and changes nothing."""
        before = running.app.fleet.settings
        self.tenants_file.write_bytes(self.chance.choice(BAD))
        self._happens("nonsense is written")
        assert not await running.reload()
        assert running.app.reloads.faults
        assert running.app.fleet.settings == before
        self._write()
        assert await running.reload(), running.app.reloads.faults

    def _write(self) -> None:
        """The tenants that are to be watched, with the secrets that are good now."""
        lines = []
        for key in self.simulator.tenants:
            if key not in self.watched:
                continue
            tenant = self.simulator.tenants[key]
            lines += [f"[tenants.{key}]", f'tenant_id = "{tenant.tenant_id}"', f'name = "{key}"']
            lines += [f'client_id = "{tenant.client_id}"']
            if int(tenant.tenant_id[0], 16) % 2:
                file = self.folder / f"{key}.secret"
                file.write_text(tenant.client_secret, "utf-8")
                file.chmod(0o600)
                lines.append(f"client_secret_file = {toml(str(file))}")
            else:
                lines.append(f"client_secret = {toml(tenant.client_secret)}")
            self._blinds(key, self.clock.now())
        self.locked_out -= self.watched
        self.tenants_file.write_text("\n".join(lines) + "\n", "utf-8")
        self.tenants_file.chmod(0o600)

    # What is remembered -----------------------------------------------------------------------------------------

    def _secrets(self) -> dict[str, str]:
        return {key: tenant.client_secret for key, tenant in self.simulator.tenants.items()}

    def _blinds(self, tenant: str, until: float) -> None:
        """Nobody can see this tenant's health until then, and for as long after as the longest wait and two polls."""
        until += LAST_RETRY + 2 * self.interval
        self.blind_until[tenant] = max(self.blind_until.get(tenant, 0.0), until)

    def _hide_all(self, seconds: float) -> None:
        for key in self.simulator.tenants:
            self._blinds(key, self.clock.now() + seconds)

    def _happens(self, what: str) -> None:
        self.happened += 1
        moment = datetime.fromtimestamp(self.clock.now(), UTC)
        self.events.append(f"{moment:%d %H:%M:%S} {what}")

    def _told(self, error: BaseException) -> str:
        again = f"python -m tests.soak --seed {self.seed} --tenants {self.tenants} --interval {self.interval:g}"
        moment = datetime.fromtimestamp(self.clock.now(), UTC)
        return "\n".join(
            (
                f"After {self.hours:.1f} simulated hours ({moment:%d %H:%M:%S}): {type(error).__name__}: {error}",
                "Before that:",
                *self.events,
                f"Once more: {again}",
            )
        )


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
