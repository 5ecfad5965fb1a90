"""What to grant to the exporter's app, what is lost without it, and the scripts that grant it."""

from o365_exporter.granting import azure, powershell, terraform
from o365_exporter.granting.apps import App, consent_address
from o365_exporter.granting.wanted import Permission, Use, families, lost_without, wanted

__all__ = [
    "App",
    "Permission",
    "Use",
    "azure",
    "consent_address",
    "families",
    "lost_without",
    "powershell",
    "terraform",
    "wanted",
]
