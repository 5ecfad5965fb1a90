"""The usage-report engine: a report is one row, and becomes a source.

Microsoft 365's usage reports are CSV files of up to hundreds of megabytes, refreshed once a day and about two days
late. A file is folded piece by piece as it arrives, so that a million users need the memory of one piece, and it is
read only when its refresh date has moved.

Source: ``reports/NAME(period='D7')`` for the population, then ``reports/NAME(date=…)`` of its refresh date for what
happened on that day, as the Centreon plugins do. Permission: Reports.Read.All. Every report has ``o365_report_*``.
"""

from o365_exporter.reports.concealment import CONCEALMENT, Setting
from o365_exporter.reports.options import PerUserOptions, UsageOptions
from o365_exporter.reports.rows import Active, Count, Deleted, Flags, Group, Measure, Report, RowKey, Sum, Sums, Trend
from o365_exporter.reports.source import METRICS, Usage, usage_collector

__all__ = [
    "CONCEALMENT",
    "METRICS",
    "Active",
    "Count",
    "Deleted",
    "Flags",
    "Group",
    "Measure",
    "PerUserOptions",
    "Report",
    "RowKey",
    "Setting",
    "Sum",
    "Sums",
    "Trend",
    "Usage",
    "UsageOptions",
    "usage_collector",
]
