"""Every way in which the program can fail, each with the reason that becomes a label value.

A ``PollError`` ends one poll of one source; only the scheduler catches it. ``Nothing`` is not a failure:
Microsoft was asked and has nothing to give. ``ConfigurationError`` ends the program with exit code 2.
"""

from __future__ import annotations

import copy
from typing import Any, ClassVar, NamedTuple, TypeVar

E = TypeVar("E", bound=BaseException)


class ExporterError(Exception):
    """Root of all errors that this program raises on purpose; its text is a sentence for an operator."""


class ConfigurationError(ExporterError):
    """The settings cannot be used. ``faults`` names for each: key, value and remedy."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = [one_line(fault) for fault in faults]
        super().__init__("\n".join(self.faults))


def one_line(sentence: str) -> str:
    """One line: names of variables and files may hold what steers a terminal, and what cannot be written at all."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in sentence
    )


class Cause(NamedTuple):
    """What makes polls fail, as a value: polls that fail for the same thing have equal causes, whatever their words.

    Args:
        reason: one of ``REASONS``.
        subject: what is to blame: a host and the way to it, a code of Entra ID's and the app, a permission and the
            tenant; the source itself where nobody shares it.
        signing_in: whether it keeps tenants from getting a token at all.
    """

    reason: str
    subject: str
    signing_in: bool = False

    def is_over(self, now: Cause | None) -> bool:
        """Whether a source that failed for this has got beyond it: it does not fail, or fails only after signing in."""
        return now is None or self.signing_in > now.signing_in


def ended(words: str) -> str:
    """Words with the end of a sentence, for another to follow: what Microsoft or a web page says has none at times."""
    return words if words.endswith((".", "!", "?", "…", ":")) else f"{words}."


class PollError(ExporterError):
    """One poll failed. ``remedy`` says who should do what; neither text ever holds a secret.

    Attributes:
        signing_in: whether it came of asking for a token, and not of what was to be asked with one.
        unfinished: the records as far as this attempt had them, which the next one is given instead of the last good
            ones; None where it had nothing worth keeping.

    Args:
        message: what happened, as a sentence without the remedy.
        remedy: what to do about it, and who; empty when waiting is all there is to do.
        retry_after: seconds for which Microsoft asks to be left alone, where it said so.
        status: the HTTP status behind the failure, where there was one.
        code: Microsoft's own error code (Graph's ``error.code`` or ``AADSTS…``), where there was one.
        subject: what is to blame, see ``Cause``; empty where no other source meets the same.
    """

    reason: ClassVar[str] = "internal"

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        retry_after: float | None = None,
        status: int | None = None,
        code: str = "",
        subject: str = "",
    ) -> None:
        super().__init__(f"{ended(message)} {remedy}".strip() if remedy else message)
        self.message = message
        self.remedy = remedy
        self.retry_after = retry_after
        self.status = status
        self.code = code
        self.subject = subject
        self.signing_in = False
        self.unfinished: Any = None

    def cause(self, source: str) -> Cause:
        """The cause as a value; ``source`` is who failed."""
        return Cause(self.reason, self.subject or source, self.signing_in)


def let_go(error: BaseException) -> None:
    """Let go of the frames that an error came through, and those of whatever led to it.

    A frame that raises what it has a name for and that error hold each other, and with them all that the frame knows,
    such as a whole answer, until the garbage collector comes by.
    """
    waiting: list[BaseException | None] = [error]
    while waiting:
        link = waiting.pop()
        if link is not None:
            waiting += [link.__context__, link.__cause__]
            link.__traceback__ = link.__context__ = link.__cause__ = None


def to_keep(error: E) -> E:
    """A copy of an error that may be kept: of the error alone, and not of the frames that it came through."""
    return copy.copy(error)


class AuthError(PollError):
    """No token can be had, or Graph refuses the one we have."""

    reason = "auth"


class PermissionMissingError(PollError):
    """The app lacks the application permission for this endpoint."""

    reason = "permission"


class UnlicensedError(PollError):
    """The tenant lacks the licence that the endpoint needs."""

    reason = "unlicensed"


class ThrottledError(PollError):
    """Microsoft asks us to slow down, beyond what this poll's deadline allows."""

    reason = "throttled"


class NetworkError(PollError):
    """The host could not be reached, or the connection broke."""

    reason = "network"


class TlsError(PollError):
    """The host's certificate is not trusted, or the TLS handshake failed."""

    reason = "tls"


class PollTimeoutError(PollError):
    """No answer within the time a request or a poll has."""

    reason = "timeout"


class UnavailableError(PollError):
    """Microsoft answers with a server error."""

    reason = "unavailable"


class UnexpectedAnswerError(PollError):
    """The answer cannot be what it should be: not JSON, a login page, a missing list, a paging loop."""

    reason = "unexpected_answer"


class TruncatedError(PollError):
    """A body ended before its end."""

    reason = "truncated"


class RefusedRedirectError(PollError):
    """An answer points to a host that may not be followed."""

    reason = "refused_redirect"


class InternalError(PollError):
    """A fault of this program; the log has the traceback."""

    reason = "internal"


CHECKED = frozenset({"auth", "permission", "network", "tls", "timeout"})
"""Reasons of which the command ``check`` finds more, with commands that mend them."""

NEXT_STEP = "For the next step: o365-exporter check, with the same settings."
"""Where a person goes on who reads one of these."""

REASONS: tuple[str, ...] = (
    "auth",
    "permission",
    "unlicensed",
    "throttled",
    "network",
    "tls",
    "timeout",
    "unavailable",
    "unexpected_answer",
    "truncated",
    "refused_redirect",
    "internal",
)
"""Why a poll can fail: the closed list behind every ``reason`` label."""


class Nothing(ExporterError):  # noqa: N818 - not an error: an answer that holds nothing
    """Microsoft was asked and has nothing: a state of its own, and not a failure."""

    state: ClassVar[str]


class NoData(Nothing):
    """The endpoint exists and returned no rows."""

    state = "no_data"


class Unsupported(Nothing):
    """This cloud or product does not have it."""

    state = "unsupported"
