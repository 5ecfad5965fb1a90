"""Whether what is known can be believed: a source that fails, waits or is late is told, and never passes for well."""

from __future__ import annotations

from collections.abc import Iterator

from o365_exporter.probing.output import of_seconds
from o365_exporter.probing.reading import Reading

STATE = "o365_exporter_source_state"
LAST_SUCCESS = "o365_exporter_source_last_success_timestamp_seconds"
INTERVAL = "o365_exporter_source_interval_seconds"
DROPPED = "o365_exporter_series_dropped"
METRICS = (STATE, LAST_SUCCESS, INTERVAL, DROPPED)

_LATE = 3.0
_GRACE = 300.0
"""A source is late after three intervals and five minutes, as on the exporter's own page."""

_WORDS = {
    "pending": ("has not been polled yet", "Wait two minutes, or five where there are many tenants."),
    "auth": ("gets no token from Microsoft", "Renew the credential of the tenant or mend its settings."),
    "permission": (
        "lacks an application permission",
        "Let an administrator of the tenant grant it and consent; no restart is needed.",
    ),
    "unlicensed": ("needs a licence that the tenant lacks", "Get the licence, or switch the collector off."),
    "throttled": ("is throttled by Microsoft", "Wait; if it lasts, give the exporter an app of its own."),
    "network": (
        "cannot reach Microsoft",
        "Check name resolution, firewall and proxy of the machine that runs the exporter.",
    ),
    "tls": ("does not trust the certificate on the way to Microsoft", "Name the authority of your proxy as ca_file."),
    "timeout": ("gets no answer from Microsoft in time", "See whether a firewall drops packets; else wait."),
    "unavailable": ("gets server errors from Microsoft", "Wait; if it lasts, ask Microsoft."),
    "unexpected_answer": (
        "gets an answer that is not Microsoft's, or not what was asked for",
        "See which proxy or sign-in page stands between.",
    ),
    "truncated": ("gets answers that break off", "See which proxy or firewall cuts long answers."),
    "refused_redirect": ("is sent to a host that it must not follow", "Check cloud and graph_url in the settings."),
    "internal": ("fails for a fault of the exporter", "Report the line of its log."),
    "no_data": ("has nothing: Microsoft was asked and lists none", "Check that this is the tenant you mean."),
    "unsupported": ("is not to be had in this cloud, or its product is retired", "Take this check away."),
}

_ELSEWHERE = "The exporter's log has the whole sentence."


def troubles(reading: Reading, collector: str, source: str) -> Iterator[str]:
    """Sentences with remedies about one source; none where it can be believed.

    Args:
        reading: of the tenant.
        collector: its name.
        source: likewise.
    """
    name = f"{reading.tenant}/{collector}/{source}"
    labels = {"collector": collector, "source": source}
    states = reading.rows(STATE, **labels)
    if not states:
        yield f"{name} is not polled: switch the collector {collector} on in the exporter's settings."
        return
    state = states[0].labels.get("state", "")
    if state != "ok":
        words, remedy = _WORDS.get(state, (f"is {state}", "See o365-exporter docs troubleshooting."))
        yield f"{name} {words} ({state}). {remedy} {_ELSEWHERE if state not in _QUIET else ''}".strip()
    elif age := _late(reading, labels):
        yield f"{name} is old: its last answer came {age} ago. See whether the exporter hangs, and its log."
    yield from _cut(reading, collector)


_QUIET = ("pending", "no_data", "unsupported")
"""States of which the log has no more to say."""


def _late(reading: Reading, labels: dict[str, str]) -> str:
    """How long ago the last answer came, if that is too long ago."""
    answered, interval = reading.value(LAST_SUCCESS, **labels), reading.value(INTERVAL, **labels)
    if answered is None or interval is None:
        return ""
    age = reading.now - answered
    return of_seconds(age) if age > _LATE * interval + _GRACE else ""


def _cut(reading: Reading, collector: str) -> Iterator[str]:
    """What max_series has cut cannot be looked at."""
    if dropped := reading.value(DROPPED, collector=collector):
        yield (
            f"{dropped:.0f} series of {reading.tenant}/{collector} are not served and not looked at: "
            "raise max_series or filter in the exporter's settings."
        )
