"""``/``: for a person who opens the exporter in a browser."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from starlette.responses import HTMLResponse

from o365_exporter.store import Key, Poll, Store
from o365_exporter.web.html import html_page
from o365_exporter.web.verdict import is_in_trouble, verdict

_COLUMNS = ("Collector", "Source", "State", "Age of the data", "Next poll", "Reason")

Polls = list[tuple[Key, Poll]]


def landing_page(store: Store, now: float, version: str, shard: str = "", faults: Sequence[str] = ()) -> HTMLResponse:
    """What is wrong first, then every source of every tenant.

    Args:
        store: all polls.
        now: wall clock, seconds.
        version: of the exporter.
        shard: which part of the tenants is polled here; empty for all.
        faults: what is written in the settings and not in effect, a sentence each.
    """
    polls = sorted(((key, store[key]) for key in store), key=lambda item: item[0])
    sentences = "".join(f"<p>{escape(sentence)}</p>\n" for sentence in verdict(polls, now))
    tables = "".join(
        _table(tenant, list(group), now) for tenant, group in groupby(polls, key=lambda item: item[0].tenant)
    )
    body = f"""<h1>o365_exporter {escape(version)}</h1>
{_part(shard)}{_unread(faults)}{sentences}\
{_troubles(polls, now)}<p>Microsoft 365 for Prometheus: <a href="metrics">metrics</a>,
<a href="runbooks/">runbooks</a>, <a href="-/ready">ready</a>, <a href="-/healthy">healthy</a>,
<a href="sd">targets</a>.</p>
{tables}"""
    return html_page("o365_exporter", body)


def _part(shard: str) -> str:
    """That others poll the rest; whoever looks for a tenant should not think that nobody does."""
    text = f"This is shard {shard}, counted from 0: further tenants are polled by the others."
    return f"<p>{escape(text)}</p>\n" if shard else ""


def _unread(faults: Sequence[str]) -> str:
    """That what is written now is not what runs, and that the exporter would not start with it."""
    items = "".join(f'<li class="failing">{escape(fault)}</li>\n' for fault in faults)
    return f"<p>Settings from before are in effect.</p>\n<ul>\n{items}</ul>\n" if items else ""


def _troubles(polls: Polls, now: float) -> str:
    """Reason and remedy, once where one cause ends the polls of many sources."""
    sources: dict[tuple[str, str, str], list[str]] = {}
    for key, poll in polls:
        if is_in_trouble(poll, now):
            cause = (key.tenant, poll.state, poll.message or "has not been polled for three intervals")
            sources.setdefault(cause, []).append(f"{key.collector} {key.source}")
    items = "".join(
        f'<li><b>{escape(tenant)}</b>: <span class="failing">{_explained(state)}</span>: {escape(message)} '
        f"({escape(', '.join(names))})</li>\n"
        for (tenant, state, message), names in sources.items()
    )
    return f"<ul>\n{items}</ul>\n" if items else ""


def _explained(state: str) -> str:
    return f'<a href="runbooks/troubleshooting#{escape(state)}">{escape(state)}</a>'


def _table(tenant: str, polls: Polls, now: float) -> str:
    head = "".join(f"<th>{name}</th>" for name in _COLUMNS)
    rows = "".join(_row(key, poll, now) for key, poll in polls)
    return f'<div class="wide"><table><caption>{escape(tenant)}</caption><tr>{head}</tr>\n{rows}</table></div>\n'


def _row(key: Key, poll: Poll, now: float) -> str:
    failing = not poll.succeeded and poll.state != "pending"
    state = f'<td class="failing">{escape(poll.state)}</td>' if failing else f"<td>{escape(poll.state)}</td>"
    cells = (_age(poll, now), _until(poll.next_run, now), poll.message)
    rest = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f"<tr><td>{escape(key.collector)}</td><td>{escape(key.source)}</td>{state}{rest}</tr>\n"


def _age(poll: Poll, now: float) -> str:
    if poll.taken_at is None:
        return "none yet"
    age = _roughly(now - poll.taken_at)
    return age if poll.is_fresh(now) else f"{age}, withdrawn"


def _until(next_run: float | None, now: float) -> str:
    if next_run is None:
        return "not planned"
    return f"in {_roughly(next_run - now)}" if next_run > now else "now"


def _roughly(seconds: float) -> str:
    """The time in its largest unit, of which there are at least two."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"
