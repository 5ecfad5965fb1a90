"""A fake Microsoft that costs next to nothing: login, Graph and report files with constant bodies for any tenant.

What it gives is what the simulator gives to one small tenant; each body is asked for there once, and from then on it
is bytes in a dictionary. ``PYTHONPATH=. .venv/bin/python benchmarks/light_graph.py`` prints its address and the app's
id as one line of JSON, and serves until it is ended. ``/stats`` tells what it has seen.

The tenant is told by the login address and by the token, which ends in the tenant's id. With ``--hang N`` the first N
tenants (``tenant_id_of``) get no answer from Graph; with ``--hang-login`` nobody gets one from the login. With
``--unlike`` titles and texts of messages, issues and posts are different for each tenant; Microsoft gives the same to
all.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import re
import sys
import time
from email.utils import formatdate
from urllib.parse import parse_qsl, urlencode

import httpx

from o365_exporter.clock import SystemClock
from o365_exporter.simulator import Simulator, SimulatorOptions, Switches, TenantOptions

HEALTH = "/v1.0/admin/serviceAnnouncement/healthOverviews"
SUBSCRIPTIONS = "/v1.0/directory/subscriptions"
LOGIN_END = ("/oauth2/v2.0/token", "/.well-known/openid-configuration")
TOKEN = "light.graph."  # noqa: S105 - a made-up one, followed by the tenant's id
KEPT = ("content-type", "etag", "location")
WORTH_COMPRESSING = 1_000
_COMMON = re.compile(rb'"(?:title|content)": ?"')
"""Where a text begins that Microsoft gives to all tenants alike."""

_ID = re.compile(rb'"id": ?"')
"""Where an id begins; those of subscriptions are each tenant's own, and the exporter would share them."""

Stored = tuple[bytes, bytes]
"""The head without its date, and the rest."""


def tenant_id_of(number: int) -> str:
    """Directory id of the tenant of this number."""
    return f"{number:08x}-0000-4000-8000-000000000000"


class Bodies:
    """What is answered, by path and query; the simulator is asked for what is new."""

    def __init__(self, origin: str, users: int) -> None:
        options = SimulatorOptions(
            tenants=(TenantOptions(key="small", users=users, issues=6, applications=20),),
            base_url=origin,
            switches=Switches(throttling=False, gzip=False, report_framing="length"),
        )
        self._simulator = Simulator(SystemClock(), options)
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(self._simulator.app), base_url=origin)
        self._known: dict[str, Stored] = {}
        self._token = ""

    @property
    def client_id(self) -> str:
        """The app that asks for every tenant."""
        return self._simulator.tenants["small"].client_id

    def known(self, target: str) -> Stored | None:
        """What was answered before at this path and query, if anything was."""
        return self._known.get(_key(target))

    async def learned(self, target: str, prefer: str) -> Stored:
        """Ask the simulator, and remember."""
        response = await self._http.get(target, headers=await self._headers(target) | {"Prefer": prefer})
        body = response.content
        kept = {name: value for name, value in response.headers.items() if name in KEPT}
        if len(body) > WORTH_COMPRESSING:
            body = gzip.compress(body)
            kept["content-encoding"] = "gzip"
        stored = _stored(response.status_code, kept, body)
        if response.status_code < 400:  # noqa: PLR2004 - an error is not constant
            self._known[_key(target)] = stored
        return stored

    async def _headers(self, target: str) -> dict[str, str]:
        if not target.startswith("/v1.0/"):
            return {}
        if not self._token:
            tenant = self._simulator.tenants["small"]
            form = {
                "grant_type": "client_credentials",
                "client_id": tenant.client_id,
                "client_secret": tenant.client_secret,
                "scope": "https://graph.microsoft.com/.default",
            }
            answer = await self._http.post(f"/{tenant.tenant_id}/oauth2/v2.0/token", data=form)
            self._token = answer.raise_for_status().json()["access_token"]
        return {"Authorization": f"Bearer {self._token}"}


def _key(target: str) -> str:
    """The same for all tenants and at all times: filters hold times, and a file's address a ticket."""
    path, _, query = target.partition("?")
    return f"{path}?{urlencode([pair for pair in parse_qsl(query) if pair[0] not in ('$filter', 'token')])}"


def _with_own(pattern: re.Pattern[bytes], stored: Stored, tenant: str) -> Stored:
    """The same with texts that no other tenant has, which begin with the tenant's number; not compressed."""
    head, rest = stored
    if b"content-encoding: gzip" not in head:
        return stored
    lines = [line for line in head.split(b"\r\n") if not line.startswith((b"content-encoding", b"content-length"))]
    body = pattern.sub(rb"\g<0>%s " % tenant[:8].encode(), gzip.decompress(rest[4:]))
    return b"\r\n".join([*lines[:-1], b"content-length: %d" % len(body), lines[-1]]), b"\r\n\r\n" + body


def _stored(status: int, headers: dict[str, str], body: bytes) -> Stored:
    lines = [f"HTTP/1.1 {status} Light", *(f"{name}: {value}" for name, value in headers.items())]
    lines += [f"content-length: {len(body)}", "request-id: light", "date: "]
    return "\r\n".join(lines).encode("latin-1"), b"\r\n\r\n" + body


class Seen:
    """What has come in."""

    def __init__(self) -> None:
        self.requests = self.logins = self.connections = self.most_connections = 0
        self.health: dict[str, float] = {}

    def stats(self) -> bytes:
        """As JSON; ``last_health`` is when the last tenant's health was first given, in seconds since 1970."""
        told = {
            "requests": self.requests,
            "logins": self.logins,
            "connections": self.connections,
            "most_connections": self.most_connections,
            "tenants_with_health": len(self.health),
            "last_health": max(self.health.values(), default=0.0),
        }
        return json.dumps(told).encode()


class LightGraph(asyncio.Protocol):
    """One connection."""

    def __init__(
        self, origin: str, bodies: Bodies, seen: Seen, hanging: frozenset[str], *, hang_login: bool, unlike: bool
    ) -> None:
        self._origin = origin
        self._bodies = bodies
        self._seen = seen
        self._hanging = hanging
        self._hang_login = hang_login
        self._unlike = unlike
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._learning: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._seen.connections += 1
        self._seen.most_connections = max(self._seen.connections, self._seen.most_connections)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._seen.connections -= 1
        if self._learning:
            self._learning.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        if len(rest) >= length:
            self._buffer = rest[length:]
            self._asked(first.split(" ")[1], headers)

    def _asked(self, target: str, headers: dict[str, str]) -> None:
        if target == "/stats":
            return self._send(_stored(200, {"content-type": "application/json"}, self._seen.stats()))
        self._seen.requests += 1
        path = target.partition("?")[0]
        if path.endswith(LOGIN_END):
            return None if self._hang_login else self._send(self._login(path))
        tenant = headers.get("authorization", "").rpartition(".")[2]
        if tenant in self._hanging:
            return None
        if path == HEALTH:
            self._seen.health.setdefault(tenant, time.time())
        stored = self._bodies.known(target)
        if stored is not None:
            return self._send(self._for(target, tenant, stored))
        self._learning = asyncio.create_task(self._learn(tenant, target, headers.get("prefer", "")))
        return None

    def _login(self, path: str) -> Stored:
        self._seen.logins += 1
        tenant = path.split("/")[1]
        content = {
            "token_endpoint": f"{self._origin}/{tenant}/oauth2/v2.0/token",
            "authorization_endpoint": f"{self._origin}/{tenant}/oauth2/v2.0/authorize",
            "issuer": f"{self._origin}/{tenant}/v2.0",
        }
        if path.endswith("/token"):
            content = {"token_type": "Bearer", "expires_in": "3599", "access_token": TOKEN + tenant}
        return _stored(200, {"content-type": "application/json"}, json.dumps(content).encode())

    async def _learn(self, tenant: str, target: str, prefer: str) -> None:
        self._send(self._for(target, tenant, await self._bodies.learned(target, prefer)))

    def _for(self, target: str, tenant: str, stored: Stored) -> Stored:
        if target.startswith(SUBSCRIPTIONS):
            return _with_own(_ID, stored, tenant)
        return _with_own(_COMMON, stored, tenant) if self._unlike else stored

    def _send(self, stored: Stored) -> None:
        assert self._transport is not None
        head, rest = stored
        self._transport.write(head + formatdate(usegmt=True).encode() + rest)


async def serve(users: int, hanging: frozenset[str], *, hang_login: bool, unlike: bool) -> None:
    """For ever."""
    loop, seen = asyncio.get_running_loop(), Seen()
    made: list[Bodies] = []
    origin = ""
    server = await loop.create_server(
        lambda: LightGraph(origin, made[0], seen, hanging, hang_login=hang_login, unlike=unlike),
        "127.0.0.1",
        0,
        backlog=4096,
    )
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    made.append(Bodies(origin, users))
    print(json.dumps({"url": origin, "client_id": made[0].client_id}), flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve as the arguments say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--hang", type=int, default=0, metavar="N")
    parser.add_argument("--hang-login", action="store_true")
    parser.add_argument("--unlike", action="store_true")
    arguments = parser.parse_args()
    hanging = frozenset(tenant_id_of(number) for number in range(arguments.hang))
    try:
        asyncio.run(serve(arguments.users, hanging, hang_login=arguments.hang_login, unlike=arguments.unlike))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
