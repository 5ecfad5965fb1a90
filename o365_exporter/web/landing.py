"""``/``: for a person who opens the exporter in a browser. Plain HTML, no scripts, everything escaped."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from itertools import groupby

from starlette.responses import HTMLResponse

from o365_exporter.store import Key, Poll, Store

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; width: 100%; margin-bottom: 2rem }
th, td { border-bottom: 1px solid #ccc; padding: .3rem .6rem; text-align: left; vertical-align: top }
caption { font-size: 1.2rem; font-weight: bold; text-align: left; padding: .5rem 0 }
.failing { color: #a00; font-weight: bold }
"""

_COLUMNS = ("Collector", "Source", "State", "Age of the data", "Next poll", "Reason")


def landing_page(store: Store, now: float, version: str) -> HTMLResponse:
    """The page as an answer that lets a browser load and run nothing.

    Args:
        store: all polls.
        now: wall clock, seconds.
        version: of the exporter.
    """
    polls = sorted(((key, store[key]) for key in store), key=lambda item: item[0])
    tables = "".join(
        _table(tenant, list(group), now) for tenant, group in groupby(polls, key=lambda item: item[0].tenant)
    )
    page = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>o365_exporter</title><style>{_STYLE}</style></head>
<body><h1>o365_exporter {escape(version)}</h1>
<p>Microsoft 365 for Prometheus: <a href="/metrics">metrics</a>, <a href="/-/ready">ready</a>,
<a href="/-/healthy">healthy</a>.</p>
{tables}</body></html>
"""
    return HTMLResponse(page.encode("utf-8", "replace"), headers={"Content-Security-Policy": _policy()})


def _table(tenant: str, polls: list[tuple[Key, Poll]], now: float) -> str:
    head = "".join(f"<th>{name}</th>" for name in _COLUMNS)
    rows = "".join(_row(key, poll, now) for key, poll in polls)
    return f"<table><caption>{escape(tenant)}</caption><tr>{head}</tr>\n{rows}</table>\n"


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


def _policy() -> str:
    """Nothing is loaded or run, and of styles only ours."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
