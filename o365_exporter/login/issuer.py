"""What a sign-in is, whoever is asked: a credential goes in, a token comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from o365_exporter.http.retry import ATTEMPTS
from o365_exporter.login.credentials import Credential

_USUAL_LIFETIME = 3599
_LONGEST_TOKEN = 32 * 1024  # characters; Microsoft's hosts read no larger header, and it would break each request


@dataclass(frozen=True, slots=True)
class Grant:
    """A token, and the seconds it lives."""

    token: str = field(repr=False)
    lifetime: float

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """The grant in a token response (RFC 6749, section 5.1).

        Raises:
            KeyError, TypeError, ValueError, OverflowError: there is none in it.
        """
        token = content["access_token"]
        if not (isinstance(token, str) and 0 < len(token) <= _LONGEST_TOKEN and _fits_header(token)):
            raise ValueError  # it would not go into a header, and the error would show it
        return cls(token, float(int(content.get("expires_in", _USUAL_LIFETIME))))  # int: no NaN, and texts of digits


def _fits_header(token: str) -> bool:
    return token.isascii() and token.isprintable() and " " not in token


UNUSABLE = (KeyError, TypeError, ValueError, OverflowError)
"""What reading a token response may raise; their texts may quote it."""


class Issuer(Protocol):
    """Who gives tokens to one tenant; the caller sees to it that only one is asked for at a time."""

    @property
    def way(self) -> str:
        """Who is asked, and the way there, for sentences."""
        ...

    async def ask(self, credential: Credential, attempts: int = ATTEMPTS) -> Grant:
        """A new token, with each request sent so many times at most.

        Raises:
            PollError: there is none to be had.
        """
        ...
