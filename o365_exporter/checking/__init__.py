"""A check before the first poll: the ways, the sign-ins, the permissions and one real request of each source.

Read in the order in which it works: ``run`` (all of it), ``ways``, ``tenant``, ``signin`` (with ``elsewhere``),
``sources`` (with ``asking``), ``doubts``; ``telling`` makes problems of errors, ``steps`` says what mends them. What
was found is a ``Report`` (``report``), which ``document`` makes a tree of.
"""

from o365_exporter.checking.document import document
from o365_exporter.checking.report import (
    NOT_ASKED,
    Doubt,
    Problem,
    Problems,
    Report,
    SourceCheck,
    TenantCheck,
    WayCheck,
)
from o365_exporter.checking.run import check
from o365_exporter.checking.steps import SCRIPT, Registration

__all__ = [
    "NOT_ASKED",
    "SCRIPT",
    "Doubt",
    "Problem",
    "Problems",
    "Registration",
    "Report",
    "SourceCheck",
    "TenantCheck",
    "WayCheck",
    "check",
    "document",
]
