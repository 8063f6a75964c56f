"""The lab's state for a person: short tables of what matters."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

Json = dict[str, Any]

OF_WINDOWS = ("WinRM", "LanmanWorkstation", "ClusSvc")


def show(world: Json, console: Console | None = None) -> None:
    """Print nodes, roles, targets and tripwires."""
    out = console or Console()
    out.print(_nodes(world["nodes"]))
    if world["cluster"]:
        out.print(_roles(world["cluster"]))
    if world["octopus"]:
        out.print(_targets(world["octopus"]["machines"]))
    for tripwire in world["tripwires"]:
        out.print(f"[bold red]Must never happen:[/] {tripwire['what']} ({tripwire['where']}): {tripwire['detail']}")
    for where, counts in world["unknown"].items():
        for what, times in counts.items():
            out.print(f"[yellow]Not known to the lab:[/] {where}: {what} ({times} times)")
    if not world["tripwires"]:
        out.print("No tripwire was touched.")


def _nodes(nodes: Json) -> Table:
    table = Table("Node", "Addresses", "Tentacle", "Services", "Disks online", "Listens at", title="Nodes")
    for name, node in nodes.items():
        tentacle = [product["version"] for product in node["installed"]]
        services = [
            f"{s['name']}: {s['state']}, {s['startMode']}" for s in node["services"] if s["name"] not in OF_WINDOWS
        ]
        disks = [f"{disk['number']}" for disk in node["disks"] if disk["online"]]
        table.add_row(
            name if node["up"] else f"{name} (down)",
            *("\n".join(column) for column in (node["addresses"], tentacle, services, disks, node["listeners"])),
        )
    return table


def _roles(cluster: Json) -> Table:
    table = Table("Group", "State", "Owner", "Resources", title=f"Cluster {cluster['name']}")
    for group in cluster["groups"]:
        resources = [f"{r['name']}: {r['state']}" for r in cluster["resources"] if r["group"] == group["name"]]
        table.add_row(group["name"], group["state"], group["owner"], "\n".join(resources))
    return table


def _targets(machines: list[Json]) -> Table:
    table = Table("Target", "Address", "Thumbprint", "Health", title="Octopus")
    for machine in machines:
        table.add_row(
            machine["Name"], machine["Endpoint"]["Uri"], machine["Endpoint"]["Thumbprint"], machine["HealthStatus"]
        )
    return table
