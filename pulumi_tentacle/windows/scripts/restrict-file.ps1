# Lets SYSTEM, Administrators and one more account (name or SID; may be empty) open a file, and nobody else.
param([string]$Path, [string]$Account)
$ErrorActionPreference = 'Stop'
$sddl = 'D:PAI(A;;FA;;;SY)(A;;FA;;;BA)'
if ($Account) {
    if ($Account -like 'S-1-*') { $sid = $Account }
    else { $sid = (New-Object Security.Principal.NTAccount $Account).Translate([Security.Principal.SecurityIdentifier]).Value }
    $sddl += "(A;;FA;;;$sid)"
}
$security = New-Object System.Security.AccessControl.FileSecurity
$security.SetSecurityDescriptorSddlForm($sddl)
[IO.File]::SetAccessControl($Path, $security)
