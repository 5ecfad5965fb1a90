"""Each alert has its heading, each heading its alert, and the link leads from one to the other."""

from __future__ import annotations

import re

import pytest

from tests.rules.kit import RUNBOOKS, alerts

PAGES = sorted(page for page in RUNBOOKS.glob("*.md") if page.name != "README.md")
QUESTIONS = ("Means", "Real?", "Look", "Do", "Close")


def _headings(name: str) -> list[str]:
    return re.findall(r"^## (.+)$", (RUNBOOKS / f"{name}.md").read_text("utf-8"), re.MULTILINE)


def test_headings_are_the_alerts() -> None:
    """Both ways, page by page, in the order of the rules."""
    headings = {page.stem: _headings(page.stem) for page in PAGES}
    named: dict[str, list[str]] = {}
    for name, rule in alerts().items():
        named.setdefault(rule.subject, []).append(name)
    assert headings == named


@pytest.mark.parametrize("name", alerts())
def test_links_lead_to_the_heading(name: str) -> None:
    """A recording says where, then come the page of the alert's file and the heading as GitHub makes anchors."""
    rule = alerts()[name]
    found = '{{ with query "cluster:o365_exporter_runbooks:info" }}{{ . | first | label "url" }}'
    begins = f"{found}{{{{ else }}}}docs/runbooks{{{{ end -}}}}"
    assert rule.body["annotations"]["runbook_url"] == f"{begins} /{rule.subject}.md#{name.lower()}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_heading_answers_the_five_questions(page: object) -> None:
    """What it means, whether it is real, what to look at, what to do, when it is over: in this order."""
    text = (RUNBOOKS / str(page)).read_text("utf-8")
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        assert tuple(re.findall(r"^\*\*(.+?):?\*\*", section, re.MULTILINE)) == QUESTIONS, section.splitlines()[0]


SPANS = {"five minutes": "5m", "ten minutes": "10m", "a quarter of an hour": "15m", "half an hour": "30m"}
CLOSING = re.compile(r"\*\*Close:\*\* by itself, (\w+(?: \w+)*) after ")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_span_under_close_is_that_of_the_rule(page: object) -> None:
    """Whoever is told that it ends ten minutes later need not wait for an hour."""
    for section in re.split(r"^## ", (RUNBOOKS / str(page)).read_text("utf-8"), flags=re.MULTILINE)[1:]:
        kept = alerts()[section.split("\n")[0]].body.get("keep_firing_for")
        if (told := CLOSING.search(section)) and told[1] in SPANS:
            assert SPANS[told[1]] == kept, section.split("\n")[0]
