"""What the tests with real processes share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.programs import Microsoft, microsoft
from tests.rules.kit import installed


@pytest.fixture
def cloud() -> Iterator[Microsoft]:
    """A simulated Microsoft with the tenant contoso."""
    with microsoft() as made:
        yield made


@pytest.fixture(scope="session")
def promtool() -> str:
    """Prometheus' tool that judges expositions."""
    return installed("promtool")


@pytest.fixture(scope="session")
def prometheus() -> str:
    """A real Prometheus."""
    return installed("prometheus")
