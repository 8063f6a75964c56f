# Adds a piece to a file that is being uploaded; the first piece starts it anew.
param([string]$Path, [byte[]]$Content, [bool]$First)
$ErrorActionPreference = 'Stop'
$full = [Environment]::ExpandEnvironmentVariables($Path)
if ($First) {
    $null = [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($full))
    [IO.File]::Delete($full)
}
$stream = New-Object IO.FileStream($full, [IO.FileMode]::Append, [IO.FileAccess]::Write)
try { $stream.Write($Content, 0, $Content.Length) }
finally { $stream.Dispose() }
