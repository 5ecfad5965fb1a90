"""A simulated Microsoft 365, to test Graph clients and alert rules against.

It is built from what Microsoft documents and is as awkward as the real thing. It knows nothing of the exporter, so that
the two cannot share a mistake.
"""

from o365_exporter.simulator.app import Simulator
from o365_exporter.simulator.domains.base import SimulatorError
from o365_exporter.simulator.faults import Fault
from o365_exporter.simulator.options import SimulatorOptions, Switches, TenantOptions
from o365_exporter.simulator.scenario import Player, Scenario, ScenarioError, Step, load_scenario, scenarios, titles
from o365_exporter.simulator.tenant import Tenant
from o365_exporter.simulator.tls import ThrowawayAuthority

__all__ = [
    "Fault",
    "Player",
    "Scenario",
    "ScenarioError",
    "Simulator",
    "SimulatorError",
    "SimulatorOptions",
    "Step",
    "Switches",
    "Tenant",
    "TenantOptions",
    "ThrowawayAuthority",
    "load_scenario",
    "scenarios",
    "titles",
]
