"""Microsoft's SDK (msgraph-sdk, azure-identity) reads the simulator, and says as JSON what it found."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable
from typing import Any

from azure.identity.aio import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.admin.service_announcement.health_overviews.health_overviews_request_builder import (
    HealthOverviewsRequestBuilder,
)
from msgraph_core.tasks.page_iterator import PageIterator

BASE_URL = os.environ["SIMULATOR_URL"]
EXPANDED = HealthOverviewsRequestBuilder.HealthOverviewsRequestBuilderGetQueryParameters(expand=["issues"])


async def main() -> None:
    """Sign in at the simulator, and ask at its Graph."""
    credential = ClientSecretCredential(
        os.environ["TENANT_ID"],
        os.environ["CLIENT_ID"],
        os.environ["CLIENT_SECRET"],
        authority=BASE_URL,
        disable_instance_discovery=True,
        connection_verify=os.environ["SSL_CERT_FILE"],
    )
    async with credential:
        provider = AzureIdentityAuthenticationProvider(
            credential, scopes=["https://graph.microsoft.com/.default"], allowed_hosts=["127.0.0.1"]
        )
        adapter = GraphRequestAdapter(provider)
        adapter.base_url = f"{BASE_URL}/v1.0/"  # with a slash at its end, as Microsoft's own default has none
        print(json.dumps(await found(GraphServiceClient(request_adapter=adapter), adapter)))


async def found(client: Any, adapter: Any) -> dict[str, Any]:
    """A list, all pages, an expansion, a file, a count, and a refusal."""
    announcement = client.admin.service_announcement
    issues: list[str] = []

    def note(issue: Any) -> bool:
        issues.append(issue.id)
        return True  # go on

    await PageIterator(await announcement.issues.get(), adapter).iterate(note)
    expansion: Any = RequestConfiguration(query_parameters=EXPANDED)
    eventual: Any = RequestConfiguration()
    eventual.headers.add("ConsistencyLevel", "eventual")
    file = await client.reports.get_email_activity_user_detail_with_period("D7").get()
    return {
        "list": [one.id for one in (await announcement.health_overviews.get()).value],
        "pages": issues,
        "expand": [len(one.issues) for one in (await announcement.health_overviews.get(expansion)).value],
        "download": file.decode("utf-8-sig"),
        "count": await client.applications.count.get(eventual),
        "refused": await refused(announcement.messages.get()),
    }


async def refused(request: Awaitable[Any]) -> list[Any]:
    """Status and code of what is not allowed."""
    try:
        await request
    except Exception as error:  # noqa: BLE001 - whatever the SDK makes of it is what is looked at
        details: Any = error
        return [details.response_status_code, details.error.code]
    return []


asyncio.run(main())
