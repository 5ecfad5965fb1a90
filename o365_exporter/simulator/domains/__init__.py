"""What a tenant is about: a module or folder for each domain has content, operations and addresses of Graph."""

from o365_exporter.simulator.domains import (
    applications,
    health,
    licences,
    messages,
    organization,
    secure_scores,
    service_principals,
)
from o365_exporter.simulator.domains.resource import BROAD

RESOURCES = (
    *health.RESOURCES,
    *messages.RESOURCES,
    *applications.RESOURCES,
    *service_principals.RESOURCES,
    *licences.RESOURCES,
    *organization.RESOURCES,
    *secure_scores.RESOURCES,
)
"""Every address below the version that has rows; reports and their settings have none."""

READERS = frozenset(role for one in RESOURCES for role in one.roles if role.endswith(".Read.All")) - BROAD
"""Permissions that read all of it, each as little as possible beside."""
