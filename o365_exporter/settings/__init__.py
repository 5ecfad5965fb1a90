"""Settings: what somebody wrote into a TOML file, a secrets directory and the environment, checked and completed.

Every room of the program declares its own options; here they are composed, and the rooms never see the whole.
This is the only door to pydantic-settings.
"""

from o365_exporter.settings.following import TenantsFollower
from o365_exporter.settings.loading import Inspection, Settings, TenantSettings, inspect, load

__all__ = ["Inspection", "Settings", "TenantSettings", "TenantsFollower", "inspect", "load"]
