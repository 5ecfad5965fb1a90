"""The file: OpenMetrics in the order that promtool wants, whole or not at all, and as large as was said."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from o365_exporter.backfill import Part, Plan, WorkFile, Writer, clear_unfinished, in_place_of
from o365_exporter.collectors.exchange_usage import EMAILS
from o365_exporter.collectors.teams_usage import CALLS
from o365_exporter.history import Past, Stretch, Window
from o365_exporter.metrics import Metric
from o365_exporter.settings import TenantSettings

NOON = 1773144000
ODD = 'a"b\\c\nd é{}'


@dataclass
class Told:
    """A history of what a test says."""

    past: Sequence[Past]
    metrics: tuple[Metric, ...] = (EMAILS, CALLS)
    name: str = "told"
    hindrance: str = ""
    form: Any = int
    remarked: list[str] = field(default_factory=list)

    def series(self, _records: int, window: Window) -> Iterator[Past]:
        """What was said."""
        for past in self.past:
            yield Past(past.series, tuple(window.cut(past.stretches)))

    def remarks(self, _records: int, _window: Window) -> list[str]:
        """What was said."""
        return self.remarked


def part(name: str, *past: Past, **others: Any) -> Part:
    """A tenant with a history."""
    where = SimpleNamespace(graph="https://graph.example")
    tenant = SimpleNamespace(name=name, tenant_id=f"id of {name}", cloud=where, graph_url=None)
    return Part(cast("TenantSettings", tenant), cast("Any", Told(past, **others)))


def emails(action: str, *stretches: tuple[float, float, float]) -> Past:
    """Mail over time, from seconds to seconds after noon."""
    return Past(EMAILS.at(0, action=action), tuple(Stretch(NOON + s, NOON + e, v) for s, e, v in stretches))


def calls(*stretches: tuple[float, float, float]) -> Past:
    """The same of calls."""
    return Past(CALLS.at(0), tuple(Stretch(NOON + s, NOON + e, v) for s, e, v in stretches))


@pytest.fixture
def work(tmp_path: Path) -> Iterator[WorkFile]:
    """A work file that has a record for whatever is added."""
    with WorkFile.opened(tmp_path / "history.om", NOON) as made:
        yield made


def writer(work: WorkFile, *parts: Part, labels: dict[str, str] | None = None) -> Writer:
    """Writes these parts from a day before noon to a day after."""
    for one in parts:
        work.add(one, 1)
    return Writer(Plan(parts, ()), work, Window(NOON - 86_400, NOON + 86_400), labels or {})


def text_of(made: Writer) -> str:
    """The file, which is as large as was said."""
    text = b"".join(made.pieces())
    *_, size = made.measure()
    assert size.bytes == len(text)
    assert size.samples == len([line for line in text.splitlines() if not line.startswith(b"#")])
    return text.decode()


def test_a_family_stands_together_whoever_has_it(work: WorkFile) -> None:
    """Family by family, tenant by tenant, series by series; a sample at each round five minutes, and the end."""
    one = part("contoso", calls((0, 301, 2)), emails("sent", (0, 300, 1), (300, 600, 5.5)))
    other = part("fabrikam", emails("read", (10, 301, 1e7)))
    assert text_of(writer(work, one, other, labels={"job": "o365", "instance": "a:1"})) == (
        f"# HELP o365_exchange_emails {EMAILS.help}\n"
        "# TYPE o365_exchange_emails gauge\n"
        f'o365_exchange_emails{{job="o365",instance="a:1",action="sent",tenant="contoso"}} 1.0 {NOON}\n'
        f'o365_exchange_emails{{job="o365",instance="a:1",action="sent",tenant="contoso"}} 5.5 {NOON + 300}\n'
        f'o365_exchange_emails{{job="o365",instance="a:1",action="read",tenant="fabrikam"}} 1e+07 {NOON + 300}\n'
        f"# HELP o365_teams_calls {CALLS.help}\n"
        "# TYPE o365_teams_calls gauge\n"
        f'o365_teams_calls{{job="o365",instance="a:1",tenant="contoso"}} 2.0 {NOON}\n'
        f'o365_teams_calls{{job="o365",instance="a:1",tenant="contoso"}} 2.0 {NOON + 300}\n'
        "# EOF\n"
    )


def test_strange_names_are_written_as_polls_write_them(work: WorkFile) -> None:
    """Quotes, backslashes, line ends and braces in the name of a tenant and in a label; half a surrogate pair too."""
    text = text_of(writer(work, part(f"{ODD}\ud800", calls((0, 300, 1))), labels={"job": ODD}))
    (family,) = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    assert [sample.labels for sample in family.samples] == [{"job": ODD, "tenant": f"{ODD}?"}]


def test_a_series_without_a_sample_is_not_there(work: WorkFile) -> None:
    """Nor is the header of its family: a stretch may lie between two round times."""
    assert text_of(writer(work, part("contoso", calls((1, 299, 1)), emails("sent")))) == "# EOF\n"


def test_a_long_stretch_comes_in_pieces(work: WorkFile) -> None:
    """Memory does not grow with the days."""
    half_a_year = Past(CALLS.at(0), (Stretch(NOON, NOON + 180 * 86_400, 1),))
    work.add(one := part("contoso", half_a_year), 1)
    made = Writer(Plan((one,), ()), work, Window(NOON, NOON + 180 * 86_400), {})
    sizes = [len(piece) for piece in made.pieces()]
    assert max(sizes) < 512 * 1024
    assert sum(sizes) == [size.bytes for size in made.measure()][-1]


def test_what_is_not_had_is_not_written(work: WorkFile) -> None:
    """Of what Microsoft has nothing of, or what failed, there is no line; the first is remarked, with the others'."""
    nothing, failed = part("fabrikam", calls((0, 300, 1))), part("tailspin", calls((0, 300, 1)))
    had = part("contoso", calls((0, 300, 1)), remarked=["It is odd."])
    work.add(had, 1)
    work.add_nothing(nothing, "No rows.")
    made = Writer(Plan((had, nothing, failed), ()), work, Window(NOON, NOON + 600), {})
    assert text_of(made).count("o365_teams_calls{") == 1
    assert list(made.remarks()) == ["contoso: It is odd.", "fabrikam: nothing of told. No rows."]


def write_until_full(write: Callable[[bytes], object]) -> None:
    """What a disk does that has room for half."""
    write(b"half")
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    """Whatever ends the writing, what was there before still is, and nothing lies beside it."""
    output = tmp_path / "x"
    output.write_text("before", "utf-8")
    with pytest.raises(OSError, match="No space left"), in_place_of(output) as write:
        write_until_full(write)
    assert ([path.name for path in tmp_path.iterdir()], output.read_text("utf-8")) == (["x"], "before")
    with in_place_of(output) as write:
        write(b"whole")
        assert output.read_text("utf-8") == "before"
    assert output.read_text("utf-8") == "whole"


def test_what_a_killed_process_has_left_makes_room(tmp_path: Path) -> None:
    """It is gigabytes, and would be in the way of the run that goes on; a link goes, and not what it leads to."""
    mine, left = tmp_path / "mine", tmp_path / "x.unfinished"
    mine.write_text("mine", "utf-8")
    for make in (lambda: left.write_text("half", "utf-8"), lambda: left.symlink_to(mine), lambda: None):
        make()
        clear_unfinished(tmp_path / "x")
        assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_no_link_is_followed(tmp_path: Path) -> None:
    """Somebody else may have put it there, in a folder that all may write to."""
    mine, output = tmp_path / "mine", tmp_path / "x"
    mine.write_text("mine", "utf-8")
    (tmp_path / "x.unfinished").symlink_to(mine)
    with pytest.raises(OSError, match="symbolic links"), in_place_of(output):
        pass
    assert mine.read_text("utf-8") == "mine"
