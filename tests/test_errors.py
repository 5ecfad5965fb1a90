"""Errors are sentences with a reason out of a closed list."""

from __future__ import annotations

import pytest

from o365_exporter import errors
from o365_exporter.errors import REASONS, ConfigurationError, Nothing, PollError

POLL_ERRORS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, PollError) and kind is not PollError
]


def test_every_reason_has_one_error() -> None:
    """The closed list and the classes say the same."""
    assert sorted(kind.reason for kind in POLL_ERRORS) == sorted(REASONS)


@pytest.mark.parametrize("kind", POLL_ERRORS)
def test_an_error_reads_as_what_and_what_to_do(kind: type[PollError]) -> None:
    """The text is the message and, where there is one, the remedy."""
    assert str(kind("It broke.", remedy="Mend it.")) == "It broke. Mend it."
    assert str(kind("It broke.")) == "It broke."


@pytest.mark.parametrize(("end", "then"), [("", "."), (".", ""), ("!", ""), ("?", ""), ("…", ""), (":", "")])
def test_what_others_say_ends_before_the_remedy_begins(end: str, then: str) -> None:
    """Microsoft's words and those of web pages have no full stop at times; alone they are left as they are."""
    assert str(PollError(f"A page says: Access denied{end}", remedy="Mend it.")) == (
        f"A page says: Access denied{end}{then} Mend it."
    )
    assert str(PollError("A page says: Access denied")) == "A page says: Access denied"


def test_nothing_is_no_failure() -> None:
    """That Microsoft has nothing is an answer, so it must not be caught as a failure."""
    assert not issubclass(Nothing, PollError)


def test_a_configuration_error_has_all_faults() -> None:
    """Each fault is a line."""
    error = ConfigurationError(["a is wrong", "b is wrong"])
    assert (str(error), error.faults) == ("a is wrong\nb is wrong", ["a is wrong", "b is wrong"])
