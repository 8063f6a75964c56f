"""The enums of Microsoft.FailoverClusters.PowerShell that the lab shows, with their numbers (windows-cluster.md §1.3)."""

from __future__ import annotations

from enum import IntEnum

from pulumi_tentacle.lab.powershell.cmdlet import Enum

NAMESPACE = "Microsoft.FailoverClusters.PowerShell"


class ClusterGroupState(IntEnum):
    Online = 0
    Offline = 1
    Failed = 2
    PartialOnline = 3
    Pending = 4


class ClusterResourceState(IntEnum):
    Online = 2
    Offline = 3
    Failed = 4
    OnlinePending = 129
    OfflinePending = 130


class ClusterNodeState(IntEnum):
    Up = 0
    Down = 1
    Paused = 2


class ClusterNodeDrainStatus(IntEnum):
    NotInitiated = 0
    InProgress = 1
    Completed = 2
    Failed = 3


class ClusterNodeFailbackStatus(IntEnum):
    NotInitiated = 0
    InProgress = 1
    Completed = 2
    Failed = 3


class ClusterNodeStatusInformation(IntEnum):
    Normal = 0
    DrainInProgress = 4
    DrainCompleted = 8
    DrainFailed = 16


class GroupType(IntEnum):
    Cluster = 1
    AvailableStorage = 2
    Temporary = 3
    ClusterSharedVolume = 4
    ClusterStoragePool = 5
    FileServer = 100
    GenericApplication = 107
    GenericService = 108
    GenericScript = 109
    VirtualMachine = 111
    Unknown = 9999


class ClusterNetworkRole(IntEnum):
    NoRole = 0
    Cluster = 1
    Client = 2
    ClusterAndClient = 3


class ClusterNetworkState(IntEnum):
    Unavailable = 0
    Down = 1
    Partitioned = 2
    Up = 3


class ClusterNetworkInterfaceState(IntEnum):
    Unavailable = 0
    Failed = 1
    Unreachable = 2
    Up = 3


class ClusterQuorumType(IntEnum):
    Majority = 1
    DiskOnly = 2


class AdminAccessPoint(IntEnum):
    ActiveDirectoryAndDns = 1


class NodeType(IntEnum):
    Node = 0


class ResumeClusterNodeFailbackType(IntEnum):
    NoFailback = 0
    Immediate = 1
    Policy = 2


class ClusterParameterType(IntEnum):
    UInt32 = 2
    String = 3


def dotnet(member: IntEnum) -> Enum:
    """The member as the live .NET value that a cmdlet's output carries."""
    # `None` is no Python name.
    name = "None" if member is ClusterNetworkRole.NoRole else member.name
    return Enum(f"{NAMESPACE}.{type(member).__name__}", name, int(member))


def no_flags(type_name: str) -> Enum:
    """A [Flags] enum without a name for zero prints its number."""
    return Enum(f"{NAMESPACE}.{type_name}", "0", 0)
