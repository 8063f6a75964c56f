"""msiexec.exe: its command line, exit codes and log (windows-cluster.md §5, tentacle.md §10)."""

from __future__ import annotations

import ntpath
from dataclasses import dataclass, field
from datetime import datetime

from pulumi_tentacle.lab.node import msi, system
from pulumi_tentacle.lab.node.filesystem import FileError
from pulumi_tentacle.lab.node.program import Completed, Invocation, program
from pulumi_tentacle.lab.node.unknown import not_known
from pulumi_tentacle.lab.world import MsiFault, Node

SUCCESS, FAILURE, UNKNOWN_PRODUCT = 0, 1603, 1605
PACKAGE_OPEN_FAILED, PACKAGE_INVALID, LOG_FAILURE, BAD_COMMAND_LINE = 1619, 1620, 1622, 1639
REBOOT_INITIATED, REBOOT_REQUIRED = 1641, 3010

_INSTALL, _REMOVE = ("/i", "/package"), ("/x", "/uninstall")
_QUIET = ("/qn", "/q", "/quiet")
_LOGS = ("/l", "/log", "/l*", "/l*v", "/l*vx")


@dataclass
class _Request:
    """A command line that was understood."""

    action: str = ""
    target: str = ""
    quiet: bool = False
    no_restart: bool = False
    log: str | None = None
    properties: dict[str, str] = field(default_factory=dict)

    @property
    def may_restart(self) -> bool:
        suppressed = self.properties.get("REBOOT", "").lower() in ("reallysuppress", "r")
        return not self.no_restart and not suppressed


@program("msiexec.exe")
def msiexec(invocation: Invocation) -> Completed:
    """Install or uninstall quietly. What the next runs end with can be planned in `node.msi_faults`."""
    node = invocation.node
    request = _parse(invocation.arguments)
    if request is None:
        return Completed(BAD_COMMAND_LINE)
    if not request.quiet:
        return not_known(node, "msiexec with a user interface")
    started = node.estate.clock.now()
    if request.log is not None and not _write_log(node, _path(invocation, request.log), started, []):
        return Completed(LOG_FAILURE)
    fault = node.msi_faults.pop(0) if node.msi_faults else MsiFault(SUCCESS)
    code, lines = _carry_out(invocation, request, fault)
    if request.log is not None:
        _write_log(node, _path(invocation, request.log), started, [*_head(request), *lines, *_tail(code)])
    if code == REBOOT_INITIATED:
        system.restart(node)
    return Completed(code)


def _parse(arguments: list[str]) -> _Request | None:
    request = _Request()
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        option = f"/{argument[1:]}".lower() if argument[:1] in ("/", "-") else ""
        if option in (*_INSTALL, *_REMOVE) and rest and not request.action:
            request.action, request.target = "install" if option in _INSTALL else "remove", rest.pop(0)
        elif option[:3] in ("/x{", "/i{") and not request.action:
            request.action, request.target = "remove" if option[1] == "x" else "install", argument[2:]
        elif option in _LOGS and rest:
            request.log = rest.pop(0)
        elif option in _QUIET:
            request.quiet = True
        elif option == "/norestart":
            request.no_restart = True
        elif not option and "=" in argument:
            name, _, value = argument.partition("=")
            request.properties[name.upper()] = value
        else:
            return None
    return request if request.action else None


def _carry_out(invocation: Invocation, request: _Request, fault: MsiFault) -> tuple[int, list[str]]:
    """The exit code, and what is special in the log."""
    node = invocation.node
    if fault.exit_code not in (SUCCESS, REBOOT_INITIATED, REBOOT_REQUIRED):
        return fault.exit_code, _failed_lines(fault.exit_code)
    if request.action == "install":
        try:
            data = node.files.read(_path(invocation, request.target))
        except FileError:
            return PACKAGE_OPEN_FAILED, ["This installation package could not be opened."]
        installer = msi.recognise(node.estate, data)
        if installer is None:
            return PACKAGE_INVALID, ["This installation package could not be opened. It is no valid package."]
        code = msi.product_code(installer.version)
        if msi.find_product(node, code):  # the very same package: maintenance mode, with nothing asked for
            return SUCCESS, ["Product: Octopus Deploy Tentacle -- Configuration completed successfully."]
        reboot = msi.install(
            node, installer.version, request.properties.get("INSTALLLOCATION"), files_in_use=fault.pending
        )
        what = "Installation"
    else:
        product = msi.find_product(node, _code(invocation, request.target))
        if product is None:
            return UNKNOWN_PRODUCT, ["This action is only valid for products that are currently installed."]
        reboot, what = msi.uninstall(node, product), "Removal"
    lines = [f"Product: {msi.PRODUCT} -- {what} completed successfully."]
    if fault.exit_code == REBOOT_INITIATED:
        return REBOOT_INITIATED, lines
    if reboot or fault.exit_code == REBOOT_REQUIRED:
        return REBOOT_INITIATED if request.may_restart else REBOOT_REQUIRED, lines
    return SUCCESS, lines


def _code(invocation: Invocation, target: str) -> str:
    """The product code that /x means: given itself, or by the package."""
    if target.startswith("{"):
        return target
    try:
        installer = msi.recognise(invocation.node.estate, invocation.node.files.read(_path(invocation, target)))
    except FileError:
        installer = None
    return msi.product_code(installer.version) if installer else ""


def _path(invocation: Invocation, path: str) -> str:
    return ntpath.join(invocation.folder, path)


def _head(request: _Request) -> list[str]:
    properties = [
        f"PROPERTY CHANGE: Adding {name} property. Its value is '{value}'."
        for name, value in request.properties.items()
    ]
    return [f"Original package ==> {request.target}", *properties, "Action start: INSTALL."]


def _failed_lines(code: int) -> list[str]:
    if code != FAILURE:
        return [f"Error {code}. The installation cannot go on."]
    return [
        "Action start: WixQuietExec.",
        "CustomAction WixQuietExec returned actual error code 1603 (note this may not be 100% accurate if "
        "translation happened inside sandbox)",
        "Error 1722. There is a problem with this Windows Installer package. A program run as part of the setup did "
        "not finish as expected. Contact your support personnel or package vendor.",
        "Action ended: InstallFinalize. Return value 3.",
        "Action ended: INSTALL. Return value 3.",
        f"Product: {msi.PRODUCT} -- Installation failed.",
    ]


def _tail(code: int) -> list[str]:
    return [f"MainEngineThread is returning {code}"]


def _write_log(node: Node, path: str, started: datetime, lines: list[str]) -> bool:
    """UTF-16 with a byte order mark, as Windows Installer writes it. False if it cannot be written."""
    first = f"=== Verbose logging started: {started:%m/%d/%Y  %H:%M:%S}  Build type: SHIP UNICODE 5.00.10011.00 ==="
    last = f"=== Verbose logging stopped: {node.estate.clock.now():%m/%d/%Y  %H:%M:%S} ==="
    marked = [f"MSI (s) (58:4C) [{started:%H:%M:%S:000}]: {line}" for line in lines]
    try:
        node.files.write(
            path, "\ufeff".encode("utf-16-le") + "\r\n".join([first, *marked, last, ""]).encode("utf-16-le")
        )
    except FileError:
        return False
    return True
