"""Some hours of the soak; ``make soak`` runs days."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.soak import Soak


@pytest.mark.long("soak", 15)
async def test_what_must_hold_holds_through_faults_reloads_and_restarts(tmp_path: Path) -> None:
    """Five tenants, faults of every kind, new secrets, tenants that come and go, and three starts."""
    soak = Soak(tmp_path, seed=365, tenants=5, steps=(4, 8), lives=(1, 1))
    await soak.run(lambda: soak.restarts == 2)
    assert soak.scrapes > 15
