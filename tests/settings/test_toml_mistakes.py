"""A file that is no TOML says what to do about it, for the mistakes that people make, and never shows a line of it."""

from __future__ import annotations

import pytest

from tests.settings.desk import Desk

SECRET = "abc8Q~canary"

MISTAKES = {
    "a text without quotes": (f"client_secret = {SECRET}", "put the value of client_secret in quotes if it is a text."),
    "a GUID without quotes": (
        "tenant_id = 3f2504e0-4f89-41d3",
        "put the value of tenant_id in quotes if it is a text.",
    ),
    "quotes that stay open": (
        f'client_secret = "{SECRET}\n',
        "see that the quotes around the value of client_secret are closed, and that nothing but a comment (#) follows "
        "them.",
    ),
    "words after the value": (
        'name = "a" and more',
        "see that the quotes around the value of name are closed, and that nothing but a comment (#) follows them.",
    ),
    "a path of Windows": (
        'client_secret_file = "C:\\Users\\new\\x"',
        "double each backslash in the value of client_secret_file, or put it in single quotes.",
    ),
    "another path of Windows": (
        'client_secret_file = "C:\\etc\\x"',
        "double each backslash in the value of client_secret_file, or put it in single quotes.",
    ),
    "a pattern in double quotes": (
        'include = "^SPE_E3\\d"',
        "double each backslash in the value of include, or put it in single quotes.",
    ),
    "typographic quotes": (
        "tenant_id = \u201ccontoso.com\u201d",
        'write plain quotes (") in place of typographic ones.',
    ),
    "a blank of web pages": (
        'tenant_id\u00a0= "contoso.com"',
        "remove the blanks and invisible characters that are none of ASCII, and type the line anew.",
    ),
    "YAML": ("tenant_id: contoso.com", "this looks like YAML: write key = value, and tables as [name]."),
    "a list of YAML": (
        "tenants:\n  - tenant_id: a.com",
        "this looks like YAML: write key = value, and tables as [name].",
    ),
    "JSON": ('{"tenant_id": "contoso.com"}', "this looks like JSON: write key = value, and tables as [name]."),
    "a switch of Python": ("tls_strict = False", "write tls_strict = false, in small letters."),
    "a switch of YAML": ("tls_strict = no", "write tls_strict = true or tls_strict = false."),
    "a key twice": (f'name = "a"\nname = "{SECRET}"', "name is there twice: keep one of them."),
    "a table twice": ("[tenants.a]\n[tenants.a]", "this table is there twice: keep one of them."),
    "a list without quotes": (
        "include = [exchange, teams]",
        "see that each text in the value of include is in quotes and that the brackets are closed.",
    ),
    "a table that stays open": ("[tenants.contoso", "write a table as [name], alone in its line."),
}


@pytest.mark.parametrize(("content", "hint"), MISTAKES.values(), ids=MISTAKES)
def test_what_is_no_toml_says_what_to_do(desk: Desk, content: str, hint: str) -> None:
    """One sentence: the file, where the parser stopped, and the remedy."""
    desk.config.write_text(content, "utf-8")
    (fault,) = desk.faults(environ={"O365_CONFIG": str(desk.config)})
    assert fault.startswith("o365.toml is not TOML: ")
    assert fault.endswith(f"); {hint}")
    assert SECRET not in fault


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ('TENANT_ID = "contoso.com"', "TENANT_ID in o365.toml is not a setting: did you mean tenant_id?"),
        (
            '[collectors.service_health]\nclient_secret = "x"',
            "collectors.service_health.client_secret in o365.toml is not a setting: "
            "did you mean client_secret, above the first [table]?",
        ),
    ],
)
def test_a_right_name_in_the_wrong_place_or_case_is_shown_in_the_right_one(
    desk: Desk, content: str, fault: str
) -> None:
    """A key below a table belongs to that table, which is what beginners of TOML meet first."""
    assert fault in desk.faults(content)
