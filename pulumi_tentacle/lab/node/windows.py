"""What every Windows server has before anything is installed on it: folders, registry keys, services."""

from __future__ import annotations

from pulumi_tentacle.lab.world import Node, Service

UNINSTALL = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
SESSION_MANAGER = r"SYSTEM\CurrentControlSet\Control\Session Manager"
SERVICE_HOST = "svchost.exe"

_FOLDERS = (
    r"C:\Program Files",
    r"C:\Program Files (x86)",
    r"C:\ProgramData",
    r"C:\Users\Public",
    r"C:\Windows\System32\config\systemprofile\AppData\Local",
    r"C:\Windows\Temp",
)
_KEYS = (
    UNINSTALL,
    r"SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Uninstall",
    SESSION_MANAGER,
)
_SERVICES = (
    ("LanmanWorkstation", "Workstation", r"C:\Windows\System32\svchost.exe -k NetworkService"),
    ("WinRM", "Windows Remote Management (WS-Management)", r"C:\Windows\System32\svchost.exe -k NetworkService"),
)


def furnish(node: Node) -> None:
    """Make a new node a freshly installed server."""
    for folder in _FOLDERS:
        node.files.make_folder(folder)
    for key in _KEYS:
        node.registry.make(key)
    for name, display_name, image_path in _SERVICES:
        process = node.new_process(SERVICE_HOST, image_path)
        node.services[name.lower()] = Service(
            name,
            display_name,
            image_path,
            account=r"NT AUTHORITY\NetworkService",
            state="Running",
            process_id=process.id,
            process=ServiceHost(),
        )


class ServiceHost:
    """The process of a service of Windows itself: it does nothing that the lab models."""

    def stop(self) -> None:
        """End at once."""
