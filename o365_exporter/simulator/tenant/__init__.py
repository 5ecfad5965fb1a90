"""A simulated tenant: what it holds and everything that can happen to it."""

from o365_exporter.simulator.tenant.base import SimulatorError
from o365_exporter.simulator.tenant.tenant import Tenant

__all__ = ["SimulatorError", "Tenant"]
