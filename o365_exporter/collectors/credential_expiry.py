"""Which secrets and certificates of app registrations expire, and when?

Source: ``/applications`` with all pages, each hour. Permission: Application.Read.All.
Freshness: the moment of the poll. Series: ``o365_applications``, ``o365_application_*`` and the exporter's own
secret, ``o365_exporter_credential_expiry_timestamp_seconds`` (a certificate of its own tells its end without Graph).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from pydantic import Field

from o365_exporter import fields
from o365_exporter.errors import PollError, UnexpectedAnswerError
from o365_exporter.fields import Json
from o365_exporter.filters import Filter, Pattern
from o365_exporter.graph import Endpoint, GraphClient
from o365_exporter.listing import Listing, ListSource
from o365_exporter.metrics import Metric, Sample
from o365_exporter.source import BELIEVED_AFTER, Collector, CollectorOptions, Derived, format_duration

KINDS = {"passwordCredentials": "secret", "keyCredentials": "certificate"}
_KIND_VALUES = {"kind": ("secret", "certificate")}
_FEW_APPS = 3

APPLICATION_COUNT = Metric(
    "o365_applications",
    "Number of app registrations in /applications that pass the filter, with or without credentials.",
)
EXPIRY = Metric(
    "o365_application_credential_expiry_timestamp_seconds",
    "End of a credential, passwordCredentials.endDateTime or keyCredentials.endDateTime, in seconds since 1970; "
    "+Inf where it has none.",
    ("app_id", "app_name", "credential_id", "credential_name", "kind"),
    values=_KIND_VALUES,
)
LATEST_EXPIRY = Metric(
    "o365_application_latest_credential_expiry_timestamp_seconds",
    "The last endDateTime among an application's credentials of one kind, in seconds since 1970; a rotated "
    "credential does not lower it.",
    ("app_id", "app_name", "kind"),
    values=_KIND_VALUES,
)
LATEST_START = Metric(
    "o365_application_latest_credential_start_timestamp_seconds",
    "Start (startDateTime) of the credential that ends last among an application's of one kind, in seconds since 1970; "
    "with its end, how long it was made to last; absent where Graph has none.",
    ("app_id", "app_name", "kind"),
    values=_KIND_VALUES,
)
ROTATES = Metric(
    "o365_application_rotates_itself",
    "Marks an application whose credentials are renewed by a program, by the option rotate_themselves: always 1; the "
    "alert rules leave it out.",
    ("app_id", "app_name"),
)
USED_BY_EXPORTER = Metric(
    "o365_application_used_by_exporter",
    "Marks the application by which this exporter signs in: always 1; while the alert rules tell of the exporter's own "
    "credential, they leave it out.",
    ("app_id", "app_name"),
)
METRICS = (APPLICATION_COUNT, EXPIRY, LATEST_EXPIRY, LATEST_START, ROTATES, USED_BY_EXPORTER)

OWN_EXPIRY = Metric(
    "o365_exporter_credential_expiry_timestamp_seconds",
    "End of the credential that this exporter itself uses, in seconds since 1970; a secret is found by "
    "passwordCredentials.hint.",
    ("kind",),
    values=_KIND_VALUES,
)
OWN_START = Metric(
    "o365_exporter_credential_start_timestamp_seconds",
    "Start of the credential that this exporter itself uses, in seconds since 1970; with its end, how long it was "
    "made to last.",
    ("kind",),
    values=_KIND_VALUES,
)

APPLICATIONS = Endpoint(
    route="/applications",
    permissions=("Application.Read.All",),
    select=("id", "appId", "displayName", "keyCredentials", "passwordCredentials"),
    page_sizes=(999, 250, 50, 10, 1),
    limits="identity_key_credentials",
)
OWN_PRINCIPAL = Endpoint(
    route="/servicePrincipals",
    permissions=("Application.Read.All",),
    select=("id", "appId", "appOwnerOrganizationId"),
    limits="identity",
)
"""Where the exporter's own app is registered: asked only when /applications does not list it."""


class Options(CollectorOptions):
    """Settings of ``credential_expiry``."""

    applications: Filter = Field(
        default=Filter(),
        description="App registrations to watch, by display name, application (client) id or object id; "
        "the exporter's own credential is watched in any case.",
    )
    rotate_themselves: tuple[Pattern, ...] = Field(
        default=("^ConnectSyncProvisioning_", r"\(Microsoft Copilot Studio\)$"),
        description="App registrations whose credentials a program renews or never uses, by display name as regular "
        "expressions: Entra Connect's and Copilot Studio's own. They are served and marked by "
        "`o365_application_rotates_itself`, and no alert is made of their ends.",
    )


@dataclass(frozen=True, slots=True)
class Credential:
    """One secret or certificate. Times are seconds since 1970; where there is none, ``end`` is infinite."""

    id: str
    name: str
    kind: str
    start: float | None
    end: float
    hint: str


@dataclass(frozen=True, slots=True)
class Application:
    """One app registration with its credentials, the earliest end first.

    ``bare`` where Graph gave neither list of credentials, though both were asked for; ``left_out`` counts credentials
    that could not be read.
    """

    app_id: str
    object_id: str
    name: str
    credentials: tuple[Credential, ...]
    bare: bool = False
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Applications(Listing[Application]):
    """Every app registration; which is the exporter's own, and its secret, where these can be told.

    ``without_since`` is the wall clock since when Graph has listed the apps without a credential of any.
    """

    entries: tuple[Application, ...]
    own: Application | None = None
    own_secret: Credential | None = None
    without_since: float | None = None


def parse_application(entry: Json) -> Application:
    """One entry of /applications."""
    found: dict[tuple[str, str], Credential] = {}
    left_out = 0
    for collection, kind in KINDS.items():
        for position, credential in enumerate(fields.objects(entry, collection), start=1):
            try:
                read = _parse_credential(credential, kind, position)
            except UnexpectedAnswerError:
                left_out += 1
            else:
                found[kind, read.id] = read
    return Application(
        app_id=fields.identifier(entry, "appId", "id"),
        object_id=fields.text(entry, "id"),
        name=fields.text(entry, "displayName"),
        credentials=tuple(sorted(found.values(), key=lambda credential: credential.end)),
        bare=not KINDS.keys() & entry.keys(),
        left_out=left_out,
    )


def _parse_credential(entry: Json, kind: str, position: int) -> Credential:
    end = fields.timestamp(entry, "endDateTime")
    return Credential(
        id=fields.text(entry, "keyId") or f"{kind}-{position}",  # an id of our own keeps two nameless ones apart
        name=fields.text(entry, "displayName"),
        kind=kind,
        start=fields.timestamp(entry, "startDateTime"),
        end=inf if end is None else end,
        hint=fields.text(entry, "hint"),
    )


class ApplicationsSource(ListSource[Application]):
    """All app registrations with their credentials."""

    name = "applications"
    form = Applications
    noun = "app registration"
    endpoint = APPLICATIONS
    endpoints = (APPLICATIONS, OWN_PRINCIPAL)
    metrics = METRICS

    def __init__(self, options: Options) -> None:
        super().__init__(interval=options.interval, stale_after=options.stale_after)
        self._filter = options.applications
        self._rotating = Filter(include=options.rotate_themselves) if options.rotate_themselves else None

    def parse(self, entry: Json) -> Application:
        return parse_application(entry)

    def key(self, record: Application) -> str:
        return record.app_id

    async def fetch(self, graph: GraphClient, previous: Listing[Application] | None, now: float) -> Applications:
        listing = await self.read(graph, previous, now)
        _check_credentials(listing, previous, now)
        own = next((app for app in listing if app.app_id.lower() == graph.identity.client_id.lower()), None)
        if own is None:
            await _check_foreign(graph, len(listing))
        return Applications(
            listing.entries,
            listing.left_out + sum(app.left_out for app in listing),
            listing.example,
            now,
            lost_from=listing.lost_from,
            own=own,
            own_secret=own_secret(own, graph.identity.secret_hint, now) if own else None,
        )

    def samples(self, records: Listing[Application], siblings: Mapping[str, Any]) -> Iterator[Sample]:
        watched = self._watched(records)
        own = records.own if isinstance(records, Applications) else None
        yield APPLICATION_COUNT.at(len(watched))
        for application in watched:
            yield from _application_samples(application)
            if self._rotates(application):
                yield ROTATES.at(1, app_id=application.app_id, app_name=application.name)
            if own is not None and application.app_id == own.app_id:
                yield USED_BY_EXPORTER.at(1, app_id=application.app_id, app_name=application.name)

    def remarks(self, records: Listing[Application]) -> Iterator[str]:
        yield from super().remarks(records)
        if records.entries and not self._watched(records):
            yield (
                f"None of the {len(records)} app registrations passes the filter "
                "collectors.credential_expiry.applications."
            )
        if bare := sum(application.bare for application in records):
            yield f"Graph gave {bare} app registrations without the lists of their credentials, which were asked for."

    def left_out_remark(self, records: Listing[Application]) -> str:
        if records.example:
            return super().left_out_remark(records)
        return f"{records.left_out} credentials of app registrations cannot be read and are left out."

    def _watched(self, records: Listing[Application]) -> list[Application]:
        return [app for app in records if self._filter.keeps(app.name, app.app_id, app.object_id)]

    def _rotates(self, application: Application) -> bool:
        return self._rotating is not None and self._rotating.keeps(application.name)


def _check_credentials(listing: Listing[Application], previous: Listing[Application] | None, now: float) -> None:
    """Apps that are all there and have lost every credential at once, null or empty, are not believed at once.

    One or two apps can lose theirs on purpose; of the secret by which the exporter has just signed in it is not true.

    Raises:
        UnexpectedAnswerError: it has not been the answer for long enough.
    """
    if not isinstance(previous, Applications) or not listing.entries or any(app.credentials for app in listing):
        return
    before = sum(bool(app.credentials) for app in previous)
    since = now if previous.without_since is None else previous.without_since
    if (before < _FEW_APPS and previous.own_secret is None) or now - since >= BELIEVED_AFTER:
        return
    error = UnexpectedAnswerError(
        f"Graph suddenly lists {len(listing)} app registrations without any credential, after {before} with some.",
        remedy=f"This is believed after {format_duration(BELIEVED_AFTER)} of it; look into the admin center whether "
        "their credentials are still there.",
    )
    error.unfinished = replace(previous, without_since=since)
    raise error


async def _check_foreign(graph: GraphClient, listed: int) -> None:
    """An app registration of ours that is missing from the list is in another tenant, or the list is not whole.

    Raises:
        UnexpectedAnswerError: the app is registered in this tenant, and yet not listed.
    """
    who = graph.identity
    if not who.client_id:
        return
    try:
        principals = await graph.list(OWN_PRINCIPAL, filter=f"appId eq '{who.client_id}'")
        homes = {fields.text(entry, "appOwnerOrganizationId").lower() for entry in principals}
    except PollError:  # what is missing is a proof that the list is not whole, so the list stands
        return
    if who.tenant_id.lower() in homes:
        raise UnexpectedAnswerError(
            f"Graph lists {listed} app registrations, and not the one that asks ({who.client_id}), which is registered "
            "in this very tenant: the list is not whole.",
            remedy="Microsoft answers so now and then; if it lasts, look into the admin center whether the others are "
            "there.",
        )


def own_secret(application: Application, hint: str, now: float) -> Credential | None:
    """The secret in use, None where Graph's hint (its first three characters) fits none.

    Several secrets can begin alike. The one in use has just opened the door, so it has not ended: the earliest
    of those that still last is the careful answer.
    """
    fitting = [c for c in application.credentials if hint and c.kind == "secret" and c.hint == hint]
    lasting = [credential for credential in fitting if credential.end > now]
    latest = max(fitting, key=lambda credential: credential.end, default=None)
    return min(lasting, key=lambda credential: credential.end, default=latest)


def _application_samples(application: Application) -> Iterator[Sample]:
    app = {"app_id": application.app_id, "app_name": application.name}
    latest: dict[str, Credential] = {}
    for credential in application.credentials:
        latest[credential.kind] = credential  # they are sorted by their end
        yield EXPIRY.at(
            credential.end,
            **app,
            credential_id=credential.id,
            credential_name=credential.name,
            kind=credential.kind,
        )
    for kind, credential in latest.items():
        yield LATEST_EXPIRY.at(credential.end, **app, kind=kind)
        if credential.start is not None:
            yield LATEST_START.at(credential.start, **app, kind=kind)


def _own_samples(graph: GraphClient, records: Sequence[Any]) -> Iterator[Sample]:
    """A certificate tells about itself, whatever Microsoft says; of a secret the app registration knows."""
    if (end := graph.auth.certificate_end) is not None:
        yield OWN_EXPIRY.at(end, kind="certificate")
    if (start := graph.auth.certificate_start) is not None:
        yield OWN_START.at(start, kind="certificate")
    for known in records:
        if isinstance(known, Applications) and known.own_secret is not None:
            yield OWN_EXPIRY.at(known.own_secret.end, kind="secret")
            if known.own_secret.start is not None:
                yield OWN_START.at(known.own_secret.start, kind="secret")


OWN_CREDENTIAL = Derived(metrics=(OWN_EXPIRY, OWN_START), samples=_own_samples)


COLLECTOR = Collector(
    name="credential_expiry",
    summary="Which secrets and certificates of app registrations expire, and when?",
    options=Options,
    metrics=METRICS,
    sources=lambda options: (ApplicationsSource(options),),
    derived=(OWN_CREDENTIAL,),
)
