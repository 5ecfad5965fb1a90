terraform {
  required_providers {
    azuread = {
      source  = "hashicorp/azuread"
      version = "~> 3.0"
    }
  }
}

provider "azuread" {
  environment = "global"
}

locals {
  exporter_roles = {
    "Reports.Read.All"       = "230c1aed-a721-4c5d-9cb4-a90514e508ef"
    "ServiceHealth.Read.All" = "79c261e0-fe76-4144-aad5-bdc68fbe4037"
  }
}

data "azuread_service_principal" "exporter_graph" {
  client_id = "00000003-0000-0000-c000-000000000000"
}

resource "azuread_application" "exporter" {
  display_name     = "o365-exporter"
  sign_in_audience = "AzureADMyOrg"

  required_resource_access {
    resource_app_id = "00000003-0000-0000-c000-000000000000"

    dynamic "resource_access" {
      for_each = local.exporter_roles
      content {
        id   = resource_access.value
        type = "Role"
      }
    }
  }
}

resource "azuread_service_principal" "exporter" {
  client_id = azuread_application.exporter.client_id
}

output "exporter_client_id" {
  value = azuread_application.exporter.client_id
}

resource "azuread_app_role_assignment" "exporter" { # this is the admin consent
  for_each            = local.exporter_roles
  app_role_id         = each.value
  principal_object_id = azuread_service_principal.exporter.object_id
  resource_object_id  = data.azuread_service_principal.exporter_graph.object_id
}
