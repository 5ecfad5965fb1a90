"""Where the exporter listens, and where its alerts lead."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from o365_exporter.texts import UnusableError

_HOST_AND_PORT = re.compile(r"(?P<host>[^:\[\]\s/]*|\[[0-9A-Fa-f:.]+(%\w+)?\]):(?P<port>[0-9]{1,5})")
_HIGHEST_PORT = 65535


def split_listen(value: str) -> tuple[str, int]:
    """Host and port; the host is empty for all addresses and has lost its brackets.

    Raises:
        ValueError: the value is neither ``host:port``, ``[IPv6]:port`` nor ``:port``.
    """
    match = _HOST_AND_PORT.fullmatch(value)
    if match is None or int(match["port"]) > _HIGHEST_PORT:
        raise UnusableError(
            "is no address to listen on",
            'write ":10365" for all addresses, "127.0.0.1:10365" or "[::1]:10365" for one, with a port from 0 '
            f"(any free one) to {_HIGHEST_PORT}",
        )
    return match["host"].strip("[]"), int(match["port"])


def _checked(value: str) -> str:
    split_listen(value)
    return value


def _folder(value: str) -> str:
    """The address of a folder, with the slash at its end; it lands in a metric, and so must hold no password."""
    if not value:
        return value
    try:
        parts = urlsplit(value)
    except ValueError:  # such as brackets that do not match
        parts = SplitResult("", "", "", "", "")
    if parts.scheme not in {"http", "https"} or not parts.hostname or not value.isprintable() or " " in value:
        fault = "is no address"
    elif "@" in parts.netloc:
        raise UnusableError(
            "holds a user or a password, and would be shown in a metric and in alerts", "leave them out"
        )
    elif parts.query or parts.fragment:
        fault = "ends in a query or a fragment, where alerts add the page and its heading"
    else:
        return value.rstrip("/") + "/"
    raise UnusableError(
        fault,
        'write the folder in which the runbooks are, such as "https://wiki.example.org/runbooks/", or nothing for '
        "those that the exporter serves itself",
    )


def _absolute(path: Path | None) -> Path | None:
    if path is not None and not path.is_absolute():
        raise UnusableError("is not an absolute path", "write where the file is from the root on")
    return path


class WebOptions(BaseModel):
    """What the HTTP server can be told."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    listen: Annotated[str, AfterValidator(_checked)] = Field(
        default=":10365",
        description='Address and port to serve on; `":10365"` is every IPv4 and IPv6 address of the machine.',
    )
    reload_endpoint: bool = Field(
        default=False,
        description="Whether `POST /-/reload` reads the settings anew, as SIGHUP does: for whoever can reach the "
        "address, so let that be Prometheus' side of the network alone.",
    )
    poll_now: bool = Field(
        default=False,
        description="Whether the page of a tenant has a button that polls a source at once, for each at most once a "
        "minute: for whoever can reach the address, or signs in by `web_config_file`.",
    )
    runbooks_url: Annotated[str, AfterValidator(_folder)] = Field(
        default="",
        description="Address of the folder of the runbooks that alerts link to, if it is another than `/runbooks/` of "
        "the exporter itself, where none is read while it is down; files are called as there.",
        examples=["https://wiki.example.org/o365/runbooks/"],
    )
    web_config_file: Annotated[Path | None, AfterValidator(_absolute)] = Field(
        default=None,
        description="File in the format of Prometheus' exporter-toolkit: certificate, client certificates, passwords "
        "and headers of the HTTP server; read again when it or a file that it names changes "
        "([security.md](security.md)). Without it everything is served to everybody, by plain HTTP.",
        examples=["/etc/o365-exporter/web.yml"],
    )
