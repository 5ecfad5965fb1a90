"""The web side of an exporter."""

from __future__ import annotations

import pytest

from tests.web.site import Site


@pytest.fixture
def site() -> Site:
    """Two tenants, polled at noon."""
    made = Site()
    made.put("contoso", "E5", "F1")
    made.put("fabrikam & söhne", "E3")
    return made
