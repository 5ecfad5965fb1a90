Connect-MgGraph -Scopes 'Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All'
$roles = @(
  '230c1aed-a721-4c5d-9cb4-a90514e508ef' # Reports.Read.All
  '79c261e0-fe76-4144-aad5-bdc68fbe4037' # ServiceHealth.Read.All
)
$access = @($roles | ForEach-Object { @{ Id = $_; Type = 'Role' } })
$app = New-MgApplication -DisplayName 'o365-exporter' -SignInAudience 'AzureADMyOrg' `
  -RequiredResourceAccess @{ ResourceAppId = '00000003-0000-0000-c000-000000000000'; ResourceAccess = $access }
$principal = New-MgServicePrincipal -AppId $app.AppId
$graph = Get-MgServicePrincipal -Filter "appId eq '00000003-0000-0000-c000-000000000000'"
$granted = @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -All).AppRoleId
foreach ($role in $roles) { # this is the admin consent
  if ($granted -contains $role) { continue }
  New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id `
    -PrincipalId $principal.Id -ResourceId $graph.Id -AppRoleId $role
}
