"""What an MSI log tells when it fails."""

from __future__ import annotations

from pulumi_tentacle.windows.msi import decode_log, digest

LOG = """=== Verbose logging started
MSI (s) (A8:1C): Doing action: InstallFiles
Action start 10:00:00: InstallFiles.
Error 1304. Error writing to file: Tentacle.exe.  Verify that you have access to that directory.
MSI (s) (A8:1C): Product: Octopus Deploy Tentacle -- Error 1304. Error writing to file: Tentacle.exe.
Action ended 10:00:01: InstallFiles. Return value 3.
Action ended 10:00:01: INSTALL. Return value 3.
"""


def test_the_telling_lines_are_found() -> None:
    lines = digest(LOG)
    assert lines[0].startswith("Error 1304")
    assert any(line.endswith("InstallFiles. Return value 3.") for line in lines)
    assert not any("Verbose logging" in line for line in lines)


def test_the_log_is_utf_16() -> None:
    assert decode_log(b"\xff\xfe" + LOG.encode("utf-16-le")) == LOG
    assert decode_log(LOG.encode("cp1252")) == LOG


def test_a_log_without_errors_tells_nothing() -> None:
    assert digest("all is well\n") == []
