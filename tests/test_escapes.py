"""Documents that people see on terminals: whatever text is in them, it steers nothing, and stays what it is."""

from __future__ import annotations

import json
import tomllib

from hypothesis import example, given
from hypothesis import strategies as st

from o365_exporter.escapes import as_json, in_quotes
from o365_exporter.granting import terraform

NASTY = 'one\u2028two\x85three\x1b[31m\x9b31m\x7f\b\f\N{RIGHT-TO-LEFT OVERRIDE}\r\n\t"\\\N{ZERO WIDTH SPACE}\U000e0001'


@given(st.recursive(st.text(st.characters(exclude_categories=())), st.lists))
@example([NASTY, "\ud800"])
@example("\ud83d\ude00")
def test_json_is_printable_and_the_same(value: object) -> None:
    """Only its own ends of lines are left of all that cannot be printed, and a parser finds every character again."""
    for indent in (None, 2):
        text = as_json({"text": value}, indent=indent)
        assert all(line.isprintable() for line in text.split("\n"))
        assert json.loads(text) == json.loads(json.dumps({"text": value}))


@given(st.text())
@example(NASTY)
def test_a_string_of_toml_is_printable_and_the_same(text: str) -> None:
    """Also where a character has more than 16 bits and no shape."""
    quoted = in_quotes(text)
    assert quoted.isprintable()
    assert tomllib.loads(f"value = {quoted}") == {"value": text}


def test_text_that_can_be_printed_stays_as_it_is() -> None:
    """People read their own alphabet."""
    assert as_json({"name": "Söhne 東京 😀"}) == '{"name": "Söhne 東京 😀"}'
    assert in_quotes("Söhne 東京 😀") == '"Söhne 東京 😀"'


def test_terraform_knows_its_escapes() -> None:
    """Of one letter it has n, r and t alone, and eight digits for what others write as two halves."""
    assert terraform.quoted("a\b\f\n\U000e0001") == r'"a\u0008\u000c\n\U000e0001"'
