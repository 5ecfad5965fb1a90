"""What the answers of Graph's services and of report downloads mean.

Evidence, as the rows name it: ``sweep`` is a public sweep of 733 GETs of Graph v1.0 on a free tenant (2026-07-29 and
2026-08-04); ``graph2otel`` and ``CIPP`` are public projects that keep notes of live answers (rknightion/graph2otel,
2026-07; KelvinTegelaar/CIPP-API, 2026-08); a name with ``#`` is an issue on GitHub.
"""

from __future__ import annotations

from o365_exporter.errors import (
    NoData,
    PermissionMissingError,
    RefusedRedirectError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
    UnlicensedError,
    Unsupported,
)
from o365_exporter.http.gateways import GATEWAYS, MICROSOFTS_GATEWAYS, SUPPORT, THROTTLING, http_rows
from o365_exporter.http.meanings import GRAPH, Actor, Row, Service
from o365_exporter.login.meanings import ROWS as LOGIN_ROWS
from o365_exporter.login.standing import PolicyRefusedError, TokenRefusedError


class NotFoundError(UnexpectedAnswerError):
    """Graph itself says that there is no such object."""


class NoUsageYet(NoData):
    """Graph's usage reports do not know the tenant, as is usual before they have collected anything."""


class PageSizeError(UnexpectedAnswerError):
    """Graph refuses the page size that was asked for."""


class PageTokenError(UnexpectedAnswerError):
    """Graph does not know any more, or never takes, the token by which a list goes on."""


OPTIONAL = frozenset({Service.INTUNE, Service.SECURITY})
"""Services that a tenant may lack. The others it has as a rule: there "not set up" is an outage, and told as one."""

_PREFIXES = {
    "/reports/": Service.REPORTS,
    "/admin/reportSettings": Service.REPORTS,
    "/admin/serviceAnnouncement": Service.HEALTH,
    "/deviceManagement": Service.INTUNE,
    "/deviceAppManagement": Service.INTUNE,
    "/security": Service.SECURITY,
    "/identityProtection": Service.SECURITY,
    "/identityGovernance": Service.SECURITY,
    "/identity/": Service.SECURITY,
    "/roleManagement": Service.SECURITY,
    "/auditLogs": Service.SECURITY,
}

_REPORTS = frozenset({Service.REPORTS})
_INTUNE = frozenset({Service.INTUNE})
_SECURITY = frozenset({Service.SECURITY})
_DOWNLOAD = frozenset({Service.DOWNLOAD})
_ALWAYS_THERE = GRAPH - OPTIONAL

_LACKS_PERMISSION = "The {subject} {app} lacks the application permission {permission} in tenant {tenant} {detail}."
_GRANT = "{permission} in {tenant}"
_LACKS_LICENCE = "Tenant {tenant} lacks the licence that Graph wants for this {detail}."
_GET_LICENCE = "Get the licence, or switch the collector off for this tenant."
_SWITCH_OFF = "Set it up, or switch the collector off for this tenant."
_REPORT_IT = "This is likely a fault of the exporter: please report it with the request-id."
_LOCATION = (
    "An administrator of the tenant adds the public address of the exporter to the named location that the policy "
    "allows, or leaves the app out of the policy, at {portal} under Conditional Access > Policies; until then the "
    "exporter asks for a new token ever more seldom."
)

_TOKENS = (
    Row(
        services=GRAPH,
        statuses=(401,),
        words=r"LocationConditionEvaluation|named location|location condition",
        says=(
            "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: "
            "LocationConditionEvaluationSatisfied"
        ),
        outcome=PolicyRefusedError,
        actor=Actor.ADMINISTRATOR,
        what=(
            "Conditional Access for workload identities refuses the app {app} in tenant {tenant}: the address from "
            "which it asks is in no named location that the policy allows {detail}."
        ),
        remedy=_LOCATION,
        evidence="msgraph-sdk-powershell#3322, Yvand/EntraCP#356",
    ),
    Row(
        services=GRAPH,
        statuses=(401,),
        words=r"continuous access evaluation|insufficient_claims|claims challenge|TokenCreatedWithOutdatedPolicies",
        says="Continuous access evaluation resulted in claims challenge with result: InteractionRequired",
        outcome=PolicyRefusedError,
        actor=Actor.ADMINISTRATOR,
        what=(
            "Continuous access evaluation refuses the token of tenant {tenant}: a Conditional Access policy, such as "
            "one about a named location, or a revoked or disabled app stands against it {detail}."
        ),
        remedy=_LOCATION,
        evidence="Entra docs, continuous access evaluation for workload identities",
    ),
    Row(
        services=GRAPH,
        statuses=(401,),
        words=r"GraphAuthenticationMiddleware\.ValidateToken",
        says="Microsoft.Purview.GraphAuthenticationMiddleware.ValidateToken",
        outcome=PermissionMissingError,
        actor=Actor.ADMINISTRATOR,
        what="The service behind Graph wants more than a permission of Graph for the app {app} in {tenant} {detail}.",
        remedy="Register the app in that service too (such as a role in Purview), or switch the collector off.",
        evidence="graph2otel#102",
    ),
    Row(
        services=GRAPH,
        statuses=(401,),
        words=r"invalid audience|audience (?:validation|is invalid)",
        says="Access token validation failure. Invalid audience.",
        outcome=TokenRefusedError,
        actor=Actor.OPERATOR,
        what="Graph refuses the token of tenant {tenant}, for it was given for another Graph {detail}.",
        remedy="Check cloud, and login_url and graph_url where they are set: they must belong together.",
        evidence="Graph docs, 401 InvalidAuthenticationToken; msgraph-sdk-dotnet issues",
    ),
    Row(
        services=GRAPH,
        statuses=(401,),
        outcome=TokenRefusedError,
        actor=Actor.OPERATOR,
        what="Graph refuses the token of tenant {tenant} {detail}.",
        remedy="Check that cloud is right, and that the app {app} has admin consent in the tenant.",
        evidence="Graph docs, 401; sweep (empty bodies); Office365itpros#106 (an outage of weeks)",
    ),
)

REFUSED_HERE_ALONE = Row(
    services=GRAPH,
    statuses=(401,),
    outcome=UnavailableError,
    actor=Actor.MICROSOFT,
    what="Graph refuses for {route} the token of tenant {tenant} that it takes elsewhere {detail}.",
    remedy=f"It is an outage of that service, or it does not know this address. {SUPPORT}",
    evidence="Office365itpros#106: 401 of one SharePoint report for days in 2024-03, while others worked",
)
"""What any 401 means while the same token is taken at other addresses: not a matter of words."""

_THROTTLED = (
    Row(
        services=GRAPH,
        statuses=range(400, 600),
        words=r"rate limit (?:is |was )?(?:reached|exceeded)|too many requests|query broker",
        says="Rate limit reached because of too many requests to the query broker. Please try again later.",
        outcome=ThrottledError,
        actor=Actor.NOBODY,
        what="{host} throttles {detail}.",
        evidence="graph2otel, 2026-07-27: Intune throttles by 500 without Retry-After; CIPP New-GraphGetRequest",
        pause=60.0,
        subject=THROTTLING,
    ),
)

_PERMISSIONS = (
    Row(
        services=GRAPH,
        statuses=(403,),
        codes=("Authentication_ApplicationHasNoDirectoryReadAccess",),
        says="Failed to do premium license check from ADGraph",
        outcome=PermissionMissingError,
        actor=Actor.ADMINISTRATOR,
        what=_LACKS_PERMISSION,
        remedy="{grant}",
        subject=_GRANT,
        evidence="microsoft-graph-docs-contrib#4818",
        needs=("Directory.Read.All",),
    ),
    Row(
        services=GRAPH,
        statuses=(403,),
        codes=("MissingCredentials",),
        says="Valid Authorization header is needed.",
        outcome=UnavailableError,
        actor=Actor.MICROSOFT,
        what="Graph forwards no sign-in to the service behind {route} for tenant {tenant} {detail}.",
        remedy=f"It is an outage of that service. {SUPPORT}",
        evidence="msgraph-sdk-dotnet#1751: all reports on 2023-03-21, for good tokens",
    ),
    Row(
        services=GRAPH,
        statuses=(403,),
        codes=("S2SUnauthorized",),
        says="Invalid scope claims/roles.",
        outcome=PermissionMissingError,
        actor=Actor.ADMINISTRATOR,
        what=_LACKS_PERMISSION,
        remedy="{grant}",
        subject=_GRANT,
        evidence="sweep: adminReportSettings and reports without their permission, also inside UnknownError",
    ),
    Row(
        services=GRAPH,
        statuses=(403,),
        words=r"service principal-less authentication",
        says="Service principal-less Authentication failed. App ID 8bd644d1-64a1-4d4b-ae52-2e0cbf64e373",
        outcome=PermissionMissingError,
        actor=Actor.ADMINISTRATOR,
        what="An app of Microsoft's ({foreign}) has no service principal in tenant {tenant} {detail}.",
        remedy="Create it, for instance with New-MgServicePrincipal -AppId {foreign}.",
        evidence="sweep: Exchange message trace, 2026-07-29",
    ),
    Row(
        services=GRAPH,
        statuses=(401, 403),
        codes=("Authorization_RequestDenied", "Authentication_MSGraphPermissionMissing"),
        outcome=PermissionMissingError,
        actor=Actor.ADMINISTRATOR,
        what=_LACKS_PERMISSION,
        remedy="{grant}",
        subject=_GRANT,
        evidence="Graph docs, 403; graph2otel, 2026-07-16",
    ),
    Row(
        services=GRAPH,
        statuses=(403,),
        words=(
            r"following (?:scopes|permissions|roles)|insufficient (?:privileges|permissions|scopes)|"
            r"(?:missing|required) (?:application |role |scope )?permissions?|application is not authorized|"
            r"caller does not have permission"
        ),
        says=(
            "Application is not authorized to perform this operation. Application must have one of the following "
            "scopes: DeviceManagementConfiguration.Read.All, DeviceManagementConfiguration.ReadWrite.All"
        ),
        outcome=PermissionMissingError,
        actor=Actor.ADMINISTRATOR,
        what=_LACKS_PERMISSION,
        remedy="{grant}",
        subject=_GRANT,
        evidence="sweep: Intune, nested JSON; graph2otel, 2026-07: a 403 that names scopes means a missing grant",
    ),
    Row(
        services=GRAPH,
        statuses=(500,),
        codes=("DataInsightsRequestError",),
        words=r"forbidden",
        says="An error occurred while processing the request: Forbidden",
        outcome=PermissionMissingError,
        actor=Actor.ADMINISTRATOR,
        what="Graph refuses this to the {subject} {app} in tenant {tenant}, though it says 500 {detail}.",
        remedy="{grant} If that is there already, the address answers persons only: switch the collector off.",
        evidence="graph2otel#237",
    ),
)

_SAYS_UNLICENSED = (
    r"\A(?!.*(?:permission|privilege|insufficient|not (?:authori[sz]ed|allowed)))"  # to read about licences, say
    r".*(?:"
    r"\b(?:not|unable to|must be|isn't) (?:\w+ ){0,3}licen[cs]ed\b|\bunlicen[cs]ed\b"
    r"|\b(?:not have|no|without|lacks?|lacking|needs?|requires?|missing|valid) (?:[\w.-]+ ){0,6}licen[cs]es?\b"
    r"|\blicen[cs]es?\b[^.]{0,40}\b(?:missing|required|needed|expired|lacking|not (?:found|assigned|available))\b"
    r"|\b(?:subscription|service plan) (?:is )?(?:required|needed)\b"
    r"|\b(?:not?|nor|neither|needs?|requires?|without) (?:[\w.-]+ ){0,4}premium\b"
    r")"
)

_LICENCES = (
    Row(
        services=GRAPH,
        statuses=(400, 401, 403),
        codes=(
            "AadPremiumLicenseRequired",
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "TenantNotLicensed",
            "LicenseRequired",
            "NoLicense",
        ),
        outcome=UnlicensedError,
        actor=Actor.BUYER,
        what=_LACKS_LICENCE,
        remedy=_GET_LICENCE,
        evidence="sweep, 2026-08-04: PIM lists answer 400, sign-in logs and risky users 403 on a free tenant",
    ),
    Row(
        services=OPTIONAL,
        statuses=(400,),
        words=r"not applicable to target tenant",
        says="Request not applicable to target tenant.",
        outcome=UnlicensedError,
        actor=Actor.BUYER,
        what="Tenant {tenant} has no Intune, or has not made it the MDM authority of its devices {detail}.",
        remedy="Get the licence and set the MDM authority, or switch the collector off for this tenant.",
        evidence="sweep, 2026-07-29; CIPP Get-NormalizedError; IntuneGet PR 993",
    ),
    Row(
        services=GRAPH,
        statuses=(401, 403),
        words=r"account is not provisioned",
        says="Account is not provisioned.",
        outcome=UnlicensedError,
        actor=Actor.BUYER,
        what="Tenant {tenant} has no Microsoft Defender {detail}.",
        remedy=_GET_LICENCE,
        evidence="sweep, 2026-07-29: alerts and incidents; CIPP maps it to no licence",
    ),
    Row(
        services=GRAPH,
        statuses=(400, 403),
        words=r"not (?:been )?onboarded",
        says="The organization has not been onboarded.",
        outcome=UnlicensedError,
        actor=Actor.BUYER,
        what="Tenant {tenant} is not onboarded to the service behind {route} {detail}.",
        remedy=f"Get its licence. {_SWITCH_OFF}",
        evidence="sweep: threat intelligence, Defender for Identity",
    ),
    Row(
        services=GRAPH,
        statuses=(400, 403),
        words=_SAYS_UNLICENSED,
        says="Your tenant is not licensed for this feature.",
        outcome=UnlicensedError,
        actor=Actor.BUYER,
        what=_LACKS_LICENCE,
        remedy=_GET_LICENCE,
        evidence="sweep: risky users have the code Forbidden for scope and licence alike",
    ),
    Row(
        services=GRAPH,
        statuses=(403,),
        outcome=PermissionMissingError,
        actor=Actor.ADMINISTRATOR,
        what=_LACKS_PERMISSION,
        remedy="{grant}",
        subject=_GRANT,
        evidence="graph2otel#119: service health without its permission says UnknownError and an empty message",
    ),
)

_NOT_SET_UP = (
    Row(
        services=_REPORTS,
        statuses=(404,),
        codes=("UnknownTenantId",),
        says="We do not recognize this tenant ID",
        outcome=NoUsageYet,
        actor=Actor.NOBODY,
        what="Tenant {tenant} has no usage data yet {detail}.",
        remedy="Microsoft collects them from some days after the first use.",
        evidence="microsoft-graph-docs#5738, microsoft-graph-docs-contrib#7942",
    ),
    Row(
        services=OPTIONAL,
        statuses=(404, 500),
        codes=("HostNotFound", "TenantDeploymentNotFound", "TenantNotFound"),
        outcome=Unsupported,
        actor=Actor.ADMINISTRATOR,
        what="The service behind {route} is not set up in tenant {tenant} {detail}.",
        remedy=_SWITCH_OFF,
        evidence="graph2otel; sweep: back ends that are not provisioned",
    ),
    Row(
        services=OPTIONAL,
        statuses=(404,),
        words=r"tenant is not found|tenant not found",
        says="Tenant is not found.",
        outcome=Unsupported,
        actor=Actor.ADMINISTRATOR,
        what="The service behind {route} is not set up in tenant {tenant} {detail}.",
        remedy=_SWITCH_OFF,
        evidence="sweep",
    ),
    Row(
        services=_ALWAYS_THERE,
        statuses=(404, 500),
        codes=("HostNotFound", "TenantDeploymentNotFound", "TenantNotFound", "UnknownTenantId"),
        outcome=UnavailableError,
        actor=Actor.MICROSOFT,
        what="Graph does not find the service behind {route} for tenant {tenant} {detail}.",
        remedy=f"It is an outage, or the tenant has never used that service. {SUPPORT}",
        evidence="graph2otel; ours: what tenants have as a rule would go silently, were it taken for missing",
    ),
    Row(
        services=OPTIONAL,
        statuses=(501,),
        outcome=Unsupported,
        actor=Actor.ADMINISTRATOR,
        what="Graph does not have this for tenant {tenant} {detail}.",
        remedy=_SWITCH_OFF,
        evidence="graph2otel: 501 NotSupported where there is no Exchange connector",
    ),
    Row(
        services=_ALWAYS_THERE,
        statuses=(501,),
        outcome=UnexpectedAnswerError,
        actor=Actor.MICROSOFT,
        what="Graph says that it cannot do what {route} asks for tenant {tenant} {detail}.",
        remedy=SUPPORT,
        evidence="RFC 9110, 15.6.2: asking again is of no use",
    ),
    Row(
        services=OPTIONAL,
        statuses=(400,),
        words=r"not supported for AAD accounts",
        says="This API is not supported for AAD accounts (no addressUrl for Microsoft.Example)",
        outcome=Unsupported,
        actor=Actor.NOBODY,
        what="Graph has this for personal accounts only, and not for tenant {tenant} {detail}.",
        remedy="Switch the collector off for this tenant.",
        evidence="sweep",
    ),
    Row(
        services=OPTIONAL,
        statuses=(400, 404),
        words=r"resource not found for the segment",
        says="Resource not found for the segment 'depOnboardingSettings'.",
        outcome=Unsupported,
        actor=Actor.NOBODY,
        what="This Graph has no {route} (tenant {tenant}) {detail}.",
        remedy="Switch the collector off for this tenant.",
        evidence="sweep; graph2otel: beta only, or gone",
    ),
    Row(
        services=_ALWAYS_THERE,
        statuses=(404,),
        words=r"resource not found for the segment",
        says="Resource not found for the segment 'reports'.",
        outcome=UnexpectedAnswerError,
        actor=Actor.OPERATOR,
        what="Graph knows nothing at the address asked for tenant {tenant} {detail}.",
        remedy="Check cloud and graph_url in the settings: this Graph does not have {route}.",
        evidence="sweep; Graph docs, national clouds",
    ),
    Row(
        services=_ALWAYS_THERE,
        statuses=(400,),
        words=r"resource not found for the segment",
        says="Resource not found for the segment 'getSkypeForBusinessActivityUserDetail'.",
        outcome=UnexpectedAnswerError,
        actor=Actor.OPERATOR,
        what="This Graph has no {route}, or none any more (tenant {tenant}) {detail}.",
        remedy="Check cloud and graph_url in the settings, and whether a newer exporter knows what took its place.",
        evidence="sweep: functions of Skype for Business are gone",
    ),
)

_MISSING = (
    Row(
        services=_INTUNE,
        statuses=(404,),
        codes=("ResourceNotFound",),
        outcome=NoData,
        actor=Actor.NOBODY,
        what="Nothing of the kind of {route} is set up in tenant {tenant} {detail}.",
        evidence="sweep; graph2otel: applePushNotificationCertificate where none is configured",
    ),
    Row(
        services=GRAPH,
        statuses=(404, 410),
        codes=("Request_ResourceNotFound", "ResourceNotFound", "itemNotFound", "NotFound", "ErrorItemNotFound"),
        outcome=NotFoundError,
        actor=Actor.OPERATOR,
        what="Graph knows nothing at the address asked for tenant {tenant} {detail}.",
        remedy="If every source says so, check cloud and graph_url in the settings; if this one alone, wait.",
        evidence="Graph docs, error codes",
    ),
    Row(
        services=GRAPH,
        statuses=(404,),
        outcome=UnexpectedAnswerError,
        actor=Actor.UNKNOWN,
        what="Graph knows nothing at the address asked for tenant {tenant} {detail}.",
        remedy=f"If every source says so, check cloud and graph_url in the settings. {SUPPORT}",
        evidence="graph2otel#109, sweep: UnknownError with an empty message for what exists",
    ),
)

_REQUESTS = (
    Row(
        services=GRAPH,
        statuses=(400,),
        words=r"page ?size|\$?top\b.{0,40}(?:limit|exceed|maximum|invalid|range)",
        says="Invalid page size specified: '1000'. Must be between 1 and 500 inclusive.",
        outcome=PageSizeError,
        actor=Actor.DEVELOPERS,
        what="Graph refuses the page size that {route} is asked with for tenant {tenant} {detail}.",
        remedy=_REPORT_IT,
        evidence="graph2otel: identityProtection takes 500, security/incidents 50 (#109, #199)",
    ),
    Row(
        services=GRAPH,
        statuses=(400, 410),
        codes=("Directory_ExpiredPageToken", "Directory_InvalidPageToken", "SyncStateNotFound"),
        outcome=PageTokenError,
        actor=Actor.MICROSOFT,
        what="Graph has forgotten how the list {route} goes on for tenant {tenant} {detail}.",
        remedy=SUPPORT,
        evidence="Graph docs, paging; public reports of long lists",
    ),
    Row(
        services=GRAPH,
        statuses=(400,),
        words=r"skip ?token|page ?token",
        says="Query option 'SkipToken' is not allowed.",
        outcome=PageTokenError,
        actor=Actor.MICROSOFT,
        what="Graph does not take the address of the next page of {route} that it gave for tenant {tenant} {detail}.",
        remedy=SUPPORT,
        evidence="msgraph-sdk-dotnet#2566",
    ),
    Row(
        services=_REPORTS,
        statuses=(400,),
        words=r"past \d+ days",
        says="Invalid date value specified: 2026-10-03. Only support data for the past 28 days.",
        outcome=UnexpectedAnswerError,
        actor=Actor.MICROSOFT,
        what="Graph has the days of {route} for the past 28 days only, and the day asked for is older {detail}.",
        remedy="Microsoft has not renewed the report for so long; wait, and look at the service health.",
        evidence="microsoft-graph-docs#8946",
    ),
    Row(
        services=GRAPH,
        statuses=(400,),
        codes=("MissingProvider", "Request_UnsupportedQuery", "Request_BadRequest"),
        outcome=UnexpectedAnswerError,
        actor=Actor.DEVELOPERS,
        what="Graph does not take what {route} asks for tenant {tenant} {detail}.",
        remedy=_REPORT_IT,
        evidence="sweep: a mandatory filter is missing; Graph docs, query parameters",
    ),
    Row(
        services=GRAPH,
        statuses=(400, 405, 406, 414, 415),
        words=(
            r"\$(?:filter|select|expand|orderby|count)|query (?:option|parameter|string)|syntax error|"
            r"could not find a property"
        ),
        says="Invalid filter clause: syntax error at position 12.",
        outcome=UnexpectedAnswerError,
        actor=Actor.DEVELOPERS,
        what="Graph does not take what {route} asks for tenant {tenant} {detail}.",
        remedy=_REPORT_IT,
        evidence="Graph docs, query parameters; graph2otel: Accept of $count",
    ),
)

_EMPTY = (
    Row(
        services=OPTIONAL,
        statuses=(200,),
        outcome=NoData,
        actor=Actor.NOBODY,
        what="Graph's answer to {route} for tenant {tenant} is an empty body: nothing of the kind is set up.",
        evidence="graph2otel: windowsInformationProtectionPolicies",
    ),
    Row(
        services=_ALWAYS_THERE,
        statuses=(200,),
        outcome=UnavailableError,
        actor=Actor.MICROSOFT,
        what="Graph's answer to {route} for tenant {tenant} is an empty body {detail}.",
        remedy=f"It is an outage of that address. {SUPPORT}",
        evidence="graph2otel; microsoft-graph-docs-contrib#2654: reports without a byte, for days",
    ),
)
"""What a success without a body means."""

_PASSING = (
    Row(
        services=GRAPH,
        statuses=range(400, 600),
        words=r"temporarily unavailable",
        says="Resource temporarily unavailable.",
        outcome=UnavailableError,
        actor=Actor.MICROSOFT,
        what="{host} is not available {detail}.",
        evidence="CIPP New-GraphGetRequest",
    ),
)

_NOT_KNOWN = Row(
    services=GRAPH,
    outcome=UnexpectedAnswerError,
    actor=Actor.UNKNOWN,
    what="Graph does not answer what was asked for tenant {tenant} {detail}.",
    remedy=f"What this means is not known. {SUPPORT}",
    evidence="ours: no row above fits",
)

_DOWNLOADS = (
    Row(
        services=_DOWNLOAD,
        statuses=range(300, 400),
        outcome=RefusedRedirectError,
        actor=Actor.NETWORK,
        what="{host} points elsewhere for a report ({status}): not followed.",
        evidence="ours: the address that Graph gave is the file",
    ),
    *(row for row in http_rows(_DOWNLOAD) if row.outcome is not RefusedRedirectError),
    Row(
        services=_DOWNLOAD,
        statuses=(400, 401, 403, 404, 410),
        outcome=UnexpectedAnswerError,
        actor=Actor.NOBODY,
        what="{host} answers a report's download with {status}.",
        remedy="The address may have aged on the way; it is asked for anew at the next poll.",
        evidence="Graph docs, reports: the address is good for some minutes and may be used once",
    ),
    Row(
        services=_DOWNLOAD,
        outcome=UnexpectedAnswerError,
        actor=Actor.UNKNOWN,
        what="{host} answers a report's download with {status}.",
        remedy="What this means is not known; it is asked for anew at the next poll.",
        evidence="ours: no row above fits",
    ),
)

ROWS: tuple[Row, ...] = (
    *MICROSOFTS_GATEWAYS,
    *_TOKENS[:-1],
    *_THROTTLED,
    *_PERMISSIONS,
    *_LICENCES[:-1],
    *_NOT_SET_UP,
    *_REQUESTS,
    *_EMPTY,
    *_PASSING,
    *http_rows(GRAPH),
    _TOKENS[-1],
    _LICENCES[-1],
    *_MISSING,
    _NOT_KNOWN,
    *_DOWNLOADS,
    *GATEWAYS,
)

TABLE: tuple[Row, ...] = (*LOGIN_ROWS, *ROWS)
"""Every row, of sign-ins too, the particular before the general: the first that fits is what an answer means."""


def service_of(route: str) -> Service:
    """The service behind a route of Graph, whose errors have a form of their own."""
    return next((service for prefix, service in _PREFIXES.items() if route.startswith(prefix)), Service.DIRECTORY)
