"""How far one request has come, as httpcore tells it: what was waited for when it failed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import anyio


class Stage(StrEnum):
    """What a request waits for, as the beginning of "… graph.microsoft.com:443 (directly)"."""

    CONNECTION = "a TCP connection to"
    TUNNEL = "the proxy's connection to"
    HANDSHAKE = "the TLS handshake with"
    ANSWER = "an answer of"
    REST = "the rest of the answer of"


_BEGINS = {
    "connect_tcp": Stage.CONNECTION,
    "start_tls": Stage.HANDSHAKE,
    "send_request_headers": Stage.ANSWER,
    "receive_response_body": Stage.REST,
}


def is_tunnel(info: dict[str, Any]) -> bool:
    """Whether an event of httpcore's is about the request by which a proxy is asked to connect."""
    return getattr(info.get("request"), "method", b"") == b"CONNECT"


@dataclass(slots=True)
class Progress:
    """Of one attempt; a connection that is kept from before needs none of the first three stages."""

    stage: Stage = Stage.ANSWER
    _socket: Any = None

    async def note(self, event: str, info: dict[str, Any]) -> None:
        """Take an event of httpcore's extension ``trace``, such as ``connection.connect_tcp.started``."""
        _, name, state = event.split(".", 2)
        if state == "started" and name in _BEGINS:
            self.stage = Stage.TUNNEL if is_tunnel(info) else _BEGINS[name]
        if name == "connect_tcp" and state == "complete":
            self._socket = info["return_value"]

    async def abandon(self) -> None:
        """Close the connection of a handshake that was cancelled: httpcore closes it after errors only."""
        if self.stage is Stage.HANDSHAKE and self._socket is not None:
            with anyio.CancelScope(shield=True):
                await self._socket.aclose()
