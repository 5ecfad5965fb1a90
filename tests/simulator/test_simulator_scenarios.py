"""Scenarios: those that come with the program, how they are played, and what is said of one that is wrong."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from o365_exporter.simulator import Player, ScenarioError, Simulator, Step, load_scenario, scenarios
from tests.fakes import FakeClock, settle

HEAD = 'title = "A"\ndescription = "B"\ntenants = ["contoso"]\n'
OUTAGE = {"post": '"tenants/contoso/set_service_status"', "body": '{ service = "Exchange", status = "reported" }'}


def step(**changes: str) -> str:
    """A step of a file; ``OUTAGE`` unless told otherwise."""
    keys = {"at": "1", "text": '"It breaks."', **(changes or OUTAGE)}
    return "[[steps]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())


class Switch:
    """An exporter of which nothing is known but whether it runs."""

    def __init__(self) -> None:
        self.acts: list[str] = []

    async def stop(self) -> None:
        self.acts.append("stop")

    async def start(self) -> None:
        self.acts.append("start")


def written(folder: Path, text: str) -> str:
    """The path of a file with this text."""
    path = folder / "mine.toml"
    path.write_text(text, "utf-8")
    return str(path)


def test_the_scenarios_that_come_with_the_program() -> None:
    """Those that the documentation names; each says what it is about, and its tenants are well at first."""
    assert set(scenarios()) == {
        "action-required",
        "broken-tenant",
        "consent-withdrawn",
        "exchange-outage",
        "exporter-killed",
        "graph-throttles",
        "report-stuck",
        "secret-rotation",
        "sku-suspended",
    }
    for name, scenario in scenarios().items():
        assert scenario.name == name
        assert len(scenario.description) > 100
        assert scenario.title[0].isupper()
        assert not scenario.title.endswith(".")
        assert all(one.calm for one in scenario.options().tenants)
        assert load_scenario(name) == scenario


async def test_each_step_comes_in_its_second(tmp_path: Path) -> None:
    """They are told, and done, when the simulator's clock is there; two of one second in their order."""
    path = written(
        tmp_path,
        HEAD
        + step(at="5", text='"One"', **OUTAGE)
        + step(at="5", text='"Two"', exporter='"stop"')
        + step(at="20.5", text='"Three"', exporter='"start"'),
    )
    clock, switch, told = FakeClock(), Switch(), list[str]()
    scenario = load_scenario(path)
    simulator = Simulator(clock, scenario.options())
    player = Player(scenario, simulator, switch, lambda one: told.append(one.text))
    playing = asyncio.ensure_future(player.play())
    await settle()
    await clock.advance(4.9)
    assert told == []
    await clock.advance(0.1)
    assert told == ["One", "Two"]
    assert simulator.tenants["contoso"].services["Exchange"]["status"] == "reported"
    assert switch.acts == ["stop"]
    await clock.advance(15.5)
    assert switch.acts == ["stop", "start"]
    await playing


async def test_what_is_at_0_is_so_before_the_exporter_starts(tmp_path: Path) -> None:
    """It is done once, and apart from the rest; the exporter itself has its first turn after that."""
    path = written(
        tmp_path, HEAD + step(at="0", text='"One"', **OUTAGE) + step(at="1", text='"Two"', exporter='"stop"')
    )
    clock, told = FakeClock(), list[str]()
    scenario = load_scenario(path)
    player = Player(scenario, Simulator(clock, scenario.options()), Switch(), lambda one: told.append(one.text))
    await player.begin()
    assert told == ["One"]
    playing = asyncio.ensure_future(player.play())
    await settle()
    await clock.advance(1)
    await playing
    assert told == ["One", "Two"]
    with pytest.raises(ScenarioError, match="key 'at' cannot be 0: the exporter starts then"):
        load_scenario(written(tmp_path, HEAD + step(at="0", exporter='"stop"')))


async def test_moving_microsofts_time_does_not_hurry_the_steps(tmp_path: Path) -> None:
    """A step that moves it ahead by an hour does not bring the next one forward."""
    advance = {"post": '"advance"', "body": "{ seconds = 3600 }"}
    scenario = load_scenario(
        written(tmp_path, HEAD + step(at="1", text='"1"', **advance) + step(at="9", text='"2"', **OUTAGE))
    )
    clock, told = FakeClock(), list[str]()
    player = Player(scenario, Simulator(clock, scenario.options()), Switch(), lambda one: told.append(one.text))
    playing = asyncio.ensure_future(player.play())
    await settle()
    await clock.advance(8.9)
    assert told == ["1"]
    await clock.advance(0.1)
    await playing


def test_a_step_tells_how_to_do_it_by_hand() -> None:
    """As a request to the simulator's control, in the words of its documentation."""
    posted = Step(at=1, text="x", post="tenants/contoso/grant", body={"roles": ["A"]})
    assert posted.action == 'POST /control/tenants/contoso/grant {"roles": ["A"]}'
    assert Step(at=1, text="x", delete="faults").action == "DELETE /control/faults"
    assert Step(at=1, text="x", exporter="stop").action == "stop the exporter"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("title =", r"cannot be read \(Invalid value"),
        ('title = "A"\n', r"key 'description' is missing: add it; key 'tenants' is missing"),
        (HEAD.replace("title", "titel") + step(), r"key 'title' is missing: add it; unknown key 'titel': did you"),
        (HEAD.replace("contoso", "Contoso") + step(), r"key 'tenants' cannot be \['Contoso'\]: give each .*_eu$"),
        (
            HEAD.replace('["contoso"]', '"abc"') + step(),
            r"key 'tenants' cannot be 'abc': Input should be a valid list$",
        ),
        (HEAD, "key 'steps' is missing"),
        (HEAD + step(at='"soon"', **OUTAGE), r"step 1: key 'at' cannot be 'soon': Input should be a valid number"),
        (HEAD + step(at="inf", **OUTAGE), "step 1: key 'at' cannot be inf: Input should be a finite number$"),
        (
            HEAD + step(**OUTAGE | {"body": "{ title = 1979-05-27 }"}),
            "step 1: key 'body.title' cannot be .*no dates and",
        ),
        (HEAD + step(**OUTAGE | {"body": "{ a = [{ b = nan }] }"}), "step 1: key 'body.a' cannot be .* inf and no nan"),
        (HEAD + step(pots='"x"'), r"step 1: unknown key 'pots': did you mean 'post'\?"),
        (HEAD + step(text='"Nothing happens."'), "step 1: .* a step does one thing: give it one of post, delete and"),
        (HEAD + step(delete='"faults"', body="{ a = 1 }"), "step 1: .* body goes with post only: leave it out"),
        (
            HEAD + step(exporter='"pause"'),
            "step 1: key 'exporter' cannot be 'pause': Input should be 'stop' or 'start'",
        ),
        (HEAD + step(exporter='"start"'), "step 1: start the exporter: key 'exporter' cannot be 'start': it runs then"),
        (HEAD + step() + step(exporter='"stop"', at="0"), "step 2: .*: key 'at' cannot be 0 after 1: put the steps in"),
        (
            HEAD + step(post='"tenants/acme/grant"'),
            r"step 1: POST /control/tenants/acme/grant \{\}: no tenant 'acme'; there",
        ),
        (
            HEAD + step(post='"tenants/contoso/explode"'),
            "step 1: .*: no operation 'explode'; use one of set_service_status,",
        ),
        (HEAD + step(post='"tenants/contoso/grant"'), "step 1: .*: key 'roles' is missing: add it"),
        (HEAD + step() + step(post='"tenants/contoso/add_post"', body='{ issue_id = "X" }'), "step 2: .*no issue 'X'"),
        (HEAD + step(post='"faults"', body="{ every = 0 }"), "step 1: .*: key 'every' cannot be 0"),
    ],
)
def test_what_is_wrong_is_told_before_anything_happens(tmp_path: Path, text: str, sentence: str) -> None:
    """File, step, key, value and remedy are named, be it the last step's."""
    with pytest.raises(ScenarioError, match=f"^scenario mine.toml: {sentence}"):
        load_scenario(written(tmp_path, text))


def test_a_name_that_is_none(tmp_path: Path) -> None:
    """The scenarios are listed with their titles; a file that is not there is named."""
    with pytest.raises(ScenarioError) as unknown:
        load_scenario("exchange-outtage")
    lines = str(unknown.value).splitlines()
    assert lines[0].startswith("there is no scenario 'exchange-outtage': choose one of these")
    assert [re.split(r"\s{2,}", line.strip()) for line in lines[1:]] == [
        [one.name, one.title] for one in scenarios().values()
    ]
    with pytest.raises(ScenarioError, match=r"scenario none\.toml: cannot be read"):
        load_scenario(str(tmp_path / "none.toml"))


def test_the_files_are_in_the_package(root: Path, tmp_path: Path) -> None:
    """Whoever installs the program has the scenarios and the moods, too."""
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=root, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {Path(name).stem for name in archive.namelist() if name.endswith(".toml")}
    assert packed == {*scenarios(), "moods"}
