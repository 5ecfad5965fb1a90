"""What all kinds of credentials have in common."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Place:
    """Where a client secret was written, for whoever has to write another one.

    Args:
        name: of the setting and what it stands in.
        then: what has to be done so that a new one is used, for the end of a sentence.
    """

    name: str
    then: str


SOMEWHERE = Place("client_secret", "then start the exporter anew")
"""Where it is not known which of the places of settings a secret stands in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A credential as it is now.

    Args:
        setting: the setting it comes from, and the file where there is one.
        fingerprint: differs from that of a credential after which another token is wanted, and tells nothing of it.
        secrets: texts that may never show, besides what is sent as an assertion.
        place: where it was written, if it is a client secret.
    """

    setting: str
    fingerprint: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    place: Place = SOMEWHERE

    @property
    def hint(self) -> str:
        """The first three characters of a client secret, as Graph shows them; empty for other kinds."""
        return ""

    @property
    def starts(self) -> float | None:
        """When it begins to be of use, in seconds since 1970; None where the credential itself does not tell."""
        return None

    @property
    def ends(self) -> float | None:
        """When it ends, in seconds since 1970; None where that cannot be told from the credential itself."""
        return None

    def doubt(self) -> str:
        """What makes it unlikely that Microsoft takes it, with what to do, as a predicate; empty where nothing does."""
        return ""

    def check(self, now: float) -> None:
        """See whether it is of any use at this time (wall clock).

        Raises:
            AuthError: it is not.
        """


class AssertionCredential(Credential):
    """A credential that proves itself by a signed statement, a JWT, in each token request."""

    __slots__ = ()

    def assertion(self, audience: str, client_id: str, now: float) -> str:
        """The statement for one token request.

        Args:
            audience: the token endpoint.
            client_id: of the app that asks.
            now: wall clock.
        """
        raise NotImplementedError


class CredentialSource(Protocol):
    """Where a credential comes from."""

    def read(self) -> Credential:
        """The credential as it is now; cheap enough for each request.

        Raises:
            AuthError: there is none.
        """
        ...


class Fixed:
    """A credential that never changes."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def read(self) -> Credential:
        return self._credential


def digest(*parts: bytes) -> str:
    """A fingerprint of all these parts together."""
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
