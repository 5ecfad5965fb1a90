"""Errors of Entra ID: number, OAuth error, HTTP status and text.

Numbers and OAuth errors: Microsoft's error reference and the EntraID-ErrorCodes list of 2025-09. The HTTP status is 401
for ``invalid_client``, 400 for other faults of the request and 503 for transient ones; no source states it per code.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class _Code:
    error: str
    text: str
    status: int = 400


_CODES: dict[int, _Code] = {
    7000215: _Code(
        "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
        "not the client secret ID, for a secret added to app '{app}'.",
        401,
    ),
    7000222: _Code(
        "invalid_client",
        "The provided client secret keys for app '{app}' are expired. Visit the Azure portal to create new keys for "
        "your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: "
        "https://aka.ms/certCreds.",
        401,
    ),
    7000218: _Code(
        "invalid_client",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        401,
    ),
    7000112: _Code("unauthorized_client", "Application '{app}'({app}) is disabled."),
    7000229: _Code(
        "unauthorized_client",
        "The client application {app} is missing service principal in the tenant {tenant}. See instructions here: "
        "https://go.microsoft.com/fwlink/?linkid=2225119",
    ),
    700016: _Code(
        "unauthorized_client",
        "Application with identifier '{app}' was not found in the directory '{tenant}'. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You may have sent your authentication request to the wrong tenant.",
    ),
    90002: _Code(
        "invalid_request",
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant.",
    ),
    900023: _Code(
        "invalid_request",
        "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.",
    ),
    900144: _Code("invalid_request", "The request body must contain the following parameter: '{parameter}'."),
    70003: _Code("unsupported_grant_type", "The app requested an unsupported grant type '{parameter}'."),
    70011: _Code(
        "invalid_scope",
        "The provided value for the input parameter 'scope' isn't valid. The scope {scope} isn't valid.",
    ),
    1002012: _Code(
        "invalid_scope",
        "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
        "/.default suffixed to the resource identifier (application ID URI).",
    ),
    500011: _Code(
        "invalid_resource",
        "The resource principal named {scope} was not found in the tenant named {tenant}. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You might have sent your authentication request to the wrong tenant.",
    ),
    50013: _Code("invalid_grant", "Assertion is not valid: its signature does not fit its issuer."),
    53003: _Code(
        "access_denied",
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
    ),
    50196: _Code("invalid_grant", "The server terminated an operation because it encountered a client request loop."),
    50027: _Code("invalid_client", "JWT token is invalid or malformed.", 401),
    700021: _Code(
        "invalid_client", "Client assertion application identifier doesn't match 'client_id' parameter.", 401
    ),
    700023: _Code("invalid_client", "Client assertion audience claim does not match Realm issuer.", 401),
    700024: _Code("invalid_client", "Client assertion is not within its valid time range.", 401),
    700027: _Code("invalid_client", "Client assertion failed signature validation.", 401),
    700211: _Code(
        "invalid_request",
        "No matching federated identity record found for presented assertion issuer '{issuer}'.",
    ),
    700212: _Code(
        "invalid_request",
        "No matching federated identity record found for presented assertion audience '{audience}'.",
    ),
    700213: _Code(
        "invalid_request",
        "No matching federated identity record found for presented assertion subject '{subject}'.",
    ),
    7000216: _Code(
        "invalid_client", "'client_assertion', 'client_secret' or 'request' is required for the grant.", 401
    ),
    7000214: _Code("invalid_client", "Certificate has been revoked.", 401),
    70021: _Code("invalid_request", "No matching federated identity record found for presented assertion."),
    7002131: _Code(
        "invalid_request", "No matching federated identity record or expression found for presented assertion subject."
    ),
    5000224: _Code("invalid_request", "We are sorry, this resource is not available."),
    9002313: _Code("invalid_request", "Invalid request. Request is malformed or invalid."),
    50059: _Code(
        "invalid_request",
        "No tenant-identifying information found in either the request or implied by any provided credentials.",
    ),
    90019: _Code("invalid_request", "No tenant-identifying information found in either the request."),
    50128: _Code("invalid_request", "Invalid domain name. No tenant-identifying information found in the request."),
    50194: _Code(
        "invalid_request",
        "Application '{app}' is not configured as a multi-tenant application. Usage of the /common endpoint is not "
        "supported for such apps.",
    ),
    900382: _Code("invalid_client", "Confidential Client is not supported in Cross Cloud request.", 401),
    90051: _Code("invalid_request", "Invalid national Cloud ID is specified."),
    500014: _Code("invalid_resource", "The service principal for resource {scope} is disabled."),
    50001: _Code("invalid_resource", "The resource is disabled or the resource named {scope} was not found."),
    650052: _Code(
        "invalid_resource",
        "The app is trying to access a service that your organization lacks a service principal for.",
    ),
    650057: _Code(
        "invalid_resource",
        "Invalid resource. The client has requested access to a resource which is not listed in the requested "
        "permissions in the client's application registration.",
    ),
    65001: _Code(
        "invalid_grant", "The user or administrator has not consented to use the application with ID '{app}'."
    ),
    65005: _Code("invalid_resource", "The application needs access to a service that your organization lacks."),
    28002: _Code("invalid_scope", "Provided value for the input parameter scope is not valid."),
    90014: _Code("invalid_request", "The required field '{parameter}' is missing from the credential."),
    530035: _Code("access_denied", "Access has been blocked by security defaults."),
    50034: _Code("invalid_grant", "The user account does not exist in the {tenant} directory."),
    50126: _Code("invalid_grant", "Error validating credentials due to invalid username or password."),
    50076: _Code("interaction_required", "You must use multi-factor authentication to access '{scope}'."),
    50079: _Code("interaction_required", "You must enroll in multi-factor authentication to access '{scope}'."),
    50053: _Code("invalid_grant", "The account is locked, you've tried to sign in too many times."),
    50055: _Code("invalid_grant", "The password is expired."),
    50057: _Code("invalid_grant", "The user account is disabled."),
    50173: _Code("invalid_grant", "The provided grant has expired due to it being revoked, a fresh token is needed."),
    700082: _Code("invalid_grant", "The refresh token has expired due to inactivity."),
    50105: _Code("access_denied", "The signed in user is not assigned to a role for the application '{app}'."),
    500021: _Code("access_denied", "Access to '{tenant}' tenant is denied."),
    90030: _Code("temporarily_unavailable", "A transient error has occurred. Please try again.", 503),
    90033: _Code("temporarily_unavailable", "A transient error has occurred. Please try again.", 503),
    90012: _Code("temporarily_unavailable", "The request has timed out.", 503),
    50000: _Code("server_error", "There was an error issuing a token or an issue with our sign-in service.", 500),
}
KNOWN_CODES = frozenset(_CODES)
"""Numbers that can be injected."""


class EntraError(Exception):
    """A refusal of Entra ID.

    Args:
        code: the number after AADSTS, one of ``KNOWN_CODES``.
        details: what fills the text: app, tenant, scope, parameter, issuer, audience, subject.
    """

    def __init__(self, code: int, **details: str) -> None:
        known = _CODES[code]
        self.code = code
        self.error = known.error
        self.status = known.status
        self.text = known.text.format_map(_Details(details))
        super().__init__(f"AADSTS{code}: {self.text}")


class _Details(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"<{name}>"
