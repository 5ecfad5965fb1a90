"""What ``once`` shows to people."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from o365_exporter.commands.outcome import Failure, Outcome, Row
from o365_exporter.commands.table import MOST_ROWS, table_of
from o365_exporter.store import Key


def row(tenant: str, state: str = "ok", *, source: str = "service_health/overviews") -> Row:
    """A source after its poll."""
    answered = state in ("ok", "no_data")
    duration = None if state == "pending" else 1.25
    return Row(Key(tenant, *source.split("/")), state, answered, 60 * answered, 90.0 if answered else None, duration)


def drawn(*rows: Row, failures: tuple[Failure, ...] = (), width: int = 100) -> str:
    """What stands on a terminal of that width, without the spaces at the ends of lines."""
    stream = io.StringIO()
    outcome = Outcome(tuple(sorted(rows, key=lambda each: each.badness)), failures, 2.0)
    console = Console(file=stream, width=width, markup=False, highlight=False, emoji=False)
    console.print(table_of(outcome, width))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


SECRET = Failure("auth", "The secret is wrong. Set client_secret.", (Key("Contoso", "subscriptions", "skus"),))


def test_the_worst_comes_first_and_each_cause_once() -> None:
    """One table, then what failed with its remedy, then the sum."""
    bad = row("Contoso", "auth", source="subscriptions/skus")
    assert (
        drawn(row("Contoso"), bad, row("Fabrikam", "no_data"), failures=(SECRET,))
        == """
 Tenant     Source                     Outcome   Series     Age    Took
 ──────────────────────────────────────────────────────────────────────
 Contoso    subscriptions/skus         auth           –       –   1.2 s
 Fabrikam   service_health/overviews   no_data       60   2 min   1.2 s
 Contoso    service_health/overviews   ok            60   2 min   1.2 s

auth: Contoso: subscriptions/skus
  The secret is wrong. Set client_secret.

2 of 3 sources brought an answer in 2.0 s, 1 failed. For the next step: o365-exporter check, with
the same settings."""
    )


def test_one_tenant_is_not_named_in_each_row() -> None:
    """Where there is one tenant it needs no column."""
    assert "Contoso" not in drawn(row("Contoso"), row("Contoso", "auth"), failures=(SECRET,))


def test_a_narrow_terminal_has_no_figures() -> None:
    """On 40 columns tenants are lines of their own, and nothing is wider than that."""
    text = drawn(row("Contoso", "permission"), row("Fabrikam"), failures=(SECRET,), width=40)
    assert text.startswith("""
 Source                     Outcome
 ─────────────────────────────────────
 Contoso
 service_health/overviews   permission
 Fabrikam
 service_health/overviews   ok
""")
    assert max(map(len, text.splitlines())) <= 40


def test_a_thousand_tenants_fit_a_page() -> None:
    """Those in trouble are shown, as many as fit; the others are counted, by state and number of tenants."""
    well = [row(f"t{number}") for number in range(900)]
    text = drawn(*well, *(row(f"bad{number}", "network") for number in range(100)))
    assert text.count("bad") == MOST_ROWS
    assert "\n  and 960 more, of 960 tenants: 900 ok, 60 network\n" in text
    assert drawn(*well).startswith("  900 sources, of 900 tenants: 900 ok\n")
    assert drawn(*(row("t") for _ in range(50))).startswith("  50 sources, of 1 tenant: 50 ok\n")
    assert drawn(*(row(f"bad{number}", "network") for number in range(50))).count(" bad") == MOST_ROWS


def test_hundreds_of_causes_are_told_in_part() -> None:
    """Twenty are told, those that stop most first as they come; how many there are it says in any case."""
    causes = tuple(
        Failure("network", f"Host {number} is away.", (Key(f"t{number}", "subscriptions", "skus"),))
        for number in range(300)
    )
    text = drawn(*(row(f"t{number}", "network") for number in range(300)), failures=causes)
    assert text.count(" is away.") == 20
    assert "and 280 more causes, which stop 280 sources: --format json has all of them." in text


def test_a_cause_names_some_and_counts_all() -> None:
    """One that stops many is a line."""
    keys = tuple(Key(f"t{number}", "subscriptions", "skus") for number in range(1000))
    text = drawn(
        *(row(key.tenant, "network") for key in keys), failures=(Failure("network", "The proxy is away.", keys),)
    )
    told = "network: 1000 tenants: t0/subscriptions/skus, t1/subscriptions/skus, t2/subscriptions/skus,"
    assert told in " ".join(text.split())
    assert "t3/subscriptions/skus and 996 more" in text


@pytest.mark.parametrize("width", [40, 100])
def test_names_are_no_markup_and_steer_no_terminal(width: int) -> None:
    """A tenant may be called anything: what it is called stands there, and what cannot be printed is spelt out."""
    names = ("[red]Söhne[/red]", "会社:smile:", "x\x1b[2Jy", "a\nb")
    text = drawn(
        *(row(name, "auth") for name in names), failures=(Failure("auth", "No\x1btoken.", ()),)[:0], width=width
    )
    for shown in ("[red]Söhne[/red]", "会社:smile:", r"x\x1b[2Jy", r"a\nb"):
        assert shown in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (3 * 86400, "3 d")]
)
def test_ages_have_the_unit_that_fits(seconds: float, text: str) -> None:
    """Seconds, minutes, hours or days."""
    aged = Row(Key("x", "subscriptions", "skus"), "ok", answered=True, series=1, age=seconds, duration=0.1)
    assert f" {text}   0.1 s\n" in drawn(aged)


def test_a_wrong_clock_is_told_at_the_end() -> None:
    """Where the line of the log has scrolled away, the sum says it again."""
    outcome = Outcome((row("Contoso"),), (), 2.0, "60 minutes behind Microsoft's")
    assert outcome.sentence == (
        "1 of 1 sources brought an answer in 2.0 s, 0 failed. But the clock of this machine is 60 minutes behind "
        "Microsoft's. On Linux: timedatectl set-ntp true (of a container, on its host)."
    )
