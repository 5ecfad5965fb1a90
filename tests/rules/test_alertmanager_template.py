"""The template by which alerts lead to Microsoft's own words, drawn by Alertmanager's own tool."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.rules.kit import run

TEMPLATES = Path(__file__).parents[2] / "deploy/alertmanager"


@pytest.mark.parametrize(
    ("labels", "link"),
    [
        ({"tenant": "a b/ü", "issue_id": "EX1"}, "What Microsoft says: {0}/issue?tenant=a+b%2F%C3%BC&id=EX1\n"),
        ({"tenant": "contoso", "message_id": "MC1"}, "What Microsoft says: {0}/message?tenant=contoso&id=MC1\n"),
        ({"tenant": "contoso"}, "What is known: {0}/tenant?name=contoso\n"),
        ({}, ""),
    ],
)
def test_an_alert_leads_to_what_microsoft_says(tmp_path: Path, labels: dict[str, str], link: str) -> None:
    """An issue and a message to their pages, what is of a tenant to that, and what is of none to nothing."""
    alert: dict[str, Any] = {
        "labels": labels,
        "annotations": {"summary": "It is so."},
        "startsAt": "2026-01-01T00:00:00Z",
    }
    data = {"receiver": "chat", "status": "firing", "alerts": [{"status": "firing", **alert}]}
    (tmp_path / "data.json").write_text(json.dumps(data))
    drawn = run(
        "amtool",
        "template",
        "render",
        f"--template.glob={TEMPLATES}/*.tmpl",
        '--template.text={{ template "o365.text" . }}',
        f"--template.data={tmp_path}/data.json",
    )
    assert drawn.strip("\n") == f"It is so.\n{link.format('https://exporter.example.org')}".strip("\n")
