"""The block of docs/clouds.md: the clouds as the exporter knows them, out of login/clouds.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from o365_exporter.login.clouds import CLOUDS, Cloud
from tools.blocks import filled


def documents() -> dict[str, str]:
    """The page with its block as it should be."""
    return {"docs/clouds.md": filled("docs/clouds.md", {"clouds": _table()})}


def _table() -> str:
    """Where each cloud is, and then how else it is called and what it has of usage reports."""
    return "\n".join((*_rows(_PLACES, _places), "", *_rows(_REST, _rest), ""))


_PLACES = ("`cloud`", "Login", "Graph", "Where apps are registered", "Where incidents are read of")
_REST = ("`cloud`", "Usage reports", "Also called")


def _rows(header: tuple[str, ...], row: Callable[[Cloud], Iterator[str]]) -> Iterator[str]:
    for cells in (header, ("---",) * len(header), *map(row, CLOUDS.values())):
        yield f"| {' | '.join(cells)} |"


def _places(cloud: Cloud) -> Iterator[str]:
    yield f"`{cloud.name}`"
    yield from (f"`{urlsplit(address).hostname}`" for address in (cloud.login, cloud.graph))
    yield from (f"<{address}>" for address in (cloud.portal, cloud.admin_center))


def _rest(cloud: Cloud) -> Iterator[str]:
    yield from (f"`{cloud.name}`", _reports(cloud), ", ".join(f"`{alias}`" for alias in cloud.aliases))


def _reports(cloud: Cloud) -> str:
    where = "v1.0" if cloud.v1_usage_reports else "beta"
    hosts = ", ".join(f"`{host}`" for host in cloud.report_hosts)
    return f"{where}, files on {hosts}" if hosts else f"{where}, once `report_hosts` names the hosts of their files"
