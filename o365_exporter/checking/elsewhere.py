"""Where a tenant lives that the login of its cloud does not know: the other clouds are asked, without a credential.

Each login publishes the OpenID configuration of the tenants of its cloud, to anybody. Source: OpenID Connect Discovery
1.0; Microsoft, "National clouds".
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import quote

import anyio

from o365_exporter.clock import Clock
from o365_exporter.errors import PollError
from o365_exporter.http import Http, Traffic
from o365_exporter.http.client import Request
from o365_exporter.http.sender import Sender
from o365_exporter.login import CLOUDS, Cloud
from o365_exporter.settings import TenantSettings

UNKNOWN_HERE = ("AADSTS90002", "AADSTS900382", "AADSTS90051")
"""What a login says of a tenant that is none of its cloud's."""

_SECONDS = 3.0


async def cloud_of(
    tenant: TenantSettings, http: Http, clock: Clock, clouds: Iterable[Cloud] = CLOUDS.values()
) -> Cloud | None:
    """The other cloud whose login knows the tenant; None where none is found in time.

    Args:
        tenant: that is unknown where it was looked for.
        http: by which they are asked.
        clock: bounds it.
        clouds: that there are; of two with one login the first is meant.
    """
    others = {cloud.login: cloud for cloud in reversed(list(clouds)) if cloud.login != tenant.cloud.login}
    found: list[Cloud] = []

    async def ask(cloud: Cloud) -> None:
        if await _knows(cloud.login, tenant.tenant_id, http, clock):
            found.append(cloud)

    async with anyio.create_task_group() as tasks:
        for cloud in others.values():
            tasks.start_soon(ask, cloud)
    return found[0] if found else None


async def _knows(login: str, tenant_id: str, http: Http, clock: Clock) -> bool:
    url = f"{login}/{quote(tenant_id, safe='')}/v2.0/.well-known/openid-configuration"
    sender = Sender(http=http, traffic=Traffic(lambda _api, _seconds: None), clock=clock)
    try:
        with clock.deadline(_SECONDS):
            response = await sender.send(Request("GET", url, {"Accept": "application/json"}), "discovery")
    except (PollError, TimeoutError):
        return False
    return response.status == HTTPStatus.OK and b'"token_endpoint"' in response.body
