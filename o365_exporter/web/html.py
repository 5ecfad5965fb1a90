"""What all pages for people have in common: plain HTML, readable on a telephone and in the dark, that runs nothing."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from starlette.responses import HTMLResponse

_STYLE = """
:root { color-scheme: light dark; --line: #ccc; --quiet: #666; --bad: #a00; --block: #f4f4f4; --link: #05a }
@media (prefers-color-scheme: dark) {
  :root { --line: #444; --quiet: #aaa; --bad: #f77; --block: #222; --link: #8bf }
}
body { font: 16px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 70rem; padding: 0 1rem;
  overflow-wrap: break-word }
a { color: var(--link) }
h2 { border-top: 1px solid var(--line); margin-top: 2.5rem; padding-top: .5rem }
:target { background: var(--block) }
nav { color: var(--quiet) }
pre { background: var(--block); overflow-x: auto; padding: .6rem }
code { font-size: .9em }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; margin-bottom: 2rem }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top }
caption { font-size: 1.2rem; font-weight: bold; text-align: left; padding: .5rem 0 }
.failing { color: var(--bad); font-weight: bold }
"""


def html_page(title: str, body: str) -> HTMLResponse:
    """A page as an answer that lets a browser load and run nothing.

    Args:
        title: plain text.
        body: HTML in which everything foreign is escaped.
    """
    page = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{_STYLE}</style></head>
<body>
{body}</body></html>
"""
    return HTMLResponse(page.encode("utf-8", "replace"), headers={"Content-Security-Policy": _policy()})


def _policy() -> str:
    """Nothing is loaded or run, and of styles only ours."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
