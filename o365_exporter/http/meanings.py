"""A row of a table of meanings, and how an answer is compared with it: (service, status, code, words) -> an error."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from o365_exporter.errors import ExporterError, Nothing, PollError


class Service(StrEnum):
    """Who answers, as the page of errors names it."""

    LOGIN = "Entra ID"
    FEDERATED = "Entra ID, for a federated token"
    MACHINE = "managed identity"
    DIRECTORY = "directory"
    HEALTH = "service announcements"
    REPORTS = "usage reports"
    DOWNLOAD = "report download"
    INTUNE = "Intune"
    SECURITY = "security and identity protection"
    GATEWAY = "gateway or proxy"


class Actor(StrEnum):
    """Who can mend it."""

    ADMINISTRATOR = "an administrator of the tenant"
    BUYER = "whoever buys the tenant's licences"
    OPERATOR = "whoever runs the exporter"
    NETWORK = "whoever runs the network"
    MICROSOFT = "Microsoft"
    DEVELOPERS = "the developers of the exporter"
    NOBODY = "nobody"
    UNKNOWN = "not known"


GRAPH = frozenset({Service.DIRECTORY, Service.HEALTH, Service.REPORTS, Service.INTUNE, Service.SECURITY})
"""Every service behind Graph's address."""

NO_STATUS = 0
"""The status of an error that came under another's."""

_SCOPE = re.compile(
    r"\b(?:[A-Z][A-Za-z]+(?:-[A-Z][A-Za-z]+)*\.)+"
    r"(?:Read|Write|Manage|FullControl|Send|Create|Export|Invite|Access|Initiate|Join|Selected)[A-Za-z]*"
    r"(?:\.[A-Z][A-Za-z-]*){0,2}\b"
)


def scopes_in(words: str) -> tuple[str, ...]:
    """The permissions that a sentence names, each once; those that write only where no other is named."""
    named = tuple(dict.fromkeys(_SCOPE.findall(words)))
    reading = tuple(name for name in named if "Write" not in name and "FullControl" not in name)
    return (reading or named)[:4]


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer says that is no success.

    Args:
        service: who answers.
        status: of HTTP; ``NO_STATUS`` where that of an error is a success's, so that there is only the code to go by.
        code: Microsoft's own, such as ``error.code`` or ``AADSTS…``; empty where there is none.
        words: Microsoft's own sentence, or the beginning of a web page.
    """

    service: Service
    status: int
    code: str = ""
    words: str = ""

    @property
    def sentence(self) -> str:
        """The words without names of permissions, which hold words such as "License" themselves."""
        return _SCOPE.sub(" ", self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What some answers mean.

    Args:
        services: that answer so.
        statuses: of HTTP; empty for any that is no success.
        codes: Microsoft's codes, compared without case; empty for any, ``""`` among them for none.
        words: regular expression that is found in the sentence, without case; empty for any.
        says: a sentence of Microsoft's that ``words`` finds, as it was seen.
        outcome: the error, or the nothing, that it is.
        actor: who can mend it.
        what: what happened, with gaps in braces (see ``login.refusals``).
        remedy: what ``actor`` does about it; empty where waiting is all there is to do.
        evidence: where the answer was seen or is documented.
        pause: seconds after which it may be asked again, where Microsoft does not say.
        subject: what is to blame, see ``errors.Cause``, with gaps; empty where no other source meets the same.
        needs: permissions that are missing, where neither Graph nor the endpoint names them.
    """

    services: frozenset[Service]
    statuses: range | tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    words: str = ""
    says: str = ""
    outcome: type[PollError | Nothing]
    actor: Actor
    what: str
    remedy: str = ""
    evidence: str
    pause: float | None = None
    subject: str = ""
    needs: tuple[str, ...] = ()

    def fits(self, said: Said) -> bool:
        """Whether an answer means this."""
        by_code = said.status == NO_STATUS and bool(said.code and self.codes)
        return (
            said.service in self.services
            and (by_code or _is_in(said.status, self.statuses))
            and _is_in(said.code.lower(), tuple(code.lower() for code in self.codes))
            and (not self.words or re.search(self.words, said.sentence, re.IGNORECASE) is not None)
        )

    def error(
        self, facts: Mapping[str, str], *, status: int, code: str, retry_after: float | None = None
    ) -> ExporterError:
        """The error that such an answer is, with the gaps of its sentences filled."""
        what, remedy = self.what.format_map(facts), self.remedy.format_map(facts)
        if issubclass(self.outcome, PollError):
            wait = self.pause if retry_after is None else retry_after
            subject = self.subject.format_map(facts)
            return self.outcome(what, remedy=remedy, retry_after=wait, status=status, code=code, subject=subject)
        return self.outcome(f"{what} {remedy}".strip())


def look_up(said: Said, table: Iterable[Row]) -> Row:
    """What an answer that is no success means; the last row of each service fits everything."""
    return next(row for row in table if row.fits(said))


def _is_in(value: object, wanted: Collection[object]) -> bool:
    return not wanted or value in wanted
