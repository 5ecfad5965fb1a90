"""Microsoft's HTML as it may be shown."""

from __future__ import annotations

import pytest

from o365_exporter.markup import plain, sanitised


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<p><b>Title:</b> Mail &amp; calendars</p>", "<p><b>Title:</b> Mail &amp; calendars</p>"),
        ("<script>alert(1)</script>late", "late"),
        ("<style>p{display:none}</style>late", "late"),
        ("<p onclick='x()' style='color:red' id='top' class='a'>late</p>", "<p>late</p>"),
        ("<img src=https://tracker.example/x.gif>late", "late"),
        ("<iframe src=//evil.example>x</iframe>late", "late"),
        ("<form action=/-/reload method=post><button>Go</button></form>", "Go"),
        ("<svg><a xlink:href='javascript:alert(1)'>x</a></svg>late", "late"),
        ("<a href='javascript:alert(1)'>here</a>", '<a rel="noopener noreferrer nofollow">here</a>'),
        ("<a href='/-/reload'>here</a>", '<a rel="noopener noreferrer nofollow">here</a>'),
        (
            "<a href='https://aka.ms/x' target=_blank>here</a>",
            '<a href="https://aka.ms/x" rel="noopener noreferrer nofollow">here</a>',
        ),
        ("<h1>What</h1>now", "<p><b>What</b></p>now"),
        ("<p>not closed <b>bold", "<p>not closed <b>bold</b></p>"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("", ""),
    ],
)
def test_only_text_lists_tables_and_links_pass(written: str, shown: str) -> None:
    """Whatever runs, loads, styles, submits or leads into the exporter is gone, and what is open is closed."""
    assert sanitised(written) == shown


def test_the_text_alone_keeps_its_paragraphs() -> None:
    """A line for each paragraph, without tags, entities and blanks too many."""
    html = "<p><b>Title:</b>  Mail&nbsp;is\tlate</p>\n\n<ul><li>one &lt;two&gt;</li><li>three</li></ul><script>x()"
    assert plain(html) == "Title: Mail is late\none <two>\nthree"


@pytest.mark.parametrize("blank", ["\u2003", "\r", "\t", "\n"])
def test_blanks_without_end_cost_no_more_than_their_length(blank: str) -> None:
    """By their square, a million would take an hour, in which nothing else has its turn."""
    assert plain(f"<p>Mail{blank * 1_000_000}</p>") == "Mail"
