"""`lab world` for a person: what matters is there, and what must never happen stands out."""

from __future__ import annotations

from dataclasses import asdict
from io import StringIO
from typing import Any

from rich.console import Console

from pulumi_tentacle.cli.world_view import show
from pulumi_tentacle.lab.world import Tripwire

WORLD: dict[str, Any] = {
    "nodes": {
        "NODE1": {
            "up": False,
            "addresses": ["127.10.0.11"],
            "installed": [{"version": "9.2.4285"}],
            "services": [
                {"name": "WinRM", "state": "Running", "startMode": "Auto"},
                {"name": "OctopusDeploy Tentacle", "state": "Stopped", "startMode": "Manual"},
            ],
            "disks": [{"number": 3, "online": True}],
            "listeners": ["127.10.0.11:10933"],
        }
    },
    "cluster": {
        "name": "LABCLU",
        "groups": [{"name": "TENTCL", "state": "PartialOnline", "owner": "NODE1"}],
        "resources": [{"name": "TENTCL Name", "state": "Failed", "group": "TENTCL"}],
    },
    "octopus": {
        "machines": [
            {
                "Name": "sql",
                "Endpoint": {"Uri": "https://10.0.0.1:10933/", "Thumbprint": "AB" * 20},
                "HealthStatus": "Healthy",
            }
        ]
    },
    "tripwires": [],
    "unknown": {"NODE1": {"cmdlet Get-Thing": 2}},
}


def shown(world: dict[str, Any]) -> str:
    out = StringIO()
    show(world, Console(file=out, width=200))
    return out.getvalue()


def test_what_is_shown() -> None:
    text = shown(WORLD)
    for expected in (
        "NODE1 (down)",
        "9.2.4285",
        "OctopusDeploy Tentacle: Stopped, Manual",
        "127.10.0.11:10933",
        "PartialOnline",
        "TENTCL Name: Failed",
        "https://10.0.0.1:10933/",
        "Healthy",
        "Not known to the lab: NODE1: cmdlet Get-Thing (2 times)",
        "No tripwire was touched.",
    ):
        assert expected in text
    assert "WinRM" not in text  # Windows' own services would hide ours


def test_a_tripwire_stands_out() -> None:
    text = shown(
        WORLD | {"tripwires": [asdict(Tripwire("disk online on two nodes", "NODE2", "LUN-0001"))], "cluster": None}
    )
    assert "Must never happen: disk online on two nodes (NODE2): LUN-0001" in text
    assert "No tripwire" not in text
