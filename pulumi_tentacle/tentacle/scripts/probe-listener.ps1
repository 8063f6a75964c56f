# Asks the listener from the node itself: whose certificate it shows, and whether Tentacle's page comes.
param([string]$Address, [int]$Port, [int]$TimeoutMs)
$ErrorActionPreference = 'Stop'
$result = @{ Connected = $false; Thumbprint = ''; Page = $false; Detail = '' }
$client = New-Object Net.Sockets.TcpClient
try {
    if (-not $client.ConnectAsync($Address, $Port).Wait($TimeoutMs)) { throw (New-Object TimeoutException "no connection within $TimeoutMs ms") }
    $result.Connected = $true
    $client.ReceiveTimeout = $TimeoutMs
    $client.SendTimeout = $TimeoutMs
    $stream = New-Object Net.Security.SslStream($client.GetStream(), $false, { $true })
    $stream.AuthenticateAsClient($Address, $null, [Security.Authentication.SslProtocols]::Tls12, $false)
    $certificate = New-Object Security.Cryptography.X509Certificates.X509Certificate2 $stream.RemoteCertificate
    $result.Thumbprint = $certificate.Thumbprint
    $request = [Text.Encoding]::ASCII.GetBytes("GET / HTTP/1.0`r`nHost: $Address`r`n`r`n")
    $stream.Write($request, 0, $request.Length)
    $reader = New-Object IO.StreamReader $stream
    $result.Page = $reader.ReadToEnd().Contains('<title>Octopus Tentacle</title>')
}
catch { $result.Detail = $_.Exception.GetBaseException().Message }
finally { $client.Close() }
New-Object psobject -Property $result
