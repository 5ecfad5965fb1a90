"""What the code states as a fact about Microsoft, against the collected facts."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from o365_exporter.catalogue import all_collectors
from o365_exporter.errors import ThrottledError, UnavailableError
from o365_exporter.graph import LIMITS, WIDER, Endpoint
from o365_exporter.http.meanings import Said, Service, look_up
from o365_exporter.login import CLOUDS, find_cloud
from o365_exporter.login.meanings import TABLE

_USERS_SIGN_IN = {50034, 50126, 50076, 50079, 50053, 50055, 50057, 50173, 700082, 50105}
"""Numbers that only a person who signs in can meet, or that speak of refresh tokens and of roles of users."""


UNLIMITED = {"/admin/reportSettings"}
"""Endpoints of services for which Microsoft publishes no limit."""


def read(shared: Path, file: str) -> Any:
    """One table of facts."""
    return json.loads((shared / "graph" / file).read_text("utf-8"))


def endpoints() -> list[Endpoint]:
    """Every endpoint that a collector asks."""
    return list(
        {
            endpoint.route: endpoint
            for collector in all_collectors().values()
            for source in collector.sources(collector.options())
            for endpoint in source.endpoints
        }.values()
    )


UNLISTED = {
    "/admin/serviceAnnouncement/healthOverviews/{id}/issues": "/admin/serviceAnnouncement/healthOverviews/{id}",
}
"""What Microsoft's list of permissions leaves out, and whose permission it needs: its parent's."""


@pytest.mark.parametrize("endpoint", endpoints(), ids=lambda endpoint: endpoint.route)
def test_the_permissions_of_an_endpoint(shared: Path, endpoint: Endpoint) -> None:
    """Each named permission is accepted, and the first is Microsoft's least that can only read."""
    (row,) = (
        row
        for row in read(shared, "permissions.json")["endpoints"]
        if (row["version"], row["method"]) == ("v1.0", "GET")
        and fnmatchcase(UNLISTED.get(endpoint.route, endpoint.route), row["path"])
    )
    accepted = set(row.get("accepted_application", [row["application"]]))
    assert set(endpoint.permissions) <= accepted
    assert endpoint.permissions[0] == row["application"]
    if "accepted_application" in row:
        assert {wider for name in endpoint.permissions for wider in WIDER.get(name, ())} <= accepted
    assert not any("Write" in permission for permission in endpoint.permissions)


@pytest.mark.parametrize("endpoint", endpoints(), ids=lambda endpoint: endpoint.route)
def test_the_cost_of_an_endpoint(shared: Path, endpoint: Endpoint) -> None:
    """Where resource units are counted, a request costs what Microsoft publishes: one less with ``$select``."""
    costs = read(shared, "throttling.json")["identity_costs"]
    published = costs["get"].get(endpoint.route.strip("/"), costs["default_get"])
    less = costs["adjust"]["$select"] if endpoint.select else 0
    if endpoint.limits.startswith("identity"):
        assert endpoint.cost == max(costs["minimum"], published + less)


def test_every_endpoint_is_charged_to_a_limit(shared: Path) -> None:
    """No endpoint of a service with a published limit goes uncounted, and only service health is urgent."""
    limited = {
        path: limit["service"] for limit in read(shared, "throttling.json")["limits"] for path in limit.get("paths", ())
    }
    for endpoint in endpoints():
        published = (service for path, service in limited.items() if endpoint.route.startswith(path.rstrip("*")))
        expected = (
            ""
            if endpoint.route in UNLIMITED
            else next(published, "security" if endpoint.route.startswith("/security/") else "identity")
        )
        assert endpoint.limits.startswith(expected), endpoint.route
        assert bool(endpoint.limits) == (endpoint.route not in UNLIMITED), endpoint.route
        assert endpoint.urgent == ("ServiceHealth.Read.All" in endpoint.permissions), endpoint.route


def test_the_limits_are_microsofts(shared: Path) -> None:
    """Each rate that we keep to is published for an app in a tenant, or for a tenant."""
    published = {
        (
            limit["service"],
            limit.get("requests", limit.get("resource_units")),
            limit["per_seconds"],
            "resource_units" in limit,
        )
        for limit in read(shared, "throttling.json")["limits"]
        if limit.get("per_seconds") and limit["scope"] in ("app and tenant", "tenant")
    }
    for name, rates in LIMITS.items():
        service = "identity" if name.startswith("identity") else name
        for rate in rates:
            assert (service, rate.amount, rate.seconds, rate.in_units) in published, name


def test_the_smallest_tenants_limit_is_kept(shared: Path) -> None:
    """How large a tenant is is not known, so the identity service's limit for the smallest holds."""
    amounts = [
        limit["resource_units"]
        for limit in read(shared, "throttling.json")["limits"]
        if limit["service"] == "identity" and limit.get("tenant_size")
    ]
    assert [rate.amount for rate in LIMITS["identity"]] == [min(amounts)]


def test_the_clouds(shared: Path) -> None:
    """Names, aliases and addresses are those of the table."""
    listed = {cloud["name"]: cloud for cloud in read(shared, "clouds.json")["clouds"]}
    assert {cloud.name for cloud in CLOUDS.values()} == set(listed)
    for name, facts in listed.items():
        cloud = CLOUDS[name]
        assert {find_cloud(name)} | set(map(find_cloud, facts["aliases"])) == {cloud}
        assert (cloud.login, cloud.graph, cloud.scope, cloud.portal) == (
            facts["login"],
            facts["graph"],
            facts["scope"],
            facts["portal"],
        )
        assert all(find_cloud(alias) is cloud for alias in cloud.aliases)


def test_every_refusal_of_entra_has_a_sentence(shared: Path) -> None:
    """Each number of the table is explained, and those that only a person can meet are not blamed on the app."""
    for entry in read(shared, "aadsts.json")["codes"]:
        row = look_up(Said(Service.LOGIN, 400, entry["aadsts"]), TABLE)
        assert row.codes, entry
        assert ("as if a person" in row.what) == (entry["code"] in _USERS_SIGN_IN), entry


def test_what_passes_is_what_the_table_calls_so(shared: Path) -> None:
    """Of the numbers that the table says to retry, only the assertion that is not valid yet needs an operator."""
    for entry in read(shared, "aadsts.json")["codes"]:
        row = look_up(Said(Service.LOGIN, 400, entry["aadsts"]), TABLE)
        passes = issubclass(row.outcome, (UnavailableError, ThrottledError))
        assert passes == (entry["retry"] and entry["code"] != 700024), entry
