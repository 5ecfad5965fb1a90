# contoso
Connect-MgGraph -TenantId '11111111-2222-3333-4444-555555555555' -Scopes 'Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All'
$roles = @(
  '230c1aed-a721-4c5d-9cb4-a90514e508ef' # Reports.Read.All
  '79c261e0-fe76-4144-aad5-bdc68fbe4037' # ServiceHealth.Read.All
)
$principal = Get-MgServicePrincipal -Filter 'appId eq ''66666666-7777-8888-9999-aaaaaaaaaaaa'''
if (-not $principal) { $principal = New-MgServicePrincipal -AppId '66666666-7777-8888-9999-aaaaaaaaaaaa' }
$graph = Get-MgServicePrincipal -Filter "appId eq '00000003-0000-0000-c000-000000000000'"
$granted = @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -All).AppRoleId
foreach ($role in $roles) { # this is the admin consent
  if ($granted -contains $role) { continue }
  New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id `
    -PrincipalId $principal.Id -ResourceId $graph.Id -AppRoleId $role
}

# a\nb
Connect-MgGraph -Environment USGovDoD -TenantId 'fabrikam.onmicrosoft.us' -Scopes 'Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All'
$roles = @(
  '230c1aed-a721-4c5d-9cb4-a90514e508ef' # Reports.Read.All
)
$principal = Get-MgServicePrincipal -Filter 'appId eq ''66666666-7777-8888-9999-aaaaaaaaaaaa'''
if (-not $principal) { $principal = New-MgServicePrincipal -AppId '66666666-7777-8888-9999-aaaaaaaaaaaa' }
$graph = Get-MgServicePrincipal -Filter "appId eq '00000003-0000-0000-c000-000000000000'"
$granted = @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -All).AppRoleId
foreach ($role in $roles) { # this is the admin consent
  if ($granted -contains $role) { continue }
  New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id `
    -PrincipalId $principal.Id -ResourceId $graph.Id -AppRoleId $role
}

# of GCC High
Connect-MgGraph -Environment USGov -TenantId 'agency.onmicrosoft.us' -Scopes 'Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All'
$roles = @(
  '230c1aed-a721-4c5d-9cb4-a90514e508ef' # Reports.Read.All
  '79c261e0-fe76-4144-aad5-bdc68fbe4037' # ServiceHealth.Read.All
)
$principal = Get-MgServicePrincipal -Filter 'appId eq ''66666666-7777-8888-9999-aaaaaaaaaaaa'''
if (-not $principal) { $principal = New-MgServicePrincipal -AppId '66666666-7777-8888-9999-aaaaaaaaaaaa' }
$graph = Get-MgServicePrincipal -Filter "appId eq '00000003-0000-0000-c000-000000000000'"
$granted = @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -All).AppRoleId
foreach ($role in $roles) { # this is the admin consent
  if ($granted -contains $role) { continue }
  New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id `
    -PrincipalId $principal.Id -ResourceId $graph.Id -AppRoleId $role
}

# of a VM
Connect-MgGraph -Environment China -TenantId '11111111-2222-3333-4444-555555555555' -Scopes 'Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All'
$roles = @(
  '230c1aed-a721-4c5d-9cb4-a90514e508ef' # Reports.Read.All
  '79c261e0-fe76-4144-aad5-bdc68fbe4037' # ServiceHealth.Read.All
)
$principal = Get-MgServicePrincipal -Filter 'appId eq ''66666666-7777-8888-9999-aaaaaaaaaaaa'''
$graph = Get-MgServicePrincipal -Filter "appId eq '00000003-0000-0000-c000-000000000000'"
$granted = @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -All).AppRoleId
foreach ($role in $roles) { # this is the admin consent
  if ($granted -contains $role) { continue }
  New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id `
    -PrincipalId $principal.Id -ResourceId $graph.Id -AppRoleId $role
}

# of the machine
Connect-MgGraph -Environment USGov -TenantId '11111111-2222-3333-4444-555555555555' -Scopes 'Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All'
$roles = @(
  '230c1aed-a721-4c5d-9cb4-a90514e508ef' # Reports.Read.All
  '79c261e0-fe76-4144-aad5-bdc68fbe4037' # ServiceHealth.Read.All
)
$id = Read-Host 'Object ID of the identity of the machine'
$principal = Get-MgServicePrincipal -ServicePrincipalId $id
$graph = Get-MgServicePrincipal -Filter "appId eq '00000003-0000-0000-c000-000000000000'"
$granted = @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -All).AppRoleId
foreach ($role in $roles) { # this is the admin consent
  if ($granted -contains $role) { continue }
  New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id `
    -PrincipalId $principal.Id -ResourceId $graph.Id -AppRoleId $role
}
