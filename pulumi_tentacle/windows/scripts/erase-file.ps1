# Overwrites a file that held a secret and deletes it; one that is not there is no error.
param([string]$Path)
$ErrorActionPreference = 'Stop'
$full = [Environment]::ExpandEnvironmentVariables($Path)
if ([IO.File]::Exists($full)) {
    $length = (New-Object IO.FileInfo $full).Length
    [IO.File]::WriteAllBytes($full, (New-Object byte[] $length))
    [IO.File]::Delete($full)
}
