"""Scenarios: timelines in seconds of what happens to tenants, read from TOML files and played on a simulator.

A file has ``title``, ``description``, ``tenants`` (keys; all is well with them at first) and ``steps``. A step has
``at`` (seconds from the start; what is at 0 is so before anybody asks), ``text`` (a sentence for whoever watches) and
one of: ``post`` or ``delete``, a request below ``/control/`` with its ``body``, in the words of ``control``; or
``exporter``, which is stopped or started.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from o365_exporter.clock import SystemClock
from o365_exporter.simulator.app import Simulator
from o365_exporter.simulator.arguments import Model, check
from o365_exporter.simulator.domains.base import SimulatorError
from o365_exporter.simulator.options import SimulatorOptions, TenantOptions


class ScenarioError(SimulatorError):
    """A scenario cannot be played; the text names file, step, key, value and remedy."""


def _sendable(value: Any) -> Any:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        raise ValueError("JSON has no dates and times, no inf and no nan: write it in quotes, or as a number") from None
    return value


class Step(BaseModel):
    """Something happens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: float = Field(ge=0, allow_inf_nan=False)
    text: str = Field(min_length=1)
    post: str | None = None
    delete: str | None = None
    body: dict[str, Annotated[Any, AfterValidator(_sendable)]] = {}
    exporter: Literal["stop", "start"] | None = None

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        if sum(one is not None for one in (self.post, self.delete, self.exporter)) != 1:
            raise ValueError("a step does one thing: give it one of post, delete and exporter")
        if self.body and self.post is None:
            raise ValueError("body goes with post only: leave it out")
        return self

    @property
    def action(self) -> str:
        """What is done, as one would do it by hand."""
        if self.exporter is not None:
            return f"{self.exporter} the exporter"
        if self.delete is not None:
            return f"DELETE /control/{self.delete}"
        return f"POST /control/{self.post} {json.dumps(self.body, ensure_ascii=False)}"


class _Head(BaseModel):
    """Everything but the steps' own keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1)
    description: str = Field(min_length=1)
    tenants: list[str] = Field(min_length=1)
    steps: list[dict[str, Any]] = Field(min_length=1)


@dataclass(frozen=True)
class Scenario:
    """A timeline that has been found to be playable."""

    name: str
    title: str
    description: str
    tenants: tuple[str, ...]
    steps: tuple[Step, ...]

    def options(self) -> SimulatorOptions:
        """A simulator with the scenario's tenants: small ones, with whom all is well.

        Raises:
            ValidationError: a tenant's key is none.
        """
        return SimulatorOptions(
            tenants=tuple(TenantOptions(key=key, calm=True, issues=10, applications=20) for key in self.tenants)
        )


class Exporter(Protocol):
    """What a scenario may stop and start."""

    async def stop(self) -> None:
        """Let it be gone."""
        ...

    async def start(self) -> None:
        """Let it be there again."""
        ...


@dataclass(frozen=True)
class Player:
    """Plays a scenario.

    Args:
        scenario: what happens.
        simulator: to whom; made with ``scenario.options()``.
        exporter: what watches it.
        tell: is told each step before it is done.
    """

    scenario: Scenario
    simulator: Simulator
    exporter: Exporter
    tell: Callable[[Step], None] = lambda _: None

    async def begin(self) -> None:
        """Do what is so from the beginning, before the exporter starts."""
        for step in self.scenario.steps:
            if step.at == 0:
                await self.do(step)

    async def play(self) -> None:
        """Do every later step in its second, by the simulator's clock."""
        passed = 0.0
        for step in self.scenario.steps:
            if step.at == 0:
                continue
            await self.simulator.clock.sleep(step.at - passed)
            passed = step.at
            await self.do(step)

    async def do(self, step: Step) -> None:
        """Do one step at once.

        Raises:
            SimulatorError: it cannot be done.
        """
        self.tell(step)
        if step.exporter is None:
            _request(self.simulator, step)
        else:
            act: Callable[[], Awaitable[None]] = getattr(self.exporter, step.exporter)
            await act()


def scenarios() -> dict[str, Scenario]:
    """The scenarios that come with the program, by name."""
    return {name: _read(name, file) for name, file in _files().items()}


def titles() -> str:
    """A line for each scenario of the program."""
    return "\n".join(f"  {one.name:<20} {one.title}" for one in scenarios().values())


def load_scenario(name: str) -> Scenario:
    """A scenario by its name, or by the path of a file that ends in ``.toml``.

    Raises:
        ScenarioError: there is none, or it cannot be played.
    """
    if name.endswith(".toml"):
        return _read(Path(name).stem, Path(name))
    if name not in _files():
        wrong = f"there is no scenario {name!r}: choose"
        raise ScenarioError(f"{wrong} one of these, or write one and name the file, which ends in .toml\n{titles()}")
    return _read(name, _files()[name])


def _files() -> dict[str, Traversable]:
    folder = files("o365_exporter.simulator") / "scenarios"
    found = {one.name.removesuffix(".toml"): one for one in folder.iterdir() if one.name.endswith(".toml")}
    return dict(sorted(found.items()))


def _read(name: str, file: Traversable) -> Scenario:
    try:
        given = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:  # no TOML, or not UTF-8
        raise ScenarioError(f"scenario {file.name}: cannot be read ({error})") from None
    head = _checked(f"scenario {file.name}", _Head, given)
    steps = [
        _checked(f"scenario {file.name}: step {number}", Step, one) for number, one in enumerate(head.steps, start=1)
    ]
    scenario = Scenario(name, head.title, head.description.strip(), tuple(head.tenants), tuple(steps))
    _rehearse(f"scenario {file.name}", scenario)
    return scenario


def _checked(where: str, model: type[Model], given: dict[str, Any]) -> Model:
    try:
        return check(model, given)
    except SimulatorError as error:
        raise ScenarioError(f"{where}: {error}") from None


def _rehearse(where: str, scenario: Scenario) -> None:
    """Do every step to a simulator that nobody watches, so that a mistake in the last one is told before the first.

    Raises:
        ScenarioError: a step cannot be done, or comes in the wrong place.
    """
    try:
        simulator = Simulator(SystemClock(), scenario.options())
    except ValidationError:
        remedy = "give each a key of its own of small letters, digits and single _ between them, such as contoso_eu"
        raise ScenarioError(f"{where}: key 'tenants' cannot be {list(scenario.tenants)}: {remedy}") from None
    running, latest = True, 0.0
    for number, step in enumerate(scenario.steps, start=1):
        try:
            _in_order(step, latest, running=running)
            if step.exporter is None:
                _request(simulator, step)
        except SimulatorError as error:
            raise ScenarioError(f"{where}: step {number}: {step.action}: {error}") from None
        running, latest = step.exporter == "start" or (running and step.exporter is None), step.at


def _in_order(step: Step, latest: float, *, running: bool) -> None:
    if step.at < latest:
        raise SimulatorError(f"key 'at' cannot be {step.at:g} after {latest:g}: put the steps in their order")
    if step.exporter is not None and step.at == 0:
        raise SimulatorError("key 'at' cannot be 0: the exporter starts then; name a later second")
    if step.exporter is not None and running == (step.exporter == "start"):
        state = "runs" if running else "does not run"
        raise SimulatorError(f"key 'exporter' cannot be {step.exporter!r}: it {state} then")


def _request(simulator: Simulator, step: Step) -> None:
    method = "DELETE" if step.delete is not None else "POST"
    simulator.control(method, step.delete or step.post or "", step.body)
