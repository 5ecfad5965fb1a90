"""From polls to bytes: lines are written once per poll, a page is put together from them for each scrape."""

from o365_exporter.exposition.compression import Compressor, Packed, Segment, gzipped
from o365_exporter.exposition.negotiation import accepts_gzip, choose_format
from o365_exporter.exposition.pages import Assembler, Format, Page, ending, header, shown, shown_until
from o365_exporter.exposition.rendering import number_of, render, render_in_steps, series_of

__all__ = [
    "Assembler",
    "Compressor",
    "Format",
    "Packed",
    "Page",
    "Segment",
    "accepts_gzip",
    "choose_format",
    "ending",
    "gzipped",
    "header",
    "number_of",
    "render",
    "render_in_steps",
    "series_of",
    "shown",
    "shown_until",
]
