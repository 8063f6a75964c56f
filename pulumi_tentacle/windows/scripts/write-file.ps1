# Writes a file anew (base64 text in), readable by SYSTEM and Administrators alone if Restricted.
param([string]$Path, [securestring]$Content, [bool]$Restricted)
$ErrorActionPreference = 'Stop'
$full = [Environment]::ExpandEnvironmentVariables($Path)
$pointer = [Runtime.InteropServices.Marshal]::SecureStringToBSTR($Content)
try { $bytes = [Convert]::FromBase64String([Runtime.InteropServices.Marshal]::PtrToStringBSTR($pointer)) }
finally { [Runtime.InteropServices.Marshal]::ZeroFreeBSTR($pointer) }
$null = [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($full))
[IO.File]::Delete($full)
if ($Restricted) {
    # The access list is there before the first byte is (.NET Framework's constructor).
    $security = New-Object System.Security.AccessControl.FileSecurity
    $security.SetSecurityDescriptorSddlForm('D:PAI(A;;FA;;;SY)(A;;FA;;;BA)')
    $stream = New-Object IO.FileStream($full, [IO.FileMode]::CreateNew, [Security.AccessControl.FileSystemRights]::Write, [IO.FileShare]::None, 4096, [IO.FileOptions]::None, $security)
}
else { $stream = New-Object IO.FileStream($full, [IO.FileMode]::CreateNew, [IO.FileAccess]::Write) }
try { $stream.Write($bytes, 0, $bytes.Length) }
finally { $stream.Dispose() }
