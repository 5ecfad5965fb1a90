"""From polls to bytes: lines are written once per poll, a page is put together from them for each scrape."""

from o365_exporter.exposition.negotiation import accepts_gzip, choose_format
from o365_exporter.exposition.pages import Assembler, Format, Page, shown
from o365_exporter.exposition.rendering import render, render_up_to

__all__ = [
    "Assembler",
    "Format",
    "Page",
    "accepts_gzip",
    "choose_format",
    "render",
    "render_up_to",
    "shown",
]
