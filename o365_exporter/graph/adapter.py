"""msal's ``http_client``: each call, made in a worker thread, runs on the event loop, so that it can be cancelled."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import anyio.from_thread

Form = Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class MsalAnswer:
    """What msal takes for an HTTP answer; always a success."""

    status_code: int
    text: str = field(repr=False)
    headers: Mapping[str, str]

    def raise_for_status(self) -> None:
        """Never called in anger: failures do not get this far."""


Exchange = Callable[[str, str, Mapping[str, str], Form], Coroutine[Any, Any, MsalAnswer]]
"""Takes method, address, headers and form of one request."""


class Adapter:
    """What msal calls in place of a session of requests."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> MsalAnswer:
        """Ask."""
        return self._run("GET", url, params, headers, None)

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> MsalAnswer:
        """Send a form."""
        form = {key: value.decode() if isinstance(value, bytes) else str(value) for key, value in data.items()}
        return self._run("POST", url, params, headers, form)

    def close(self) -> None:
        """The client belongs to the process."""

    def _run(self, method: str, url: str, params: Any, headers: Any, form: Form) -> MsalAnswer:
        address = f"{url}?{urlencode(params)}" if params else url
        sent = {name: str(value) for name, value in (headers or {}).items() if value is not None}
        anyio.from_thread.check_cancelled()  # a request begun after the cancellation would not be cancelled by it
        return anyio.from_thread.run(self._exchange, method, address, sent, form)
