"""Which secrets and certificates of app registrations expire, and when?

Source: ``/applications`` with all pages, each hour. Permission: Application.Read.All.
Freshness: the moment of the poll. Series: ``o365_applications``, ``o365_application_*`` and the exporter's own
secret, ``o365_exporter_credential_expiry_timestamp_seconds`` (a certificate of its own tells its end without Graph).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from pydantic import Field

from o365_exporter import fields
from o365_exporter.fields import Json
from o365_exporter.filters import Filter
from o365_exporter.graph import Endpoint, GraphClient
from o365_exporter.metrics import Metric, Sample
from o365_exporter.source import Collector, CollectorOptions, Derived, Source

KINDS = {"passwordCredentials": "secret", "keyCredentials": "certificate"}
_KIND_VALUES = {"kind": ("secret", "certificate")}

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
METRICS = (APPLICATION_COUNT, EXPIRY, LATEST_EXPIRY)

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


class Options(CollectorOptions):
    """Settings of ``credential_expiry``."""

    applications: Filter = Field(
        default=Filter(),
        description="App registrations to watch, by display name, application (client) id or object id; "
        "the exporter's own credential is watched in any case.",
    )


@dataclass(frozen=True, slots=True)
class Credential:
    """One secret or certificate. ``end`` is in seconds since 1970, infinite where it never ends."""

    id: str
    name: str
    kind: str
    end: float
    hint: str


@dataclass(frozen=True, slots=True)
class Application:
    """One app registration with its credentials, the earliest end first.

    ``bare`` where Graph gave neither list of credentials, though both were asked for.
    """

    app_id: str
    object_id: str
    name: str
    credentials: tuple[Credential, ...]
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Applications:
    """Every app registration, and when the exporter's own secret ends, where that can be told."""

    all: tuple[Application, ...]
    own_secret_end: float | None


def parse_application(entry: Json) -> Application:
    """One entry of /applications."""
    found = (
        _parse_credential(credential, kind, position)
        for collection, kind in KINDS.items()
        for position, credential in enumerate(fields.objects(entry, collection), start=1)
    )
    unique = {(credential.kind, credential.id): credential for credential in found}
    return Application(
        app_id=fields.identifier(entry, "appId", "id"),
        object_id=fields.text(entry, "id"),
        name=fields.text(entry, "displayName"),
        credentials=tuple(sorted(unique.values(), key=lambda credential: credential.end)),
        bare=not KINDS.keys() & entry.keys(),
    )


def _parse_credential(entry: Json, kind: str, position: int) -> Credential:
    end = fields.timestamp(entry, "endDateTime")
    return Credential(
        id=fields.text(entry, "keyId") or f"{kind}-{position}",  # an id of our own keeps two nameless ones apart
        name=fields.text(entry, "displayName"),
        kind=kind,
        end=inf if end is None else end,
        hint=fields.text(entry, "hint"),
    )


class ApplicationsSource(Source[Applications]):
    """All app registrations with their credentials."""

    name = "applications"
    endpoints = (APPLICATIONS,)

    def __init__(self, options: Options) -> None:
        super().__init__(interval=options.interval, stale_after=options.stale_after)
        self._filter = options.applications

    async def fetch(self, graph: GraphClient, previous: Applications | None, now: float) -> Applications:
        entries = await graph.list(APPLICATIONS)
        found = {application.app_id: application for application in map(parse_application, entries)}
        own = found.get(graph.identity.client_id)
        own_end = own_secret_end(own, graph.identity.secret_hint, now) if own else None
        return Applications(tuple(found.values()), own_end)

    def samples(self, records: Applications, siblings: Mapping[str, Any]) -> Iterator[Sample]:
        watched = self._watched(records)
        yield APPLICATION_COUNT.at(len(watched))
        for application in watched:
            yield from _application_samples(application)

    def remarks(self, records: Applications) -> Iterator[str]:
        if records.all and not self._watched(records):
            yield (
                f"None of the {len(records.all)} app registrations passes the filter "
                "collectors.credential_expiry.applications."
            )

        if bare := sum(application.bare for application in records.all):
            yield f"Graph gave {bare} app registrations without the lists of their credentials, which were asked for."

    def _watched(self, records: Applications) -> list[Application]:
        return [app for app in records.all if self._filter.keeps(app.name, app.app_id, app.object_id)]


def own_secret_end(application: Application, hint: str, now: float) -> float | None:
    """When the secret in use ends, None where Graph's hint (its first three characters) fits no secret.

    Several secrets can begin alike. The one in use has just opened the door, so it has not ended: the earliest
    of those that still last is the careful answer.
    """
    if not hint:
        return None
    ends = [c.end for c in application.credentials if c.kind == "secret" and c.hint == hint]
    return min((end for end in ends if end > now), default=max(ends, default=None))


def _application_samples(application: Application) -> Iterator[Sample]:
    app = {"app_id": application.app_id, "app_name": application.name}
    latest: dict[str, float] = {}
    for credential in application.credentials:
        latest[credential.kind] = credential.end  # they are sorted by their end
        yield EXPIRY.at(
            credential.end,
            **app,
            credential_id=credential.id,
            credential_name=credential.name,
            kind=credential.kind,
        )
    for kind, end in latest.items():
        yield LATEST_EXPIRY.at(end, **app, kind=kind)


def _own_samples(graph: GraphClient, records: Sequence[Any]) -> Iterator[Sample]:
    """A certificate tells about itself, whatever Microsoft says; of a secret the app registration knows."""
    if (end := graph.auth.certificate_end) is not None:
        yield OWN_EXPIRY.at(end, kind="certificate")
    if (start := graph.auth.certificate_start) is not None:
        yield OWN_START.at(start, kind="certificate")
    for known in records:
        if isinstance(known, Applications) and known.own_secret_end is not None:
            yield OWN_EXPIRY.at(known.own_secret_end, kind="secret")


OWN_CREDENTIAL = Derived(metrics=(OWN_EXPIRY, OWN_START), samples=_own_samples)


COLLECTOR = Collector(
    name="credential_expiry",
    summary="Which secrets and certificates of app registrations expire, and when?",
    options=Options,
    metrics=METRICS,
    sources=lambda options: (ApplicationsSource(options),),
    derived=(OWN_CREDENTIAL,),
)
