"""Settings: what somebody wrote into a TOML file, a secrets directory and the environment, checked and completed.

Every room of the program declares its own options; here they are composed, and the rooms never see the whole. Read in
the order in which it works: ``schema`` (what can be written), ``sources`` (where), ``inheritance``, ``checking``,
``load``; what is wrong is a ``Problem`` all along.
"""

from o365_exporter.settings.following import TenantsFollower
from o365_exporter.settings.load import Inspection, Settings, TenantSettings, inspect, load

__all__ = ["Inspection", "Settings", "TenantSettings", "TenantsFollower", "inspect", "load"]
