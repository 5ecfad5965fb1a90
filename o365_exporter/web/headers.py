"""Headers of every answer, by which a browser runs, embeds, guesses, keeps and passes on nothing."""

from __future__ import annotations

from collections.abc import Mapping

NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The policy of what is no page for people."""

_OWN = {
    "cache-control": "no-store",
    "content-security-policy": NOTHING,
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "deny",
}

OWN_HEADERS = [(name.encode(), value.encode()) for name, value in _OWN.items()]
"""As the server speaks them where no page is made."""


def with_own(headers: list[tuple[bytes, bytes]], wanted: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """An answer's headers and those that it lacks.

    Args:
        headers: of the answer; a policy of its own is kept.
        wanted: of the web configuration file; they replace whatever is there.
    """
    replaced = {name.lower().encode(): value.encode("latin-1") for name, value in wanted.items()}
    kept = [(name, value) for name, value in headers if name.lower() not in replaced]
    there = {name.lower() for name, _ in kept}
    return [*kept, *replaced.items(), *(own for own in OWN_HEADERS if own[0] not in there and own[0] not in replaced)]
