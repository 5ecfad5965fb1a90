"""What the tests of the settings share."""

from __future__ import annotations

from pathlib import Path

import pytest

from o365_exporter.settings import sources
from tests.settings.desk import Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A fresh directory; this machine's own secrets are out of reach."""
    monkeypatch.setattr(sources, "DEFAULT_SECRETS_DIR", tmp_path / "run-secrets")
    return Desk(tmp_path)
