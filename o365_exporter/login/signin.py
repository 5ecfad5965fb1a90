"""How one tenant signs in: which credential, who is asked for a token, and who keeps it."""

from __future__ import annotations

from random import Random

from o365_exporter.clock import Clock
from o365_exporter.http.retry import Retries
from o365_exporter.http.sender import Sender
from o365_exporter.http.traffic import Traffic
from o365_exporter.login.auth import TokenProvider
from o365_exporter.login.credentials import SOMEWHERE, Place, credential_source
from o365_exporter.login.entra import DISCOVERY_ROUTE, TOKEN_ROUTE, Entra
from o365_exporter.login.identity import Identity
from o365_exporter.login.issuer import Issuer
from o365_exporter.login.machine import MACHINE_ROUTE, AzureMachine
from o365_exporter.login.options import CredentialOptions

LOGIN_ROUTES = (DISCOVERY_ROUTE, TOKEN_ROUTE, MACHINE_ROUTE)
"""Values of the label ``api`` besides the routes of endpoints."""


def token_provider(
    *,
    who: Identity,
    credential: CredentialOptions,
    login_url: str,
    sender: Sender,
    traffic: Traffic,
    retries: Retries,
    clock: Clock,
    chance: Random,
    secret_place: Place = SOMEWHERE,
) -> TokenProvider:
    """The tokens of one tenant, from Entra ID at this address or from the machine's own endpoint."""
    issuer: Issuer
    if who.managed:
        issuer = AzureMachine(who=who, traffic=traffic, retries=retries, clock=clock)
    else:
        issuer = Entra(who=who, login_url=login_url, sender=sender, retries=retries, clock=clock)
    source = credential_source(credential, who.tenant, secret_place)
    return TokenProvider(who=who, issuer=issuer, source=source, clock=clock, chance=chance)
