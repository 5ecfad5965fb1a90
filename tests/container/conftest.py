"""What the tests of the container share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.container.engine import build
from tests.e2e.programs import Microsoft, microsoft

PROGRAMS = ("buildah", "mmdebstrap", "podman", "runc")


@pytest.fixture(scope="session")
def image() -> str:
    """The id of the image of this tree, built on a stand-in for the base that the Dockerfile names."""
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        pytest.skip(f"{', '.join(missing)} missing: apt-get install {' '.join(PROGRAMS)}")
    if os.geteuid() != 0:
        pytest.skip("only root can make the base of the image: run the tests of the container as root")
    return build()


@pytest.fixture
def cloud() -> Iterator[Microsoft]:
    """A simulated Microsoft with the tenant contoso; one for each container, since it counts requests for reports."""
    with microsoft() as made:
        yield made
