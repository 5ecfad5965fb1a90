"""Include and exclude lists, as the users of the Centreon plugins know them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from o365_exporter.filters import Filter


@pytest.mark.parametrize(
    ("include", "exclude", "kept"),
    [
        ((), (), ["Exchange Online", "Microsoft Teams", "Sway"]),
        (("teams",), (), ["Microsoft Teams"]),
        (("TEAMS", "^exch"), (), ["Exchange Online", "Microsoft Teams"]),
        ((), ("o",), ["Sway"]),
        (("o",), ("teams",), ["Exchange Online"]),
        (("^Sway$",), ("sway",), []),
        (("ay",), (), ["Sway"]),
        (("^ay",), (), []),
    ],
)
def test_what_passes(include: tuple[str, ...], exclude: tuple[str, ...], kept: list[str]) -> None:
    """Searched anywhere, without regard to case; no include list lets everything pass; exclude wins."""
    names = ["Exchange Online", "Microsoft Teams", "Sway"]
    filter_ = Filter(include=include, exclude=exclude)
    assert [name for name in names if filter_.keeps(name)] == kept


def test_every_name_of_a_thing_counts() -> None:
    """An include list is content with one name; an exclude list too."""
    assert Filter(include=("^3f",)).keeps("Payroll", "3f-11")
    assert not Filter(exclude=("^3f",)).keeps("Payroll", "3f-11")
    assert not Filter(include=("x",)).keeps("Payroll", "3f-11")


@pytest.mark.parametrize("place", ["include", "exclude"])
def test_an_invalid_expression_is_refused(place: str) -> None:
    """The settings say what is wrong with it; it never silently matches nothing."""
    with pytest.raises(ValidationError, match="is not a regular expression: unterminated character set"):
        Filter.model_validate({place: ["[oops"]})


@settings(max_examples=50)
@given(st.text(min_size=1), st.text())
def test_a_literal_is_found_where_it_stands(needle: str, rest: str) -> None:
    """An escaped text keeps everything that holds it, and as an exclude nothing that does."""
    pattern = re.escape(needle)
    assert Filter(include=(pattern,)).keeps(rest + needle)
    assert not Filter(exclude=(pattern,)).keeps(needle + rest)
