"""Who has a place, and who gets one when all are taken."""

from __future__ import annotations

import resource

import pytest

from o365_exporter.web.places import Place, Places, most_connections, neighbourhood


def taken(places: Places, address: str, now: float = 0.0) -> Place:
    """A place that must be there."""
    place, _ = places.take(address, now)
    assert place is not None
    return place


def ended(*places: Place) -> list[bool]:
    """Which of them were ended."""
    return [place.scope.cancel_called for place in places]


async def test_the_longest_idle_makes_room() -> None:
    """Not the newcomer, and not one that is being served."""
    places = Places(8)
    all_ = [taken(places, f"192.0.2.{number}", number) for number in range(8)]
    all_[0].waiting = False
    newcomer, someone = places.take("192.0.2.99", 100)
    assert newcomer is not None
    assert someone
    assert ended(*all_) == [False, True, *[False] * 6]
    assert places.number == 8


async def test_who_reads_slowly_goes_after_who_is_idle() -> None:
    """Even where it is older."""
    places = Places(8)
    reader, idle, *_ = [taken(places, f"192.0.2.{number}", number) for number in range(8)]
    reader.asked = True
    places.take("192.0.2.99", 100)
    assert ended(reader, idle) == [False, True]


async def test_an_address_pushes_out_none_but_its_own() -> None:
    """A quarter of the places is its bound."""
    places = Places(32)
    other = taken(places, "198.51.100.1", -1)
    own = [taken(places, "192.0.2.1", number) for number in range(8)]
    taken(places, "192.0.2.1", 9)
    assert ended(other, *own) == [False, True, *[False] * 7]
    assert places.number == 9


async def test_where_all_are_being_served_a_newcomer_is_refused() -> None:
    """And nobody's answer is cut for it."""
    places = Places(8)
    all_ = [taken(places, f"192.0.2.{number}") for number in range(8)]
    for place in all_:
        place.waiting = False
    assert places.take("192.0.2.99", 1) == (None, False)
    assert not places.end_one()
    assert not any(ended(*all_))


async def test_empty_is_told() -> None:
    """Each time, and leaving twice is leaving once."""
    places = Places(8)
    for _ in range(2):
        one, two = taken(places, "192.0.2.1"), taken(places, "192.0.2.2")
        places.leave(one)
        places.leave(one)
        assert not places.empty.is_set()
        places.leave(two)
        assert places.empty.is_set()
    assert (places.number, places.all()) == (0, [])


@pytest.mark.parametrize(
    ("address", "known_as"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("odd", "odd"),
    ],
)
def test_whom_an_address_belongs_to(address: str, known_as: str) -> None:
    """A subscriber of IPv6 has more addresses than there are places."""
    assert neighbourhood(address) == known_as


@pytest.mark.parametrize(("files", "most"), [(64, 32), (1024, 512), (resource.RLIM_INFINITY, 512), (4, 8)])
def test_the_limit_of_files_is_kept_in_mind(monkeypatch: pytest.MonkeyPatch, files: int, most: int) -> None:
    """Half of them are left for Microsoft."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    assert most_connections() == most
