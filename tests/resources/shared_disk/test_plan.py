"""What is done for a shared disk in which situation, and what is refused before anything is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_tentacle.errors import TentacleError
from pulumi_tentacle.resources.shared_disk.observe import NodeFacts
from pulumi_tentacle.resources.shared_disk.plan import Wanted, plan, plan_delete, refuse
from tests.resources.cases import build, case_id, load

CASES = load(str(Path(__file__).parent / "plan"))
URN = "urn:disk"
WANTED: dict[str, Any] = {
    "urn": URN,
    "name": {"serial_number": "LUN-0001", "unique_id": None},
    "letter": "E",
    "label": "Octopus",
    "file_system": "NTFS",
    "initialize": True,
}
DISK = {
    "unique_id": "600A",
    "serial_number": "LUN-0001",
    "size": 1,
    "style": "GPT",
    "guid": "{1}",
    "offline": True,
    "read_only": False,
    "clustered": False,
}
PARTITION = {"number": 2, "letter": "E", "file_system": "NTFS", "label": "Octopus"}
CLUSTER_DISK = {"resource": "Cluster Disk 1", "group": "Available Storage", "owner": "NODE1", "online": True}


def facts(name: str, described: dict[str, Any]) -> NodeFacts:
    """`disk`: changes to an offline GPT disk (null: not seen); `partition`: changes to the wanted one."""
    made: dict[str, Any] = {"address": name.lower(), "computer": {"name": name, "domain": "lab.test"}, "mark": URN}
    disk = described.get("disk", {})
    made["matches"] = [] if disk is None else [{**DISK, **disk}] * described.get("times", 1)
    if "partition" in described:
        made["partitions"] = [{**PARTITION, **described["partition"]}] * described.get("partition_times", 1)
    if "cluster_disk" in described:
        made["cluster_disk"] = {**CLUSTER_DISK, **described["cluster_disk"]}
    made.update({k: v for k, v in described.items() if k in ("drives", "mark", "formatting", "cluster")})
    return build(NodeFacts, made)


@pytest.mark.parametrize("case", CASES, ids=map(case_id, CASES))
def test_plan(case: dict[str, Any]) -> None:
    wanted = build(Wanted, {**WANTED, **case.get("wanted", {})})
    nodes = [facts(name, described) for name, described in case["facts"].items()]
    if "refused" in case:
        with pytest.raises(TentacleError) as caught:
            refuse(wanted, nodes)
        assert type(caught.value).__name__ == case["error"]
        assert case["refused"] in str(caught.value)
        return
    if case.get("delete"):
        steps = plan_delete(wanted.name, nodes)
    else:
        refuse(wanted, nodes)
        steps = plan(wanted, nodes)
    assert [step.words for step in steps] == case["steps"]
