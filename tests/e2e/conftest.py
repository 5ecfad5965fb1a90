"""What the tests with real processes share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.e2e.programs import Microsoft, microsoft


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


def installed(name: str) -> str:
    """The path of a program, or a skip that says how to get it."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is missing: apt-get install prometheus")
    return path
