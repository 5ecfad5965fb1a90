"""Certificates, federated tokens and managed identities: what Microsoft accepts, and what it says of the rest."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from o365_exporter.simulator import Simulator, SimulatorError, SimulatorOptions, Tenant, TenantOptions
from o365_exporter.simulator.client_assertions import JWT_BEARER
from o365_exporter.simulator.machine import APP_SERVICE, IMDS
from tests.certificates import DAY, certificate, pem, rsa_key
from tests.fakes import NOON, FakeClock
from tests.simulator.support import GRAPH, LOGIN, GraphUser, in_process

WORKLOAD = "system:serviceaccount:monitoring:o365-exporter"


def encoded(raw: bytes) -> str:
    """Base64 for addresses."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def statement(header: dict[str, Any], claims: dict[str, Any], key: RSAPrivateKey) -> str:
    """A JWT made here, so that the simulator's own way of making them is not what it is tested by."""
    signed = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    padding = PSS(MGF1(SHA256()), PSS.DIGEST_LENGTH) if header["alg"] == "PS256" else PKCS1v15()
    return f"{signed}.{encoded(key.sign(signed.encode(), padding, SHA256()))}"


def assertion(tenant: Tenant, own: Certificate, key: RSAPrivateKey | None = None, **changes: Any) -> str:
    """What a careful client signs; ``changes`` replace claims, or with ``alg`` and ``x5…`` parts of the header."""
    header = {"alg": "PS256", "typ": "JWT", "x5t#S256": encoded(own.fingerprint(SHA256()))}
    claims = {
        "aud": f"{LOGIN}/{tenant.tenant_id}/oauth2/v2.0/token",
        "iss": tenant.client_id,
        "sub": tenant.client_id,
        "jti": "1",
        "nbf": NOON,
        "exp": NOON + 600,
    }
    for name, value in changes.items():
        (header if name in ("alg", "x5c", "x5t#S256") else claims)[name] = value
    return statement(header, {name: value for name, value in claims.items() if value is not None}, key or rsa_key())


async def outcome(user: GraphUser, text: str, **changes: str | None) -> int:
    """0 where this statement gives a token, else the number of the refusal."""
    answer = await user.sign_in(
        client_secret=None, client_assertion=text, **{"client_assertion_type": JWT_BEARER, **changes}
    )
    if answer.status_code == 200:
        assert answer.json()["access_token"]
        return 0
    number: int = answer.json()["error_codes"][0]
    return number


@pytest.fixture
def own(contoso: Tenant) -> Certificate:
    """A certificate that is registered."""
    made = certificate()
    contoso.add_certificate(pem(made).decode())
    return made


async def test_a_registered_certificate_signs_in(user: GraphUser, contoso: Tenant, own: Certificate) -> None:
    """By PS256 and by RS256, the tenant named by GUID or by domain; each statement's id is noted."""
    by_domain = f"{LOGIN}/{contoso.domain}/oauth2/v2.0/token"
    assert await outcome(user, assertion(contoso, own)) == 0
    assert await outcome(user, assertion(contoso, own, alg="RS256", jti="2")) == 0
    assert await outcome(user, assertion(contoso, own, aud=by_domain, jti="1")) == 0
    assert contoso.assertion_ids == ["1", "2", "1"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"aud": "https://login.microsoftonline.us/x/oauth2/v2.0/token"}, 700023),
        ({"aud": LOGIN}, 700023),
        ({"iss": "other", "sub": "other"}, 700021),
        ({"sub": "other"}, 700021),
        ({"iss": "other"}, 700211),
        ({"exp": NOON - 301}, 700024),
        ({"exp": NOON - 299}, 0),
        ({"nbf": NOON + 301}, 700024),
        ({"nbf": NOON + 299}, 0),
        ({"nbf": None}, 0),
        ({"exp": "soon"}, 50027),
        ({"exp": None}, 50027),
        ({"aud": None}, 50027),
        ({"jti": None}, 50027),
        ({"x5t#S256": "AAAA"}, 700027),
        ({"x5t#S256": "ä"}, 700027),
        ({"alg": "RS512"}, 700027),
    ],
)
async def test_each_part_of_a_statement_counts(
    user: GraphUser, contoso: Tenant, own: Certificate, changes: dict[str, Any], expected: int
) -> None:
    """Audience, issuer, subject, times, id, algorithm and thumbprint, each with its own number."""
    assert await outcome(user, assertion(contoso, own, **changes)) == expected


@pytest.mark.parametrize("text", ["x", "a.b.c", f"{encoded(b'[]')}.{encoded(b'{}')}.x", "é.é.é"])
async def test_what_is_no_statement(user: GraphUser, text: str) -> None:
    """Anything else in its place is malformed."""
    assert await outcome(user, text) == 50027


async def test_the_type_of_a_statement_is_told(user: GraphUser, contoso: Tenant, own: Certificate) -> None:
    """Without the type's name in the form, a statement is not looked at."""
    assert await outcome(user, assertion(contoso, own), client_assertion_type=None) == 900144
    assert await outcome(user, assertion(contoso, own), client_assertion_type="saml") == 900144


async def test_only_the_certificates_own_key_signs(user: GraphUser, contoso: Tenant, own: Certificate) -> None:
    """A signature by another key, and one that was tampered with, are refused."""
    assert await outcome(user, assertion(contoso, own, rsa_key("other"))) == 700027
    head, body, signature = assertion(contoso, own).split(".")
    assert await outcome(user, f"{head}.{body}.{signature[::-1]}") == 700027
    unsigned = encoded(json.dumps({"alg": "none", "x5t#S256": encoded(own.fingerprint(SHA256()))}).encode())
    assert await outcome(user, f"{unsigned}.{body}.") == 700027


async def test_a_certificate_is_shown_by_graph_and_can_be_removed(
    user: GraphUser, contoso: Tenant, http: httpx.AsyncClient
) -> None:
    """It is among the app's ``keyCredentials``, and without that entry it is of no use."""
    made = certificate(subject="monitoring")
    answer = await http.post("/control/tenants/contoso/add_certificate", json={"pem": pem(made).decode()})
    key_id = answer.json()["result"]
    listed = await user.json("/v1.0/applications?$select=appId,keyCredentials&$top=999")
    (found,) = (one for app in listed["value"] for one in app["keyCredentials"] if one["keyId"] == key_id)
    assert (found["displayName"], found["endDateTime"]) == ("CN=monitoring", "2026-06-08T12:00:00Z")
    assert (found["type"], found["usage"]) == ("AsymmetricX509Cert", "Verify")
    assert await outcome(user, assertion(contoso, made)) == 0
    contoso.remove_credential(contoso.client_id, key_id)
    assert await outcome(user, assertion(contoso, made)) == 700027


@pytest.mark.parametrize(("begins", "ends"), [(NOON - 2 * DAY, NOON), (NOON + 1, NOON + DAY)])
async def test_a_certificate_has_its_time(user: GraphUser, contoso: Tenant, begins: float, ends: float) -> None:
    """One that has ended or not begun is refused, registered or not."""
    made = certificate(begins=begins, ends=ends)
    contoso.add_certificate(pem(made).decode())
    assert await outcome(user, assertion(contoso, made)) == 700027


@pytest.mark.parametrize(
    ("subject", "authority", "expected"),
    [("exporter", "authority", 0), ("somebody", "authority", 700027), ("exporter", "impostor", 700027)],
)
async def test_subject_name_and_issuer(
    user: GraphUser, contoso: Tenant, subject: str, authority: str, expected: int
) -> None:
    """A certificate that comes along is accepted for its subject and the authority that really signed it."""
    trusted = certificate(rsa_key("authority"), subject="authority")
    contoso.trust_subject(pem(trusted).decode(), "CN=exporter")
    made = certificate(subject=subject, signed_by=(trusted, rsa_key(authority)))
    brought = [base64.b64encode(made.public_bytes(Encoding.DER)).decode()]
    assert await outcome(user, assertion(contoso, made, x5c=brought)) == expected
    assert await outcome(user, assertion(contoso, made)) == 700027
    assert await outcome(user, assertion(contoso, made, x5c=["AAAA"])) == 700027


def test_what_cannot_be_registered(contoso: Tenant) -> None:
    """Only a certificate in PEM form with an RSA key."""
    with pytest.raises(SimulatorError, match="this is no certificate in PEM form"):
        contoso.add_certificate("nonsense")
    curve = pem(certificate(ec.generate_private_key(ec.SECP256R1()))).decode()
    with pytest.raises(SimulatorError, match="has no RSA key"):
        contoso.add_certificate(curve)


async def test_a_token_of_another_issuer_signs_in(
    user: GraphUser, contoso: Tenant, simulator: Simulator, http: httpx.AsyncClient
) -> None:
    """Where issuer, subject and audience are those of a federated credential; the control endpoint mints tokens."""
    minted = (await http.post("/control/federation/token", json={"subject": WORKLOAD})).json()
    assert minted["issuer"] == simulator.federation.url
    assert await outcome(user, minted["token"]) == 700211
    made = contoso.add_federated_credential(minted["issuer"], WORKLOAD)
    assert contoso.state()["federated_credentials"][made]["audience"] == "api://AzureADTokenExchange"
    assert await outcome(user, minted["token"]) == 0
    contoso.remove_federated_credential(made)
    assert await outcome(user, minted["token"]) == 700211


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ({"subject": WORKLOAD.upper()}, 700213),
        ({"subject": WORKLOAD, "audience": "api://other"}, 700212),
        ({"subject": WORKLOAD, "seconds": -301.0}, 700024),
        ({"subject": WORKLOAD, "seconds": -299.0}, 0),
    ],
)
async def test_each_claim_of_a_foreign_token_counts(
    user: GraphUser, contoso: Tenant, simulator: Simulator, token: dict[str, Any], expected: int
) -> None:
    """Letter by letter, and in its time."""
    contoso.add_federated_credential(simulator.federation.url, WORKLOAD)
    assert await outcome(user, simulator.federation.mint(**token)) == expected


async def test_a_foreign_token_must_be_its_issuers(user: GraphUser, contoso: Tenant, simulator: Simulator) -> None:
    """The right claims under another signature are worth nothing."""
    contoso.add_federated_credential(simulator.federation.url, WORKLOAD)
    claims = {
        "iss": simulator.federation.url,
        "sub": WORKLOAD,
        "aud": "api://AzureADTokenExchange",
        "exp": NOON + 600,
    }
    assert await outcome(user, statement({"alg": "RS256"}, claims, rsa_key())) == 50013


# Managed identities


def machine_query(**parameters: str) -> dict[str, str]:
    """What a client asks IMDS."""
    return {"api-version": "2018-02-01", "resource": GRAPH, **parameters}


async def test_imds_gives_a_machine_its_token(http: httpx.AsyncClient, contoso: Tenant, user: GraphUser) -> None:
    """The system-assigned identity, or a user-assigned one by its client id; numbers are strings; Graph takes it."""
    made = contoso.assign_managed_identity()
    other = contoso.assign_managed_identity("11111111-2222-3333-4444-555555555555")
    for parameters, expected in (({}, made), ({"client_id": other}, other)):
        answer = await http.get(IMDS, params=machine_query(**parameters), headers={"Metadata": "true"})
        body = answer.json()
        assert (body["client_id"], body["resource"], body["expires_in"]) == (expected, GRAPH, "86399")
        assert body["expires_on"] == str(int(NOON) + 86_399)
        assert (await user.get("/v1.0/applications", token=body["access_token"])).status_code == 200
    contoso.remove_managed_identity()
    refused = await http.get(IMDS, params=machine_query(), headers={"Metadata": "true"})
    assert (refused.status_code, refused.json()) == (
        400,
        {"error": "invalid_request", "error_description": "Identity not found"},
    )


@pytest.mark.parametrize(
    ("query", "headers", "text"),
    [
        ({}, {}, "Required metadata header not specified"),
        ({}, {"Metadata": "true", "X-Forwarded-For": "10.0.0.1"}, "Requests by way of a proxy are not served"),
        ({"api-version": "1"}, {"Metadata": "true"}, "Required api-version is missing or not supported"),
        ({"client_id": "other"}, {"Metadata": "true"}, "Identity not found"),
        (
            {"resource": "https://graph.microsoft.us"},
            {"Metadata": "true"},
            "AADSTS500011: The resource https://graph.microsoft.us was not found",
        ),
    ],
)
async def test_imds_is_particular(
    http: httpx.AsyncClient, contoso: Tenant, query: dict[str, str], headers: dict[str, str], text: str
) -> None:
    """Header, version, resource and identity must be right, and no proxy may stand between."""
    contoso.assign_managed_identity()
    answer = await http.get(IMDS, params=machine_query(**query), headers=headers)
    assert (answer.status_code, answer.json()["error_description"]) == (400, text)


async def test_app_service_wants_its_header(http: httpx.AsyncClient, contoso: Tenant, simulator: Simulator) -> None:
    """With it there is a token, whose end is a moment; without it a 401 in App Service's shape."""
    contoso.assign_managed_identity()
    told = (await http.get("/control/machine")).json()
    assert told == {"imds": IMDS, "app_service": APP_SERVICE, "identity_header": simulator.machine.identity_header}
    query = machine_query() | {"api-version": "2019-08-01"}
    answer = await http.get(APP_SERVICE, params=query, headers={"X-IDENTITY-HEADER": told["identity_header"]})
    assert set(answer.json()) == {"access_token", "client_id", "expires_on", "resource", "token_type"}
    refused = await http.get(APP_SERVICE, params=query, headers={"X-IDENTITY-HEADER": "wrong"})
    assert (refused.status_code, refused.json()["statusCode"]) == (401, 401)


async def test_faults_reach_the_machine(http: httpx.AsyncClient, contoso: Tenant, simulator: Simulator) -> None:
    """An injected status comes in the shape of the endpoint that was asked."""
    contoso.assign_managed_identity()
    simulator.add_fault(path="/metadata/*", status=500, count=1)
    broken = await http.get(IMDS, params=machine_query(), headers={"Metadata": "true"})
    assert (broken.status_code, broken.json()["error"]) == (500, "unknown_error")
    assert (await http.get(IMDS, params=machine_query(), headers={"Metadata": "true"})).status_code == 200
    assert (await http.post(IMDS, headers={"Metadata": "true"})).status_code == 405


async def test_a_machine_belongs_to_one_tenant(clock: FakeClock) -> None:
    """Its token is for the tenant that gave it the identity, in that tenant's cloud."""
    options = (TenantOptions(key="contoso"), TenantOptions(key="fabrikam", cloud="china"))
    simulator = Simulator(clock, SimulatorOptions(tenants=options))
    simulator.tenants["fabrikam"].assign_managed_identity()
    async with in_process(simulator) as http:
        query = machine_query(resource="https://microsoftgraph.chinacloudapi.cn")
        answer = await http.get(IMDS, params=query, headers={"Metadata": "true"})
        payload = answer.json()["access_token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert (claims["tid"], claims["aud"]) == (simulator.tenants["fabrikam"].tenant_id, query["resource"])
    assert claims["appid"] == simulator.tenants["fabrikam"].managed_identities["system"]
