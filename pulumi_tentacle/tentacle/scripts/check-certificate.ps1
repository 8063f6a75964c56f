# Tells whether this machine can undo the protection of Tentacle.Certificate; the key itself never leaves the script.
param([string]$Protected)
$ErrorActionPreference = 'Stop'
Add-Type -AssemblyName System.Security
try {
    $null = [Security.Cryptography.ProtectedData]::Unprotect([Convert]::FromBase64String($Protected), $null, [Security.Cryptography.DataProtectionScope]::LocalMachine)
    New-Object psobject -Property @{ Readable = $true; HResult = 0 }
}
catch {
    New-Object psobject -Property @{ Readable = $false; HResult = $_.Exception.GetBaseException().HResult }
}
