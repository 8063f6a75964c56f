"""The resource types of the lab and their private properties (windows-cluster.md §2.2, §4.4).

The numbers and texts are what a new resource of the type shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pulumi_tentacle.lab.cluster.enums import ClusterParameterType

Value = int | str

NUMBER, TEXT = ClusterParameterType.UInt32, ClusterParameterType.String


@dataclass(frozen=True)
class Property:
    """A private property; `read_only` ones are set by the resource DLL alone."""

    type: ClusterParameterType
    default: Value
    read_only: bool = False


@dataclass(frozen=True)
class ResourceType:
    name: str
    properties: dict[str, Property] = field(hash=False)
    network_class: bool = False
    storage_class: bool = False


IP_ADDRESS = ResourceType(
    "IP Address",
    {
        "Network": Property(TEXT, ""),
        "Address": Property(TEXT, ""),
        "SubnetMask": Property(TEXT, ""),
        "EnableNetBIOS": Property(NUMBER, 0),
        "OverrideAddressMatch": Property(NUMBER, 0),
        "EnableDhcp": Property(NUMBER, 0),
        "ProbePort": Property(NUMBER, 0),
        "DhcpServer": Property(TEXT, "255.255.255.255", read_only=True),
        "DhcpAddress": Property(TEXT, "0.0.0.0", read_only=True),
        "DhcpSubnetMask": Property(TEXT, "255.0.0.0", read_only=True),
    },
    network_class=True,
)

NETWORK_NAME = ResourceType(
    "Network Name",
    {
        "Name": Property(TEXT, ""),
        "DnsName": Property(TEXT, ""),
        "RemapPipeNames": Property(NUMBER, 0),
        "HostRecordTTL": Property(NUMBER, 1200),
        "RegisterAllProvidersIP": Property(NUMBER, 0),
        "PublishPTRRecords": Property(NUMBER, 0),
        "StatusNetBIOS": Property(NUMBER, 0, read_only=True),
        "StatusDNS": Property(NUMBER, 0, read_only=True),
        "StatusKerberos": Property(NUMBER, 0, read_only=True),
        "CreatingDC": Property(TEXT, "", read_only=True),
        "ObjectGUID": Property(TEXT, "", read_only=True),
    },
    network_class=True,
)

PHYSICAL_DISK = ResourceType(
    "Physical Disk",
    {
        "DiskIdType": Property(NUMBER, 5000, read_only=True),
        "DiskIdGuid": Property(TEXT, "", read_only=True),
        "DiskSignature": Property(NUMBER, 0, read_only=True),
        "DiskPath": Property(TEXT, "", read_only=True),
        "DiskRunChkDsk": Property(NUMBER, 0),
        "DiskArbInterval": Property(NUMBER, 3),
        "MaintenanceMode": Property(NUMBER, 0, read_only=True),
    },
    storage_class=True,
)

GENERIC_SERVICE = ResourceType(
    "Generic Service",
    {
        "ServiceName": Property(TEXT, ""),
        "StartupParameters": Property(TEXT, ""),
        "UseNetworkName": Property(NUMBER, 0),
    },
)

RESOURCE_TYPES = {t.name.lower(): t for t in (IP_ADDRESS, NETWORK_NAME, PHYSICAL_DISK, GENERIC_SERVICE)}

UNMODELLED_TYPES = frozenset(
    {
        "ipv6 address",
        "distributed network name",
        "file share witness",
        "file share quorum witness",
        "cloud witness",
        "storage qos policy manager",
        "generic application",
        "generic script",
        "file server",
    }
)
"""Types that a real cluster has and the lab does not (windows-cluster.md §1.4)."""
