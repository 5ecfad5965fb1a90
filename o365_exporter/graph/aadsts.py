"""What Entra ID's error numbers mean for the operator of an app that asks for itself (client credentials).

Facts: Entra error reference (2024-04-24) and public lists (2025-09-03). Microsoft warns that numbers and texts change:
here they only choose a sentence, and an unknown number is shown in Microsoft's own words. Numbers that only a user's
sign-in can meet are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from o365_exporter.errors import AuthError, PollError, ThrottledError, UnavailableError
from o365_exporter.graph.answers import printable, undecodable
from o365_exporter.graph.credentials import Credential, FederatedToken
from o365_exporter.graph.http import Answer
from o365_exporter.graph.identity import Identity
from o365_exporter.graph.refusals import common_error

_NUMBER = re.compile(r"AADSTS(\d+)")
_TRACE = re.compile(r"\s*(?:Trace ID|Correlation ID|Timestamp):.*", re.IGNORECASE | re.DOTALL)
_PASSING = frozenset({90033, 90030, 90012, 50000})
_ASKED_TOO_OFTEN = 50196
_PAUSE = 300.0  # seconds; "back off for minutes"


class Meaning(NamedTuple):
    """What happened and what to do: names in braces are filled in (see ``_filled``)."""

    what: str
    remedy: str


_RENEW = (
    "Create a new one at {portal} under App registrations > Certificates & secrets, and set client_secret (or the "
    "content of client_secret_file) to its value."
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
_CLOCK = "Check the clock of the machine that runs the exporter."
_TENANT_ID = "Set tenant_id to the directory's ID (a GUID) or to one of its domains; check it for typing errors."
_CLOUD = "Check the setting cloud, and login_url and graph_url if they are set: each national cloud has its own."
_CONSENT = "Let an administrator of the tenant grant admin consent to the app {app} at {portal}."
_OUR_FAULT = "Check client_id and tenant_id for empty or cut values; if they are right, please report this."

_NO_TENANT = Meaning("{login} cannot tell which tenant {tenant} is", _TENANT_ID)
_NO_CREDENTIAL = Meaning("No credential was sent for tenant {tenant}", _SUPPLY)
_BAD_RESOURCE = Meaning("Microsoft Graph of this cloud is unknown or disabled in tenant {tenant}", _CLOUD)
_BAD_SCOPE = Meaning("{login} does not know the Graph that a token is asked for, for tenant {tenant}", _CLOUD)
_NO_AUDIENCE = Meaning("No federated credential has the audience of the token sent for tenant {tenant}", _AUDIENCE)
_INCOMPLETE = Meaning("The token request for tenant {tenant} lacks a field", _OUR_FAULT)

MEANINGS: Mapping[int, Meaning] = {
    # the credential
    7000215: Meaning(
        "The client secret of tenant {tenant} is wrong",
        "Set client_secret to the secret's value, not to its ID, and check that it belongs to the app {app}.",
    ),
    7000222: Meaning("The client secret of tenant {tenant} has expired", _RENEW),
    7000216: _NO_CREDENTIAL,
    7000218: _NO_CREDENTIAL,
    7000214: Meaning(
        "The certificate of tenant {tenant} has been revoked",
        "Put another certificate into {setting}, and upload its public part to the app {app} at {portal}.",
    ),
    700027: Meaning("The certificate of tenant {tenant} is not one that is registered for the app {app}", _CERTIFICATE),
    700021: Meaning("The statement signed for tenant {tenant} names another app than {app}", "Check client_id."),
    700023: Meaning("The statement signed for tenant {tenant} is addressed to another login", _CLOUD),
    700024: Meaning("The statement signed for tenant {tenant} is not valid at this time", _CLOCK),
    50013: Meaning("The statement signed for tenant {tenant} is refused", _CERTIFICATE),
    50027: Meaning("The statement signed for tenant {tenant} is malformed", _OUR_FAULT),
    70021: Meaning("No federated credential matches the token sent for tenant {tenant}", _FEDERATION),
    700211: Meaning("No federated credential has the issuer of the token sent for tenant {tenant}", _FEDERATION),
    700212: _NO_AUDIENCE,
    700213: Meaning("No federated credential has the subject of the token sent for tenant {tenant}", _FEDERATION),
    7002131: Meaning("No federated credential has the subject of the token sent for tenant {tenant}", _FEDERATION),
    # the app
    700016: Meaning(
        "The app {app} does not exist in tenant {tenant}",
        f"Check client_id and tenant_id. If both are right: {_CONSENT}",
    ),
    7000112: Meaning(
        "The app {app} is disabled in tenant {tenant}",
        "Enable it at {portal} under Enterprise applications > Properties.",
    ),
    7000229: Meaning("The app {app} has no service principal in tenant {tenant}", _CONSENT),
    65001: Meaning("Nobody has consented to the app {app} in tenant {tenant}", _CONSENT),
    650057: Meaning(
        "The app {app} of tenant {tenant} has no permission of Microsoft Graph",
        "Add the application permissions that the collectors need at {portal}, and grant admin consent.",
    ),
    # the tenant and its cloud
    90002: Meaning("There is no tenant {tenant_id} at {login} (tenant {tenant})", f"{_TENANT_ID} {_CLOUD}"),
    900023: Meaning("The tenant ID {tenant_id} of tenant {tenant} is neither a GUID nor a domain", _TENANT_ID),
    50059: _NO_TENANT,
    90019: _NO_TENANT,
    50128: _NO_TENANT,
    50194: Meaning(
        "The app {app} of tenant {tenant} serves a single tenant, which the request did not name", _TENANT_ID
    ),
    900382: Meaning("Tenant {tenant} lives in another cloud than {login}", _CLOUD),
    90051: Meaning("{login} does not know the cloud of tenant {tenant}", _CLOUD),
    # Graph as the resource
    500011: _BAD_RESOURCE,
    50001: _BAD_RESOURCE,
    500014: Meaning(
        "Microsoft Graph is disabled in tenant {tenant}",
        "A subscription has lapsed, or an administrator disabled it under Enterprise applications at {portal}.",
    ),
    650052: Meaning(
        "Tenant {tenant} has no Microsoft Graph", "Check the tenant's subscriptions and the app's consent."
    ),
    65005: _BAD_SCOPE,
    70011: _BAD_SCOPE,
    1002012: _BAD_SCOPE,
    28002: _BAD_SCOPE,
    900144: _INCOMPLETE,
    90014: _INCOMPLETE,
    # what forbids
    53003: Meaning(
        "Conditional Access of tenant {tenant} blocks the app {app}",
        "Allow the exporter's address in the policies for workload identities, or leave the app out of them.",
    ),
    530035: Meaning(
        "Security defaults of tenant {tenant} block the app {app}", "Review the tenant's security defaults."
    ),
    500021: Meaning(
        "The network's tenant restrictions forbid tenant {tenant}",
        "A proxy adds the header Restrict-Access-To-Tenants: allow the tenant there.",
    ),
}
"""By Entra ID's number."""

OF_FEDERATED_TOKENS: Mapping[int, Meaning] = {
    700021: Meaning(
        "The federated token for tenant {tenant} is not meant for the app {app}", f"Check client_id. {_FEDERATION}"
    ),
    700023: _NO_AUDIENCE,
    700024: Meaning(
        "The federated token for tenant {tenant} is not valid at this time",
        f"Check that whoever issues the token in {{setting}} renews it in time. {_CLOCK}",
    ),
    700027: Meaning(
        "The signature of the federated token for tenant {tenant} cannot be verified",
        "Check that Entra ID can reach the issuer's keys, and that the token in {setting} is of this issuer.",
    ),
    50013: Meaning(
        "The federated token for tenant {tenant} is refused",
        "Check issuer, end and signing key of the token in {setting}.",
    ),
    50027: Meaning(
        "The federated token for tenant {tenant} is malformed",
        "Check that {setting} holds a token of its issuer, and nothing else.",
    ),
}
"""What differs where the assertion is a token of another issuer."""


def login_error(answer: Answer, who: Identity, credential: Credential, now: float) -> PollError | None:
    """The error that an answer of Entra ID is; None for a success.

    Args:
        answer: of the login host.
        who: asked for a token.
        credential: by which.
        now: wall clock.
    """
    if (error := common_error(answer, now)) is not None:
        return error
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or not (body.get("error") or body.get("error_codes")):
        return undecodable(answer)
    return _explained(answer, body, who, credential)


def _explained(answer: Answer, body: dict[str, Any], who: Identity, credential: Credential) -> PollError:
    text = str(body.get("error_description") or body.get("error"))
    number = _number(body, text)
    code = f"AADSTS{number}" if number else printable(str(body.get("error")), answer.request.secrets, 40)
    words = printable(_TRACE.sub("", text).partition("\n")[0], answer.request.secrets)
    if number in _PASSING or body.get("error") in ("temporarily_unavailable", "server_error"):
        message = f"{answer.host} cannot give a token for tenant {who.tenant} now ({words})."
        return UnavailableError(message, status=answer.status, code=code)
    if number == _ASKED_TOO_OFTEN:
        message = f"{answer.host} is asked for tokens of tenant {who.tenant} too often ({code})."
        return ThrottledError(message, retry_after=_PAUSE, status=answer.status, code=code)
    special = OF_FEDERATED_TOKENS if isinstance(credential, FederatedToken) else {}
    if (meaning := special.get(number) or MEANINGS.get(number)) is not None:
        message, remedy = _filled(meaning, answer, who, credential)
        return AuthError(f"{message} ({code}).", remedy=remedy, status=answer.status, code=code)
    message = f"{answer.host} gives no token for tenant {who.tenant}: {words}"
    return AuthError(message, remedy=f"Look the code up at {who.cloud.login}/error.", status=answer.status, code=code)


def _filled(meaning: Meaning, answer: Answer, who: Identity, credential: Credential) -> tuple[str, str]:
    facts = {
        "tenant": who.tenant,
        "tenant_id": who.tenant_id,
        "app": who.client_id,
        "setting": credential.setting,
        "login": answer.host,
        "portal": who.cloud.portal,
    }
    return meaning.what.format(**facts), meaning.remedy.format(**facts)


def _number(body: dict[str, Any], text: str) -> int:
    """Entra ID's own number, 0 where there is none; the text begins with the one that matters most."""
    if found := _NUMBER.search(text):
        return int(found[1])
    codes = body.get("error_codes")
    return codes[0] if isinstance(codes, list) and codes and isinstance(codes[0], int) else 0
