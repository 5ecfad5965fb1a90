"""Where the exporter listens."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_HOST_AND_PORT = re.compile(r"(?P<host>[^:\[\]\s/]*|\[[0-9A-Fa-f:.]+(%\w+)?\]):(?P<port>[0-9]{1,5})")
_HIGHEST_PORT = 65535


def split_listen(value: str) -> tuple[str, int]:
    """Host and port; the host is empty for all addresses and has lost its brackets.

    Raises:
        ValueError: the value is neither ``host:port``, ``[IPv6]:port`` nor ``:port``.
    """
    match = _HOST_AND_PORT.fullmatch(value)
    if match is None or int(match["port"]) > _HIGHEST_PORT:
        raise ValueError(
            f'{value!r} is no address to listen on: write ":10365" for all addresses, "127.0.0.1:10365" or '
            f'"[::1]:10365" for one, with a port from 0 (any free one) to {_HIGHEST_PORT}'
        )
    return match["host"].strip("[]"), int(match["port"])


def _checked(value: str) -> str:
    split_listen(value)
    return value


class WebOptions(BaseModel):
    """What the HTTP server can be told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: Annotated[str, AfterValidator(_checked)] = Field(
        default=":10365",
        description='Address and port to serve on; `":10365"` is every IPv4 and IPv6 address of the machine.',
    )
