"""Windows Installer: what is installed, installing quietly, and what the log says when it fails."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pulumi_tentacle.errors import ProgramFailed
from pulumi_tentacle.remoting.commands import command
from pulumi_tentacle.remoting.node import Answer, Node
from pulumi_tentacle.windows import files
from pulumi_tentacle.windows.queries import Query

_UNINSTALL = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\*"
_SECONDS = 1200.0
_REBOOT_INITIATED, _REBOOT_REQUIRED, _UNKNOWN_PRODUCT = 1641, 3010, 1605

# Win32's MSI error codes (windows-cluster.md §5); what to do is for the administrator who reads it.
_CODES = {
    1601: "the Windows Installer service cannot be reached; look at the service 'Windows Installer'",
    1602: "the installation was cancelled",
    1603: "the installation failed; the lines of its log below tell where",
    1612: "the source of an older installed version is missing; uninstall that version first",
    1618: "another installation is running on the node; wait for it to end and run `pulumi up` again",
    1619: "the MSI could not be opened",
    1620: "the file is no valid MSI",
    1625: "a policy of this computer forbids the installation",
    1632: "the temporary folder of the installer is full or cannot be written; uninstall the old version first",
    1633: "the MSI is for another kind of processor; Tentacle's name ends in -x64.msi on 64-bit Windows",
    1638: "another version is installed and must be removed first",
    1639: "the command line was refused",
}


@dataclass(frozen=True)
class Product:
    """An installed product: its code `{GUID}` and version."""

    code: str
    version: str


def products(display_name: str) -> Query[list[Product]]:
    """Installed products of this display name. Read from the registry: Win32_Product would repair all of them."""

    def parse(answers: Sequence[Answer]) -> list[Product]:
        return [Product(str(p["PSChildName"]), str(p["DisplayVersion"])) for p in answers[0].objects]

    return Query(
        (
            command("Get-ItemProperty", Path=_UNINSTALL)
            | command("Where-Object", Property="DisplayName", EQ=True, Value=display_name)
            | command("Select-Object", Property=["PSChildName", "DisplayVersion"]),
        ),
        parse,
    )


def install(node: Node, path: str, log: str) -> bool:
    """Install an MSI quietly. True if the computer must be restarted before all of it works.

    The computer is never restarted from here, whatever the MSI wants (user report U19).

    Raises:
        ProgramFailed: with the meaning of the exit code and the lines of the log that tell why.
    """
    # cmd.exe /c waits for a program with windows too, unlike an interactive one.
    done = node.run(
        "msiexec.exe", "/i", path, "/qn", "/norestart", "REBOOT=ReallySuppress", "/l*v", log, deadline=_SECONDS
    )
    return _ended(node, done.exit_code, f"install {path}", log)


def uninstall(node: Node, code: str, log: str) -> bool:
    """Uninstall a product; one that is not there is no error. True if the computer must be restarted."""
    done = node.run(
        "msiexec.exe", "/x", code, "/qn", "/norestart", "REBOOT=ReallySuppress", "/l*v", log, deadline=_SECONDS
    )
    return done.exit_code != _UNKNOWN_PRODUCT and _ended(node, done.exit_code, f"uninstall {code}", log)


def _ended(node: Node, code: int, what: str, log: str) -> bool:
    if code in (0, _REBOOT_INITIATED, _REBOOT_REQUIRED):
        return code != 0
    meaning = _CODES.get(code, "see Microsoft's list of MsiExec error codes")
    found = files.read(node, [log])
    told = digest(decode_log(found[0].content)) if found else []
    lines = "".join(f"\n  {line}" for line in told) or " It wrote no log."
    raise ProgramFailed(
        f"msiexec could not {what} on {node.address}: exit code {code}, {meaning}. Log on that node: {log}{lines}",
        node=node.address,
        program="msiexec.exe",
        exit_code=code,
    )


def decode_log(content: bytes) -> str:
    """The text of an MSI log, which is UTF-16 with a byte order mark, or ANSI when it was cut off early."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    return content.decode("cp1252", errors="replace")


def digest(log: str) -> list[str]:
    """The lines that tell why it failed: errors, and what stands before the first `Return value 3`."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    failed = next((n for n, line in enumerate(lines) if re.search(r"Return value 3\b", line)), None)
    near = lines[max(0, failed - 3) : failed + 1] if failed is not None else []
    errors = [line for line in lines if re.search(r"\bError \d{4}\b|-- Error|Product: .* -- ", line)]
    return [line[:300] for line in dict.fromkeys([*errors[:6], *near])]
