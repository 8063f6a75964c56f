"""The two guides, made resource by resource as the engine would."""

from __future__ import annotations

from typing import Any

from tests.resources.conftest import Bench

Made = dict[str, tuple[str, dict[str, Any], dict[str, Any]]]

ORDER = ["Certificate", "SharedDisk", "TentacleInstance", "TrustedServer", "ClusterRole", "DeploymentTarget"]


def clustered(bench: Bench, last: str = "DeploymentTarget") -> Made:
    """The clustered guide up to and with the resource `last`: kind → (id, inputs, outputs)."""
    made: Made = {}
    for kind in ORDER[: ORDER.index(last) + 1]:
        made[kind] = bench.make(kind, inputs(bench, kind, made))
    return made


def inputs(bench: Bench, kind: str, made: Made) -> dict[str, Any]:
    """What the example program gives to a resource of the clustered guide."""
    output = {k: o for k, (_, _, o) in made.items()}
    if kind == "Certificate":
        return {}
    if kind == "SharedDisk":
        serial = bench.lab.document()["disks"][0]["serialNumber"]
        return {"nodes": bench.nodes, "serialNumber": serial, "driveLetter": "E", "initialize": True}
    if kind == "TentacleInstance":
        return {
            "nodes": bench.nodes,
            "installer": bench.installer,
            "sharedDisk": output["SharedDisk"]["reference"],
            "certificate": output["Certificate"]["pfx"],
        }
    if kind == "TrustedServer":
        thumbprint = bench.provider.invoke("getServerCertificate")["thumbprint"]
        return {"instance": output["TentacleInstance"]["reference"], "thumbprint": thumbprint}
    if kind == "ClusterRole":
        return {
            "instance": output["TrustedServer"]["instance"],
            "disk": output["SharedDisk"]["reference"],
            "name": "TENTCL",
            "staticAddresses": [bench.lab.document()["roleAddress"]],
        }
    return {
        "host": output["ClusterRole"]["host"],
        "name": "TENTCL",
        "instance": output["TrustedServer"]["instance"],
        "environments": ["Production"],
        "roles": ["app"],
        "expectedThumbprint": output["TentacleInstance"]["thumbprint"],
    }


def take_away(bench: Bench, made: Made) -> None:
    """Delete in the engine's order."""
    for kind in reversed([k for k in ORDER if k in made]):
        id, _, outputs = made[kind]
        bench.provider.delete(kind, id, outputs)
