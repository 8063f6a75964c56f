"""The service control manager of a node: plain functions for cmdlets, programs, the cluster and Tentacle.

A failover cluster starts its services by `start(…, by_cluster=True)`; every other start of such a service is what
windows-cluster.md §9.2 warns of, and trips.
"""

from __future__ import annotations

import contextlib
import ntpath

from pulumi_tentacle.lab.node import storage, win32
from pulumi_tentacle.lab.node.command_line import split
from pulumi_tentacle.lab.node.program import (
    SERVICE_MAINS,
    ServiceError,
    ServiceStartFailed,
    check_command_line,
    service_main,
)
from pulumi_tentacle.lab.node.windows import SERVICE_HOST, ServiceHost
from pulumi_tentacle.lab.world import Node, RunningService, Service

STARTED_OUTSIDE_CLUSTER = "clustered service started outside the cluster"

# Drivers are dependencies like services, but neither Get-Service without a name nor Win32_Service lists them.
_DRIVERS = frozenset({"tcpip", "afd"})


def find(node: Node, name: str) -> Service | None:
    """The service of this (short) name; case does not matter."""
    return node.services.get(name.lower())


def require(node: Node, name: str) -> Service:
    """The service of this name. Raises ServiceError 1060."""
    service = find(node, name)
    if service is None:
        raise _error(win32.SERVICE_DOES_NOT_EXIST)
    return service


def create(node: Node, service: Service) -> None:
    """Add an entry. Raises ServiceError: 1073 there is one, 1072 there is one that is marked for deletion."""
    existing = find(node, service.name)
    if existing is not None:
        raise _error(win32.SERVICE_MARKED_FOR_DELETE if existing.deleting else win32.SERVICE_EXISTS)
    check_command_line(node, [service.image_path])
    node.services[service.name.lower()] = service


def configurable(node: Node, name: str) -> Service:
    """The service of this name, to be changed. Raises ServiceError: 1060, or 1072 when it is marked for deletion."""
    service = require(node, name)
    if service.deleting:
        raise _error(win32.SERVICE_MARKED_FOR_DELETE)
    return service


def set_image_path(node: Node, service: Service, image_path: str) -> None:
    """Change the command line of a service."""
    check_command_line(node, [image_path])
    service.image_path = image_path


def delete(node: Node, name: str) -> None:
    """Delete an entry; that of a running service is marked and goes when it stops. Raises ServiceError 1060, 1072."""
    service = configurable(node, name)
    service.deleting = True
    if service.state == "Stopped":
        del node.services[service.name.lower()]


def start(node: Node, name: str, *, by_cluster: bool) -> None:
    """Start a service and what it depends on; its state is Running when this returns.

    Raises:
        ServiceStartFailed: with the Win32 error, which is also the service's exit code then: 1060 no such service,
            1058 disabled, 1056 it runs already, 1053 its process ended at once, 2 the executable is not there …
    """
    service = find(node, name)
    if service is None:
        raise _start_failed(win32.SERVICE_DOES_NOT_EXIST)
    if service.deleting:
        raise _start_failed(win32.SERVICE_MARKED_FOR_DELETE)
    if service.start_mode == "Disabled":
        raise _start_failed(win32.SERVICE_DISABLED)
    if service.state != "Stopped":
        raise _start_failed(win32.SERVICE_ALREADY_RUNNING)
    if not by_cluster and _is_clustered(node, service.name):
        node.estate.trip(STARTED_OUTSIDE_CLUSTER, node.name, service.name)
    _start_dependencies(node, service)
    try:
        _launch(node, service)
    except ServiceStartFailed as failure:
        service.exit_code = failure.code
        raise


def stop(node: Node, name: str, *, by_cluster: bool = False) -> None:
    """Stop a service; its process and sockets are gone when this returns. Raises ServiceError: 1060, 1062 not running.

    A cluster takes a stop that is not its own for a failure of the service (windows-cluster.md §9.2).
    """
    service = require(node, name)
    if service.process is None:
        raise _error(win32.SERVICE_NOT_ACTIVE)
    service.state = "Stop Pending"
    service.process.stop()
    _ended(node, service, 0)
    if not by_cluster:
        _tell_cluster(node, service)


def exited(node: Node, name: str, exit_code: int = win32.PROCESS_ABORTED) -> None:
    """The process of a running service has ended by itself; its sockets are closed already."""
    service = find(node, name)
    if service is not None and service.process is not None:
        _ended(node, service, exit_code)
        _tell_cluster(node, service)


def dependents(node: Node, name: str) -> list[Service]:
    """The running services that depend on this one."""
    low = name.lower()
    return [s for s in node.services.values() if s.process and low in (d.lower() for d in s.dependencies)]


def boot(node: Node) -> None:
    """Start the computer: pending files are put in place, and the Automatic services start."""
    for path, data in node.pending_files.items():
        if data is None:
            node.files.delete(path)
        else:
            node.files.write(path, data)
    node.pending_files.clear()
    node.up = True
    node.booted = node.estate.clock.now()
    storage.came_up(node)
    for service in list(node.services.values()):
        if service.start_mode == "Auto" and service.state == "Stopped":
            with contextlib.suppress(ServiceStartFailed):  # the event log tells; the others start all the same
                start(node, service.name, by_cluster=False)


def shutdown(node: Node) -> None:
    """Shut the computer down: every process ends."""
    for service in list(node.services.values()):
        if service.process is not None:
            stop(node, service.name)
    node.processes.clear()
    node.up = False


def _is_clustered(node: Node, name: str) -> bool:
    cluster = node.estate.cluster
    return cluster is not None and cluster.manages_service(name)


def _tell_cluster(node: Node, service: Service) -> None:
    if node.estate.cluster is not None:
        node.estate.cluster.on_service_stopped(node, service.name)


def _start_dependencies(node: Node, service: Service) -> None:
    for name in service.dependencies:
        if name.lower() in _DRIVERS:
            continue
        needed = find(node, name)
        if needed is None or needed.deleting:
            raise _start_failed(win32.SERVICE_DEPENDENCY_DELETED)
        if needed.state == "Stopped":
            start(node, name, by_cluster=False)


def _launch(node: Node, service: Service) -> None:
    executable, *arguments = split(service.image_path)
    name = ntpath.basename(executable)
    main = SERVICE_MAINS.get(name.lower())
    if name.lower() != SERVICE_HOST and not node.files.is_file(executable):
        raise _start_failed(win32.FILE_NOT_FOUND)
    if main is None:
        what = f"what {executable} does as a service"
        node.unknown[what] = node.unknown.get(what, 0) + 1
        raise ServiceStartFailed(win32.SERVICE_REQUEST_TIMEOUT, f"The lab does not know {what}.")
    if service.logon_fails:
        raise _start_failed(win32.SERVICE_LOGON_FAILED)
    process = node.new_process(name, service.image_path)
    service.state, service.process_id = "Start Pending", process.id
    try:
        service.process = main(node, arguments)
    except ServiceStartFailed:
        _ended(node, service, 0)
        raise
    service.state, service.exit_code = "Running", 0


def _ended(node: Node, service: Service, exit_code: int) -> None:
    node.processes.pop(service.process_id, None)
    service.process, service.process_id = None, 0
    service.state, service.exit_code = "Stopped", exit_code
    if service.deleting:
        node.services.pop(service.name.lower(), None)


def _error(code: int) -> ServiceError:
    return ServiceError(code, win32.message(code))


def _start_failed(code: int) -> ServiceStartFailed:
    return ServiceStartFailed(code, win32.message(code))


@service_main(SERVICE_HOST)
def _service_host(node: Node, arguments: list[str]) -> RunningService:
    return ServiceHost()
