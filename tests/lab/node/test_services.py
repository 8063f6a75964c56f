"""The service control manager: what starts, what does not, and whom it tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import pytest

from pulumi_tentacle.lab.node import services
from pulumi_tentacle.lab.node.program import ServiceError, ServiceStartFailed
from pulumi_tentacle.lab.world import Node, Service
from tests.lab.node.helpers import Daemon, install_service, tripped

if TYPE_CHECKING:
    from pulumi_tentacle.lab.cluster.state import Cluster

pytestmark = pytest.mark.usefixtures("daemons")

NAME = "OctopusDeploy Tentacle"


class ClusterStub:
    """A cluster that manages one service."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def manages_service(self, service_name: str) -> bool:
        return service_name == NAME

    def on_service_stopped(self, node: Node, service_name: str) -> None:
        self.told.append((node.name, service_name))


def clustered(node: Node) -> ClusterStub:
    stub = ClusterStub()
    node.estate.cluster = cast("Cluster", stub)
    return stub


def test_a_started_service_has_a_process_that_got_its_arguments(node: Node) -> None:
    service = install_service(node)

    services.start(node, NAME.upper(), by_cluster=False)

    assert (service.state, service.exit_code) == ("Running", 0)
    assert node.processes[service.process_id].command_line == service.image_path
    assert node.processes[service.process_id].name == "daemon.exe"
    assert isinstance(service.process, Daemon)
    assert service.process.arguments == ["run", "--instance=Tentacle"]


def test_a_process_that_ends_at_once_leaves_the_service_stopped_with_the_error(node: Node) -> None:
    service = install_service(node, image_path=r"C:\Test\daemon.exe fail")
    before = dict(node.processes)

    with pytest.raises(ServiceStartFailed) as failure:
        services.start(node, NAME, by_cluster=False)

    assert failure.value.code == 1053
    assert (service.state, service.exit_code, service.process_id, service.process) == ("Stopped", 1053, 0, None)
    assert node.processes == before


def _disabled(node: Node) -> None:
    install_service(node, start_mode="Disabled")


def _running(node: Node) -> None:
    install_service(node)
    services.start(node, NAME, by_cluster=False)


def _marked(node: Node) -> None:
    _running(node)
    services.delete(node, NAME)


def _without_its_dependency(node: Node) -> None:
    install_service(node, dependencies=["Tcpip", "Nope"])


def _without_its_program(node: Node) -> None:
    install_service(node, image_path=r"C:\Test\gone.exe")


@pytest.mark.parametrize(
    ("situation", "code"),
    [
        (lambda node: None, 1060),
        (_disabled, 1058),
        (_running, 1056),
        (_marked, 1072),
        (_without_its_dependency, 1075),
        (_without_its_program, 2),
    ],
)
def test_a_start_that_windows_refuses_names_its_error(node: Node, situation: Callable[[Node], None], code: int) -> None:
    situation(node)

    with pytest.raises(ServiceStartFailed) as failure:
        services.start(node, NAME, by_cluster=False)

    assert failure.value.code == code
    assert node.unknown == {}


def test_a_program_without_a_model_is_counted(node: Node) -> None:
    install_service(node, image_path=r"C:\Test\other.exe")
    node.files.write(r"C:\Test\other.exe", b"MZ")

    with pytest.raises(ServiceStartFailed, match="The lab does not know"):
        services.start(node, NAME, by_cluster=False)

    assert sum(node.unknown.values()) == 1


def test_what_a_service_depends_on_is_started_first(node: Node) -> None:
    needed = install_service(node, "Needed")
    install_service(node, dependencies=["LanmanWorkstation", "TCPIP", "needed"])

    services.start(node, NAME, by_cluster=False)

    assert needed.state == "Running"
    assert [each.name for each in services.dependents(node, "NEEDED")] == [NAME]


def test_a_clustered_service_started_outside_the_cluster_trips(node: Node) -> None:
    clustered(node)
    install_service(node)
    install_service(node, "Other")

    services.start(node, NAME, by_cluster=True)
    services.start(node, "Other", by_cluster=False)
    assert tripped(node) == []

    services.stop(node, NAME)
    services.start(node, NAME, by_cluster=False)
    assert tripped(node) == [("clustered service started outside the cluster", "NODE1")]


def test_an_attempt_that_fails_trips_too(node: Node) -> None:
    clustered(node)
    install_service(node, image_path=r"C:\Test\daemon.exe fail")

    with pytest.raises(ServiceStartFailed):
        services.start(node, NAME, by_cluster=False)

    assert tripped(node) == [("clustered service started outside the cluster", "NODE1")]


def test_the_cluster_hears_of_every_end_that_is_not_its_own(node: Node) -> None:
    cluster = clustered(node)
    install_service(node)

    services.start(node, NAME, by_cluster=True)
    services.stop(node, NAME, by_cluster=True)
    assert cluster.told == []

    services.start(node, NAME, by_cluster=True)
    services.stop(node, NAME)
    services.start(node, NAME, by_cluster=True)
    services.exited(node, NAME)
    assert cluster.told == [("NODE1", NAME), ("NODE1", NAME)]


def test_a_stopped_service_has_no_process_and_cannot_be_stopped_again(node: Node) -> None:
    service = install_service(node)
    services.start(node, NAME, by_cluster=False)
    process = service.process

    services.stop(node, NAME)

    assert isinstance(process, Daemon)
    assert process.stops == 1
    assert (service.state, service.process_id) == ("Stopped", 0)
    with pytest.raises(ServiceError) as failure:
        services.stop(node, NAME)
    assert failure.value.code == 1062


def test_a_process_that_dies_leaves_its_error(node: Node) -> None:
    service = install_service(node)
    services.start(node, NAME, by_cluster=False)

    services.exited(node, NAME)

    assert (service.state, service.exit_code) == ("Stopped", 1067)


def test_a_running_service_that_is_deleted_goes_when_it_stops(node: Node) -> None:
    install_service(node)
    services.start(node, NAME, by_cluster=False)

    services.delete(node, NAME)
    assert services.find(node, NAME) is not None
    with pytest.raises(ServiceError) as twice:
        services.delete(node, NAME)
    with pytest.raises(ServiceError) as again:
        services.create(node, Service(NAME, NAME, "daemon.exe"))
    assert (twice.value.code, again.value.code) == (1072, 1072)

    services.stop(node, NAME)
    assert services.find(node, NAME) is None
    services.create(node, Service(NAME, NAME, "daemon.exe"))


def test_a_name_can_be_used_once(node: Node) -> None:
    services.create(node, Service(NAME, NAME, "daemon.exe"))

    with pytest.raises(ServiceError) as failure:
        services.create(node, Service(NAME.lower(), NAME, "daemon.exe"))

    assert failure.value.code == 1073


def test_a_secret_in_the_command_line_of_a_service_trips_and_is_not_shown(node: Node) -> None:
    services.create(node, Service(NAME, NAME, "daemon.exe --password=s3cret"))
    assert tripped(node) == []

    node.estate.secrets.add("s3cret")
    services.create(node, Service("Second", "Second", "daemon.exe --password=s3cret"))
    services.set_image_path(node, services.require(node, NAME), "daemon.exe --key s3cret")

    assert tripped(node) == [("secret in a command line", "NODE1")] * 2
    assert [wire.detail for wire in node.estate.tripwires] == ["daemon.exe --password=***", "daemon.exe --key ***"]


def test_a_boot_starts_the_automatic_services_and_ends_all_others(node: Node) -> None:
    automatic, manual = install_service(node, "A"), install_service(node, "B", start_mode="Manual")
    broken = install_service(node, "Broken", image_path=r"C:\Test\daemon.exe fail")
    services.start(node, "A", by_cluster=False)
    services.start(node, "B", by_cluster=False)
    booted, process = node.booted, automatic.process

    services.shutdown(node)
    assert not node.up
    assert node.processes == {}
    services.boot(node)

    assert node.up
    assert node.booted > booted
    assert (automatic.state, manual.state, broken.state) == ("Running", "Stopped", "Stopped")
    assert automatic.process is not process
    assert services.require(node, "LanmanWorkstation").state == "Running"


def test_a_clustered_service_that_starts_with_the_computer_trips(node: Node) -> None:
    clustered(node)
    install_service(node, start_mode="Auto")

    services.boot(node)

    assert tripped(node) == [("clustered service started outside the cluster", "NODE1")]
