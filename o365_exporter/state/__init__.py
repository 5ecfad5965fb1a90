"""State that survives a restart: per tenant one file with the last records, the schedule and what has been told.

Whatever is wrong with a file or the folder costs what it holds and never the daemon.
"""

from o365_exporter.state.folder import Folder
from o365_exporter.state.form import FORMAT, VERSION, Identity
from o365_exporter.state.keeper import Keeper, open_keeper
from o365_exporter.state.options import StateOptions

__all__ = ["FORMAT", "VERSION", "Folder", "Identity", "Keeper", "StateOptions", "open_keeper"]
