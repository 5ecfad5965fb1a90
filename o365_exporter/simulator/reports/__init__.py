"""Usage reports: what is in the files, as text that is made row by row and never held whole."""

from o365_exporter.simulator.reports.edition import DEFECTS, Edition
from o365_exporter.simulator.reports.functions import REPORTS, Report
from o365_exporter.simulator.reports.style import ColumnMood, Style
from o365_exporter.simulator.reports.windows import Window, refresh_date

__all__ = ["DEFECTS", "REPORTS", "ColumnMood", "Edition", "Report", "Style", "Window", "refresh_date"]
