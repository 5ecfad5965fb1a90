"""A client of the simulator, as simple as can be: it asks, and follows next links."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import Any

import httpx

from o365_exporter.simulator import Simulator, Tenant

GRAPH = "https://graph.microsoft.com"
LOGIN = "https://login.microsoftonline.com"
HEALTH = "/v1.0/admin/serviceAnnouncement"

Json = dict[str, Any]


def in_process(simulator: Simulator, origin: str = GRAPH) -> httpx.AsyncClient:
    """A client that calls the simulator without a socket."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=simulator.app), base_url=origin)


def rows_of(file: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file by column."""
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline="")))


@dataclass
class GraphUser:
    """Signs in with what a tenant has at the moment and asks Graph.

    Args:
        http: how requests travel.
        tenant: whose app signs in.
    """

    http: httpx.AsyncClient
    tenant: Tenant
    _token: str = field(default="", repr=False)

    async def sign_in(self, **changes: str | None) -> httpx.Response:
        """A token request; ``changes`` replace form fields, or drop them with None."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.tenant.client_id,
            "client_secret": self.tenant.client_secret,
            "scope": f"{GRAPH}/.default",
        } | changes
        data = {name: value for name, value in form.items() if value is not None}
        return await self.http.post(f"/{self.tenant.tenant_id}/oauth2/v2.0/token", data=data)

    async def get(self, path: str, token: str | None = None, **headers: str) -> httpx.Response:
        """Ask Graph; signs in at first. Underscores in header names stand for dashes."""
        if not self._token and token is None:
            self._token = (await self.sign_in()).json()["access_token"]
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named["Authorization"] = f"Bearer {self._token if token is None else token}"
        return await self.http.get(path, headers=named)

    async def json(self, path: str, **headers: str) -> Json:
        """Ask Graph and expect success."""
        answer = await self.get(path, **headers)
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body

    async def all_pages(self, path: str, **headers: str) -> list[list[Json]]:
        """The items of each page."""
        pages, link = [], path
        while link:
            body = await self.json(link, **headers)
            pages.append(body["value"])
            link = body.get("@odata.nextLink", "")
        return pages

    async def report(self, function: str, argument: str = "period='D7'", **headers: str) -> httpx.Response:
        """Ask Graph for a usage report and, as a good client does, fetch it without the token."""
        answer = await self.get(f"/v1.0/reports/{function}({argument})", **headers)
        assert answer.status_code == 302, answer.text
        return await self.http.get(answer.headers["location"])

    async def table(self, function: str, argument: str = "period='D7'") -> list[dict[str, str]]:
        """The rows of a usage report."""
        return rows_of((await self.report(function, argument)).content)

    def forget_token(self) -> None:
        """Sign in anew with the next request."""
        self._token = ""
