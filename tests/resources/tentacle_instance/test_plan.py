"""What is done for a Tentacle instance in which situation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_tentacle.resources.tentacle_instance.observe import NodeFacts
from pulumi_tentacle.resources.tentacle_instance.plan import Wanted, plan, plan_delete
from tests.resources.cases import build, case_id, load

HERE = Path(__file__).parent
CASES = load(str(HERE / "plan"))
URN = "urn:pulumi:dev::test::tentacle:index:TentacleInstance::it"
CONFIG = r"C:\Octopus\Tentacle.config"
THUMBPRINT = "AB" * 20

WANTED = {
    "urn": URN,
    "instance": "Tentacle",
    "config_path": CONFIG,
    "home": r"E:\Octopus\Home",
    "applications": r"E:\Octopus\Applications",
    "port": 10933,
    "listen_address": "any",
    "nodes": 2,
    "drive": "E",
    "thumbprint": THUMBPRINT,
    "firewall": {"name": "pulumi_tentacle-Tentacle", "display_name": "Octopus Deploy Tentacle: 10933", "port": 10933},
    "source": {"version": "8.3.3594", "url": "http://x/t.msi", "sha256": "0" * 64},
}
SINGLE = {
    "nodes": 1,
    "drive": None,
    "home": r"C:\Octopus",
    "applications": r"C:\Octopus\Applications",
    "thumbprint": None,
}
CONFIGURED = {
    "Octopus.Home": r"E:\Octopus\Home",
    "Tentacle.Deployment.ApplicationDirectory": r"E:\Octopus\Applications",
    "Tentacle.Services.PortNumber": "10933",
    "Tentacle.Services.NoListen": "false",
    "Tentacle.CertificateThumbprint": THUMBPRINT,
    "Tentacle.Certificate": "protected",
}
SERVICE = {
    "name": "OctopusDeploy Tentacle",
    "state": "Stopped",
    "start_mode": "Manual",
    "account": "LocalSystem",
    "path": "",
    "process_id": 0,
}
BARE: dict[str, Any] = {"drives": ["C"]}
DONE: dict[str, Any] = {
    "mark": URN,
    "tentacle": {"path": r"C:\Program Files\Octopus Deploy\Tentacle\Tentacle.exe", "version": "8.3.3594"},
    "registered_config": CONFIG,
    "registered_name": "Tentacle",
    "index_file": r"C:\ProgramData\Octopus\Tentacle\Instances\tentacle.config",
    "config_sha256": "AA",
    "config": {"values": CONFIGURED},
    "key_readable": True,
    "service": SERVICE,
    "firewall": WANTED["firewall"],
    "drives": ["C"],
}


def facts(name: str, described: dict[str, Any]) -> NodeFacts:
    """Facts of a node: `bare` or `done`, with changes; `config` changes single keys (null removes one)."""
    base: dict[str, Any] = {"bare": BARE, "done": DONE}[described.get("base", "done")]
    changes = {k: v for k, v in described.items() if k not in ("base", "config", "service")}
    made = {"address": name.lower(), "computer": {"name": name, "domain": "lab.test"}, **base, **changes}
    if described.get("config") is not None:
        values = {**base.get("config", {}).get("values", {}), **described["config"]}
        made["config"] = {"values": {k: v for k, v in values.items() if v is not None}}
    if "service" in described:
        made["service"] = described["service"] and {**SERVICE, **described["service"]}
    return build(NodeFacts, made)


@pytest.mark.parametrize("case", CASES, ids=map(case_id, CASES))
def test_plan(case: dict[str, Any]) -> None:
    base = {**WANTED, **(SINGLE if case.get("single") else {})}
    nodes = [facts(name, described) for name, described in case["facts"].items()]
    if case.get("delete"):
        steps = plan_delete("Tentacle", [CONFIG], nodes, uninstall=case["delete"] == "with MSI")
    else:
        steps = plan(build(Wanted, {**base, **case.get("wanted", {})}), nodes)
    assert [step.words for step in steps] == case["steps"]
