"""What a simulated Microsoft 365 is made of, and the switches that change its manners while it runs."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Cloud = Literal["global", "us_gov_l4", "us_gov_l5", "china"]
Framing = Literal["chunked", "length", "close"]

_NAMES = ("contoso", "fabrikam", "tailspin")


class TenantOptions(BaseModel):
    """One tenant; what is left out is made from ``key`` and the simulator's seed, always in the same way."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", description="Name in `Simulator.tenants`.")
    tenant_id: str | None = Field(None, description="GUID of the directory.")
    domain: str | None = Field(None, description="First verified domain, also good in login addresses.")
    display_name: str | None = Field(None, description="Name of the organization.")
    cloud: Cloud = Field("global", description="National cloud; decides the audience of tokens.")
    client_id: str | None = Field(None, description="Application id of the client's app registration.")
    client_secret: str | None = Field(None, repr=False, description="Its client secret.")
    secret_days: float = Field(400.0, description="Days until that secret ends; negative: it has ended.")
    roles: frozenset[str] | None = Field(
        None, description="Application permissions granted to the app; without, those that read all there is."
    )
    users: int = Field(
        250, ge=0, description="Size of the tenant: decides the identity service's limit and the rows of reports."
    )
    concealed_names: bool = Field(default=False, description="Whether usage reports show hashes in place of names.")
    issues: int = Field(230, ge=6, description="Service health issues, of which six are open.")
    applications: int = Field(100, ge=20, description="App registrations, the client's own among them.")
    calm: bool = Field(
        default=False,
        description="Whether all is well at first: no open issue, no credential or licence that ends soon, seats for "
        "everybody, no mailbox that is full.",
    )


class Switches(BaseModel):
    """Manners of Graph that differ from day to day; changed with ``Simulator.switch``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    filter_mode: Literal["honoured", "ignored", "refused"] = Field(
        "honoured", description="What becomes of `$filter`: obeyed, passed over in silence, or a 400."
    )
    pascal_case_rate: float = Field(
        0.03, ge=0, le=1, description="Share of enum members written in Pascal case, as in Graph's examples."
    )
    prefer: Literal["honoured", "ignored"] = Field(
        "honoured", description="What becomes of the request header `Prefer`."
    )
    throttling: bool = Field(default=True, description="Whether the published limits hold.")
    throttle_headers: bool = Field(
        default=False,
        description="Whether there are `x-ms-throttle-…` headers: documented, but never seen by who measured.",
    )
    health_top: Literal["last_page", "paged"] = Field(
        "last_page",
        description="What follows a `$top` at `/admin/serviceAnnouncement`: nothing, as measured, or a next link.",
    )
    date_skew: float = Field(
        0.0, description="Seconds by which `Date` of every answer is ahead of the simulator's own time."
    )
    without_roles: Literal[401, 403] = Field(
        403, description="Status where a token has no roles at all; both are seen in reality."
    )
    gzip: bool = Field(default=True, description="Whether answers are compressed for those who accept it.")
    report_redirect: Literal["once", "twice", "twice_elsewhere", "forbidden_host"] = Field(
        "once",
        description="Where a report's 302 leads: to the file; to a second redirect, to the same host or another; "
        "to a host that is not Microsoft's.",
    )
    report_framing: Framing = Field(
        "chunked", description="How the end of a report file is told: last chunk, `Content-Length`, or hanging up."
    )
    report_etags: Literal["honoured", "file_only", "ignored"] = Field(
        "honoured",
        description="Where `If-None-Match` with the `ETag` of a report file gives 304: already at Graph, only at the "
        "file's own address, or nowhere.",
    )
    report_booleans: Literal["mixed", "true_false", "yes_no", "lower_case"] = Field(
        "mixed", description="Spelling in report files; mixed: Yes and No for devices, True and False elsewhere."
    )
    report_dates: Literal["date", "date_and_time"] = Field(
        "date", description="Spelling in report files: 2026-03-08 or 2026-03-08T00:00:00."
    )
    report_settings: Literal["plain", "wrapped"] = Field(
        "plain", description="Shape of `/admin/reportSettings`: the object itself, or within `value`."
    )


class SimulatorOptions(BaseModel):
    """The whole simulator."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenants: tuple[TenantOptions, ...] = Field((TenantOptions(key="contoso"),), min_length=1)
    seed: int = Field(365, description="Equal seeds, options and clocks give equal answers.")
    base_url: str | None = Field(None, description="Origin in next links; default: the one the request came in by.")
    download_url: str | None = Field(
        None, description="Origin of report downloads; default: the second socket, or Microsoft's own without one."
    )
    switches: Switches = Switches()
    request_log: int = Field(10_000, ge=1, description="How many requests `Simulator.requests` keeps.")

    @classmethod
    def many(cls, count: int, *, users: int = 250, seed: int = 365) -> Self:
        """``count`` tenants: contoso, fabrikam, tailspin, tenant_004, tenant_005 and so on."""
        keys = (*_NAMES[:count], *(f"tenant_{number:03}" for number in range(len(_NAMES) + 1, count + 1)))
        return cls(tenants=tuple(TenantOptions(key=key, users=users) for key in keys), seed=seed)

    @model_validator(mode="after")
    def _keys_differ(self) -> Self:
        keys = [tenant.key for tenant in self.tenants]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise ValueError(f"tenants: key {min(twice)!r} is there twice; give each tenant a key of its own")
        return self
