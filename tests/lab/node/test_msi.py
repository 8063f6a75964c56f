"""The Tentacle MSI and msiexec.exe (tentacle.md §10, windows-cluster.md §5; user reports U17, U19, U73)."""

from __future__ import annotations

import pytest

from pulumi_tentacle.lab.node import services
from pulumi_tentacle.lab.node.program import Completed
from pulumi_tentacle.lab.powershell.engine import invoke
from pulumi_tentacle.lab.world import Installer, MsiFault, Node
from tests.lab.node.helpers import TENTACLE, get, install_service, only, run

LOG = r"C:\Windows\Temp\msi.log"
FOLDER = r"C:\Program Files\Octopus Deploy\Tentacle"
QUIET = ("/qn", "/norestart")


@pytest.fixture(autouse=True)
def _packages(node: Node) -> None:
    """Two versions lie on the node."""
    for version in ("8.3.3594", "9.2.4285"):
        installer = Installer(version, f"Octopus.Tentacle.{version}-x64.msi", f"package {version}".encode())
        node.estate.installers.append(installer)
        node.files.write(package(version), installer.data)


def package(version: str) -> str:
    return rf"C:\Windows\Temp\Octopus.Tentacle.{version}-x64.msi"


def install(node: Node, version: str = "8.3.3594", *more: str) -> Completed:
    return run(node, "msiexec.exe", "/i", package(version), *QUIET, *more)


def installed(node: Node) -> list[tuple[str, str]]:
    """Display names and versions of what the registry says is installed."""
    rows = get(node, "Get-ItemProperty", Path=r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\*")
    assert sorted(product.code for product in node.products) == sorted(row["PSChildName"] for row in rows)
    return [(row["DisplayName"], row["DisplayVersion"]) for row in rows]


def product_version(node: Node, path: str = TENTACLE) -> str:
    version = only(invoke(node, "Get-Item", LiteralPath=path)).properties["VersionInfo"].properties["ProductVersion"]
    return str(version)


def log(node: Node) -> str:
    return node.files.read(LOG).decode("utf-16")


def test_an_installation_leaves_files_product_and_location(node: Node) -> None:
    assert install(node).exit_code == 0

    assert product_version(node) == "8.3.3594"
    assert installed(node) == [("Octopus Deploy Tentacle", "8.3.3594")]
    assert node.registry.get(r"Software\Octopus\Tentacle") == {"InstallLocation": FOLDER + "\\"}


def test_a_folder_of_ones_own_is_remembered_for_the_next_version(node: Node) -> None:
    install(node, "8.3.3594", r"INSTALLLOCATION=C:\Tentacle")
    install(node, "9.2.4285")

    assert product_version(node, r"C:\Tentacle\Tentacle.exe") == "9.2.4285"
    assert not node.files.is_file(TENTACLE)


@pytest.mark.parametrize(("first", "then"), [("8.3.3594", "9.2.4285"), ("9.2.4285", "8.3.3594")])
def test_another_version_replaces_the_installed_one_up_or_down(node: Node, first: str, then: str) -> None:
    install(node, first)
    assert install(node, then).exit_code == 0

    assert installed(node) == [("Octopus Deploy Tentacle", then)]
    assert product_version(node) == then


@pytest.mark.usefixtures("daemons")
def test_only_the_default_instances_service_is_stopped_and_stays_so(node: Node) -> None:
    service, second = install_service(node), install_service(node, "OctopusDeploy Tentacle: Second")
    for each in (service, second):
        services.start(node, each.name, by_cluster=False)

    assert install(node).exit_code == 0
    assert (service.state, second.state) == ("Stopped", "Running")

    services.start(node, service.name, by_cluster=False)
    run(node, "msiexec.exe", "/x", node.products[0].code, *QUIET)
    assert service.state == "Stopped"
    assert services.find(node, service.name) is not None


@pytest.mark.usefixtures("daemons")
def test_files_in_use_are_replaced_with_the_next_boot(node: Node) -> None:
    install(node, "8.3.3594", r"INSTALLLOCATION=C:\Test")
    second = install_service(node, "OctopusDeploy Tentacle: Second")
    services.start(node, second.name, by_cluster=False)

    assert install(node, "9.2.4285").exit_code == 3010
    assert product_version(node, r"C:\Test\Tentacle.exe") == "8.3.3594"

    services.boot(node)
    assert product_version(node, r"C:\Test\Tentacle.exe") == "9.2.4285"


def test_uninstalling_leaves_configuration_and_instances(node: Node) -> None:
    install(node)
    node.files.make_folder(r"C:\Octopus")
    node.files.write(r"C:\Octopus\Tentacle.config", b"<octopus-settings/>")

    assert run(node, "msiexec.exe", f"/X{node.products[0].code.lower()}", "/quiet").exit_code == 0

    assert not node.files.is_folder(FOLDER)
    assert installed(node) == []
    assert node.registry.get(r"Software\Octopus\Tentacle") == {}
    assert node.files.is_file(r"C:\Octopus\Tentacle.config")
    assert run(node, "msiexec.exe", "/x", package("8.3.3594"), *QUIET).exit_code == 1605


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["/i", r"C:\nope.msi", "/qn"], 1619),
        (["/i", r"E:\nope.msi", "/qn"], 1619),
        (["/i", r"C:\Windows\Temp\broken.msi", "/qn"], 1620),
        (["/x", "{00000000-0000-0000-0000-000000000000}", "/qn"], 1605),
        (["/i", package("8.3.3594"), "/qn", "/l*v", r"C:\Nope\msi.log"], 1622),
        (["/i", package("8.3.3594"), "/qn", "/frobnicate"], 1639),
        (["/qn"], 1639),
    ],
)
def test_exit_codes(node: Node, arguments: list[str], code: int) -> None:
    node.files.write(r"C:\Windows\Temp\broken.msi", b"<html>")

    assert run(node, "msiexec.exe", *arguments).exit_code == code
    assert node.products == []


def test_the_same_version_again_changes_nothing(node: Node) -> None:
    install(node)
    before = node.files.file(TENTACLE).modified

    assert install(node).exit_code == 0

    assert node.files.file(TENTACLE).modified == before
    assert len(node.products) == 1


def test_the_log_is_utf_16_and_tells_of_success(node: Node) -> None:
    install(node, "8.3.3594", "REBOOT=ReallySuppress", "/l*v", LOG)

    assert node.files.read(LOG).startswith(b"\xff\xfe=\x00")
    assert "Product: Octopus Deploy Tentacle -- Installation completed successfully." in log(node)
    assert "MainEngineThread is returning 0" in log(node)


def test_a_planned_failure_changes_nothing_and_tells_where(node: Node) -> None:
    node.msi_faults = [MsiFault(1603), MsiFault(1618)]

    assert [install(node, "8.3.3594", "/l*v", LOG).exit_code for _ in range(3)] == [1603, 1618, 0]

    assert node.msi_faults == []


def test_the_log_of_a_failure(node: Node) -> None:
    node.msi_faults = [MsiFault(1603)]
    install(node, "8.3.3594", "/l*v", LOG)

    assert node.products == []
    assert not node.files.is_file(TENTACLE)
    assert "Error 1722." in log(node)
    assert "Return value 3." in log(node)
    assert "Product: Octopus Deploy Tentacle -- Installation failed." in log(node)
    assert "MainEngineThread is returning 1603" in log(node)


def test_a_wish_for_a_reboot_is_only_told_when_restarts_are_suppressed(node: Node) -> None:
    booted = node.booted
    node.msi_faults = [MsiFault(3010), MsiFault(3010)]

    assert install(node).exit_code == 3010
    assert run(node, "msiexec.exe", "/i", package("9.2.4285"), "/qn", "REBOOT=ReallySuppress").exit_code == 3010
    assert node.booted == booted
    assert product_version(node) == "9.2.4285"


@pytest.mark.parametrize(("fault", "arguments"), [(3010, ["/quiet"]), (1641, ["/quiet", "/norestart"])])
def test_an_msi_that_is_allowed_to_restarts_the_computer(node: Node, fault: int, arguments: list[str]) -> None:
    booted = node.booted
    node.msi_faults = [MsiFault(fault)]

    assert run(node, "msiexec.exe", "/i", package("8.3.3594"), *arguments).exit_code == 1641

    assert node.booted > booted


def test_a_new_version_may_come_only_with_the_next_boot(node: Node) -> None:
    install(node, "8.3.3594")
    node.msi_faults = [MsiFault(3010, pending=True)]

    assert install(node, "9.2.4285").exit_code == 3010
    assert product_version(node) == "8.3.3594"
    assert installed(node) == [("Octopus Deploy Tentacle", "9.2.4285")]

    services.boot(node)
    assert product_version(node) == "9.2.4285"


def test_an_installation_with_windows_is_refused_and_counted(node: Node) -> None:
    assert run(node, "msiexec.exe", "/i", package("8.3.3594")).stderr.startswith("the lab does not know msiexec")
    assert sum(node.unknown.values()) == 1
    assert node.products == []
