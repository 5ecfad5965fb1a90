"""Structured logs: one rich line per unit of work, JSON for machines or columns for a terminal.

Lines of httpx, msal and uvicorn pass through the same door. Request lines of httpx are silenced: they would show
addresses with query strings, and some of those are secrets.
"""

from __future__ import annotations

import logging
import sys
from typing import Literal, TextIO

import structlog
from pydantic import BaseModel, ConfigDict, Field
from structlog.typing import FilteringBoundLogger, Processor

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["json", "console"]

_CHATTY = ("httpx", "httpcore", "msal", "urllib3", "asyncio")


class LogOptions(BaseModel):
    """What is logged and how it looks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: Level = Field("info", description="Least severe level that is written.")
    format: Format = Field("json", description="`json`: one object a line; `console`: columns for people.")


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
                *_renderers(options.format),
            ],
        )
    )
    root = logging.getLogger()
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


def _renderers(form: Format) -> list[Processor]:
    """A traceback never shows local variables: some of them are secrets."""
    if form == "console":
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    tracebacks = structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    )
    return [tracebacks, structlog.processors.JSONRenderer(ensure_ascii=False)]
