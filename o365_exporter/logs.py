"""Structured logs: one rich line per unit of work, JSON for machines or columns for a terminal.

Lines of httpx, msal and uvicorn pass through the same door. Request lines of httpx are silenced: they would show
addresses with query strings, and some of those are secrets.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, TextIO

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from o365_exporter.errors import ExporterError, one_line
from o365_exporter.escapes import as_json
from o365_exporter.interpreter import as_if_missing

with as_if_missing("rich"):  # for tracebacks that show local variables: 13 MiB and a quarter of the time to start
    import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["json", "console"]

_CHATTY = ("httpx", "httpcore", "msal", "urllib3", "asyncio")
_PACKAGE = Path(__file__).parent
_MOST_EXCEPTIONS = 10  # of a chain or a group that are told
_WAITING = 1000  # lines that wait for whoever reads them
_PARTING = 1.0  # seconds that they have at the end
_SAME_AGAIN, _KINDS, _COMPARED = 60.0, 200, 80  # seconds, lines remembered, characters by which they are
_LOST = "{lost} lines were lost here: whoever reads this log was slower than it was written"
_LEVELS = {
    **dict.fromkeys(("trace", "verbose", "10"), "debug"),
    **dict.fromkeys(("information", "notice", "20"), "info"),
    **dict.fromkeys(("warn", "30"), "warning"),
    **dict.fromkeys(("err", "critical", "crit", "fatal", "40", "50"), "error"),
}
"""What other programs call a level."""
_FORMATS = dict.fromkeys(("text", "plain", "human", "pretty", "logfmt"), "console")


def _level(value: object) -> object:
    return _LEVELS.get(str(value).lower(), str(value).lower()) if isinstance(value, str | int) else value


def _format(value: object) -> object:
    return _FORMATS.get(value.lower(), value.lower()) if isinstance(value, str) else value


class LogOptions(BaseModel):
    """What is logged and how it looks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: Annotated[Level, BeforeValidator(_level)] = Field("info", description="Least severe level that is written.")
    format: Annotated[Format, BeforeValidator(_format)] = Field(
        "json", description="`json`: one object a line; `console`: columns for people."
    )


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger whose lines carry ``logger=name``; cheap, nothing is bound before the first line."""
    logger: FilteringBoundLogger = structlog.get_logger(name)
    return logger


def configure(options: LogOptions, stream: TextIO | None = None) -> None:
    """Send every line of this program and its libraries to ``stream`` (standard error) in one form."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(options.format, stream or sys.stderr),
            ],
        )
    )
    root = logging.getLogger()
    background = next((each for each in root.handlers if isinstance(each, _Background)), None)
    if background is not None:
        background.target = handler
    else:
        handler.addFilter(_Repeats())
        root.handlers[:] = [handler]
    root.setLevel(options.level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(options.level),
        cache_logger_on_first_use=False,  # a test may configure again
    )


@contextmanager
def in_background() -> Iterator[None]:
    """Write lines in a thread of its own: a pipe that nobody reads, or a slow disk, holds up nobody."""
    root = logging.getLogger()
    background = _Background(root.handlers[0])
    root.handlers[:] = [background]
    try:
        yield
    finally:
        background.close()
        root.handlers[:] = [background.target]


class _Background(logging.Handler):
    """Hands lines to a thread; those beyond ``_WAITING`` are lost, and counted for whoever reads on.

    Args:
        target: writes them.
    """

    def __init__(self, target: logging.Handler) -> None:
        super().__init__()
        self.addFilter(_Repeats())  # before they wait, or they would push out others
        self.target = target
        self._lost = 0
        self._waiting: queue.Queue[logging.LogRecord | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            self._lost += 1

    def _write(self) -> None:
        while (record := self._waiting.get()) is not None:
            self.target.handle(record)
            lost, self._lost = self._lost, 0
            if lost:
                self.target.handle(_line(_LOST.format(lost=lost)))

    def close(self) -> None:
        """Write what waits, for a moment at most."""
        try:
            self._waiting.put(None, timeout=_PARTING)
        except queue.Full:
            return
        self._thread.join(_PARTING)
        super().close()


class _Repeats(logging.Filter):
    """Lines of libraries that say the same again and again: one a minute, which tells how many were passed over.

    asyncio says for each connection that it cannot accept that it cannot, hundreds of times a second.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, dict):  # one of ours
            return True
        text = record.getMessage()
        key = (record.name, text.partition("\n")[0][:_COMPARED])
        at, more = self._told.get(key, (0.0, 0))
        if at and record.created - at < _SAME_AGAIN:
            self._told[key] = at, more + 1
            return False
        if len(self._told) >= _KINDS:
            self._told.clear()
        self._told[key] = record.created, 0
        if more:
            record.msg, record.args = f"{text} ({more} more of these before)", None
        return True


def _line(message: str) -> logging.LogRecord:
    return logging.LogRecord("logs", logging.WARNING, __file__, 0, message, None, None)


def fault(error: BaseException) -> None:
    """Tell of an exception that nobody expected, at the last door of the program, in the log's form."""
    if not logging.getLogger().handlers:
        configure(LogOptions())
    get_logger("cli").critical("fault of the exporter", exc_info=error, message="please report it with this line")


def _renderers(form: Format, stream: TextIO) -> list[Processor]:
    if form == "console":
        return [_without_foreign_text, _as_lines, _Columns(in_colour=_in_colour(stream))]
    return [_without_foreign_text, structlog.processors.JSONRenderer(as_json)]


class _Columns:
    """Columns for people: whom a line is about comes first, and a sentence stands below it, so that it can be read."""

    def __init__(self, *, in_colour: bool) -> None:
        self._draw = structlog.dev.ConsoleRenderer(
            colors=in_colour, sort_keys=False, exception_formatter=structlog.dev.plain_traceback
        )

    def __call__(self, logger: object, method: str, event: EventDict) -> str:
        message = event.pop("message", None)
        event["timestamp"] = f"{event['timestamp'][: len('2026-01-01T00:00:00')]}Z"
        ours = {name: event.pop(name) for name in _WHO if name in event}
        shown = {name: _shown(name, value) for name, value in {**ours, **event}.items()}
        line = self._draw(logger, method, shown)
        return line if message is None else f"{line}\n    {one_line(str(message))}"


def _shown(name: str, value: object) -> object:
    """A value for a terminal, which nothing in it steers; a traceback alone has lines."""
    text = ", ".join(value) if isinstance(value, list) and all(isinstance(each, str) for each in value) else value
    return one_line(text) if isinstance(text, str) and name != "exception" else text


_WHO = ("tenant", "tenants", "collector", "source", "sources", "reason")


def _in_colour(stream: TextIO) -> bool:
    """As people expect of every program: https://no-color.org and https://force-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def _without_foreign_text(_logger: object, _method: str, event: EventDict) -> EventDict:
    """An exception as its kinds and places: texts of others, and local variables, may hold secrets."""
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else given if isinstance(given, BaseException) else None
    if given is True:
        error = sys.exc_info()[1]
    if error is not None:
        event["exception"] = [_told(one) for one in _chain(error)]
    return event


def _as_lines(_logger: object, _method: str, event: EventDict) -> EventDict:
    if told := event.pop("exception", None):
        lines = [
            f"{one['type']}: {one.get('message', '')}".rstrip(": ") + "".join(f"\n  {at}" for at in one["frames"])
            for one in told
        ]
        event["exception"] = "\n".join(lines)
    return event


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, those in it, and what it came from."""
    seen = set[int]()
    waiting = [error]
    while waiting and len(seen) < _MOST_EXCEPTIONS:
        one = waiting.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting.extend(one.exceptions if isinstance(one, BaseExceptionGroup) else ())
        waiting.append(one.__cause__ or (None if one.__suppress_context__ else one.__context__))


def _told(error: BaseException) -> dict[str, Any]:
    """Kind, places in our own code from the outside in, the place where it was raised, and the text if it is ours."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(_PACKAGE)]
    places = [*own, *(frames[-1:] if frames and frames[-1] not in own else [])]
    told: dict[str, Any] = {"type": type(error).__qualname__, "frames": [_place(frame) for frame in places]}
    return {**told, "message": str(error)} if isinstance(error, ExporterError) else told


def _place(frame: traceback.FrameSummary) -> str:
    path = Path(frame.filename)
    name = path.relative_to(_PACKAGE.parent) if path.is_relative_to(_PACKAGE) else Path(*path.parts[-2:])
    return f"{name}:{frame.lineno} {frame.name}"
