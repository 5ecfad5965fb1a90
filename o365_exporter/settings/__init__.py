"""Settings: what somebody wrote into a TOML file, a secrets directory and the environment, checked and completed.

Every room of the program declares its own options; here they are composed, and the rooms never see the whole. Read in
the order in which it works: ``schema`` (what can be written), ``sources`` (where), ``inheritance``, ``checking``,
``effective`` (what holds), ``load``; what is wrong is a ``Problem`` all along.
"""

from o365_exporter.settings.effective import Settings, TenantSettings, differences, needing_restart
from o365_exporter.settings.load import Inspection, Reloader, has_settings, inspect, load
from o365_exporter.settings.sources import CONFIG
from o365_exporter.settings.suspicions import credential_doubts

__all__ = [
    "CONFIG",
    "Inspection",
    "Reloader",
    "Settings",
    "TenantSettings",
    "credential_doubts",
    "differences",
    "has_settings",
    "inspect",
    "load",
    "needing_restart",
]
