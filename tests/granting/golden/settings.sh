# contoso
az cloud set --name AzureCloud
az login --tenant 11111111-2222-3333-4444-555555555555 --allow-no-subscriptions
APP_ID=66666666-7777-8888-9999-aaaaaaaaaaaa
# 230c1aed-a721-4c5d-9cb4-a90514e508ef is Reports.Read.All
# 79c261e0-fe76-4144-aad5-bdc68fbe4037 is ServiceHealth.Read.All
az ad app permission add --id "$APP_ID" --api 00000003-0000-0000-c000-000000000000 --api-permissions \
  230c1aed-a721-4c5d-9cb4-a90514e508ef=Role \
  79c261e0-fe76-4144-aad5-bdc68fbe4037=Role
az ad app permission admin-consent --id "$APP_ID"

# a\nb
# The Azure CLI does not know DoD's Graph, but GCC High's alone: take --format powershell, or terraform.

# of GCC High
az cloud set --name AzureUSGovernment
az login --tenant agency.onmicrosoft.us --allow-no-subscriptions
APP_ID=66666666-7777-8888-9999-aaaaaaaaaaaa
# 230c1aed-a721-4c5d-9cb4-a90514e508ef is Reports.Read.All
# 79c261e0-fe76-4144-aad5-bdc68fbe4037 is ServiceHealth.Read.All
az ad app permission add --id "$APP_ID" --api 00000003-0000-0000-c000-000000000000 --api-permissions \
  230c1aed-a721-4c5d-9cb4-a90514e508ef=Role \
  79c261e0-fe76-4144-aad5-bdc68fbe4037=Role
# az ad app permission admin-consent knows the global cloud alone: here the roles themselves are assigned.
PRINCIPAL_ID=$(az ad sp show --id "$APP_ID" --query id --output tsv)
GRAPH_ID=$(az ad sp show --id 00000003-0000-0000-c000-000000000000 --query id --output tsv)
for ROLE_ID in 230c1aed-a721-4c5d-9cb4-a90514e508ef 79c261e0-fe76-4144-aad5-bdc68fbe4037; do
  az rest --method post --url "https://graph.microsoft.us/v1.0/servicePrincipals/$PRINCIPAL_ID/appRoleAssignments" \
    --body "{\"principalId\": \"$PRINCIPAL_ID\", \"resourceId\": \"$GRAPH_ID\", \"appRoleId\": \"$ROLE_ID\"}"
done

# of a VM
az cloud set --name AzureChinaCloud
az login --tenant 11111111-2222-3333-4444-555555555555 --allow-no-subscriptions
PRINCIPAL_ID=$(az ad sp show --id 66666666-7777-8888-9999-aaaaaaaaaaaa --query id --output tsv)
# 230c1aed-a721-4c5d-9cb4-a90514e508ef is Reports.Read.All
# 79c261e0-fe76-4144-aad5-bdc68fbe4037 is ServiceHealth.Read.All
GRAPH_ID=$(az ad sp show --id 00000003-0000-0000-c000-000000000000 --query id --output tsv)
for ROLE_ID in 230c1aed-a721-4c5d-9cb4-a90514e508ef 79c261e0-fe76-4144-aad5-bdc68fbe4037; do
  az rest --method post --url "https://microsoftgraph.chinacloudapi.cn/v1.0/servicePrincipals/$PRINCIPAL_ID/appRoleAssignments" \
    --body "{\"principalId\": \"$PRINCIPAL_ID\", \"resourceId\": \"$GRAPH_ID\", \"appRoleId\": \"$ROLE_ID\"}"
done

# of the machine
az cloud set --name AzureUSGovernment
az login --tenant 11111111-2222-3333-4444-555555555555 --allow-no-subscriptions
PRINCIPAL_ID=${PRINCIPAL_ID:?set it to the object ID of the identity of this machine}
# 230c1aed-a721-4c5d-9cb4-a90514e508ef is Reports.Read.All
# 79c261e0-fe76-4144-aad5-bdc68fbe4037 is ServiceHealth.Read.All
GRAPH_ID=$(az ad sp show --id 00000003-0000-0000-c000-000000000000 --query id --output tsv)
for ROLE_ID in 230c1aed-a721-4c5d-9cb4-a90514e508ef 79c261e0-fe76-4144-aad5-bdc68fbe4037; do
  az rest --method post --url "https://graph.microsoft.us/v1.0/servicePrincipals/$PRINCIPAL_ID/appRoleAssignments" \
    --body "{\"principalId\": \"$PRINCIPAL_ID\", \"resourceId\": \"$GRAPH_ID\", \"appRoleId\": \"$ROLE_ID\"}"
done
