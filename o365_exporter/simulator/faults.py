"""Faults: which requests go wrong, how often and how."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import inf
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from o365_exporter.clock import Clock
from o365_exporter.simulator.aadsts import KNOWN_CODES
from o365_exporter.simulator.draw import Draw, draw_for
from o365_exporter.simulator.http import Request

Page = Literal["login", "proxy", "gateway"]
Wire = Literal[
    "cut_length",
    "cut_chunked",
    "cut_close",
    "cut_gzip",
    "reset_body",
    "broken_connection",
    "wrong_gzip",
    "bomb",
    "drip",
]
Spoiling = Literal[
    "empty",
    "header_only",
    "header_changed",
    "header_again",
    "column_gone",
    "column_new",
    "rows_twice",
    "row_cut",
    "stray_quote",
    "quoted_newlines",
    "nul",
    "invalid_utf8",
    "long_line",
    "no_numbers",
    "far_dates",
]


class Fault(BaseModel):
    """One fault. All conditions must hold; of several faults that match, the one added first happens.

    Paths into JSON are dotted, ``*`` stands for every item: ``value.*.endDateTime``, ``value.0``, ``error.code``.
    In every text that is sent, ``{sent:token}`` stands for what the client sent itself; see ``echo``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    # which requests
    path: str = Field("*", description="Glob on the path, such as `/v1.0/applications*` or `*/token`.")
    query: str = Field("*", description="Glob on the raw query string, such as `*skip*` for later pages.")
    method: str | None = Field(None, description="`GET`, `POST` …")
    tenant: str | None = Field(None, description="Key of a tenant.")
    # how often
    count: int | None = Field(None, ge=1, description="Only so many times; without: until removed.")
    every: int = Field(1, ge=1, description="Every so manyth matching request.")
    after: int = Field(0, ge=0, description="Not before so many matching requests have passed.")
    probability: float = Field(1.0, gt=0, le=1, description="Share of matching requests, drawn from the seed.")
    seconds: float | None = Field(None, gt=0, description="Only for so long from now; without: until removed.")
    # instead of the answer
    status: int | None = Field(None, ge=100, le=599, description="HTTP status with an error in the service's shape.")
    code: str | None = Field(None, description="`error.code` to go with `status`; may be empty.")
    message: str | None = Field(None, description="`error.message` to go with `status`.")
    aadsts: int | None = Field(None, description="Number of an error of Entra ID, such as 53003.")
    page: Page | None = Field(None, description="An HTML page in place of JSON, with `status` or 200.")
    text: str | None = Field(None, description="This text in place of the body; `''` for an empty one.")
    repeat: int = Field(1, ge=1, description="How often `text` stands in the body.")
    charset: Literal["utf-8", "latin-1"] = Field("utf-8", description="How `text` becomes bytes.")
    raw: str | None = Field(None, description="This in place of the whole response, head and all; then the end.")
    invalid_json: bool = Field(default=False, description="The body ends in the middle, with a matching length.")
    # headers
    retry_after: float | str | None = Field(None, description="`Retry-After`: seconds, or any text.")
    retry_after_date: float | None = Field(None, description="`Retry-After` as the HTTP date in so many seconds.")
    content_type: str | None = Field(None, description="Content type in place of the right one.")
    headers: dict[str, str] = Field({}, description="Further headers.")
    # inside the JSON
    remove: tuple[str, ...] = Field((), description="Paths of fields to leave out.")
    null: tuple[str, ...] = Field((), description="Paths of fields to set to null.")
    set: dict[str, Any] = Field({}, description="Values by path: extra fields and wrong types.")
    next_link: str | None = Field(
        None,
        description="`@odata.nextLink`: `foreign` (another origin), `loop` (this page), `endless` (one more), or an "
        "address.",
    )
    pad_item: int = Field(0, ge=0, description="Bytes of ballast in each item of `value`, for huge pages.")
    # inside the file of a report
    csv: Spoiling | None = Field(None, description="What is wrong with the file.")
    # time and wire
    delay: float = Field(0.0, ge=0, description="Seconds before the answer, by the clock.")
    hang: bool = Field(default=False, description="Never answer; the client must give up.")
    wire: Wire | None = Field(None, description="What happens to the bytes on their way.")

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.aadsts is not None and self.aadsts not in KNOWN_CODES:
            raise ValueError(f"aadsts: {self.aadsts} is not known; use one of {sorted(KNOWN_CODES)}")
        return self

    def concerns(self, request: Request, tenant: str | None) -> bool:
        """Whether a request is of the kind that this fault is for."""
        return (
            fnmatchcase(request.path, self.path)
            and fnmatchcase(request.query, self.query)
            and self.method in (None, request.method)
            and self.tenant in (None, tenant)
        )


@dataclass
class ActiveFault:
    """A fault and how often it was met."""

    id: str
    fault: Fault
    chance: Draw = field(repr=False)
    ends: float = inf
    """Seconds since 1970."""
    seen: int = 0
    fired: int = 0

    def fires(self, now: float) -> bool:
        """Count a matching request; whether this is one of those that go wrong."""
        if now >= self.ends:
            return False
        self.seen += 1
        turn = self.seen - self.fault.after
        if turn <= 0 or turn % self.fault.every or self.fired == self.fault.count:
            return False
        if not self.chance.happens(self.fault.probability):
            return False
        self.fired += 1
        return True


class Faults:
    """The faults that are active, in the order in which they were added."""

    def __init__(self, seed: int, clock: Clock) -> None:
        self._seed = seed
        self._clock = clock
        self._ids = itertools.count(1)
        self.active: dict[str, ActiveFault] = {}

    def add(self, fault: Fault) -> str:
        """Activate a fault; answers its id."""
        fault_id = str(next(self._ids))
        ends = inf if fault.seconds is None else self._clock.now() + fault.seconds
        self.active[fault_id] = ActiveFault(fault_id, fault, draw_for(self._seed, "fault", fault_id), ends)
        return fault_id

    def remove(self, fault_id: str) -> bool:
        """Deactivate a fault; whether there was such a one."""
        return self.active.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Deactivate all faults."""
        self.active.clear()

    def pick(self, request: Request, tenant: str | None) -> Fault | None:
        """The fault that happens to this request, if any."""
        now = self._clock.now()
        for one in self.active.values():
            if one.fault.concerns(request, tenant) and one.fires(now):
                return one.fault
        return None
