"""What sources need to be permitted, and what a token's roles say of it."""

from __future__ import annotations

import pytest

from o365_exporter.catalogue import all_collectors
from o365_exporter.exposition import render
from o365_exporter.graph import ROLES, WIDER
from o365_exporter.permissions import Need, missing, needs_of, required, samples, unneeded

HEALTH, REPORTS = "ServiceHealth.Read.All", "Reports.Read.All"
ORGANIZATION, LICENCES = "Organization.Read.All", "LicenseAssignment.Read.All"
SUBSCRIPTIONS: tuple[Need, ...] = ((LICENCES, ORGANIZATION), (ORGANIZATION,))


def lines(needs: tuple[Need, ...], roles: frozenset[str] | None) -> list[str]:
    """The series of the tenant contoso."""
    rendered = render(samples(needs, roles), "contoso")
    return sorted(b"".join(rendered.values()).decode().splitlines())


def test_needs_are_told_once() -> None:
    """However many endpoints and sources need the same."""
    collector = all_collectors()["service_health"]
    assert needs_of(collector.sources(collector.options())) == ((HEALTH,),)


@pytest.mark.parametrize(
    ("needs", "names"),
    [
        ((), ()),
        (((HEALTH,), (REPORTS,)), (HEALTH, REPORTS)),
        (SUBSCRIPTIONS, (ORGANIZATION,)),
        (((LICENCES, ORGANIZATION),), (LICENCES,)),
        ((("A", "C"), ("B", "C")), ("C",)),
        ((("A", "C"), ("B",), ("D", "E")), ("B", "A", "D")),
    ],
)
def test_the_fewest_and_least_are_required(needs: tuple[Need, ...], names: tuple[str, ...]) -> None:
    """What leaves no choice, and for the rest one for all where there is one, else the least of each."""
    assert required(needs) == names


def test_each_is_required_and_granted_or_not() -> None:
    """Granted is 0 for what the token does not state; roles that nobody asked for have no series."""
    assert lines(((HEALTH,), (REPORTS,)), frozenset({REPORTS, "Mail.Read", "x" * 999})) == [
        'o365_exporter_permission_granted{permission="Reports.Read.All",tenant="contoso"} 1.0',
        'o365_exporter_permission_granted{permission="ServiceHealth.Read.All",tenant="contoso"} 0.0',
        'o365_exporter_permission_required{permission="Reports.Read.All",tenant="contoso"} 1.0',
        'o365_exporter_permission_required{permission="ServiceHealth.Read.All",tenant="contoso"} 1.0',
    ]


def test_a_token_that_cannot_be_read_says_nothing() -> None:
    """What is required is known all the same; what is granted is not, and 0 would be a lie."""
    assert lines(((HEALTH,),), None) == [
        'o365_exporter_permission_required{permission="ServiceHealth.Read.All",tenant="contoso"} 1.0'
    ]


def test_ten_thousand_roles_make_no_series() -> None:
    """There are as many series as permissions that are required."""
    assert len(lines(SUBSCRIPTIONS, frozenset(f"Role{number}.Read.All" for number in range(10_000)))) == 2


@pytest.mark.parametrize(
    ("roles", "lacking"),
    [
        ((), (ORGANIZATION,)),
        ((LICENCES,), (ORGANIZATION,)),
        ((ORGANIZATION,), ()),
        (("Directory.Read.All",), ()),
        (("organization.read.all",), (ORGANIZATION,)),
    ],
)
def test_what_opens_the_same_is_as_good(roles: tuple[str, ...], lacking: tuple[str, ...]) -> None:
    """An alternative is enough for the source that takes it, and a permission with more rights for all."""
    assert missing(SUBSCRIPTIONS, roles) == lacking


def test_more_than_is_needed_is_named() -> None:
    """What no source needs, and what has more rights than one that would do; an alternative is not among them."""
    roles = ("Mail.ReadWrite", "Directory.Read.All", LICENCES, ORGANIZATION)
    assert unneeded(SUBSCRIPTIONS, roles) == ("Directory.Read.All", "Mail.ReadWrite")


def test_wider_permissions_stand_beside_one_that_is_known() -> None:
    """None of them is taken for the least of its own."""
    assert WIDER.keys() <= ROLES.keys()
