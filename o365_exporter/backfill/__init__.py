"""History for Prometheus: what Graph still knows, read once, kept in a work file, and written as OpenMetrics.

Source: the histories of the collectors (``history``). Read in the order in which it works: ``plan`` (what is asked),
``work`` (what was read), ``reading``, ``writing``.
"""

from o365_exporter.backfill.plan import SETTLED, STEP, Part, Plan, make_plan
from o365_exporter.backfill.reading import Failure, Reader
from o365_exporter.backfill.work import WorkFile, WorkFileError
from o365_exporter.backfill.writing import Size, Writer, clear_unfinished, in_place_of

__all__ = [
    "SETTLED",
    "STEP",
    "Failure",
    "Part",
    "Plan",
    "Reader",
    "Size",
    "WorkFile",
    "WorkFileError",
    "Writer",
    "clear_unfinished",
    "in_place_of",
    "make_plan",
]
