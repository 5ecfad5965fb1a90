"""Colours, thresholds and states. The figures are those of the alert rules; a test compares them."""

from __future__ import annotations

import re
from dataclasses import replace

from o365_exporter.catalogue import all_metrics
from tools.dashboards.model import ENDLESS, State, Step

GOOD, WORKING, WARNING, BAD, UNKNOWN, NEUTRAL = "text", "yellow", "orange", "red", "purple", "blue"
"""Only trouble has a colour, so that it is seen on a page of a hundred numbers."""

QUIET = "rgba(115, 191, 105, 0.25)"
"""What is good where something has to be drawn: the blocks of a timeline."""

# Days that a credential or a subscription still lasts.
DAYS_OF_CREDENTIAL: tuple[Step, ...] = ((None, BAD), (7, WARNING), (30, GOOD))
DAYS_PAST: tuple[Step, ...] = ((None, WARNING), (0, GOOD))
DAYS_AGO: tuple[Step, ...] = ((None, GOOD), (-7, BAD))
DAYS_OF_SUBSCRIPTION: tuple[Step, ...] = ((None, BAD), (0, WARNING), (14, GOOD))
DAYS_OF_MESSAGE: tuple[Step, ...] = ((None, GOOD), (0, WARNING), (30, GOOD))
SHARE_OF_SEATS: tuple[Step, ...] = ((None, GOOD), (0.95, WARNING), (1.0001, BAD))
SECONDS_WITHOUT_POST: tuple[Step, ...] = ((None, "text"), (36 * 3600, WARNING))
SECONDS_OF_REPORT: tuple[Step, ...] = ((None, GOOD), (6 * 86400, WARNING))
NONE_IS_GOOD: tuple[Step, ...] = ((None, GOOD), (1, BAD))
NONE_IS_CALM: tuple[Step, ...] = ((None, GOOD), (1, WARNING))
SOME_IS_NOTABLE: tuple[Step, ...] = ((None, "text"), (1, NEUTRAL))
SECONDS_OF_CLOCK: tuple[Step, ...] = ((None, GOOD), (120, WARNING), (300, BAD))
SHARE_OF_TIME: tuple[Step, ...] = ((None, BAD), (0.99, WARNING), (0.999, GOOD))

# Members of closed lists, from good to bad: where two exporters disagree, the later one is shown.
COLOURS: dict[str, str] = {
    # serviceHealth.status and serviceHealthIssue.status
    "serviceOperational": GOOD,
    "falsePositive": GOOD,
    "postIncidentReviewPublished": GOOD,
    "resolved": GOOD,
    "resolvedExternal": GOOD,
    "serviceRestored": GOOD,
    "mitigated": GOOD,
    "mitigatedExternal": GOOD,
    "verifyingService": WORKING,
    "extendedRecovery": WORKING,
    "restoringService": WORKING,
    "investigationSuspended": WORKING,
    "reported": WORKING,
    "confirmed": WORKING,
    "investigating": WORKING,
    "serviceDegradation": WARNING,
    "serviceInterruption": BAD,
    # subscribedSku.capabilityStatus and companySubscription.status
    "Enabled": GOOD,
    "Warning": WARNING,
    "LockedOut": BAD,
    "Suspended": BAD,
    "Deleted": BAD,
    # states of tokens and sources
    "ok": GOOD,
    "no_data": GOOD,
    "unsupported": GOOD,
    "pending": NEUTRAL,
    "unlicensed": WARNING,
    "throttled": WARNING,
    "truncated": WARNING,
    "timeout": WARNING,
    "unavailable": WARNING,
    "network": WARNING,
    "tls": BAD,
    "refused_redirect": BAD,
    "unexpected_answer": BAD,
    "internal": BAD,
    "permission": BAD,
    "auth": BAD,
    # issues
    "advisory": NEUTRAL,
    "incident": BAD,
    # messages
    "stayInformed": GOOD,
    "planForChange": NEUTRAL,
    "preventOrFixIssue": WARNING,
    "normal": GOOD,
    "high": WARNING,
    "critical": BAD,
    "false": GOOD,
    "true": NEUTRAL,
    # mailboxes
    "under_limit": GOOD,
    "warning_issued": WORKING,
    "send_prohibited": WARNING,
    "send_receive_prohibited": BAD,
    "indeterminate": UNKNOWN,
    "unknown": UNKNOWN,
}

_NAMES = {
    "ok": "OK",
    "tls": "TLS",
    "true": "yes",
    "false": "no",
    "android_phone": "Android",
    "chrome_os": "ChromeOS",
    "ios": "iOS",
    "ipad": "iPad",
    "iphone": "iPhone",
    "windows_phone": "Windows Phone",
    "send_receive_prohibited": "Send and receive prohibited",
}
"""What is written otherwise than by its parts."""

_PERIODS = {"D7": "7 days", "D30": "30 days", "D90": "90 days", "D180": "180 days", "now": "now", "day": "one day"}
PERIODS = tuple(State(value, text, GOOD) for value, text in _PERIODS.items())
NO_SEATS = (State(ENDLESS, "no seats", BAD),)
YES_IS_GOOD = (State("1", "yes", GOOD), State("0", "no", BAD))
YES_IS_BAD = (State("1", "yes", WARNING), State("0", "no", GOOD))


def spoken(value: str) -> str:
    """``serviceDegradation`` and ``under_limit`` as words: Service degradation, Under limit."""
    if value in _NAMES:
        return _NAMES[value]
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", value).replace("_", " ")
    return words if words[0].isupper() else words.capitalize()


def states(metric: str, label: str) -> tuple[State, ...]:
    """The closed list of a label, from good to bad, for cells that hold the label's value.

    Raises:
        KeyError: a value without a colour: give it one.
    """
    closed = all_metrics()[metric].values[label]
    missing = set(closed) - COLOURS.keys()
    if missing:
        raise KeyError(f"{metric}: looks.COLOURS has no colour for {label}={sorted(missing)}")
    return tuple(State(value, spoken(value), colour) for value, colour in COLOURS.items() if value in closed)


def past(metric: str, label: str) -> tuple[State, ...]:
    """The same for what is over: words without colours."""
    return tuple(replace(state, colour=GOOD) for state in states(metric, label))


def coded_states(metric: str, label: str, good: str = QUIET) -> dict[str, State]:
    """The same for codes: each value of the label with the one that ``queries.coded`` gives it.

    A timeline draws what is ``good``; a table, which codes are to sort by gravity, leaves it plain.
    """
    return {
        state.value: State(str(code), state.text, good if state.colour == GOOD else state.colour)
        for code, state in enumerate(states(metric, label), start=1)
    }


def last_good_code(metric: str, label: str) -> int:
    """The code from which on the states of a label are trouble: those up to it are good ones."""
    return sum(state.colour == GOOD for state in states(metric, label))
