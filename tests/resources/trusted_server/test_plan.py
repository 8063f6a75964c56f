"""What is done for a trust in which situation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_tentacle.resources.tentacle_instance.observe import NodeFacts
from pulumi_tentacle.resources.trusted_server.plan import Wanted, plan
from tests.resources.cases import build, case_id, load

CASES = load(str(Path(__file__).parent / "plan"))
SERVER = "AB" * 20


def facts(name: str, described: dict[str, Any]) -> NodeFacts:
    """`trusts`: thumbprints as spelled in the configuration; `running`: with an older or the present configuration."""
    entries = ",".join(
        f'{{"Thumbprint":"{t}","CommunicationStyle":1,"Address":null,"Squid":null,"SubscriptionId":null}}'
        for t in described.get("trusts", [])
    )
    made: dict[str, Any] = {
        "address": name.lower(),
        "computer": {"name": name, "domain": "lab.test"},
        "config": {"values": {"Tentacle.Communication.TrustedOctopusServers": f"[{entries}]", "Octopus.Home": "E:\\H"}},
        "config_sha256": "AA",
        "config_modified": "2026-01-01T00:00:01+00:00",
        "leftovers": described.get("leftovers", []),
    }
    if "running" in described:
        second = {"older": 0, "present": 2}[described["running"]]
        made["service_started"] = f"2026-01-01T00:00:0{second}+00:00"
        made["service"] = {
            "name": "S",
            "state": "Running",
            "start_mode": "Manual",
            "account": "",
            "path": "",
            "process_id": 5,
        }
    if "clustered" in described:
        made["clustered"] = {"resource": described["clustered"], "group": "G", "owner": name, "online": True}
    return build(NodeFacts, made)


@pytest.mark.parametrize("case", CASES, ids=map(case_id, CASES))
def test_plan(case: dict[str, Any]) -> None:
    wanted = Wanted("S", r"C:\Octopus\Tentacle.config", SERVER, trusted=not case.get("delete", False))
    steps = plan(wanted, [facts(name, described) for name, described in case["facts"].items()])
    assert [step.words for step in steps] == case["steps"]
