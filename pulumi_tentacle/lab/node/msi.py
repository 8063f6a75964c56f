"""What the Tentacle MSI does to a node (tentacle.md §10), apart from how msiexec.exe is asked to."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from pulumi_tentacle.lab.node import services
from pulumi_tentacle.lab.node.command_line import split
from pulumi_tentacle.lab.node.executables import make_executable
from pulumi_tentacle.lab.node.windows import UNINSTALL
from pulumi_tentacle.lab.world import Estate, Installer, Node, Product

PRODUCT = "Octopus Deploy Tentacle"
SERVICE = "OctopusDeploy Tentacle"  # the one service that the MSI stops, by exactly this name
DEFAULT_FOLDER = r"C:\Program Files\Octopus Deploy\Tentacle"
SETTINGS_KEY = r"Software\Octopus\Tentacle"

_FILES = ("Tentacle.exe", "Octopus.Manager.Tentacle.exe", "Octopus.Tentacle.Upgrader.exe")


def product_code(version: str) -> str:
    """The product code of a version's MSI: every build has one of its own."""
    return f"{{{str(uuid.uuid5(uuid.NAMESPACE_URL, f'tentacle/{version}')).upper()}}}"


def recognise(estate: Estate, data: bytes) -> Installer | None:
    """The lab's installer with this content."""
    return next((installer for installer in estate.installers if installer.data == data), None)


def find_product(node: Node, code: str) -> Product | None:
    return next((product for product in node.products if product.code.lower() == code.lower()), None)


def install(node: Node, version: str, folder: str | None, *, files_in_use: bool) -> bool:
    """Install a version, up or down: a major upgrade replaces what is there. True if it takes a reboot.

    `folder`: INSTALLLOCATION; without it the one that the registry remembers, else the default. A file that is in
    use gets its new content with the next boot. The service is stopped and, in a quiet installation, stays so.
    """
    folder = (folder or _remembered(node) or DEFAULT_FOLDER).rstrip("\\")
    _stop_service(node)
    for older in [product for product in node.products if product.name == PRODUCT]:
        _forget(node, older)
        if older.location.lower() != folder.lower():
            _remove_files(node, older.location)
    content = {f"{folder}\\{name}": make_executable(name, version) for name in _FILES}
    node.files.make_folder(folder)
    files_in_use = files_in_use or _in_use(node, folder)
    for path, data in content.items():
        if files_in_use and node.files.is_file(path):
            node.pending_files[path] = data
        else:
            node.files.write(path, data)
    _record(node, Product(product_code(version), PRODUCT, version, folder))
    return files_in_use


def uninstall(node: Node, product: Product) -> bool:
    """Take the product away; configuration, instances and homes stay. True if it takes a reboot."""
    _stop_service(node)
    in_use = _remove_files(node, product.location)
    _forget(node, product)
    values = node.registry.get(SETTINGS_KEY)
    if values is not None:
        values.pop("InstallLocation", None)
    return in_use


def _remove_files(node: Node, folder: str) -> bool:
    """Delete what the MSI installed, and the folder if nothing else is in it. True if it takes a boot."""
    in_use = _in_use(node, folder)
    for path in (f"{folder}\\{name}" for name in _FILES):
        if in_use:
            node.pending_files[path] = None
        else:
            node.pending_files.pop(path, None)
            if node.files.is_file(path):
                node.files.delete(path)
    if node.files.is_folder(folder) and not node.files.children(folder):
        node.files.delete_folder(folder)
    return in_use


def _record(node: Node, product: Product) -> None:
    node.products.append(product)
    key = f"{UNINSTALL}\\{product.code}"
    values = {
        "DisplayName": product.name,
        "DisplayVersion": product.version,
        "Publisher": "Octopus Deploy Pty. Ltd.",
        "UninstallString": f"MsiExec.exe /X{product.code}",
        "WindowsInstaller": 1,
    }
    for name, value in values.items():
        node.registry.set(key, name, value)
    node.registry.set(SETTINGS_KEY, "InstallLocation", f"{product.location}\\")


def _forget(node: Node, product: Product) -> None:
    node.products.remove(product)
    node.registry.delete(f"{UNINSTALL}\\{product.code}")


def _remembered(node: Node) -> str | None:
    values = node.registry.get(SETTINGS_KEY) or {}
    return str(values["InstallLocation"]) if values.get("InstallLocation") else None


def _stop_service(node: Node) -> None:
    service = services.find(node, SERVICE)
    if service is not None and service.process is not None:
        services.stop(node, SERVICE)


def _in_use(node: Node, folder: str) -> bool:
    """Whether a service still runs from there: another instance's, or one that its cluster started again."""
    return any(_runs_from(split(s.image_path), folder) for s in node.services.values() if s.process is not None)


def _runs_from(command_line: Sequence[str], folder: str) -> bool:
    return command_line[0].lower().startswith(folder.lower() + "\\")
