"""Faults as commands: what a person or an accident does to the estate (`pulumi-tentacle lab fault …`).

A fault is a function of the lab and named arguments; it returns one sentence about what happened.
"""

from __future__ import annotations

import base64
import ntpath
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pulumi_tentacle.lab import faults as wire
from pulumi_tentacle.lab.cluster import membership, win32
from pulumi_tentacle.lab.cluster.state import Cluster
from pulumi_tentacle.lab.node import services, storage
from pulumi_tentacle.lab.node.filesystem import FileError
from pulumi_tentacle.lab.node.program import ServiceError, ServiceStartFailed
from pulumi_tentacle.lab.octopus.state import PlannedAnswer

if TYPE_CHECKING:
    from pulumi_tentacle.lab.server import Lab
    from pulumi_tentacle.lab.world import Estate, Node

Fault = Callable[..., str]
FAULTS: dict[str, Fault] = {}


class FaultRefused(Exception):
    """The fault cannot be played; the text says why."""


def _fault(name: str) -> Callable[[Fault], Fault]:
    def register(play: Fault) -> Fault:
        FAULTS[name] = play
        return play

    return register


@_fault("move-role")
def move_role(lab: Lab, *, group: str | None = None, node: str | None = None) -> str:
    """An administrator moves a role, to the best other node if none is named."""
    with lab.estate.lock:
        cluster = _cluster(lab.estate)
        chosen = group or _only_role(cluster)
        try:
            owner = membership.move_role(cluster, chosen, node)
        except win32.Refusal as refusal:
            raise FaultRefused(f"the role '{chosen}' cannot be moved: {refusal}") from None
        found = cluster.find_group(chosen)
        assert found is not None
        return f"the role '{found.name}' is now on {owner}, {cluster.state_of(found).name}"


@_fault("fail-role")
def fail_role(lab: Lab, *, group: str | None = None) -> str:
    """The role's service dies; the cluster restarts it or fails over."""
    with lab.estate.lock:
        cluster = _cluster(lab.estate)
        chosen = group or _only_role(cluster)
        try:
            membership.fail_role(cluster, chosen)
        except win32.Refusal as refusal:
            raise FaultRefused(f"the role '{chosen}' cannot fail: {refusal}") from None
        found = cluster.find_group(chosen)
        assert found is not None
        return f"the role '{found.name}' failed; it is on {found.owner} now, {cluster.state_of(found).name}"


@_fault("stop-service")
def stop_service(lab: Lab, *, node: str, name: str) -> str:
    """Someone stops a service in the Services console."""
    return _service(lab, node, name, "stopped", lambda machine: services.stop(machine, name))


@_fault("start-service")
def start_service(lab: Lab, *, node: str, name: str) -> str:
    """Someone starts a service in the Services console."""
    return _service(lab, node, name, "started", lambda machine: services.start(machine, name, by_cluster=False))


@_fault("edit-file")
def edit_file(lab: Lab, *, node: str, path: str, content: str) -> str:
    """Someone replaces the content of a file, or makes it with its folders. `content` is base64."""
    with lab.estate.lock:
        machine = _node(lab.estate, node)
        try:
            machine.files.make_folder(ntpath.dirname(path))
            machine.files.write(path, base64.b64decode(content))
        except FileError as error:
            raise FaultRefused(f"{machine.name}: {error}") from None
        return f"{machine.name}: {path} is changed"


@_fault("delete-file")
def delete_file(lab: Lab, *, node: str, path: str) -> str:
    """Someone deletes a file."""
    with lab.estate.lock:
        machine = _node(lab.estate, node)
        if not machine.files.is_file(path):
            raise FaultRefused(f"{machine.name}: there is no file {path}")
        machine.files.delete(path)
        return f"{machine.name}: {path} is deleted"


@_fault("mount-disk")
def mount_disk(lab: Lab, *, node: str, serial: str) -> str:
    """Someone brings a disk online in Disk Management."""
    with lab.estate.lock:
        machine = _node(lab.estate, node)
        lun = next((x for x in lab.estate.luns if x.serial_number.lower() == serial.lower()), None)
        if lun is None or machine.name not in lun.seen_by:
            raise FaultRefused(f"{machine.name} sees no disk with the serial number {serial}")
        try:
            storage.set_online(machine, lun, online=True)
        except storage.StorageError as error:
            raise FaultRefused(f"{machine.name}: {error}") from None
        return f"{machine.name}: the disk {lun.serial_number} is online"


@_fault("node-down")
def node_down(lab: Lab, *, node: str) -> str:
    """A node loses its power. Its roles go to another one."""
    machine = _node(lab.estate, node)
    lab.power_off(machine)
    return f"{machine.name} is down"


@_fault("node-up")
def node_up(lab: Lab, *, node: str) -> str:
    """A node that was down starts."""
    machine = _node(lab.estate, node)
    lab.power_on(machine)
    return f"{machine.name} is up"


@_fault("reboot")
def reboot(lab: Lab, *, node: str) -> str:
    """A node restarts."""
    machine = _node(lab.estate, node)
    lab.power_off(machine)
    lab.power_on(machine)
    return f"{machine.name} has restarted"


@_fault("deny-computer-objects")
def deny_computer_objects(lab: Lab) -> str:
    """The cluster's computer object loses the right to make computer objects in its container."""
    with lab.estate.lock:
        cluster = _cluster(lab.estate)
        cluster.directory.revoke_create(cluster.account, cluster.container)
        return f"{cluster.account} may not create computer objects in {cluster.container}"


@_fault("allow-computer-objects")
def allow_computer_objects(lab: Lab) -> str:
    """The domain administrator gives that right (back)."""
    with lab.estate.lock:
        cluster = _cluster(lab.estate)
        cluster.directory.grant_create(cluster.account, cluster.container)
        return f"{cluster.account} may create computer objects in {cluster.container}"


@_fault("octopus")
def octopus(lab: Lab, *, status: int, times: int = 1, **matching: Any) -> str:
    """Octopus answers the next matching requests with an error (fields of PlannedAnswer)."""
    with lab.estate.lock:
        if lab.estate.octopus is None:
            raise FaultRefused("this lab has no Octopus Server")
        lab.estate.octopus.planned.append(PlannedAnswer(status, times=times, **matching))
        return f"Octopus answers the next {times} matching requests with {status}"


@_fault("request")
def request(
    lab: Lab,
    *,
    node: str,
    effect: str,
    nth: int = 1,
    times: int = 1,
    seconds: float = 0.0,
    operation: str | None = None,
    command: str | None = None,
) -> str:
    """A WinRM request of a node is lost, delayed or refused (lab/faults.py)."""
    machine = _node(lab.estate, node)
    try:
        fault = wire.Fault(wire.Effect(effect), seconds=seconds)
    except ValueError:
        raise FaultRefused(f"'{effect}' is none of: {', '.join(e.value for e in wire.Effect)}") from None
    lab.node_server(machine).faults.append(wire.Rule(fault, operation, command, nth, times))
    return f"{machine.name}: {times} matching request(s) from number {nth} on: {effect}"


def _service(lab: Lab, node: str, name: str, verb: str, act: Callable[[Node], None]) -> str:
    with lab.estate.lock:
        machine = _node(lab.estate, node)
        try:
            act(machine)
        except (ServiceError, ServiceStartFailed) as error:
            raise FaultRefused(f"{machine.name}: the service '{name}' cannot be {verb}: {error}") from None
        return f"{machine.name}: the service '{name}' is {verb}"


def _node(estate: Estate, name: str) -> Node:
    short = name.upper().removesuffix(f".{estate.domain.upper()}")
    found = next((n for n in estate.nodes.values() if name == n.address or n.name == short), None)
    if found is None:
        raise FaultRefused(f"there is no node '{name}'; there are: {', '.join(estate.nodes)}")
    return found


def _cluster(estate: Estate) -> Cluster:
    if estate.cluster is None:
        raise FaultRefused("this lab has no cluster")
    return estate.cluster


def _only_role(cluster: Cluster) -> str:
    roles = [group.name for group in cluster.groups if not group.core]
    if len(roles) != 1:
        there = f"there are: {', '.join(roles)}" if roles else "there is none"
        raise FaultRefused(f"say which role with --group; {there}")
    return roles[0]
