"""Log lines: one form for our own and for those of libraries, and no secret in any."""

from __future__ import annotations

import io
import json
import logging
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from o365_exporter import logs
from o365_exporter.errors import AuthError
from o365_exporter.logs import LogOptions, get_logger
from tests.fakes import PATIENCE

CHATTY = ("httpx", "httpcore", "msal", "urllib3", "asyncio")


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging as it was before the test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in CHATTY}
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)


def written(options: LogOptions) -> io.StringIO:
    """Where the lines go from now on."""
    stream = io.StringIO()
    logs.configure(options, stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """JSON lines without their time."""
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    for line in found:
        assert line.pop("timestamp").endswith("Z")
    return found


def test_json_is_one_object_a_line() -> None:
    """An event, its level, the logger and whatever the line is about; text stays as it is."""
    stream = written(LogOptions())
    get_logger("scheduler").warning("poll failed", tenant="Söhne", reason="auth")
    assert lines(stream) == [
        {"tenant": "Söhne", "reason": "auth", "event": "poll failed", "level": "warning", "logger": "scheduler"}
    ]
    assert "Söhne" in stream.getvalue()


@pytest.mark.parametrize("form", ["json", "console"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=())), st.sampled_from(["text", "message"]))
@example("one\u2028two\x85three\x1b[31m\N{RIGHT-TO-LEFT OVERRIDE}\ud800\r\n\U000e0001", "text")
def test_any_text_stays_in_its_line(form: logs.Format, text: str, name: str) -> None:
    """Microsoft's words may have ends of lines of other alphabets, what steers a terminal, and halves of characters."""
    stream = written(logs.LogOptions(format=form))
    logs.get_logger("test").warning("told", **{name: text})
    told = stream.getvalue().encode().decode()
    assert len(told.splitlines()) == (2 if (form, name) == ("console", "message") else 1)
    assert all(line.isprintable() for line in told.splitlines())
    if form == "json":
        assert json.loads(told)[name] == text


def test_lines_of_libraries_have_the_same_form() -> None:
    """What uvicorn or msal log by the standard library comes as an object too."""
    stream = written(LogOptions())
    logging.getLogger("uvicorn.error").warning("cannot %s", "bind")
    assert lines(stream) == [{"event": "cannot bind", "level": "warning", "logger": "uvicorn.error"}]


def test_the_console_form_is_for_people() -> None:
    """Columns, and no colours where the stream is no terminal."""
    stream = written(LogOptions(format="console"))
    get_logger("app").info("listening", addresses=["http://127.0.0.1:1", "http://[::1]:1"])
    line = stream.getvalue()
    assert "listening" in line
    assert "addresses='http://127.0.0.1:1, http://[::1]:1'" in line
    assert "\x1b" not in line


def test_a_sentence_stands_below_its_line() -> None:
    """Whom a line is about comes first, in one order; what happened stands below, and cannot steer a terminal."""
    stream = written(LogOptions(format="console"))
    get_logger("scheduler").warning(
        "poll failed", reason="auth", message="No\n\x1b[31mtoken.", source="skus", tenant="x"
    )
    first, below = stream.getvalue().splitlines()
    assert re.sub(r"^[\d-]{10}T[\d:]{8}Z ", "", first) == (
        "[warning  ] poll failed                    [scheduler] tenant=x source=skus reason=auth"
    )
    assert below == r"    No\n\x1b[31mtoken."


@pytest.mark.parametrize(
    ("level", "told"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_levels(level: logs.Level, told: list[str]) -> None:
    """Nothing below the chosen level is written, by us or by libraries."""
    stream = written(LogOptions(level=level))
    for name in ("debug", "info", "warning", "error"):
        getattr(get_logger("x"), name)(name)
        getattr(logging.getLogger("library"), name)(name)
    assert [line["event"] for line in lines(stream)] == [name for name in told for _ in range(2)]


@pytest.mark.parametrize("name", CHATTY)
def test_request_lines_of_libraries_are_silenced(name: str) -> None:
    """They would show addresses with queries; even at level debug only their warnings pass."""
    stream = written(LogOptions(level="debug"))
    logging.getLogger(name).info("GET https://host/?token=canary")
    logging.getLogger(name).warning("odd")
    assert [line["event"] for line in lines(stream)] == ["odd"]


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_shows_no_values(form: logs.Format) -> None:
    """The lines of code are enough: local variables may be secrets."""
    stream = written(LogOptions(format=form))

    def fail(secret: str) -> None:
        raise ValueError(len(secret))

    try:
        fail("canary-in-a-local")
    except ValueError:
        get_logger("scheduler").exception("fault of the exporter")
    assert "canary-in-a-local" not in stream.getvalue()
    assert "ValueError" in stream.getvalue()
    assert " fail" in stream.getvalue()


def test_configuring_again_replaces_the_first() -> None:
    """Each line is written once, to where the latest configuration says."""
    first, second = written(LogOptions()), written(LogOptions())
    get_logger("x").info("once")
    assert first.getvalue() == ""
    assert len(lines(second)) == 1


@pytest.mark.parametrize("form", ["json", "console"])
def test_foreign_texts_of_exceptions_are_left_out(form: logs.Format) -> None:
    """An exception shows its kind, its places and those it came from; its text only where we wrote it."""
    stream = written(LogOptions(format=form))

    def fail() -> None:
        try:
            int("canary")
        except ValueError as error:
            raise AuthError("The token is missing.") from error

    try:
        fail()
    except AuthError:
        get_logger("x").exception("fault")
    text = stream.getvalue()
    assert "The token is missing." in text
    assert "ValueError" in text
    assert text.count("tests/test_logs.py") == 2
    assert "canary" not in text


def test_an_endless_chain_of_exceptions_is_told_in_part() -> None:
    """Groups in groups and causes without end make one line of bearable length."""
    error: Exception = ValueError()
    for _ in range(500):
        error = ExceptionGroup("x", [error, KeyError()])
    stream = written(LogOptions())
    logs.fault(error)
    (line,) = lines(stream)
    assert len(line["exception"]) == 10


@pytest.mark.parametrize(
    ("written_level", "level"),
    [
        ("INFO", "info"),
        ("Warn", "warning"),
        ("WARNING", "warning"),
        ("err", "error"),
        ("CRITICAL", "error"),
        ("fatal", "error"),
        ("Debug", "debug"),
        ("trace", "debug"),
        ("20", "info"),
        (30, "warning"),
    ],
)
def test_levels_by_the_names_of_other_programs(written_level: object, level: str) -> None:
    """Whatever people are used to is understood, in any case."""
    assert LogOptions.model_validate({"level": written_level}).level == level


@pytest.mark.parametrize(("written_format", "form"), [("JSON", "json"), ("text", "console"), ("Console", "console")])
def test_formats_by_the_names_of_other_programs(written_format: str, form: str) -> None:
    """The same for formats."""
    assert LogOptions.model_validate({"format": written_format}).format == form


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "stream", "coloured"),
    [
        ({}, Terminal(), True),
        ({}, io.StringIO(), False),
        ({"NO_COLOR": "1"}, Terminal(), False),
        ({"NO_COLOR": ""}, Terminal(), True),
        ({"TERM": "dumb"}, Terminal(), False),
        ({"FORCE_COLOR": "1"}, io.StringIO(), True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, Terminal(), False),
    ],
)
def test_colours(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], stream: io.StringIO, coloured: bool
) -> None:
    """NO_COLOR, FORCE_COLOR and TERM are obeyed, as by other programs."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    logs.configure(LogOptions(format="console"), stream)
    get_logger("app").info("listening")
    assert ("\x1b" in stream.getvalue()) == coloured


class Blocked(io.StringIO):
    """A pipe that nobody reads for now."""

    def __init__(self) -> None:
        super().__init__()
        self.read_again = threading.Event()
        self.reached = threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        self.read_again.wait(PATIENCE)
        return super().write(text)


def test_a_log_that_nobody_reads_holds_up_nobody() -> None:
    """Lines wait, and those beyond a thousand are lost and counted, as the next line tells whoever reads again."""
    stream = Blocked()
    logs.configure(LogOptions(), stream)
    with logs.in_background():
        get_logger("scheduler").warning("first")
        assert stream.reached.wait(PATIENCE)
        for number in range(1500):
            get_logger("scheduler").warning("more", number=number)
        stream.read_again.set()
    found = lines(stream)
    assert [line["number"] for line in found if line["event"] == "more"] == list(range(1000))
    assert found[1]["event"] == "500 lines were lost here: whoever reads this log was slower than it was written"
    assert len(found) == 1002


def test_options_may_change_while_lines_are_written_in_the_background() -> None:
    """A reload changes level and form, and lines stay in the background."""
    written(LogOptions())
    with logs.in_background():
        root = logging.getLogger()
        background = root.handlers[:]
        stream = written(LogOptions(level="debug"))
        assert root.handlers == background
        get_logger("scheduler").debug("polled")
    assert [line["event"] for line in lines(stream)] == ["polled"]


def test_what_a_library_says_again_and_again_is_told_once_a_minute() -> None:
    """The next minute tells how many there were; what is said of something else, and our own lines, are all told."""
    stream = written(LogOptions())
    library, clock = logging.getLogger("asyncio"), 1000.0

    def say(text: str, at: float) -> None:
        record = library.makeRecord("asyncio", logging.ERROR, "", 0, text, (), None)
        record.created = at
        library.handle(record)

    for number in range(300):
        say(f"socket.accept() out of system resource\nsocket {number}", clock)
    say("something else", clock + 1)
    say("socket.accept() out of system resource\nsocket 7", clock + 61)
    for _ in range(2):
        get_logger("scheduler").error("poll failed")
    assert [line["event"].replace("\n", " ") for line in lines(stream)] == [
        "socket.accept() out of system resource socket 0",
        "something else",
        "socket.accept() out of system resource socket 7 (299 more of these before)",
        "poll failed",
        "poll failed",
    ]
