"""What tests of checks have in common."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.probing.daemon import Daemon, daemon


@pytest.fixture(scope="module")
def _served() -> Iterator[Daemon]:
    with daemon() as served:
        yield served


@pytest.fixture
def exporter(_served: Daemon, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    """An exporter that checks ask by themselves."""
    fresh = Daemon(_served.url)
    for name, value in vars(fresh).items():
        setattr(_served, name, value)
    monkeypatch.setenv("O365_PROBE_URL", _served.url)
    return _served
