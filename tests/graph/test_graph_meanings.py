"""The table from answer to reason: every row is reached, names who acts, and whatever comes in ends in one of them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from o365_exporter.errors import REASONS, NoData, Nothing, PollError, UnavailableError, Unsupported
from o365_exporter.graph.meanings import TABLE, NoUsageYet
from o365_exporter.graph.refusals import download_error, graph_error
from o365_exporter.http.client import Request, Response
from o365_exporter.http.meanings import Row, Said, Service, look_up
from o365_exporter.login import CLOUDS, Identity
from o365_exporter.login.credentials import ClientSecret, Credential, FederatedToken
from o365_exporter.login.refusals import login_error, machine_error
from o365_exporter.login.standing import TokenRefusedError

CANARY = "canary-s3cret~value&<x>"
WHO = Identity("contoso", "contoso.com", "1234-app", CLOUDS["global"])
ROUTES = {
    Service.DIRECTORY: "/applications",
    Service.HEALTH: "/admin/serviceAnnouncement/issues",
    Service.REPORTS: "/reports/getThings(period='D7')",
    Service.INTUNE: "/deviceManagement/managedDeviceOverview",
    Service.SECURITY: "/identityProtection/riskyUsers",
}
CREDENTIALS: dict[Service, Credential] = {
    Service.LOGIN: ClientSecret(setting="the_setting", fingerprint="f", value=CANARY),
    Service.FEDERATED: FederatedToken(setting="the_setting", fingerprint="f", token=CANARY),
}
NEEDED = ("Thing.Read.All",)


def answer_of_graph(
    service: Service, status: int, body: bytes, headers: dict[str, str] | None = None, version: str = "v1.0"
) -> Response:
    """An answer of the service behind a route."""
    url = f"https://graph.microsoft.com/{version}{ROUTES.get(service, '/applications')}?$top=9"
    return Response(Request("GET", url, {}, secrets=(CANARY,)), status, headers or {}, body)


def judged(service: Service, status: int, body: bytes, headers: dict[str, str] | None = None) -> PollError | Nothing:
    """What the exporter makes of a response."""
    error: Any
    plain = Response(Request("GET", "https://host.example/x", {}, secrets=(CANARY,)), status, headers or {}, body)
    match service:
        case Service.LOGIN | Service.FEDERATED:
            error = login_error(plain, WHO, CREDENTIALS[service], 0.0)
        case Service.MACHINE:
            error = machine_error(plain, WHO, 0.0)
        case Service.DOWNLOAD:
            error = download_error(plain, WHO, 0.0)
        case _:
            error = graph_error(answer_of_graph(service, status, body, headers), WHO, NEEDED, 0.0)
    assert isinstance(error, (PollError, Nothing))
    return error


def body_of(service: Service, code: str, says: str) -> bytes:
    """An error in the shape of a service."""
    match service:
        case Service.LOGIN | Service.FEDERATED if code.startswith("AADSTS"):
            told = {"error": "invalid_client", "error_description": f"{code}: {says} Trace ID: 1", "error_codes": [1]}
            return json.dumps(told).encode()
        case Service.LOGIN | Service.FEDERATED:
            return json.dumps({"error": code, "error_description": says}).encode()
        case Service.MACHINE:
            return json.dumps({"error": "invalid_request", "error_description": says}).encode()
        case Service.GATEWAY | Service.DOWNLOAD:
            return f"<html><body><h1>{says}</h1></body></html>".encode()
    return json.dumps({"error": {"code": code, "message": says, "innerError": {"request-id": "r-1"}}}).encode()


def forms(row: Row) -> list[tuple[Service, int, str]]:
    """Each service, status and code of a row, where it names some."""
    statuses = row.statuses or (418,)
    codes = row.codes or ("never_seen" if Service.LOGIN in row.services else "",)
    return [
        (service, status, code)
        for service in sorted(row.services)
        for status in (statuses[0], statuses[-1])
        for code in codes
    ]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{min(row.services)} {row.what[:40]}")
def test_every_row_is_reached(row: Row) -> None:
    """An answer made from a row, in the form of its service, ends in that row and in none before it."""
    reached = {
        code for service, status, code in forms(row) if look_up(Said(service, status, code, row.says), TABLE) is row
    }
    assert reached == set(row.codes or forms(row)[0][2:])
    outcomes = {
        type(judged(service, status, body_of(service, code, row.says) if status >= 300 else b""))
        for service, status, code in forms(row)
    }
    assert row.outcome in outcomes


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{min(row.services)} {row.what[:40]}")
def test_every_row_is_whole(row: Row) -> None:
    """Evidence stands beside each row, words are shown by an example, and nobody is sent to us for others' faults."""
    assert row.evidence
    assert bool(row.words) <= bool(row.says)
    assert ("please report" in row.remedy) <= (
        row.actor in ("the developers of the exporter", "whoever runs the exporter")
    )
    assert ("client_secret" in row.remedy or "{setting}" in row.remedy) <= (row.actor == "whoever runs the exporter")
    assert ("{grant}" in row.remedy) <= (row.actor == "an administrator of the tenant")
    if row.actor == "Microsoft":
        assert not re.search(r"consent|permission in|licence", row.remedy)


@pytest.mark.parametrize("service", [*ROUTES, Service.LOGIN, Service.MACHINE, Service.DOWNLOAD])
@pytest.mark.parametrize("status", [300, 302, 400, 401, 402, 403, 404, 405, 407, 409, 418, 429, 451, 500, 502, 599])
def test_what_is_in_no_row_is_not_blamed_on_anybody(service: Service, status: int) -> None:
    """An answer that says nothing has a reason, names its status, and is not reported to us."""
    error = judged(service, status, b"")
    assert isinstance(error, PollError)
    assert str(status) in error.message
    assert "please report" not in error.remedy
    assert "licence" not in str(error)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40) | st.just(CANARY) | st.just("<b>bold</b>\x1b[1m"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "code", "message", "innerError", "ErrorCode", "Message", "error_description", "x"]
            ),
            inner | inner.map(json.dumps),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    service=st.sampled_from(list(Service)),
    status=st.integers(300, 599),
    body=st.binary(max_size=200) | ODD.map(lambda value: json.dumps(value).encode()),
    location=st.text(max_size=30),
)
def test_whatever_comes_in_ends_as_a_sentence(service: Service, status: int, body: bytes, location: str) -> None:
    """A reason of the closed list, or a nothing; bounded, without markup, control characters, gaps and secrets."""
    error = judged(service, status, body, {"location": location, "request-id": CANARY})
    if isinstance(error, PollError):
        assert error.reason in REASONS
        assert error.status == status
    told = str(error)
    assert 10 < len(told) < 1200
    assert told.isprintable()
    assert not re.search(r"<[a-z/!?]", told, re.IGNORECASE)
    assert not re.search(r"\{\w+\}", re.sub(r"\(\d{3} .*|: .*", "", told))
    assert "canary" not in told


WRAPPED = (
    {
        "error": {
            "code": "UnknownError",
            "message": '{"error":{"code":"S2SUnauthorized","message":"Invalid permission."}}',
        }
    },
    {"error": {"code": "Forbidden", "message": '{"ErrorCode":"S2SUnauthorized","Message":"Invalid permission."}'}},
    {
        "error": {
            "code": "X",
            "message": 'Details: {"Error":{"Code":"S2SUnauthorized","Message":"Invalid permission."}} end',
        }
    },
    {
        "error": {
            "code": "UnknownError",
            "message": json.dumps(
                {"error": {"code": "", "message": '{"ErrorCode":"S2SUnauthorized","Message":"Invalid permission."}'}}
            ),
        }
    },
    {"ErrorCode": "S2SUnauthorized", "Message": "Invalid permission."},
    {"odata.error": {"code": "S2SUnauthorized", "message": {"lang": "en", "value": "Invalid permission."}}},
    {"error": {"code": "", "innerError": {"code": "S2SUnauthorized", "message": "Invalid permission."}}},
)


@pytest.mark.parametrize("body", WRAPPED, ids=lambda body: json.dumps(body)[:60])
def test_an_error_within_an_error_is_unwrapped(body: dict[str, Any]) -> None:
    """The innermost code decides and is shown, without the JSON around it."""
    error = judged(Service.REPORTS, 403, json.dumps(body).encode())
    assert isinstance(error, PollError)
    assert (error.reason, error.code) == ("permission", "S2SUnauthorized")
    assert "(403 S2SUnauthorized: Invalid permission.)" in error.message


def refusal(message: str, status: int = 403, code: str = "Forbidden", service: Service = Service.SECURITY) -> Any:
    """What is made of a message."""
    return judged(service, status, body_of(service, code, message))


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        ("AuditLog.Read.All", "AuditLog.Read.All (documented: Thing.Read.All)"),
        ("LicenseAssignment.Read.All", "LicenseAssignment.Read.All (documented: Thing.Read.All)"),
        ("Thing.ReadWrite.All, Thing.Read.All", "Thing.Read.All"),
        ("Thing.ReadWrite.All", "Thing.ReadWrite.All (documented: Thing.Read.All)"),
        (
            "DeviceManagementConfiguration.Read.All, Thing.Read.All",
            "DeviceManagementConfiguration.Read.All or Thing.Read.All",
        ),
        ("Policy.Read.ConditionalAccess", "Policy.Read.ConditionalAccess (documented: Thing.Read.All)"),
    ],
)
def test_the_permissions_that_graph_names_come_first(named: str, shown: str) -> None:
    """What Graph itself asks for is shown before what the endpoint is known to need, and reading before writing."""
    error = refusal(f"The application must have one of the following scopes: {named}")
    assert error.reason == "permission"
    assert f"lacks the application permission {shown} in tenant contoso" in error.message


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Your tenant is not licensed for this feature.", "unlicensed"),
        ("Customer must be a licensed for Threat Intelligence.", "unlicensed"),
        ("Tenant does not have a SPO license.", "unlicensed"),
        ("The licence is missing", "unlicensed"),
        ("This feature requires a Microsoft Entra ID P1 license.", "unlicensed"),
        ("Neither tenant is B2C nor does it have a premium license", "unlicensed"),
        ("Account is not provisioned.", "unlicensed"),
        ("The organization has not been onboarded.", "unlicensed"),
        ("Insufficient privileges to read license details.", "permission"),
        ("The caller is not allowed to read licenses.", "permission"),
        ("Missing scope permissions on the request. API requires one of 'LicenseAssignment.Read.All'.", "permission"),
        ("You do not have permission to view the licenses of this tenant.", "permission"),
        ("Failed to do premium license check from ADGraph", "permission"),
        ("The license check was refused.", "permission"),
        ("The request requires License.Read.All", "permission"),
        ("This needs one of Premium.License.Read.All", "permission"),
        ("", "permission"),
        ("Resource temporarily unavailable", "unavailable"),
        ("Too many requests, slow down", "throttled"),
    ],
)
@pytest.mark.parametrize("service", ROUTES)
def test_words_of_a_403_decide_between_licence_and_permission(service: Service, message: str, reason: str) -> None:
    """A licence is looked for in what the sentence says is lacking, not wherever the word stands."""
    assert refusal(message, service=service).reason == reason


@pytest.mark.parametrize(
    ("service", "status", "code", "message", "kind"),
    [
        (Service.REPORTS, 404, "UnknownTenantId", "We do not recognize this tenant ID 1-2-3.", NoUsageYet),
        (Service.INTUNE, 404, "ResourceNotFound", "", NoData),
        (Service.INTUNE, 501, "NotSupported", "", Unsupported),
        (Service.SECURITY, 500, "HostNotFound", "x.trafficmanager.net", Unsupported),
        (Service.SECURITY, 404, "TenantDeploymentNotFound", "", Unsupported),
        (Service.SECURITY, 404, "", "Tenant is not found.", Unsupported),
        (Service.INTUNE, 400, "BadRequest", "This API is not supported for AAD accounts (no addressUrl)", Unsupported),
        (Service.INTUNE, 400, "BadRequest", "Resource not found for the segment 'x'.", Unsupported),
    ],
)
def test_what_a_tenant_does_not_have_is_no_failure(
    service: Service, status: int, code: str, message: str, kind: type[Nothing]
) -> None:
    """It is a state of its own, with a sentence."""
    error = judged(service, status, body_of(service, code, message))
    assert type(error) is kind
    assert "contoso" in str(error)


@pytest.mark.parametrize("service", [Service.DIRECTORY, Service.HEALTH, Service.REPORTS])
@pytest.mark.parametrize(
    ("status", "code"), [(404, "HostNotFound"), (500, "HostNotFound"), (404, "TenantDeploymentNotFound"), (501, "")]
)
def test_what_every_tenant_has_is_never_not_set_up(service: Service, status: int, code: str) -> None:
    """Its data must not vanish without a failure because a back end is away."""
    error = judged(service, status, body_of(service, code, ""))
    assert isinstance(error, PollError)
    assert error.reason in ("unavailable", "unexpected_answer")


@pytest.mark.parametrize(
    ("service", "status", "code", "message", "expected"),
    [
        (Service.INTUNE, 400, "BadRequest", "Request not applicable to target tenant.", ("unlicensed", "Intune")),
        (Service.SECURITY, 403, "Unauthorized", "Account is not provisioned.", ("unlicensed", "Defender")),
        (Service.SECURITY, 400, "AadPremiumLicenseRequired", "", ("unlicensed", "licence")),
        (Service.INTUNE, 500, "x", "Rate limit reached because of too many requests", ("throttled", "throttles")),
        (
            Service.INTUNE,
            500,
            "DataInsightsRequestError",
            "Request failed: Forbidden",
            ("permission", "though it says 500"),
        ),
        (
            Service.REPORTS,
            403,
            "MissingCredentials",
            "Valid Authorization header is needed.",
            ("unavailable", "outage"),
        ),
        (
            Service.SECURITY,
            403,
            "Forbidden",
            "Service principal-less Authentication failed: App ID 8bd644d1-64a1-4d4b-ae52-2e0cbf64e373",
            ("permission", "New-MgServicePrincipal -AppId 8bd644d1-64a1-4d4b-ae52-2e0cbf64e373"),
        ),
        (
            Service.REPORTS,
            403,
            "Authentication_ApplicationHasNoDirectoryReadAccess",
            "Failed to do premium license check from ADGraph",
            ("permission", "Directory.Read.All"),
        ),
        (Service.DIRECTORY, 400, "Request_UnsupportedQuery", "No.", ("unexpected_answer", "please report")),
        (Service.DIRECTORY, 400, "NeverSeen", "Hm.", ("unexpected_answer", "not known")),
        (
            Service.REPORTS,
            400,
            "InvalidArgument",
            "Only support data for the past 28 days.",
            ("unexpected_answer", "28 days"),
        ),
        (
            Service.SECURITY,
            401,
            "",
            "X.GraphAuthenticationMiddleware.ValidateToken",
            ("permission", "more than a permission"),
        ),
        (Service.HEALTH, 403, "UnknownError", "", ("permission", "Thing.Read.All")),
    ],
)
def test_codes_that_public_reports_describe(
    service: Service, status: int, code: str, message: str, expected: tuple[str, str]
) -> None:
    """Each has the reason that it stands for, and a sentence that says so."""
    error = judged(service, status, body_of(service, code, message))
    assert isinstance(error, PollError)
    assert error.reason == expected[0]
    assert expected[1] in str(error)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda page: page,
        lambda page: json.dumps({"error": {"code": "UnknownError", "message": page.decode()}}).encode(),
    ],
)
@pytest.mark.parametrize(
    ("status", "page", "reason", "blamed"),
    [
        (
            403,
            b"<html><h1>403 Forbidden</h1><hr>Microsoft-Azure-Application-Gateway/v2</html>",
            "unexpected_answer",
            "Microsoft",
        ),
        (502, b"<html><h1>502</h1><hr>Microsoft-Azure-Application-Gateway/v2</html>", "unavailable", "Microsoft"),
    ],
)
def test_a_gateway_of_microsofts_is_not_the_customers_proxy(
    wrap: Any, status: int, page: bytes, reason: str, blamed: str
) -> None:
    """Its page names itself, bare or within Graph's own error."""
    error = judged(Service.DIRECTORY, status, wrap(page))
    assert isinstance(error, PollError)
    assert error.reason == reason
    assert blamed in str(error)
    assert "proxy" not in str(error)


@pytest.mark.parametrize(
    ("status", "page", "reason"),
    [
        (503, b"<html>The requested URL could not be retrieved <i>squid/5.7</i></html>", "network"),
        (403, b"<html>Access denied by Zscaler</html>", "unexpected_answer"),
        (511, b"<html>Please accept the terms</html>", "network"),
        (502, b"<html><h1>502 Bad Gateway</h1>nginx</html>", "unavailable"),
    ],
)
def test_a_page_of_the_network_is_the_networks(status: int, page: bytes, reason: str) -> None:
    """A proxy that opens TLS answers in place of Microsoft."""
    error = judged(Service.DIRECTORY, status, page)
    assert isinstance(error, PollError)
    assert error.reason == reason


def test_markup_within_a_message_is_stripped() -> None:
    """A page that a service behind Graph gave away as its message is shown as its text."""
    page = (
        "<!DOCTYPE html><html><style>b {color: red}</style><body><h1>404&nbsp;- Not &lt;b&gt; found</h1></body></html>"
    )
    error = judged(Service.DIRECTORY, 404, body_of(Service.DIRECTORY, "UnknownError", page))
    assert "(404 UnknownError: 404 - Not found; request-id r-1)" in str(error)


@pytest.mark.parametrize("body", [b"", b"\x00\x00\x00", b'{"error": {"code": "InvalidAuthenticationToken"}}'])
def test_a_refused_token_may_be_an_outage_of_one_address(body: bytes) -> None:
    """The error knows what it is where the same token is taken elsewhere; what a policy refuses is no outage."""
    error = judged(Service.REPORTS, 401, body)
    assert isinstance(error, TokenRefusedError)
    assert error.alone is not None
    assert error.alone.message.startswith(
        "Graph refuses for /reports/getThings(period='D7') the token of tenant contoso"
    )
    policy = judged(
        Service.REPORTS, 401, body, {"www-authenticate": 'Bearer error="insufficient_claims", claims="e30="'}
    )
    assert isinstance(policy, TokenRefusedError)
    assert policy.alone is None
    assert "Conditional Access" in policy.message


@pytest.mark.parametrize(
    ("service", "kind"),
    [(service, NoData if service in (Service.INTUNE, Service.SECURITY) else UnavailableError) for service in ROUTES],
)
@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_a_success_without_a_body_is_an_outage_of_what_every_tenant_has(
    service: Service, kind: type[Exception], body: bytes
) -> None:
    """Of what a tenant may lack it is that there is none; nobody is sent to look for a proxy."""
    error = judged(service, 200, body, {"request-id": "r-7"})
    assert type(error) is kind
    assert f"{ROUTES[service]} for tenant contoso is an empty body" in str(error)
    assert "proxy" not in str(error)
    assert ("r-7" in str(error)) == (kind is UnavailableError)
