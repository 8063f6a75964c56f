# The node downloads a file itself. TLS 1.2 must be named: it is no default on Server 2012 R2 and 2016.
param([string]$Uri, [string]$Path)
$ErrorActionPreference = 'Stop'
$full = [Environment]::ExpandEnvironmentVariables($Path)
$null = [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($full))
[IO.File]::Delete($full)
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
$client = New-Object Net.WebClient
try { $client.DownloadFile($Uri, $full) }
finally { $client.Dispose() }
