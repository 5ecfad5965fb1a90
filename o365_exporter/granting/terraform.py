"""A configuration of Terraform, by the provider azuread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from o365_exporter.errors import one_line
from o365_exporter.escapes import in_quotes
from o365_exporter.granting.apps import DISPLAY_NAME, App
from o365_exporter.graph import GRAPH_APP_ID, ROLES

CLOUDS = {"global": "global", "us_gov_l4": "usgovernmentl4", "us_gov_l5": "usgovernmentl5", "china": "china"}
"""Environments of the provider, by our name."""

_HEAD = """\
terraform {
  required_providers {
    azuread = {
      source  = "hashicorp/azuread"
      version = "~> 3.0"
    }
  }
}
"""
_NAME = "exporter"


def script(apps: Iterable[App]) -> str:
    """A whole configuration; each further app has names of its own, and a provider for its tenant."""
    listed = list(apps)
    names = [_NAME if position == 1 else f"{_NAME}_{position}" for position in range(1, len(listed) + 1)]
    blocks = (_block(app, name, alias=len(listed) > 1) for app, name in zip(listed, names, strict=True))
    return "\n".join([_HEAD, *("\n".join(lines) for lines in blocks)])


def _block(app: App, name: str, *, alias: bool) -> Iterator[str]:
    """What one app needs; blocks are separated by an empty line."""
    by = [f"  provider = azuread.{name}", ""] if alias else []
    if app.tenant:
        yield f"# {one_line(app.tenant)}"
    yield from _provider(app, name if alias else "")
    yield from ("locals {", f"  {name}_roles = {{", *_aligned(app), "  }", "}", "")
    yield f'data "azuread_service_principal" "{name}_graph" {{'
    yield from (*by, f'  client_id = "{GRAPH_APP_ID}"', "}", "")
    yield from _made(name, by) if app.is_new else _found(app, name, by)
    yield f'resource "azuread_app_role_assignment" "{name}" {{ # this is the admin consent'
    yield from by
    yield f"  for_each            = local.{name}_roles"
    yield "  app_role_id         = each.value"
    yield f"  principal_object_id = {'' if app.is_new else 'data.'}azuread_service_principal.{name}.object_id"
    yield f"  resource_object_id  = data.azuread_service_principal.{name}_graph.object_id"
    yield from ("}", "")


def quoted(text: str) -> str:
    """A text in which nothing is expanded."""
    return in_quotes(text).replace("${", "$${").replace("%{", "%%{")


def _provider(app: App, alias: str) -> Iterator[str]:
    values = {"alias": f'"{alias}"'} if alias else {}
    values["environment"] = f'"{CLOUDS[app.cloud.name]}"'
    if app.tenant_id:
        values["tenant_id"] = quoted(app.tenant_id)
    width = max(map(len, values))
    yield from ('provider "azuread" {', *(f"  {key:{width}} = {value}" for key, value in values.items()), "}", "")


def _aligned(app: App) -> Iterator[str]:
    width = max(map(len, app.permissions), default=0) + 2
    for name in app.permissions:
        key = f'"{name}"'
        yield f'    {key:{width}} = "{ROLES[name]}"'


def _made(name: str, by: list[str]) -> Iterator[str]:
    yield f'resource "azuread_application" "{name}" {{'
    yield from (*by, f'  display_name     = "{DISPLAY_NAME}"', '  sign_in_audience = "AzureADMyOrg"', "")
    yield from ("  required_resource_access {", f'    resource_app_id = "{GRAPH_APP_ID}"', "")
    yield from ('    dynamic "resource_access" {', f"      for_each = local.{name}_roles", "      content {")
    yield from ("        id   = resource_access.value", '        type = "Role"', "      }", "    }", "  }", "}", "")
    yield f'resource "azuread_service_principal" "{name}" {{'
    yield from (*by, f"  client_id = azuread_application.{name}.client_id", "}", "")
    yield from (f'output "{name}_client_id" {{', f"  value = azuread_application.{name}.client_id", "}", "")


def _found(app: App, name: str, by: list[str]) -> Iterator[str]:
    if app.is_of_the_machine:
        yield f'variable "{name}_object_id" {{'
        yield from ('  description = "Object ID of the identity of the machine"', "  type        = string", "}", "")
    yield f'data "azuread_service_principal" "{name}" {{'
    yield from by
    yield f"  object_id = var.{name}_object_id" if app.is_of_the_machine else f"  client_id = {quoted(app.client_id)}"
    yield from ("}", "")
