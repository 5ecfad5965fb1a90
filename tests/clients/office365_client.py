"""Office365-REST-Python-Client reads the simulator, and says as JSON what it found."""

from __future__ import annotations

import json
import os
from typing import Any

import msal
from office365 import azure_env
from office365.azure_env import AzureEnvironment
from office365.graph_client import GraphClient
from office365.runtime.client_request_exception import ClientRequestException

BASE_URL = os.environ["SIMULATOR_URL"]


def token() -> dict[str, Any]:
    """The library's own sign-in would ask Microsoft about a host that it does not know; msal can be told not to."""
    app = msal.ConfidentialClientApplication(
        os.environ["CLIENT_ID"],
        authority=f"{BASE_URL}/{os.environ['TENANT_ID']}",
        client_credential=os.environ["CLIENT_SECRET"],
        instance_discovery=False,
    )
    answer: dict[str, Any] = app.acquire_token_for_client(["https://graph.microsoft.com/.default"])
    return answer


def found(client: Any) -> dict[str, Any]:
    """A list, all pages, an expansion, a file, and a refusal."""
    announcement = client.admin.service_announcement
    expanded = announcement.health_overviews.expand(["issues"]).get().execute_query()
    file = client.reports.get_email_activity_user_detail("D7").execute_query()
    return {
        "list": [one.id for one in announcement.health_overviews.get().execute_query()],
        "pages": [one.id for one in announcement.issues.get_all().execute_query()],
        "expand": [len(one.issues) for one in expanded],
        "download": file.value.to_bytes().decode("utf-8-sig"),
        "refused": refused(announcement.messages),
    }


def refused(messages: Any) -> list[Any]:
    """Status and code of what is not allowed."""
    try:
        messages.get().execute_query()
    except ClientRequestException as error:
        return [error.response.status_code, error.code]
    return []


azure_env._ENDPOINTS[AzureEnvironment.Global]["graph"] = BASE_URL  # it has no setting for another Graph
print(json.dumps(found(GraphClient(token))))
