"""A formed cluster of two nodes with one shared LUN and one service, and short ways to ask it."""

from __future__ import annotations

from typing import Any

from pulumi_tentacle.lab import cluster as cluster  # registers the cmdlets
from pulumi_tentacle.lab.cluster.formation import form_cluster
from pulumi_tentacle.lab.cluster.state import Cluster, Group, Resource
from pulumi_tentacle.lab.node.filesystem import Volume
from pulumi_tentacle.lab.node.program import ServiceStartFailed, service_main
from pulumi_tentacle.lab.powershell.cmdlet import Live
from pulumi_tentacle.lab.powershell.engine import Command, Outcome, command, run_pipeline
from pulumi_tentacle.lab.world import Estate, Logon, Lun, Node, Partition, RunningService, Service

CLUSTER_ADDRESS, ROLE_ADDRESS, OTHER_ADDRESS = "127.91.0.20", "127.91.0.30", "127.91.0.31"
SERVICE = "OctopusDeploy Tentacle"
ROLE, DISK = "TENTACLE01", "Cluster Disk 1"
KEY = r"Software\Octopus"
USER = r"LAB\operator"
NAMESPACE = "Microsoft.FailoverClusters.PowerShell"


class Agent:
    """The process of the clustered service."""

    def stop(self) -> None:
        """Ends at once."""


@service_main("cluster-test-agent.exe")
def run_agent(node: Node, arguments: list[str]) -> RunningService:
    """Starts, but where a file says that it is broken (1053: it ended before it reported)."""
    if node.files.is_file(r"C:\Agent\broken"):
        raise ServiceStartFailed(1053, "The service did not respond to the start or control request.")
    return Agent()


class Lab:
    """What the tests work with. Cmdlets run in process, through the real engine."""

    def __init__(self) -> None:
        self.estate = Estate()
        self.nodes = [self.estate.add_node(f"NODE{n}", f"127.91.0.1{n}") for n in (1, 2)]
        for node in self.nodes:
            install_agent(node)
            node.registry.set(KEY, "Origin", node.name)
        self.lun = Lun("LUN-0001", "600A0B80", 20 * 2**30, {"NODE1": 1, "NODE2": 1}, style="GPT", guid="{9e5c}")
        self.lun.partitions.append(Partition(2, self.lun.size, "E", Volume("Octopus")))
        self.estate.luns.append(self.lun)
        self.cluster: Cluster = form_cluster(self.estate, "LABCLU", CLUSTER_ADDRESS, ["NODE1", "NODE2"])

    @property
    def node1(self) -> Node:
        return self.nodes[0]

    @property
    def node2(self) -> Node:
        return self.nodes[1]

    def run(self, *commands: Command, on: Node | None = None, delegated: bool = False) -> Outcome:
        """One statement; on NODE1, without delegation, unless said otherwise."""
        return run_pipeline(on or self.node1, Logon(USER, delegated), [commands])

    def do(self, name: str, /, **parameters: Any) -> list[Any]:
        """One cmdlet that must succeed; what it yields."""
        return self.succeed(command(name, **parameters))

    def succeed(self, *commands: Command, on: Node | None = None) -> list[Any]:
        outcome = self.run(*commands, on=on)
        assert (outcome.state, [e.message for e in outcome.errors]) == ("Completed", [])
        return outcome.output

    def refused(self, *commands: Command, on: Node | None = None, delegated: bool = False) -> Any:
        """A statement that must end with exactly one error record."""
        outcome = self.run(*commands, on=on, delegated=delegated)
        assert len(outcome.errors) == 1, [e.message for e in outcome.errors]
        return outcome.errors[0]

    def group(self, name: str = ROLE) -> Group:
        found = self.cluster.find_group(name)
        assert found is not None, name
        return found

    def resource(self, name: str = SERVICE) -> Resource:
        found = self.cluster.find_resource(name)
        assert found is not None, name
        return found

    def states(self, group: str = ROLE) -> dict[str, str]:
        return {r.name: r.state.name for r in self.cluster.resources_of(self.group(group))}

    def running(self) -> list[str]:
        """The nodes on which the service runs."""
        found = {n.name: n.services.get(SERVICE.lower()) for n in self.nodes}
        return [name for name, service in found.items() if service and service.state == "Running"]

    def set(self, resource: str, **values: Any) -> None:
        self.succeed(command("Get-ClusterResource", Name=resource), command("Set-ClusterParameter", Multiple=values))

    def build_role(self, *, start: bool = True) -> None:
        """The order of windows-cluster.md §2.5, cmdlets of plain WinRM only."""
        address = f"IP Address {ROLE_ADDRESS}"
        self.succeed(command("Get-ClusterAvailableDisk"), command("Add-ClusterDisk"))
        self.do("Add-ClusterGroup", Name=ROLE, GroupType="GenericService")
        self.do("Add-ClusterResource", Name=ROLE, ResourceType="Network Name", Group=ROLE)
        self.set(ROLE, Name=ROLE, DnsName=ROLE)
        self.do("Add-ClusterResource", Name=address, ResourceType="IP Address", Group=ROLE)
        self.set(address, Address=ROLE_ADDRESS, SubnetMask="255.255.255.0", Network="Cluster Network 1", EnableDhcp=0)
        self.do("Set-ClusterResourceDependency", Resource=ROLE, Dependency=f"[{address}]")
        self.do("Move-ClusterResource", Name=DISK, Group=ROLE)
        self.do("Add-ClusterResource", Name=SERVICE, ResourceType="Generic Service", Group=ROLE)
        self.set(SERVICE, ServiceName=SERVICE, UseNetworkName=0)
        self.do("Set-ClusterResourceDependency", Resource=SERVICE, Dependency=f"([{ROLE}]) and ([{DISK}])")
        self.do("Add-ClusterCheckpoint", ResourceName=SERVICE, RegistryCheckpoint=KEY)
        self.do("Set-ClusterOwnerNode", Group=ROLE, Owners=["NODE1", "NODE2"])
        if start:
            self.do("Start-ClusterGroup", Name=ROLE)


def install_agent(node: Node) -> None:
    """The clustered service, installed but stopped, as every node must have it."""
    node.files.make_folder(r"C:\Agent")
    node.files.write(r"C:\Agent\cluster-test-agent.exe", b"MZ")
    image_path = r'"C:\Agent\cluster-test-agent.exe" run'
    node.services[SERVICE.lower()] = Service(SERVICE, SERVICE, image_path, start_mode="Manual")


def disk_object(lun: Lun) -> Live:
    """A row of Get-Disk."""
    kind = "Microsoft.Management.Infrastructure.CimInstance#ROOT/Microsoft/Windows/Storage/MSFT_Disk"
    return Live((kind,), "MSFT_Disk", {"UniqueId": lun.unique_id}, lun)
