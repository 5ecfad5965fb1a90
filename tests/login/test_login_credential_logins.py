"""Every kind of credential and every cloud, against a simulated Microsoft and a simulated machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from o365_exporter.clock import Clock
from o365_exporter.errors import AuthError, NetworkError, UnavailableError, UnexpectedAnswerError
from o365_exporter.graph import GraphClient
from o365_exporter.http import ConnectionOptions, Http, Proxies, Surroundings, open_http, parse_proxy
from o365_exporter.login import CLOUDS, LOGIN_ROUTES, Cloud, CredentialOptions
from o365_exporter.simulator import Simulator, SimulatorOptions, Tenant, TenantOptions
from o365_exporter.simulator.machine import APP_SERVICE
from tests.certificates import DAY, certificate, key_pem, pem, pfx, rsa_key
from tests.fakes import NOON
from tests.graph.world import APPS, ImpatientClock
from tests.http.loopback import answer, listening

WORKLOAD = "system:serviceaccount:monitoring:o365-exporter"
EVERY_CLOUD = sorted({cloud.name for cloud in CLOUDS.values()})
AZURE_ONLY = (
    "managed_identity works on machines of Azure only, and in App Service, Functions and Container Apps; elsewhere "
    "set another kind of credential."
)
MACHINE_ROUTE = LOGIN_ROUTES[-1]


@dataclass
class Meeting:
    """A simulated Microsoft and the exporter's client of one of its tenants."""

    simulator: Simulator
    tenant: Tenant
    graph: GraphClient
    clock: Clock
    url: str

    def pass_time(self, seconds: float) -> None:
        """For both of them."""
        assert isinstance(self.clock, ImpatientClock)
        self.clock.pass_time(seconds)

    def tokens(self) -> int:
        """How many tokens Entra ID gave."""
        return self.graph.traffic.requests["/{tenant}/oauth2/v2.0/token", "200"]


def simulated(clock: Clock | None = None, cloud: str = "global") -> Simulator:
    """One tenant as small as can be."""
    tenant = TenantOptions.model_validate({"key": "contoso", "cloud": cloud, "applications": 20, "issues": 10})
    return Simulator(clock or ImpatientClock(), SimulatorOptions(tenants=(tenant,)))


@asynccontextmanager
async def meeting(
    simulator: Simulator,
    *,
    proxy: str | None = None,
    surroundings: Surroundings | None = None,
    tenant_id: str | None = None,
    **credential: Any,
) -> AsyncIterator[Meeting]:
    """The client by real sockets; ``credential`` is what the settings say."""
    tenant = simulator.tenants["contoso"]
    if "managed_identity" not in credential:
        credential = {"client_id": tenant.client_id, **credential}
    clock = simulator.clock._clock
    connection = ConnectionOptions.model_validate({"proxy": proxy})
    async with simulator.serve() as url, open_http(connection, surroundings) as http:
        graph = GraphClient(
            tenant_name="contoso",
            tenant_id=tenant_id or tenant.tenant_id,
            cloud=CLOUDS["global"],
            credential=CredentialOptions.model_validate(credential),
            http=http,
            clock=clock,
            login_url=url,
            graph_url=url,
        )
        yield Meeting(simulator, tenant, graph, clock, url)


async def refusal(graph: GraphClient) -> AuthError:
    """Why there is no token."""
    with pytest.raises(AuthError) as failure:
        await graph.auth.token()
    assert graph.auth.state == "auth"
    return failure.value


# Certificates


async def test_a_registered_certificate_opens_the_door(tmp_path: Path) -> None:
    """Lists are read, over many hours each login has a statement of its own, and the certificate's end is known."""
    own, simulator = certificate(), simulated()
    (tmp_path / "own.pfx").write_bytes(pfx(own, passphrase="correct horse"))
    (tmp_path / "passphrase").write_text("correct horse\n")
    simulator.tenants["contoso"].add_certificate(pem(own).decode())
    files: dict[str, Any] = {
        "certificate_file": tmp_path / "own.pfx",
        "certificate_passphrase_file": tmp_path / "passphrase",
    }
    async with meeting(simulator, **files) as met:
        for _ in range(4):
            assert len(await met.graph.list(APPS)) == 20
            met.pass_time(3 * 3600)
        assert met.graph.auth.certificate_end == NOON + 90 * DAY
        assert (met.graph.identity.client_id, met.graph.identity.secret_hint) == (met.tenant.client_id, "")
        ids = met.tenant.assertion_ids
    assert len(ids) == len(set(ids)) == 4


async def test_a_certificate_that_is_not_registered(tmp_path: Path) -> None:
    """The sentence names the app and the file; once the certificate is uploaded, the same client gets in."""
    own, simulator = certificate(), simulated()
    (tmp_path / "own.pem").write_bytes(pem(own) + key_pem())
    async with meeting(simulator, certificate_file=tmp_path / "own.pem") as met:
        app = met.tenant.client_id
        assert str(await refusal(met.graph)) == (
            f"The certificate of tenant contoso is not one that is registered for the app {app} (AADSTS700027). Upload "
            f"the certificate in certificate_file {tmp_path / 'own.pem'} (without its key) to the app {app} at "
            "https://portal.azure.com under App registrations > Certificates & secrets; an app that trusts subject "
            "name and issuer needs certificate_send_x5c = true."
        )
        met.tenant.add_certificate(pem(own).decode())
        met.pass_time(30)
        await met.graph.auth.token()
        assert met.graph.auth.state == "ok"


async def test_a_renewed_certificate_needs_no_restart(tmp_path: Path) -> None:
    """With the new file comes a new login at once; meanwhile nothing has failed."""
    old, new = certificate(), certificate(rsa_key("other"))
    simulator = simulated()
    tenant = simulator.tenants["contoso"]
    old_id = tenant.add_certificate(pem(old).decode())
    (tmp_path / "own.pem").write_bytes(pem(old) + key_pem())
    async with meeting(simulator, certificate_file=tmp_path / "own.pem") as met:
        first = await met.graph.auth.token()
        tenant.add_certificate(pem(new).decode())
        tenant.remove_credential(tenant.client_id, old_id)
        assert await met.graph.auth.token() == first
        (tmp_path / "own.pem").write_bytes(pem(new) + key_pem(rsa_key("other")))
        assert await met.graph.auth.token() != first
        assert (met.graph.auth.state, met.graph.auth.message) == ("ok", "")


@pytest.mark.parametrize("send_x5c", [True, False])
async def test_subject_name_and_issuer(tmp_path: Path, send_x5c: bool) -> None:
    """An app that knows no certificate but trusts a subject of an authority wants to see the certificate."""
    authority = certificate(rsa_key("authority"), subject="authority")
    own = certificate(signed_by=(authority, rsa_key("authority")))
    simulator = simulated()
    simulator.tenants["contoso"].trust_subject(pem(authority).decode(), "CN=exporter")
    (tmp_path / "own.pem").write_bytes(pem(own) + key_pem())
    credential: dict[str, Any] = {"certificate_file": tmp_path / "own.pem", "certificate_send_x5c": send_x5c}
    async with meeting(simulator, **credential) as met:
        if send_x5c:
            await met.graph.auth.token()
        else:
            assert (await refusal(met.graph)).code == "AADSTS700027"


async def test_a_clock_that_goes_wrong(tmp_path: Path) -> None:
    """Where Microsoft's time is another one, the sentence sends the operator to the clock."""
    own, simulator = certificate(), simulated()
    simulator.tenants["contoso"].add_certificate(pem(own).decode())
    (tmp_path / "own.pem").write_bytes(pem(own) + key_pem())
    simulator.advance(3600)
    async with meeting(simulator, certificate_file=tmp_path / "own.pem") as met:
        assert str(await refusal(met.graph)) == (
            "The statement signed for tenant contoso is not valid at this time by Microsoft's clock (AADSTS700024). "
            "The clock of the machine that runs the exporter is 60 minutes behind Microsoft's: set it, and let it be "
            "kept (NTP)."
        )


# Workload identity


def write_token(path: Path, simulator: Simulator, subject: str = WORKLOAD, **claims: Any) -> None:
    """As Kubernetes would."""
    path.write_text(simulator.federation.mint(subject, **claims) + "\n")


async def test_a_federated_token_opens_the_door(tmp_path: Path) -> None:
    """The file is read for each login, so that a token of an hour serves for ever; its renewal alone costs no login."""
    simulator = simulated()
    simulator.tenants["contoso"].add_federated_credential(simulator.federation.url, WORKLOAD)
    path = tmp_path / "token"
    write_token(path, simulator)
    async with meeting(simulator, federated_token_file=path) as met:
        first = await met.graph.auth.token()
        write_token(path, simulator, seconds=3601)
        assert await met.graph.auth.token() == first
        for _ in range(5):
            met.pass_time(3 * 3600)
            write_token(path, simulator)
            assert len(await met.graph.list(APPS)) == 20
        assert met.tokens() == 6
        assert met.graph.auth.certificate_end is None


@pytest.mark.parametrize(
    ("subject", "claims", "code", "sentence"),
    [
        (
            "system:serviceaccount:default:other",
            {},
            "AADSTS700213",
            "No federated credential has the subject of the token sent for tenant contoso",
        ),
        (
            WORKLOAD,
            {"audience": "https://kubernetes.default.svc"},
            "AADSTS700212",
            "No federated credential has the audience of the token sent for tenant contoso",
        ),
        (
            WORKLOAD,
            {"seconds": -301},
            "AADSTS700024",
            "The federated token for tenant contoso is not valid at this time",
        ),
    ],
)
async def test_a_federated_token_that_does_not_fit(
    tmp_path: Path, subject: str, claims: dict[str, Any], code: str, sentence: str
) -> None:
    """The sentence says what does not fit, and the remedy names the file."""
    simulator = simulated()
    simulator.tenants["contoso"].add_federated_credential(simulator.federation.url, WORKLOAD)
    write_token(tmp_path / "token", simulator, subject, **claims)
    async with meeting(simulator, federated_token_file=tmp_path / "token") as met:
        failure = await refusal(met.graph)
        assert (failure.message, failure.code) == (f"{sentence} ({code}).", code)
        assert f"federated_token_file {tmp_path / 'token'}" in failure.remedy
        write_token(tmp_path / "token", simulator)
        met.pass_time(30)
        await met.graph.auth.token()


async def test_an_issuer_that_nobody_trusts(tmp_path: Path) -> None:
    """Without a federated credential the issuer is not known."""
    simulator = simulated()
    write_token(tmp_path / "token", simulator)
    async with meeting(simulator, federated_token_file=tmp_path / "token") as met:
        assert (await refusal(met.graph)).code == "AADSTS700211"


async def test_what_is_signing_in_at_all(tmp_path: Path) -> None:
    """A file with something else in it is told from a token that does not fit."""
    (tmp_path / "token").write_text("something-else")
    async with meeting(simulated(), federated_token_file=tmp_path / "token") as met:
        failure = await refusal(met.graph)
    assert str(failure) == (
        "The federated token for tenant contoso is malformed (AADSTS50027). "
        f"Check that federated_token_file {tmp_path / 'token'} holds a token of its issuer, and nothing else."
    )


# Managed identity


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Sets the variables that Azure sets; none is left of the machine that runs the tests."""
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT", "MSI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize("name", ["system", "99999999-8888-7777-6666-555555555555"])
async def test_the_identity_of_a_vm(machine: pytest.MonkeyPatch, name: str) -> None:
    """System- or user-assigned: no app, no secret and no login host is needed, and a token serves for a day."""
    simulator = simulated()
    simulator.tenants["contoso"].assign_managed_identity(None if name == "system" else name)
    async with meeting(simulator, managed_identity=name) as met:
        machine.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", met.url)
        for _ in range(5):
            assert len(await met.graph.list(APPS)) == 20
            met.pass_time(4 * 3600)
        assert met.graph.traffic.requests[MACHINE_ROUTE, "200"] == 1
        met.pass_time(4 * 3600)
        await met.graph.list(APPS)
        assert met.graph.traffic.requests[MACHINE_ROUTE, "200"] == 2
        assert met.tokens() == 0
        assert {one.query for one in simulator.requests.find("/metadata/*")} == {
            "api-version=2018-02-01&resource=https%3A%2F%2Fgraph.microsoft.com"
            + ("" if name == "system" else f"&client_id={name}")
        }


async def test_the_identity_of_app_service(machine: pytest.MonkeyPatch) -> None:
    """Where App Service says where to ask, it is asked, with the header that it wants."""
    simulator = simulated()
    simulator.tenants["contoso"].assign_managed_identity()
    async with meeting(simulator, managed_identity="system") as met:
        machine.setenv("IDENTITY_ENDPOINT", met.url + APP_SERVICE)
        machine.setenv("IDENTITY_HEADER", simulator.machine.identity_header)
        assert len(await met.graph.list(APPS)) == 20
        assert len(await met.graph.list(APPS)) == 20
        assert met.graph.traffic.requests[MACHINE_ROUTE, "200"] == 1


async def test_a_wrong_header_for_app_service(machine: pytest.MonkeyPatch) -> None:
    """Azure's words are shown, the header is not."""
    simulator = simulated()
    simulator.tenants["contoso"].assign_managed_identity()
    async with meeting(simulator, managed_identity="system") as met:
        machine.setenv("IDENTITY_ENDPOINT", met.url + APP_SERVICE)
        machine.setenv("IDENTITY_HEADER", "canary")
        assert str(await refusal(met.graph)) == (
            "Azure gives no token of the managed identity system for tenant contoso (401: The identity header is "
            "missing or wrong.). Check in the portal that the machine has this identity; user-assigned ones go by "
            "their client ID."
        )


async def test_the_header_of_app_service_is_not_shown(machine: pytest.MonkeyPatch) -> None:
    """Not even where the endpoint sends it back."""

    async def echo(request: bytes, writer: asyncio.StreamWriter) -> None:
        sent = next(line for line in request.decode().split("\r\n") if "canary" in line)
        writer.write(answer(json.dumps({"message": sent}).encode(), "400 Bad Request"))
        await writer.drain()

    async with listening(echo) as port, meeting(simulated(), managed_identity="system") as met:
        machine.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{port}/msi/token")
        machine.setenv("IDENTITY_HEADER", "canary")
        failure = await refusal(met.graph)
        assert "(400: x-identity-header: [hidden])" in failure.message.lower()


NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    "by", [{"proxy": NOWHERE}, {"surroundings": Surroundings(Proxies(http=parse_proxy(NOWHERE, "HTTP_PROXY")))}]
)
async def test_no_proxy_comes_between(machine: pytest.MonkeyPatch, by: dict[str, Any]) -> None:
    """The proxy for everything else, here one that does not exist, is not for the machine's own endpoint."""
    simulator = simulated()
    simulator.tenants["contoso"].assign_managed_identity()
    async with meeting(simulator, **by, managed_identity="system") as met:
        machine.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", met.url)
        assert await met.graph.auth.token()
        with pytest.raises(NetworkError, match="proxy"):
            await met.graph.list(APPS)


async def test_an_identity_that_the_machine_has_not(machine: pytest.MonkeyPatch) -> None:
    """Azure's words and a remedy; once it is assigned, it works without a restart."""
    name = "99999999-8888-7777-6666-555555555555"
    async with meeting(simulated(), managed_identity=name) as met:
        machine.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", met.url)
        failure = await refusal(met.graph)
        assert (failure.message, failure.status) == (
            f"Azure gives no token of the managed identity {name} for tenant contoso (400: Identity not found).",
            400,
        )
        met.tenant.assign_managed_identity(name)
        met.pass_time(30)
        await met.graph.auth.token()


async def test_outside_of_azure(machine: pytest.MonkeyPatch) -> None:
    """Nobody answers where a VM would ask; the sentence says where managed identities exist."""
    machine.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")
    machine.setenv("HTTP_PROXY", "http://127.0.0.1:19")
    async with meeting(simulated(), managed_identity="system") as met:
        with pytest.raises(NetworkError) as failure:
            await met.graph.auth.token()
        assert (met.graph.auth.state, str(failure.value)) == (
            "network",
            "The managed identity's endpoint 127.0.0.1:9 cannot be reached for tenant contoso. " + AZURE_ONLY,
        )


@pytest.mark.parametrize(
    "variables",
    [
        {"IDENTITY_ENDPOINT": "http://127.0.0.1:9", "IMDS_ENDPOINT": "http://127.0.0.1:9"},
        {"IDENTITY_ENDPOINT": "x", "IDENTITY_HEADER": "x", "IDENTITY_SERVER_THUMBPRINT": "x"},
    ],
    ids=["Arc", "Service Fabric"],
)
async def test_machines_that_are_not_supported(machine: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    """Azure's other ways are refused by name of what there is, and nobody is asked."""
    for name, value in variables.items():
        machine.setenv(name, value)
    async with meeting(simulated(), managed_identity="system") as met:
        failure = await refusal(met.graph)
        assert failure.message == "The managed identity for tenant contoso is of a kind that is not supported."
        assert failure.remedy == AZURE_ONLY
        assert not met.graph.traffic.requests


async def test_a_machine_of_another_tenant(machine: pytest.MonkeyPatch) -> None:
    """The data of the machine's own tenant never pass for those of the tenant that is configured."""
    simulator = simulated()
    simulator.tenants["contoso"].assign_managed_identity()
    other = "11111111-2222-3333-4444-555555555555"
    async with meeting(simulator, tenant_id=other, managed_identity="system") as met:
        machine.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", met.url)
        assert (await refusal(met.graph)).message == (
            f"The managed identity belongs to tenant {met.tenant.tenant_id}, and not to contoso ({other})."
        )
    async with meeting(simulator, tenant_id=simulator.tenants["contoso"].domain, managed_identity="system") as met:
        machine.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", met.url)
        await met.graph.auth.token()


@pytest.mark.parametrize("status", [404, 410, 429, 500])
async def test_what_passes_by_itself_is_tried_again(machine: pytest.MonkeyPatch, status: int) -> None:
    """Microsoft says so of IMDS: not there, gone, throttled or broken for a moment."""
    simulator = simulated()
    simulator.tenants["contoso"].assign_managed_identity()
    simulator.add_fault(path="/metadata/*", count=1, status=status)
    async with meeting(simulator, managed_identity="system") as met:
        machine.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", met.url)
        await met.graph.auth.token()
        assert met.graph.traffic.requests.total() == 2


async def test_a_machine_that_stays_silent_is_unavailable(machine: pytest.MonkeyPatch) -> None:
    """When it does not pass, the reason is told."""
    simulator = simulated()
    simulator.add_fault(path="/metadata/*", status=410)
    async with meeting(simulator, managed_identity="system") as met:
        machine.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", met.url)
        with pytest.raises(UnavailableError, match=r"is not there now \(410\)"):
            await met.graph.auth.token()


@pytest.mark.parametrize("body", ["{}", "[]", '{"access_token": 5, "expires_in": "60"}'])
async def test_an_answer_without_a_token(machine: pytest.MonkeyPatch, body: str) -> None:
    """Whatever else answers at that address is not taken for a token."""
    simulator = simulated()
    simulator.add_fault(path="/metadata/*", text=body)
    async with meeting(simulator, managed_identity="system") as met:
        machine.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", met.url)
        with pytest.raises(UnexpectedAnswerError, match="no token in it"):
            await met.graph.auth.token()


# Clouds


@asynccontextmanager
async def in_cloud(simulator: Simulator, cloud: Cloud, credential: CredentialOptions) -> AsyncIterator[GraphClient]:
    """A client that asks Microsoft's own addresses, all of which are the simulator."""
    transport = httpx.ASGITransport(app=simulator.app)
    async with httpx.AsyncClient(transport=transport) as asgi:
        yield GraphClient(
            tenant_name="contoso",
            tenant_id=simulator.tenants["contoso"].tenant_id,
            cloud=cloud,
            credential=credential,
            http=Http(asgi, ConnectionOptions()),
            clock=simulator.clock._clock,
        )


def cloud_credential(kind: str, simulator: Simulator, folder: Path) -> CredentialOptions:
    """A credential that the tenant's app has."""
    tenant = simulator.tenants["contoso"]
    given: dict[str, Any] = {"client_id": tenant.client_id}
    if kind == "secret":
        given["client_secret"] = tenant.client_secret
    elif kind == "certificate":
        own = certificate()
        tenant.add_certificate(pem(own).decode())
        (folder / "own.pem").write_bytes(pem(own) + key_pem())
        given["certificate_file"] = folder / "own.pem"
    else:
        tenant.add_federated_credential(simulator.federation.url, WORKLOAD)
        write_token(folder / "token", simulator)
        given["federated_token_file"] = folder / "token"
    return CredentialOptions.model_validate(given)


@pytest.mark.parametrize("name", EVERY_CLOUD)
@pytest.mark.parametrize("kind", ["secret", "certificate", "federation"])
async def test_a_cloud_moves_login_graph_and_scope_together(tmp_path: Path, name: str, kind: str) -> None:
    """Both hosts are the cloud's; the simulator sees to it that scope and a certificate's audience are, too."""
    simulator = simulated(cloud=name)
    cloud = CLOUDS[name]
    async with in_cloud(simulator, cloud, cloud_credential(kind, simulator, tmp_path)) as graph:
        assert len(await graph.list(APPS)) == 20
    hosts = {(one.path.startswith("/v1.0/"), f"https://{one.headers['host']}") for one in simulator.requests}
    assert hosts == {(False, cloud.login), (True, cloud.graph)}


@pytest.mark.parametrize("name", EVERY_CLOUD)
async def test_a_machine_asks_for_its_clouds_graph(machine: pytest.MonkeyPatch, name: str) -> None:
    """The resource of a managed identity's token moves with the cloud."""
    simulator = simulated(cloud=name)
    simulator.tenants["contoso"].assign_managed_identity()
    async with simulator.serve() as url:
        machine.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", url)
        options = CredentialOptions.model_validate({"managed_identity": "system"})
        async with in_cloud(simulator, CLOUDS[name], options) as graph:
            assert len(await graph.list(APPS)) == 20


@pytest.mark.parametrize("kind", ["secret", "certificate"])
async def test_a_tenant_of_another_cloud_is_refused(tmp_path: Path, kind: str) -> None:
    """What is signed or asked for in one cloud is void in another, and the sentence sends to the setting."""
    simulator = simulated(cloud="china")
    async with in_cloud(simulator, CLOUDS["us_gov_l4"], cloud_credential(kind, simulator, tmp_path)) as graph:
        failure = await refusal(graph)
    assert "Check the setting cloud" in failure.remedy
