"""``o365-exporter docs``: what the package carries to read, and what its own sentences send people to."""

from __future__ import annotations

import re

import pytest

from o365_exporter.cli import main
from tests.facts.pages import ROOT, page


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int | str | None, str, str]:
    """Exit code, standard output and standard error of the command."""
    with pytest.raises(SystemExit) as ended:
        main(["docs", *arguments])
    captured = capsys.readouterr()
    return ended.value.code, captured.out, captured.err


def test_a_page_is_readable_text(capsys: pytest.CaptureFixture[str]) -> None:
    """Headings, lists, tables and code are told apart, blocks of code stand as they are, and no markup is left."""
    code, text, _ = printed(capsys, "state")
    assert code == 0
    assert text.startswith("# State that survives a restart\n\nWith `state_dir` a restart costs nothing: `/metrics`")
    assert '\nstate_dir = "/var/lib/o365-exporter" # or O365_STATE_DIR; the container image has it\n' in text
    assert "\n| Kept | Why |\n| the last records of each source, with validators (`ETag`) and" in text
    assert not re.search(r"</?\w+>|&lt;|&quot;|\n\n\n", text)


@pytest.mark.parametrize("name", ["state", "state.md", "docs/state.md", "usage", "docs/runbooks/usage.md"])
def test_a_page_is_found_by_whatever_a_link_calls_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With and without folder and ending, runbooks too."""
    code, text, _ = printed(capsys, name)
    assert (code, text[:2]) == (0, "# ")


def test_without_a_page_they_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """One name a line."""
    code, text, _ = printed(capsys)
    assert code == 0
    assert {"configuration", "troubleshooting", "exporter", "state"} <= set(text.split("\n"))


def test_a_name_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """With the command that lists them, and exit code 2."""
    assert printed(capsys, "../x\x1b") == (
        2,
        "",
        "o365-exporter: There is no page '../x\\x1b': o365-exporter docs lists them.\n",
    )


def test_every_setting_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    """What a wrong name sends people to has all the right ones."""
    _, text, _ = printed(capsys, "configuration")
    names = set(re.findall(r"`(O365_[A-Z_]+)`", page("docs/configuration.md")))
    assert len(names) > 50
    assert names <= set(re.findall(r"`(O365_[A-Z_]+)`", text))


def test_sentences_name_pages_that_a_wheel_has(capsys: pytest.CaptureFixture[str]) -> None:
    """No sentence of the program sends anybody to a file of the repository, and every page that one names is there."""
    sources = {
        path: re.sub(r'"""(?s:.*?)"""|#.*|\(https?:[^)]*\)', "", path.read_text("utf-8"))
        for path in (ROOT / "o365_exporter").rglob("*.py")
    }
    in_the_repository = re.compile(r"\bdocs/\w+|\bREADME\b|config\.example")
    assert [path.name for path, text in sources.items() if in_the_repository.search(text)] == []
    named = {name for text in sources.values() for name in re.findall(r"o365-exporter docs ([a-z-]+)", text)}
    assert {"configuration", "security"} <= named
    for name in named - {"lists"}:
        assert printed(capsys, name)[0] == 0, name
