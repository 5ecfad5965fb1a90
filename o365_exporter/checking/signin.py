"""How a tenant signs in: which credential, whose app, until when, and why there is no token."""

from __future__ import annotations

from dataclasses import replace

from o365_exporter.checking.asking import ANSWER_SECONDS
from o365_exporter.checking.elsewhere import UNKNOWN_HERE, cloud_of
from o365_exporter.checking.report import Problem, TokenCheck
from o365_exporter.checking.telling import Teller
from o365_exporter.clock import Clock
from o365_exporter.collectors.credential_expiry import APPLICATIONS, own_secret, parse_application
from o365_exporter.errors import Nothing, PollError, PollTimeoutError
from o365_exporter.graph import GraphClient
from o365_exporter.http import Http
from o365_exporter.settings import TenantSettings

TOKEN_SECONDS = 8.0
"""For a token."""


class SignIn:
    """Asks for a token once.

    Args:
        settings: of the tenant.
        graph: its client.
        http: by which other clouds are asked.
        clock: bounds it.
        teller: makes a problem of what is wrong.
    """

    def __init__(
        self, settings: TenantSettings, graph: GraphClient, *, http: Http, clock: Clock, teller: Teller
    ) -> None:
        self._settings = settings
        self._graph = graph
        self._http = http
        self._clock = clock
        self._teller = teller

    async def token(self, way: Problem | None) -> TokenCheck:
        """What came of it; where the way to the login leads nowhere, nothing is asked."""
        who = self._settings.credential
        check = TokenCheck(app=who.client_id, setting=who.kinds()[0], problem=way)
        if way is not None:
            return check
        error = await self._error()
        if error is not None:
            return replace(check, problem=await self._refused(error))
        shown = self._graph.auth.shown
        if shown is None:
            return check
        return replace(
            check, setting=shown.setting, app_name=shown.app_name, tenant_id=shown.tenant_id, ends=shown.ends
        )

    async def _error(self) -> PollError | None:
        try:
            with self._clock.deadline(TOKEN_SECONDS):
                await self._graph.auth.token()
        except PollError as error:
            return error
        except TimeoutError:
            return PollTimeoutError(f"The login of tenant {self._settings.name} gave no token in {TOKEN_SECONDS:g} s.")
        return None

    async def _refused(self, error: PollError) -> Problem:
        """A tenant that its login does not know is looked for in other clouds."""
        cloud = None
        if error.code in UNKNOWN_HERE and self._settings.login_url is None:
            cloud = await cloud_of(self._settings, self._http, self._clock)
        found = f'{cloud.login} knows this tenant: set cloud = "{cloud.name}" (O365_CLOUD).' if cloud else ""
        return self._teller.of_sign_in(error, found)

    async def end_of_credential(self, *, may_ask: bool) -> float | None:
        """When the credential ends, as it says itself, or as Graph says of the client secret in use.

        Args:
            may_ask: whether Graph may be asked, which takes a permission of its own.
        """
        end = self._graph.auth.certificate_end
        if end is not None or not may_ask:
            return end
        who, now = self._graph.identity, self._clock.now()
        try:
            with self._clock.deadline(ANSWER_SECONDS):
                entries = await self._graph.page(APPLICATIONS, 1, filter=f"appId eq '{who.client_id}'")
                secrets = [own_secret(parse_application(entry), who.secret_hint, now) for entry in entries]
        except (PollError, Nothing, TimeoutError):  # what is wrong there, the source itself tells
            return None
        return next((secret.end for secret in secrets if secret is not None), None)
