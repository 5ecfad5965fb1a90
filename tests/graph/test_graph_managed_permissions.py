"""What a missing permission asks of whom, by the kind of identity that lacks it."""

from __future__ import annotations

import pytest

from o365_exporter.errors import PermissionMissingError
from o365_exporter.graph.refusals import graph_error
from o365_exporter.http.client import Request, Response
from o365_exporter.login import CLOUDS, Identity

FORBIDDEN = Response(
    Request("GET", "https://graph.microsoft.com/v1.0/applications", {}),
    403,
    {},
    b'{"error": {"code": "Authorization_RequestDenied", "message": "No."}}',
)


@pytest.mark.parametrize(
    ("managed", "subject", "remedy"),
    [
        (False, "The app 1234 lacks", "under App registrations > API permissions"),
        (True, "The managed identity 1234 lacks", "New-MgServicePrincipalAppRoleAssignment"),
    ],
)
def test_a_managed_identity_is_granted_roles_in_another_way(managed: bool, subject: str, remedy: str) -> None:
    """The portal's page of app registrations does not list managed identities."""
    who = Identity("contoso", "contoso.com", "1234", CLOUDS["global"], managed=managed)
    error = graph_error(FORBIDDEN, who, ("Application.Read.All",), now=0)
    assert isinstance(error, PermissionMissingError)
    assert error.message.startswith(subject)
    assert remedy in error.remedy
