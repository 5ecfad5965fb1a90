"""Microsoft Graph v1.0: the service behind ``/v1.0/``."""

from o365_exporter.simulator.graph.errors import GraphError, error_answer
from o365_exporter.simulator.graph.service import Graph

__all__ = ["Graph", "GraphError", "error_answer"]
