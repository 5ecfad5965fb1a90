"""How an app proves who it is: one function per kind of credential, found by the form field that carries it."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from o365_exporter.simulator.aadsts import EntraError
from o365_exporter.simulator.client_assertions import check_assertion
from o365_exporter.simulator.federation import OtherIssuer
from o365_exporter.simulator.tenant import Tenant


def check_credential(tenant: Tenant, form: Mapping[str, str], issuer: OtherIssuer, now: float, origin: str) -> None:
    """Check whichever credential the form carries; 7000218 where there is none.

    Args:
        tenant: whose app asks.
        form: fields of the token request.
        issuer: who else may vouch for the app.
        now: seconds since 1970.
        origin: by which the client found the login.
    """
    if form.get("client_assertion"):
        check_assertion(tenant, form, issuer, now, origin)
    elif form.get("client_secret"):
        check_secret(tenant, form["client_secret"], now)
    else:
        raise EntraError(7000218)


def check_secret(tenant: Tenant, secret: str, now: float) -> None:
    """Accept any secret of the app that has not ended.

    Raises:
        EntraError: 7000215 where it is none of the app's secrets, 7000222 where it has ended.
    """
    given = secret.encode()
    same = [one for one in tenant.client_secrets() if hmac.compare_digest(one.value.encode(), given)]
    if not same:
        raise EntraError(7000215, app=tenant.client_id)
    if max(one.ends for one in same) <= now:
        raise EntraError(7000222, app=tenant.client_id)
