"""What comes back of what was sent is hidden in every spelling, and other words are not."""

from __future__ import annotations

import base64
import html
from urllib.parse import quote, quote_plus, unquote_plus

import pytest

from o365_exporter.http.quoting import hidden, printable, repeats

SECRET = "Kanarienvogel~8Q+im&Kohle=Bergwerk%7Ewarnt"  # planted
TOKEN = f"eyJ0eXAi.{'eyJhcHBpZCI' * 60}.{'sIgNaTuReOfAtOkEn-_0123456789' * 12}"


def in_base64(before: str) -> str:
    """The secret in base64, behind a text that shifts it."""
    return base64.b64encode(f"{before}{SECRET}".encode()).decode()


@pytest.mark.parametrize(
    "spelling",
    [
        SECRET,
        SECRET.upper(),
        SECRET[5:20],
        SECRET[-12:],
        quote(SECRET),
        quote_plus(SECRET).lower(),
        unquote_plus(SECRET).replace(" ", "+"),
        html.escape(SECRET),
        in_base64("u:"),
        in_base64("us:"),
        in_base64("use:"),
        "kanarienvogel8qimkohle.example",
    ],
)
def test_no_spelling_of_a_secret_is_left(spelling: str) -> None:
    """The word that it stands in is hidden, and the words around it are not."""
    shown = printable(f"you sent x={spelling} to us", (SECRET,)).lower()
    assert shown.startswith("you sent ")
    assert shown.endswith(" to us")
    for at in range(len(SECRET) - 7):
        assert SECRET[at : at + 8].lower() not in shown


def test_a_piece_of_a_token_is_hidden_wherever_it_was_cut() -> None:
    """A token is long, so a piece of some length is found by the eighth part of what it consists of."""
    signature = TOKEN.rpartition(".")[2]
    for at in range(40):
        assert hidden(f"a {signature[at : at + 16]} b", (TOKEN,)) == "a [hidden] b"


def test_other_words_stay() -> None:
    """Sentences of Microsoft's are shown as they are, beside any secret; a short one is hidden as a whole only."""
    said = "AADSTS7000215: Invalid client secret provided for app 'contoso'. Kanari en vogel, Bergwer k!"
    assert printable(said, (SECRET, TOKEN)) == said
    assert printable("İ the pw is pw", ("pw",)) == "İ the [hidden] is [hidden]"


def test_an_answer_that_repeats_a_token_is_known_by_its_signature() -> None:
    """Header and claims of a token are no secret; its signature is, whole or in part, and so is a token without one."""
    head, signature = TOKEN.rpartition(".")[::2]
    assert repeats(f'{{"id":"{TOKEN}"}}'.encode(), TOKEN)
    assert repeats(f'{{"id":"{signature[32:96]}"}}'.encode(), TOKEN)
    assert not repeats(f'{{"id":"{head}"}}'.encode(), TOKEN)
    assert repeats(b"an opaque-token here", "opaque-token")
    assert not repeats(b"", "opaque-token")
