az login --allow-no-subscriptions
APP_ID=$(az ad app create --display-name o365-exporter --sign-in-audience AzureADMyOrg --query appId --output tsv)
# 230c1aed-a721-4c5d-9cb4-a90514e508ef is Reports.Read.All
# 79c261e0-fe76-4144-aad5-bdc68fbe4037 is ServiceHealth.Read.All
az ad app permission add --id "$APP_ID" --api 00000003-0000-0000-c000-000000000000 --api-permissions \
  230c1aed-a721-4c5d-9cb4-a90514e508ef=Role \
  79c261e0-fe76-4144-aad5-bdc68fbe4037=Role
az ad sp create --id "$APP_ID"
sleep 30 # a new app is not known everywhere at once
az ad app permission admin-consent --id "$APP_ID"
