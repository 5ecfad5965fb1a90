"""What is known, in the words of people: the one source of the pages, the JSON under ``/api/v1/`` and the feeds.

Times are seconds since 1970 here and RFC 3339 in JSON.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from o365_exporter.fields import iso

Moment = Annotated[
    float,
    PlainSerializer(iso, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""Seconds since 1970, written down as RFC 3339."""

TenantState = Literal["trouble", "failing", "attention", "pending", "ok"]
"""The worst first: Microsoft reports an incident; we do not know; something is to be done; not asked yet; all well."""

TENANT_STATES: tuple[TenantState, ...] = ("trouble", "failing", "attention", "pending", "ok")

DayState = Literal["ok", "advisory", "incident", "unknown"]
EndingKind = Literal["own credential", "secret", "certificate", "subscription", "trial", "message"]


class Model(BaseModel):
    """Never changed once it is made."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Day(Model):
    """What was open on one day of a service."""

    date: str = Field(description="Day in UTC, such as 2026-11-28.")
    state: DayState = Field(description="The worst that was open, by either of the following.")
    polled: DayState = Field(description="What polls found on that day; unknown where none was made.")
    listed: DayState = Field(description="What Microsoft listed of it afterwards; unknown where that was not read.")


class ServiceView(Model):
    """One service of Microsoft's."""

    id: str
    name: str
    status: str = Field(description="serviceHealth.status.")
    is_healthy: bool
    incidents: int = Field(description="Open issues that are incidents, or of a kind that is not known.")
    advisories: int = Field(description="Open issues that are advisories.")
    history: tuple[Day, ...] = Field(description="The last days, the oldest first.")


class Reading(Model):
    """How old something is."""

    at: Moment | None = Field(description="When it was read from Microsoft.")
    trouble: str = Field(description="Why it could not be read since; empty where it could.")


class IssueView(Model):
    """One service health issue."""

    id: str
    service_id: str
    service_name: str
    title: str
    classification: str
    origin: str
    status: str
    feature: str
    feature_group: str
    is_open: bool
    start: Moment | None
    end: Moment | None
    last_modified: Moment | None
    last_post: Moment | None
    posts: int = Field(description="How many posts Microsoft has written.")
    latest: str = Field(description="The beginning of the latest post, as plain text.")
    admin_url: str = Field(description="This issue in the Microsoft 365 admin center.")


class PostView(Model):
    """What Microsoft wrote at a moment."""

    at: Moment | None
    kind: str
    html: str = Field(description="Sanitised: text, lists, tables and links.")
    text: str = Field(description="The same without tags.")


class IssueDetail(IssueView):
    """One issue with its words, the latest first."""

    tenant: str
    read: Reading
    words: tuple[PostView, ...]
    words_missing: int = Field(description="Posts of which no text is kept here; the admin center has them.")


class MessageView(Model):
    """One message of the message centre."""

    id: str
    title: str
    category: str
    severity: str
    services: tuple[str, ...]
    tags: tuple[str, ...]
    is_major_change: bool | None = Field(description="null where Microsoft does not say, which is not no.")
    start: Moment | None
    end: Moment | None
    last_modified: Moment | None
    action_required_by: Moment | None = Field(description="Until when something must be done.")
    admin_url: str = Field(description="This message in the Microsoft 365 admin center.")


class MessageDetail(MessageView):
    """One message with what Microsoft wrote."""

    tenant: str
    read: Reading
    html: str = Field(description="Sanitised: text, lists, tables and links.")
    text: str = Field(description="The same without tags.")
    is_missing: bool = Field(description="Whether no text is kept here; the admin center has it.")


class PermissionView(Model):
    """An application permission that enabled sources need."""

    name: str
    is_granted: bool | None = Field(description="null where the token cannot be read.")


class Ending(Model):
    """What ends, and when."""

    kind: EndingKind
    id: str = Field(description="Application, subscription or message id.")
    name: str
    at: Moment
    is_over: bool
    note: str = Field(description="What is known besides.")


class SeatView(Model):
    """The seats of a SKU."""

    sku_id: str
    part_number: str
    name: str
    status: str
    usable: int = Field(description="Units that are enabled or in grace.")
    enabled: int
    consumed: int
    trouble: str = Field(description="What is wrong: overassigned, in grace, disabled; empty for nothing.")


class SourceView(Model):
    """One source of a tenant: how its polls fare."""

    collector: str
    source: str
    state: str
    sentence: str = Field(description="Reason and remedy of a failure; empty where there is none.")
    in_trouble: bool = Field(description="Whether it fails, or has not been polled when it should have been.")
    is_fresh: bool = Field(description="Whether its records are served.")
    taken_at: Moment | None = Field(description="When its records were read.")
    attempted_at: Moment | None
    next_run: Moment | None
    interval: float = Field(description="Seconds between two polls.")
    duration: float = Field(description="Seconds that the latest poll took.")
    failures_in_a_row: int
    left_out: int = Field(description="Entries that could not be read.")
    dropped: int = Field(description="Series that max_series cut.")
    remarks: tuple[str, ...]


class Problem(Model):
    """Why sources are in trouble, told once for all that share the cause."""

    reason: str
    sentence: str
    sources: tuple[str, ...]


class Window(Model):
    """How much of one of Microsoft's limits is used."""

    limits: str
    seconds: float = Field(description="Length of the window.")
    used: int
    amount: int = Field(description="What the window allows.")


class Wait(Model):
    """How long requests have waited since the start, for what."""

    cause: str
    seconds: float


class Closure(Model):
    """What Microsoft has asked to be left alone."""

    scope: str
    until: Moment
    sentence: str


class TenantSummary(Model):
    """A tenant as a row."""

    name: str
    state: TenantState
    sentence: str = Field(description="What is the matter, in one line.")
    services: int = Field(description="How many services are known.")
    unhealthy: tuple[str, ...] = Field(description="Names of the services that are not healthy.")
    incidents: int = Field(description="Open issues that are incidents, or of a kind that is not known.")
    advisories: int = Field(description="Open issues that are advisories.")
    issues_known: bool = Field(description="Whether issues could be read; if not, no number of them says anything.")
    next_ending: Ending | None
    seats_in_trouble: int
    seats_known: bool = Field(description="Whether seats could be read.")
    sources: int
    sources_in_trouble: int
    sources_pending: int
    health_as_of: Moment | None = Field(description="When Microsoft was last heard about its services.")


class TenantDetail(Model):
    """All that is known of a tenant."""

    summary: TenantSummary
    tenant_id: str
    cloud: str
    labels: dict[str, str]
    admin_center: str
    login_state: str
    clock_skew: float | None = Field(description="Seconds by which this machine is ahead of Microsoft.")
    problems: tuple[Problem, ...]
    services: tuple[ServiceView, ...] = Field(description="The worst first.")
    issues: tuple[IssueView, ...] = Field(description="Open ones first, the latest first.")
    issues_in_all: int = Field(description="How many there are, if more than are listed.")
    messages: tuple[MessageView, ...] = Field(description="Of the message centre, the foremost first.")
    messages_in_all: int = Field(description="How many there are, if more than are listed.")
    permissions: tuple[PermissionView, ...]
    endings: tuple[Ending, ...] = Field(description="The next first.")
    endings_in_all: int = Field(description="How many there are, if more than are listed.")
    seats: tuple[SeatView, ...]
    sources: tuple[SourceView, ...]
    windows: tuple[Window, ...]
    waits: tuple[Wait, ...]
    closures: tuple[Closure, ...]
    settings: dict[str, Any] = Field(description="In effect, with secrets masked.")


class Overview(Model):
    """All tenants, the worst first."""

    sentence: str = Field(description="Is everything all right, and how fresh is that?")
    state: TenantState
    as_of: Moment
    health_as_of: Moment | None = Field(description="The oldest of the tenants' times.")
    version: str
    shard: str
    faults: tuple[str, ...] = Field(description="What is written in the settings and not in effect.")
    clock: str = Field(
        description="How far this machine's is from Microsoft's, in words; empty where nothing is wrong."
    )
    counts: dict[TenantState, int]
    tenants: tuple[TenantSummary, ...]
