"""What the answers of Entra ID and of a machine's managed identity mean, for an app that asks for itself.

Sources: Entra error reference (learn.microsoft.com, "Microsoft Entra authentication and authorization error codes",
2024-04-24), the public list "EntraID-ErrorCodes" (2025-09-03), CIPP's Get-NormalizedError (met on thousands of
tenants). Microsoft warns that numbers and texts change: they only choose a sentence, and a number that stands nowhere
here is shown in Microsoft's own words.
"""

from __future__ import annotations

from o365_exporter.errors import AuthError, ThrottledError, UnavailableError
from o365_exporter.http.gateways import GATEWAYS, MICROSOFTS_GATEWAYS, http_rows
from o365_exporter.http.meanings import Actor, Row, Service

LOGIN = frozenset({Service.LOGIN, Service.FEDERATED})
_FEDERATED = frozenset({Service.FEDERATED})
_MACHINE = frozenset({Service.MACHINE})

_REFERENCE = "Entra error reference, 2024-04-24"
_LIST = "EntraID-ErrorCodes list, 2025-09-03"
_FIELD = "CIPP Get-NormalizedError, 2026-08"
_REPORTS = "public reports of operators"

_RENEW = (
    "Create a new one at {portal} under App registrations > Certificates & secrets, and write its value into "
    "{place}; {then}."
)
_SUPPLY = "Set a credential for this tenant, such as client_secret_file or certificate_file."
_CERTIFICATE = (
    "Upload the certificate in {setting} (without its key) to the app {app} at {portal} under App registrations > "
    "Certificates & secrets; an app that trusts subject name and issuer needs certificate_send_x5c = true."
)
_FEDERATION = (
    "Compare the token in {setting} with the federated credentials of the app {app} at {portal} under App "
    "registrations > Certificates & secrets; the texts must be equal."
)
_AUDIENCE = (
    "Let whoever issues the token in {setting} write the audience api://AzureADTokenExchange into it, or the one that "
    "the app's federated credential names."
)
_TENANT_ID = "Set tenant_id to the directory's ID (a GUID) or to one of its domains; check it for typing errors."
_CLOUD = "Check the setting cloud, and login_url and graph_url if they are set: each national cloud has its own."
_CONSENT = "Let an administrator of the tenant grant admin consent to the app {app} at {portal}."
_OUR_FAULT = "Check client_id and tenant_id for empty or cut values; if they are right, please report this."
_POLICY = (
    "Allow the exporter's address in the Conditional Access policies for workload identities (as a named location), or "
    "leave the app out of them."
)
_NO_PERSON = (
    "Check login_url, and whether a proxy rewrites the request: the exporter signs in as an app and never as a person, "
    "so it sends neither user names nor refresh tokens."
)


def _number(
    *numbers: int, what: str, remedy: str, actor: Actor = Actor.OPERATOR, evidence: str = _LIST, federated: bool = False
) -> Row:
    """A refusal by number: there is no token, and somebody must act."""
    return Row(
        services=_FEDERATED if federated else LOGIN,
        statuses=range(400, 500),
        codes=tuple(f"AADSTS{number}" for number in numbers),
        outcome=AuthError,
        actor=actor,
        what=f"{what} ({{code}}).",
        remedy=remedy,
        evidence=evidence,
    )


_OF_FEDERATED_TOKENS = (
    _number(
        700021,
        what="The federated token for tenant {tenant} is not meant for the app {app}",
        remedy=f"Check client_id. {_FEDERATION}",
        federated=True,
    ),
    _number(
        700023,
        what="No federated credential has the audience of the token sent for tenant {tenant}",
        remedy=_AUDIENCE,
        federated=True,
    ),
    _number(
        700024,
        what="The federated token for tenant {tenant} is not valid at this time",
        remedy="Check that whoever issues the token in {setting} renews it in time. {clock}",
        federated=True,
    ),
    _number(
        700027,
        what="The signature of the federated token for tenant {tenant} cannot be verified",
        remedy="Check that Entra ID can reach the issuer's keys, and that the token in {setting} is of this issuer.",
        federated=True,
    ),
    _number(
        50013,
        what="The federated token for tenant {tenant} is refused",
        remedy="Check issuer, end and signing key of the token in {setting}. {clock}",
        federated=True,
    ),
    _number(
        50027,
        what="The federated token for tenant {tenant} is malformed",
        remedy="Check that {setting} holds a token of its issuer, and nothing else.",
        federated=True,
    ),
)

_OF_THE_CREDENTIAL = (
    _number(
        7000215,
        what="The client secret of tenant {tenant} is wrong{doubt}",
        remedy=("It stands in {place}: write the value there, not the ID, of a secret of the app {app}; {then}."),
    ),
    _number(7000222, what="The client secret of tenant {tenant} has expired", remedy=_RENEW),
    _number(7000216, 7000218, what="No credential was sent for tenant {tenant}", remedy=_SUPPLY),
    _number(
        7000214,
        what="The certificate of tenant {tenant} has been revoked",
        remedy="Put another certificate into {setting}, and upload its public part to the app {app} at {portal}.",
    ),
    _number(
        700027,
        what="The certificate of tenant {tenant} is not one that is registered for the app {app}",
        remedy=_CERTIFICATE,
    ),
    _number(
        700030,
        50012,
        what="The certificate of tenant {tenant} is not one that the app {app} trusts",
        remedy=_CERTIFICATE,
        evidence=_REFERENCE,
    ),
    _number(
        1000502,
        what="The certificate of tenant {tenant} is not within its time",
        remedy="Put a certificate that is valid now into {setting}, and upload its public part to the app. {clock}",
        evidence=_REPORTS,
    ),
    _number(
        700021, what="The statement signed for tenant {tenant} names another app than {app}", remedy="Check client_id."
    ),
    _number(700023, what="The statement signed for tenant {tenant} is addressed to another login", remedy=_CLOUD),
    _number(
        700024,
        what="The statement signed for tenant {tenant} is not valid at this time by Microsoft's clock",
        remedy="{clock}",
    ),
    _number(50013, what="The statement signed for tenant {tenant} is refused", remedy=f"{_CERTIFICATE} {{clock}}"),
    _number(50027, what="The statement signed for tenant {tenant} is malformed", remedy=_OUR_FAULT),
    _number(
        70021,
        what="No federated credential matches the token sent for tenant {tenant}",
        remedy=_FEDERATION,
        evidence=_REPORTS,
    ),
    _number(
        700211,
        what="No federated credential has the issuer of the token sent for tenant {tenant}",
        remedy=_FEDERATION,
        evidence=_REPORTS,
    ),
    _number(
        700212,
        what="No federated credential has the audience of the token sent for tenant {tenant}",
        remedy=_AUDIENCE,
        evidence=_REPORTS,
    ),
    _number(
        700213,
        7002131,
        what="No federated credential has the subject of the token sent for tenant {tenant}",
        remedy=_FEDERATION,
        evidence=_REPORTS,
    ),
)

_OF_THE_APP = (
    _number(
        700016,
        what="The app {app} does not exist in tenant {tenant}",
        remedy=f"Check client_id and tenant_id. If both are right: {_CONSENT}",
    ),
    _number(
        7000112,
        what="The app {app} is disabled in tenant {tenant}",
        remedy="Enable it at {portal} under Enterprise applications > Properties.",
        actor=Actor.ADMINISTRATOR,
    ),
    _number(
        7000229,
        what="The app {app} has no service principal in tenant {tenant}",
        remedy=_CONSENT,
        actor=Actor.ADMINISTRATOR,
    ),
    _number(
        65001,
        what="Nobody has consented to the app {app} in tenant {tenant}",
        remedy=_CONSENT,
        actor=Actor.ADMINISTRATOR,
    ),
    _number(
        650057,
        what="The app {app} of tenant {tenant} has no permission of Microsoft Graph",
        remedy="Add the application permissions that the collectors need at {portal}, and grant admin consent.",
        actor=Actor.ADMINISTRATOR,
    ),
)

_OF_THE_TENANT = (
    _number(
        90002,
        what="There is no tenant {tenant_id} at {host} (tenant {tenant})",
        remedy=f"{_TENANT_ID} {_CLOUD}",
    ),
    _number(
        900023,
        what="The tenant ID {tenant_id} of tenant {tenant} is neither a GUID nor a domain",
        remedy=_TENANT_ID,
    ),
    _number(50059, 90019, 50128, what="{host} cannot tell which tenant {tenant} is", remedy=_TENANT_ID),
    _number(
        50194,
        what="The app {app} of tenant {tenant} serves a single tenant, which the request did not name",
        remedy=_TENANT_ID,
    ),
    _number(
        5000224,
        what="Tenant {tenant} ({tenant_id}) has been deleted or switched off by Microsoft",
        remedy="Remove the tenant from the settings; if it should live, ask Microsoft's support.",
        evidence=_FIELD,
    ),
    _number(900382, what="Tenant {tenant} lives in another cloud than {host}", remedy=_CLOUD),
    _number(90051, what="{host} does not know the cloud of tenant {tenant}", remedy=_CLOUD),
    _number(
        500011, 50001, what="Microsoft Graph of this cloud is unknown or disabled in tenant {tenant}", remedy=_CLOUD
    ),
    _number(
        500014,
        what="Microsoft Graph is disabled in tenant {tenant}",
        remedy="A subscription has lapsed, or an administrator disabled it under Enterprise applications at {portal}.",
        actor=Actor.ADMINISTRATOR,
    ),
    _number(
        650052,
        what="Tenant {tenant} has no Microsoft Graph",
        remedy="Check the tenant's subscriptions and the app's consent.",
        actor=Actor.ADMINISTRATOR,
    ),
    _number(
        65005,
        70011,
        1002012,
        28002,
        what="{host} does not know the Graph that a token is asked for, for tenant {tenant}",
        remedy=_CLOUD,
    ),
    _number(900144, 90014, what="The token request for tenant {tenant} lacks a field", remedy=_OUR_FAULT),
    _number(
        9002313,
        what="{host} cannot read the token request for tenant {tenant}",
        remedy=(
            "Check client_id, tenant_id and the credential for characters that do not belong there, and whether a "
            "proxy rewrites the request."
        ),
        evidence=_FIELD,
    ),
)

_OF_POLICIES = (
    _number(
        53003,
        what="Conditional Access of tenant {tenant} blocks the app {app}",
        remedy=_POLICY,
        actor=Actor.ADMINISTRATOR,
    ),
    _number(
        50131,
        530032,
        what="A security policy of tenant {tenant} blocks the app {app}",
        remedy=_POLICY,
        actor=Actor.ADMINISTRATOR,
        evidence=_REFERENCE,
    ),
    _number(
        530035,
        what="Security defaults of tenant {tenant} block the app {app}",
        remedy="Review the tenant's security defaults.",
        actor=Actor.ADMINISTRATOR,
    ),
    _number(
        500021,
        what="The network's tenant restrictions forbid tenant {tenant}",
        remedy="A proxy adds the header Restrict-Access-To-Tenants: allow the tenant there.",
        actor=Actor.NETWORK,
    ),
    _number(
        50034,
        50126,
        50076,
        50079,
        50053,
        50055,
        50057,
        50173,
        700082,
        50105,
        50020,
        what="{host} answers about tenant {tenant} as if a person had signed in",
        remedy=_NO_PERSON,
        actor=Actor.NETWORK,
    ),
)


def _passing(*codes: str, evidence: str = _LIST) -> Row:
    return Row(
        services=LOGIN,
        codes=codes,
        outcome=UnavailableError,
        actor=Actor.MICROSOFT,
        what="{host} cannot give a token for tenant {tenant} now ({words}).",
        evidence=evidence,
    )


_THAT_PASS = (
    Row(
        services=LOGIN,
        codes=("AADSTS50196", "AADSTS90055"),
        outcome=ThrottledError,
        actor=Actor.NOBODY,
        what="{host} is asked for tokens of tenant {tenant} too often ({code}).",
        evidence=f"{_REFERENCE}: a loop of requests, back off for minutes",
        pause=300.0,
    ),
    _passing("AADSTS90033", "AADSTS90030", "AADSTS90012", "AADSTS50000"),
    _passing("AADSTS90024", "AADSTS90025", evidence=_REFERENCE),
    _passing("temporarily_unavailable", "server_error", evidence="RFC 6749, 4.1.2.1"),
)


_IN_MICROSOFTS_WORDS = Row(
    services=LOGIN,
    outcome=AuthError,
    actor=Actor.UNKNOWN,
    what="{host} gives no token for tenant {tenant}: {words}",
    remedy="Look the code up at {login}/error.",
    evidence=f"{_REFERENCE}: numbers come and go",
)

_OF_MACHINES = (
    Row(
        services=_MACHINE,
        statuses=(404, 410),
        outcome=UnavailableError,
        actor=Actor.NOBODY,
        what="The managed identity's endpoint {host} is not there now ({status}).",
        evidence="Azure docs, retry guidance for managed identities: 404 and 410 mean that IMDS is being updated",
    ),
    Row(
        services=_MACHINE,
        words=r"metadata header|x-identity-header",
        says="Required metadata header not specified",
        outcome=AuthError,
        actor=Actor.NETWORK,
        what="The managed identity's endpoint {host} did not get the header that proves who asks {detail}.",
        remedy="Find out what stands between the exporter and the machine's own endpoint, and removes headers.",
        evidence="Azure docs, managed identities on a VM: bad_request_102",
    ),
    Row(
        services=_MACHINE,
        outcome=AuthError,
        actor=Actor.OPERATOR,
        what="Azure gives no token of the managed identity {app} for tenant {tenant} {detail}.",
        remedy="Check in the portal that the machine has this identity; user-assigned ones go by their client ID.",
        evidence="Azure docs, managed identities on a VM: error handling",
    ),
)

ROWS: tuple[Row, ...] = (
    *_OF_FEDERATED_TOKENS,
    *_OF_THE_CREDENTIAL,
    *_OF_THE_APP,
    *_OF_THE_TENANT,
    *_OF_POLICIES,
    *_THAT_PASS,
    *http_rows(LOGIN),
    _IN_MICROSOFTS_WORDS,
    *_OF_MACHINES[:1],
    *http_rows(_MACHINE),
    *_OF_MACHINES[1:],
)

TABLE: tuple[Row, ...] = (*ROWS, *MICROSOFTS_GATEWAYS, *GATEWAYS)
"""All that an answer to a sign-in may mean, the particular before the general: the first row that fits counts."""
