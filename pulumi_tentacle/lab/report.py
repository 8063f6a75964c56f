"""The whole state of an estate as plain values (resources.md, `lab world`)."""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Any

from pulumi_tentacle.lab.cluster import view
from pulumi_tentacle.lab.octopus import render
from pulumi_tentacle.lab.octopus.state import Octopus
from pulumi_tentacle.lab.octopus.task_views import task_json, task_text
from pulumi_tentacle.lab.tentacle.view import instances
from pulumi_tentacle.lab.world import Estate, Lun, Node

Json = dict[str, Any]


def world(estate: Estate) -> Json:
    """Nodes, disks, cluster, Octopus and tripwires, as they are at one moment."""
    with estate.lock:
        return {
            "nodes": {node.name: _node(node) for node in estate.nodes.values()},
            "disks": [_lun(lun) for lun in estate.luns],
            "cluster": view.to_json(estate.cluster) if estate.cluster else None,
            "octopus": _octopus(estate.octopus) if estate.octopus else None,
            "tripwires": [asdict(tripwire) for tripwire in estate.tripwires],
            "unknown": unknown(estate),
        }


def unknown(estate: Estate) -> dict[str, dict[str, int]]:
    """What the lab was asked for and does not know: by node or `Octopus`, how often. Empty when all is well."""
    counted = {node.name: dict(node.unknown) for node in estate.nodes.values()}
    if estate.octopus:
        counted["Octopus"] = dict(estate.octopus.unknown)
    return {where: counts for where, counts in counted.items() if counts}


def _node(node: Node) -> Json:
    return {
        "fqdn": node.fqdn,
        "addresses": node.addresses,
        "up": node.up,
        "services": [
            {
                "name": s.name,
                "displayName": s.display_name,
                "state": s.state,
                "startMode": s.start_mode,
                "account": s.account,
                "command": s.image_path,
                "exitCode": s.exit_code,
            }
            for s in sorted(node.services.values(), key=lambda s: s.name.lower())
        ],
        "instances": instances(node),
        "files": {path: _content(file.data) for path, file in node.files.walk()},
        "disks": [
            {
                "number": lun.seen_by[node.name],
                "uniqueId": lun.unique_id_on(node.name),
                "online": node.name in lun.online_on,
            }
            for lun in node.estate.luns
            if node.name in lun.seen_by
        ],
        "firewall": [asdict(rule) for rule in node.firewall.values()],
        "installed": [asdict(product) for product in node.products],
        "registry": {
            node.registry.spellings[key]: _values(values) for key, values in sorted(node.registry.keys.items())
        },
        "commands": [list(command) for command in node.commands],
        "cmdlets": list(node.cmdlets),
        "listeners": [f"{address}:{port}" for address, port in sorted(node.listening)],
        "scheduledTasks": list(node.scheduled_tasks),
        "failedLogons": node.failed_logons,
    }


def _lun(lun: Lun) -> Json:
    return {
        "serialNumber": lun.serial_number,
        "uniqueId": lun.unique_id,
        "size": lun.size,
        "style": lun.style,
        "seenBy": dict(lun.seen_by),
        "onlineOn": sorted(lun.online_on),
        "clustered": lun.clustered,
        "partitions": [
            {
                "number": p.number,
                "size": p.size,
                "letter": p.letter,
                "label": p.volume.label if p.volume else None,
                "fileSystem": p.volume.file_system if p.volume else None,
            }
            for p in lun.partitions
        ],
    }


def _octopus(octopus: Octopus) -> Json:
    return {
        "thumbprint": octopus.certificate.thumbprint,
        "spaces": [render.space(s) for s in octopus.spaces],
        "machines": [render.machine(m) for m in octopus.machines],
        "tasks": [task_json(t) | {"Log": task_text(t)} for t in octopus.tasks],
        "requests": list(octopus.requests),
    }


def _content(data: bytes) -> str | Json:
    """Text as it is (with its byte order mark), anything else in base64."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    return {"base64": base64.b64encode(data).decode()} if "\0" in text else text


def _values(values: dict[str, object]) -> Json:
    return {name: value if isinstance(value, (str, int, list)) else str(value) for name, value in values.items()}
