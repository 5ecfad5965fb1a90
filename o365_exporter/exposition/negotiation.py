"""What a client wants, by RFC 9110: the quality of a format is that of the most specific range that covers it.

Who accepts nothing that we have gets the text format uncompressed all the same, as from every exporter: a page
in another format than asked for is of more use than none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from o365_exporter.exposition.pages import Format

_QUALITY = re.compile(r"[01](\.[0-9]*)?")


@dataclass(frozen=True, slots=True)
class _Range:
    """One element of an ``Accept`` or ``Accept-Encoding`` header."""

    name: str
    parameters: dict[str, str]
    quality: float

    def covers(self, form: Format) -> bool:
        """Whether this media range includes the format; parameters that we do not have are ignored, versions not."""
        name, _, rest = form.value.partition("; version=")
        version = rest.partition(";")[0]
        return self.name in (name, _wildcard(name), "*/*") and self.parameters.get("version", version) == version

    @property
    def specificity(self) -> tuple[bool, bool, bool]:
        """A name beats ``type/*`` beats ``*/*``, and a version beats none."""
        return self.name != "*/*", not self.name.endswith("/*"), "version" in self.parameters


def choose_format(accept: str) -> Format:
    """The best format for an ``Accept`` header; at equal quality the one that is named first, else the text format."""
    ranges = list(_ranges(accept))
    return max(Format, key=lambda form: _rank(ranges, form))


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an ``Accept-Encoding`` header allows gzip and does not like the plain text better."""
    qualities = {element.name: element.quality for element in _ranges(accept_encoding)}
    gzip = qualities.get("gzip", qualities.get("*", 0.0))
    return gzip > 0 and gzip >= qualities.get("identity", 0.0)


def _rank(ranges: list[_Range], form: Format) -> tuple[float, int]:
    """How welcome a format is: quality, then how early the range stands that decides it."""
    covering = [index for index, element in enumerate(ranges) if element.covers(form)]
    deciding = max(covering, key=lambda index: ranges[index].specificity, default=None)
    if deciding is None or not ranges[deciding].quality:
        return 0.0, 0
    return ranges[deciding].quality, -deciding


def _ranges(header: str) -> Iterator[_Range]:
    """The elements of the header; one without a name or with a quality that is no number is passed over."""
    for element in header.lower().split(","):
        name, *rest = (part.strip() for part in element.split(";"))
        pairs = (part.partition("=") for part in rest)
        parameters = {key.strip(): value.strip().strip('"') for key, _, value in pairs}
        quality = parameters.pop("q", "1")
        if name and _QUALITY.fullmatch(quality):
            yield _Range(name, parameters, min(1.0, float(quality)))


def _wildcard(name: str) -> str:
    return name.partition("/")[0] + "/*"
