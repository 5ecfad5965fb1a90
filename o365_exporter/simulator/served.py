"""What is served beside the rows of ``domains.RESOURCES``, and what is not: for the page about the simulator."""

from __future__ import annotations

_SETTINGS = "ReportSettings.Read.All, ReportSettings.ReadWrite.All"

OTHERS: tuple[tuple[str, str, str], ...] = (
    ("/reports/FUNCTION(period='D7')", "a 302 to the file of a report; the functions are below", "Reports.Read.All"),
    ("/admin/reportSettings", "whether names are concealed", _SETTINGS),
    ("/reports/serviceActivity/FUNCTION(…)", "beta: sign-ins by 5, 10, 15 or 30 minutes", "Reports.Read.All"),
    ("/$batch", "POST, up to 20 requests in one; they are answered in any order, each by its own permission", ""),
    ("/{tenant}/oauth2/v2.0/token", "tokens for apps: by secret, certificate or federated token", ""),
    ("/{tenant}/v2.0/.well-known/openid-configuration", "discovery, which names the simulator; `common` too", ""),
    ("/common/discovery/instance", "what MSAL asks about a login host that it does not know", ""),
    ("/metadata/identity/oauth2/token, /msi/token", "managed identities of a VM and of App Service", ""),
)
"""Address, what it gives, and the permission."""

NOT_SERVED: tuple[str, ...] = (
    "Writing: every method but GET is 405. Tenants change by the operations below.",
    "Users, groups, devices, domains, mail, files, Intune, Defender and sign-in logs: 400, but for a mood's answers.",
    "`beta`, but for reports, their settings and activity of sign-ins; the JSON form of reports, and Copilot's.",
    "`$search`, `$apply`, delta queries, change notifications; `$expand` of anything but what the table names.",
    "Functions in `$filter` other than `startswith`.",
    "Sign-in of users: no authorization, device or refresh endpoint answers; there is no key to check tokens with.",
    "`incidentReport`, attachments of messages, owners and federated credentials of apps.",
)
"""What a client of the real Microsoft may miss."""
