# Puts Replacement in the place of Path at once, if Path still has the content that it was made from (SHA-256, hex).
# Answers 'replaced' or 'changed'. The access list of Path stays.
param([string]$Path, [string]$Replacement, [string]$Expected)
$ErrorActionPreference = 'Stop'
$sha = [Security.Cryptography.SHA256]::Create()
$end = [DateTime]::UtcNow.AddSeconds(15)
while ($true) {
    try {
        $actual = [BitConverter]::ToString($sha.ComputeHash([IO.File]::ReadAllBytes($Path))).Replace('-', '')
        if ($actual -ne $Expected) { return 'changed' }
        [IO.File]::SetLastWriteTimeUtc($Replacement, [DateTime]::UtcNow)
        [IO.File]::Replace($Replacement, $Path, [NullString]::Value)
        return 'replaced'
    }
    catch [IO.FileNotFoundException], [IO.DirectoryNotFoundException] { throw }
    catch [IO.IOException] {
        # Somebody has the file open: Tentacle reads it whole within milliseconds.
        if ([DateTime]::UtcNow -gt $end) { throw }
        Start-Sleep -Milliseconds 200
    }
}
