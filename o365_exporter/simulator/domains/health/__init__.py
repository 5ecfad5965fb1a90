"""Service health: services, issues and their posts."""

from o365_exporter.simulator.domains.health.operations import HealthPart
from o365_exporter.simulator.domains.health.resources import RESOURCES

__all__ = ["RESOURCES", "HealthPart"]
