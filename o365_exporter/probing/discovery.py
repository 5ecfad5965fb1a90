"""Discovery: what there is to check, as a list for people or as XML for Centreon's rules of discovery.

A list is whole or is none: a rule would switch off the services that it does not find.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from o365_exporter.probing import ProbeError
from o365_exporter.probing.finding import Asked, Option
from o365_exporter.probing.output import cleaned
from o365_exporter.probing.reading import Reading
from o365_exporter.probing.sources import troubles

_HEALTH = "o365_service_health_status"
_SKU = "o365_sku_status"
_SKU_INFO = "o365_sku_info"
_IN_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})

Entry = Mapping[str, str]
"""One thing that there is: its attributes."""


class Listing(NamedTuple):
    """One mode of the plugins that lists.

    Args:
        name: on our command line.
        help: a sentence.
        things: what is listed.
        collector: of the exporter.
        source: likewise.
        metrics: what it reads.
        attributes: of each entry, in their order.
        options: its filters.
        entries: makes them of what was read, in their order.
        examples: what each is good for, and its options.
    """

    name: str
    help: str
    things: str
    collector: str
    source: str
    metrics: tuple[str, ...]
    attributes: tuple[str, ...]
    options: tuple[Option, ...]
    entries: Callable[[Reading, Asked], Sequence[Entry]]
    examples: tuple[tuple[str, str], ...] = (("Find them by a rule of discovery", "--tenant contoso --disco-show"),)

    def find(self, reading: Reading, asked: Asked) -> Sequence[Entry]:
        """All there are.

        Raises:
            ProbeError: the source cannot be believed, or nothing is left.
        """
        if wrong := " - ".join(troubles(reading, self.collector, self.source)):
            raise ProbeError(wrong)
        entries = self.entries(reading, asked)
        if not entries:
            given = [f"--{name}" for name, text in asked.filters.items() if text]
            remedy = f"The filter leaves none: mend {given[0]}." if given else "See the filters in its settings."
            raise ProbeError(f"No {self.things} found. {remedy}")
        return entries

    def text(self, entries: Iterable[Entry]) -> str:
        """For people."""
        parts = (" ".join(f"[{name}: {entry[name]}]" for name in self.attributes) for entry in entries)
        return "\n".join([f"List {self.things}:", *map(cleaned, parts)])

    def show(self, entries: Iterable[Entry]) -> str:
        """``--disco-show``: the entries."""
        return _data(
            f"<label {' '.join(self._attribute(entry, name) for name in self.attributes)}/>" for entry in entries
        )

    def form(self) -> str:
        """``--disco-format``: which attributes an entry has."""
        return _data(f"<element>{name}</element>" for name in self.attributes)

    @staticmethod
    def _attribute(entry: Entry, name: str) -> str:
        return f'{name}="{cleaned(entry[name]).translate(_IN_XML)}"'


def _data(elements: Iterable[str]) -> str:
    return "\n".join(['<?xml version="1.0" encoding="utf-8"?>', "<data>", *(f"  {one}" for one in elements), "</data>"])


def _services(reading: Reading, asked: Asked) -> list[Entry]:
    found = {row.labels.get("service_id", ""): row.labels.get("service_name", "") for row in reading.rows(_HEALTH)}
    kept = sorted((identity, name) for identity, name in found.items() if asked.keeps("filter-name", name))
    return [{"service_id": identity, "service_name": name} for identity, name in kept]


def _subscriptions(reading: Reading, _: Asked) -> list[Entry]:
    applies = {row.labels.get("sku_id", ""): row.labels.get("applies_to", "") for row in reading.rows(_SKU_INFO)}
    found = (
        {
            "skuPartNumber": row.labels.get("sku_part_number", ""),
            "capabilityStatus": row.labels.get("status", "").lower(),
            "appliesTo": applies.get(row.labels.get("sku_id", ""), ""),
        }
        for row in reading.rows(_SKU)
    )
    return sorted(found, key=lambda entry: entry["skuPartNumber"])


LISTINGS = (
    Listing(
        "list-services",
        "Which services there are, to find them by a rule of discovery.",
        "services",
        "service_health",
        "overviews",
        (_HEALTH,),
        ("service_id", "service_name"),
        (Option(("filter-name",), "only services whose name has this pattern"),),
        _services,
    ),
    Listing(
        "list-subscriptions",
        "Which SKUs there are, to find them by a rule of discovery.",
        "subscriptions",
        "subscriptions",
        "skus",
        (_SKU, _SKU_INFO),
        ("skuPartNumber", "capabilityStatus", "appliesTo"),
        (),
        _subscriptions,
    ),
)
"""In the order of the help."""
