terraform {
  required_providers {
    azuread = {
      source  = "hashicorp/azuread"
      version = "~> 3.0"
    }
  }
}

# contoso
provider "azuread" {
  alias       = "exporter"
  environment = "global"
  tenant_id   = "11111111-2222-3333-4444-555555555555"
}

locals {
  exporter_roles = {
    "Reports.Read.All"       = "230c1aed-a721-4c5d-9cb4-a90514e508ef"
    "ServiceHealth.Read.All" = "79c261e0-fe76-4144-aad5-bdc68fbe4037"
  }
}

data "azuread_service_principal" "exporter_graph" {
  provider = azuread.exporter

  client_id = "00000003-0000-0000-c000-000000000000"
}

data "azuread_service_principal" "exporter" {
  provider = azuread.exporter

  client_id = "66666666-7777-8888-9999-aaaaaaaaaaaa"
}

resource "azuread_app_role_assignment" "exporter" { # this is the admin consent
  provider = azuread.exporter

  for_each            = local.exporter_roles
  app_role_id         = each.value
  principal_object_id = data.azuread_service_principal.exporter.object_id
  resource_object_id  = data.azuread_service_principal.exporter_graph.object_id
}

# a\nb
provider "azuread" {
  alias       = "exporter_2"
  environment = "usgovernmentl5"
  tenant_id   = "fabrikam.onmicrosoft.us"
}

locals {
  exporter_2_roles = {
    "Reports.Read.All" = "230c1aed-a721-4c5d-9cb4-a90514e508ef"
  }
}

data "azuread_service_principal" "exporter_2_graph" {
  provider = azuread.exporter_2

  client_id = "00000003-0000-0000-c000-000000000000"
}

data "azuread_service_principal" "exporter_2" {
  provider = azuread.exporter_2

  client_id = "66666666-7777-8888-9999-aaaaaaaaaaaa"
}

resource "azuread_app_role_assignment" "exporter_2" { # this is the admin consent
  provider = azuread.exporter_2

  for_each            = local.exporter_2_roles
  app_role_id         = each.value
  principal_object_id = data.azuread_service_principal.exporter_2.object_id
  resource_object_id  = data.azuread_service_principal.exporter_2_graph.object_id
}

# of GCC High
provider "azuread" {
  alias       = "exporter_3"
  environment = "usgovernmentl4"
  tenant_id   = "agency.onmicrosoft.us"
}

locals {
  exporter_3_roles = {
    "Reports.Read.All"       = "230c1aed-a721-4c5d-9cb4-a90514e508ef"
    "ServiceHealth.Read.All" = "79c261e0-fe76-4144-aad5-bdc68fbe4037"
  }
}

data "azuread_service_principal" "exporter_3_graph" {
  provider = azuread.exporter_3

  client_id = "00000003-0000-0000-c000-000000000000"
}

data "azuread_service_principal" "exporter_3" {
  provider = azuread.exporter_3

  client_id = "66666666-7777-8888-9999-aaaaaaaaaaaa"
}

resource "azuread_app_role_assignment" "exporter_3" { # this is the admin consent
  provider = azuread.exporter_3

  for_each            = local.exporter_3_roles
  app_role_id         = each.value
  principal_object_id = data.azuread_service_principal.exporter_3.object_id
  resource_object_id  = data.azuread_service_principal.exporter_3_graph.object_id
}

# of a VM
provider "azuread" {
  alias       = "exporter_4"
  environment = "china"
  tenant_id   = "11111111-2222-3333-4444-555555555555"
}

locals {
  exporter_4_roles = {
    "Reports.Read.All"       = "230c1aed-a721-4c5d-9cb4-a90514e508ef"
    "ServiceHealth.Read.All" = "79c261e0-fe76-4144-aad5-bdc68fbe4037"
  }
}

data "azuread_service_principal" "exporter_4_graph" {
  provider = azuread.exporter_4

  client_id = "00000003-0000-0000-c000-000000000000"
}

data "azuread_service_principal" "exporter_4" {
  provider = azuread.exporter_4

  client_id = "66666666-7777-8888-9999-aaaaaaaaaaaa"
}

resource "azuread_app_role_assignment" "exporter_4" { # this is the admin consent
  provider = azuread.exporter_4

  for_each            = local.exporter_4_roles
  app_role_id         = each.value
  principal_object_id = data.azuread_service_principal.exporter_4.object_id
  resource_object_id  = data.azuread_service_principal.exporter_4_graph.object_id
}

# of the machine
provider "azuread" {
  alias       = "exporter_5"
  environment = "usgovernmentl4"
  tenant_id   = "11111111-2222-3333-4444-555555555555"
}

locals {
  exporter_5_roles = {
    "Reports.Read.All"       = "230c1aed-a721-4c5d-9cb4-a90514e508ef"
    "ServiceHealth.Read.All" = "79c261e0-fe76-4144-aad5-bdc68fbe4037"
  }
}

data "azuread_service_principal" "exporter_5_graph" {
  provider = azuread.exporter_5

  client_id = "00000003-0000-0000-c000-000000000000"
}

variable "exporter_5_object_id" {
  description = "Object ID of the identity of the machine"
  type        = string
}

data "azuread_service_principal" "exporter_5" {
  provider = azuread.exporter_5

  object_id = var.exporter_5_object_id
}

resource "azuread_app_role_assignment" "exporter_5" { # this is the admin consent
  provider = azuread.exporter_5

  for_each            = local.exporter_5_roles
  app_role_id         = each.value
  principal_object_id = data.azuread_service_principal.exporter_5.object_id
  resource_object_id  = data.azuread_service_principal.exporter_5_graph.object_id
}
