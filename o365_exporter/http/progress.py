"""How far one request has come, as httpcore tells it: what was waited for when it failed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Stage(StrEnum):
    """What a request waits for, as the beginning of "… graph.microsoft.com:443 (directly)"."""

    CONNECTION = "a TCP connection to"
    HANDSHAKE = "the TLS handshake with"
    ANSWER = "an answer of"
    REST = "the rest of the answer of"


_BEGINS = {
    "connect_tcp": Stage.CONNECTION,
    "start_tls": Stage.HANDSHAKE,
    "send_request_headers": Stage.ANSWER,
    "receive_response_body": Stage.REST,
}


@dataclass(slots=True)
class Progress:
    """Of one attempt; a connection that is kept from before needs neither of the first two stages."""

    stage: Stage = Stage.ANSWER

    async def note(self, event: str, info: dict[str, Any]) -> None:
        """Take an event of httpcore's extension ``trace``, such as ``connection.connect_tcp.started``."""
        del info
        _, name, state = event.split(".", 2)
        if state == "started" and name in _BEGINS:
            self.stage = _BEGINS[name]
