"""The files keep Grafana's schema: read and written again by its SDK, nothing is lost.

The SDK (grafana-foundation-sdk 11.6) knows neither the keys that only Prometheus' annotations have nor a variable's
``definition``; both are what Grafana itself writes. What has a default and is not there it adds, which is no fault.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.grafana.kit import Json, dashboards, panels

UNKNOWN_TO_THE_SDK = {
    *(f"/annotations/list[]/{key}" for key in ("step", "tagKeys", "textFormat", "titleFormat", "useValueForTime")),
    "/templating/list[]/definition",
}


def lost(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Where a key is no longer there, or something changed."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key not in after:
                yield f"{path}/{key}"
            else:
                yield from lost(value, after[key], f"{path}/{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from lost(one, other, f"{path}[]")
    elif before != after:
        yield f"{path}: {before!r} became {after!r}"


def written_again(page: Json) -> Json:
    """The dashboard as the SDK understands it."""
    register_default_plugins()
    again: Json = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(copy.deepcopy(page))))
    return again


@pytest.mark.parametrize("uid", dashboards())
def test_nothing_is_lost(uid: str) -> None:
    """A misspelled key would vanish."""
    page = dashboards()[uid]
    assert set(lost(page, written_again(page))) - UNKNOWN_TO_THE_SDK == set()


def test_every_exemption_is_needed() -> None:
    """What the SDK has learned is compared from then on."""
    found = {where for page in dashboards().values() for where in lost(page, written_again(page))}
    assert found == UNKNOWN_TO_THE_SDK


@pytest.mark.parametrize(
    ("plant", "where"),
    [
        (lambda page: page.update(titel="x"), "/titel"),
        (lambda page: panels(page)[0].update(gridpos={}), "/panels[]/gridpos"),
        (lambda page: panels(page)[0]["fieldConfig"]["defaults"].update(noValues=""), "defaults/noValues"),
        (lambda page: panels(page)[0]["options"].update(colourMode="value"), "/panels[]/options/colourMode"),
        (lambda page: panels(page)[0]["targets"][0].update(legend="x"), "/panels[]/targets[]/legend"),
        (lambda page: page["templating"]["list"][1].update(multiple=True), "/templating/list[]/multiple"),
    ],
)
def test_a_misspelled_key_is_found(plant: Callable[[Json], None], where: str) -> None:
    """Proof that the comparison compares."""
    page = copy.deepcopy(dashboards()["o365-tenants"])
    plant(page)
    assert where in "\n".join(set(lost(page, written_again(page))) - UNKNOWN_TO_THE_SDK)
