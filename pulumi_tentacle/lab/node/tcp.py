"""Get-NetTCPConnection: which sockets of a node listen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psrpcore.types import PSUInt, PSUInt16

from pulumi_tentacle.lab.node.cdxml import CimEnum, Criterion, instance, query
from pulumi_tentacle.lab.node.unknown import refuse
from pulumi_tentacle.lab.node.windows import SERVICE_HOST
from pulumi_tentacle.lab.powershell.cmdlet import Call, Live, Parameter, cmdlet, integers

_CLASS = "MSFT_NetTCPConnection"
STATE = CimEnum("NetTCPConnection.State", {"Closed": 1, "Listen": 2, "Established": 5, "TimeWait": 11, "Bound": 100})


@cmdlet(
    "Get-NetTCPConnection",
    LocalPort=Parameter(integers, position=1),
    LocalAddress=Parameter(lambda value: value, position=0),
    State=Parameter(STATE.parse_list),
)
def get_net_tcp_connection(call: Call) -> Iterator[Live]:
    """Listening sockets only; the lab keeps no list of open connections."""
    criteria: list[Criterion] = []
    if ports := call.parameters.get("LocalPort"):
        criteria.append(Criterion("LocalPort", ports, lambda socket, port: bool(socket[1] == port)))
    if states := call.parameters.get("State"):
        criteria.append(Criterion("State", states, lambda _, state: bool(state == "Listen")))
    for address, port in query(call, _CLASS, sorted(call.node.listening), criteria):
        yield _shown(address, port, _owner(call, address, port))


def _owner(call: Call, address: str, port: int) -> int:
    recorded = call.node.socket_owners.get((address, port))
    if recorded is not None:
        return recorded
    running = [s.process_id for s in call.node.services.values() if s.process and SERVICE_HOST not in s.image_path]
    if len(running) != 1:
        refuse(call, f"which of {len(running)} processes listens on {address}:{port}")
    return running[0]


def _shown(address: str, port: int, process_id: int) -> Live:
    properties: dict[str, Any] = {
        "LocalAddress": address,
        "LocalPort": PSUInt16(port),
        "RemoteAddress": "0.0.0.0",
        "RemotePort": PSUInt16(0),
        "State": STATE["Listen"],
        "OwningProcess": PSUInt(process_id),
    }
    return instance(f"ROOT/StandardCimv2/{_CLASS}", f'LocalPort = "{port}"', properties, (address, port))
