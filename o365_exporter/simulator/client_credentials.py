"""How an app proves who it is: one function per kind of credential, found by the form field that carries it.

Certificates and federated tokens (``client_assertion``) will be a further row.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping

from o365_exporter.simulator.aadsts import EntraError
from o365_exporter.simulator.tenant import Tenant

Check = Callable[[Tenant, Mapping[str, str], float], None]


def check_secret(tenant: Tenant, form: Mapping[str, str], now: float) -> None:
    """Accept any secret of the app that has not ended.

    Raises:
        EntraError: 7000215 where it is none of the app's secrets, 7000222 where it has ended.
    """
    given = form["client_secret"].encode()
    same = [one for one in tenant.client_secrets() if hmac.compare_digest(one.value.encode(), given)]
    if not same:
        raise EntraError(7000215, app=tenant.client_id)
    if max(one.ends for one in same) <= now:
        raise EntraError(7000222, app=tenant.client_id)


CHECKS: dict[str, Check] = {"client_secret": check_secret}


def check_credential(tenant: Tenant, form: Mapping[str, str], now: float) -> None:
    """Check whichever credential the form carries; 7000218 where there is none."""
    for field, check in CHECKS.items():
        if form.get(field):
            check(tenant, form, now)
            return
    raise EntraError(7000218)
