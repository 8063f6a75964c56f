# Reads whole files; a file or folder that is not there yields nothing.
param([string[]]$Path, [string[]]$Folder)
$ErrorActionPreference = 'Stop'
function Read-One([string]$File) {
    try { $content = [IO.File]::ReadAllBytes($File) }
    catch [IO.FileNotFoundException], [IO.DirectoryNotFoundException] { return }
    New-Object psobject -Property @{
        Path     = $File
        Content  = $content
        Modified = [IO.File]::GetLastWriteTimeUtc($File).ToString('o')
    }
}
foreach ($name in $Path) {
    if ($name) { Read-One ([Environment]::ExpandEnvironmentVariables($name)) }
}
foreach ($name in $Folder) {
    if (-not $name) { continue }
    try { $files = [IO.Directory]::GetFiles([Environment]::ExpandEnvironmentVariables($name)) }
    catch [IO.DirectoryNotFoundException] { continue }
    foreach ($file in $files) { Read-One $file }
}
