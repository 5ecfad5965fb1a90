"""The committed files: their names and what must be in them."""

from __future__ import annotations

import json
from pathlib import Path

from tools.dashboards.boards import DASHBOARDS
from tools.dashboards.catalogue import ROOT
from tools.dashboards.drawing import drawn


def generated() -> dict[str, str]:
    """Every file: its path from the root, and what must be in it."""
    return {
        f"grafana/dashboards/{dashboard.uid}.json": json.dumps(drawn(dashboard), indent=2, ensure_ascii=False) + "\n"
        for dashboard in DASHBOARDS
    }


def stale() -> dict[str, str]:
    """Those that are missing or not as they should be."""
    return {name: text for name, text in generated().items() if not _holds(ROOT / name, text)}


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


def superfluous() -> list[str]:
    """Files of dashboards that are no more."""
    present = (path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "grafana/dashboards").glob("*.json")))
    return [name for name in present if name not in generated()]
