"""How the Storage cmdlets find their disks, partitions and volumes, and report what fails.

All of them show and change what their own node sees. On a real cluster they show other nodes' rows too, without a
number (windows-cluster.md §4.3); the lab leaves those out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.node import storage
from pulumi_tentacle.lab.node.cdxml import CIM_EXCEPTION, CIM_HRESULT, Criterion, query, text_criterion
from pulumi_tentacle.lab.node.items import prompt_refused
from pulumi_tentacle.lab.node.storage import StorageError
from pulumi_tentacle.lab.node.storage_views import Place
from pulumi_tentacle.lab.node.unknown import refuse
from pulumi_tentacle.lab.powershell.cmdlet import Call, Failure
from pulumi_tentacle.lab.world import Lun


def letter(value: Any) -> str:
    """[char]: one character; of a drive letter the case does not matter."""
    text = str(value)
    if len(text) != 1:
        raise ValueError(f'Cannot convert value "{text}" to type "System.Char".')
    return text.upper()


def letters(value: Any) -> list[str]:
    """[char[]]."""
    return [letter(each) for each in (value if isinstance(value, list) else [value])]


@contextlib.contextmanager
def reporting(call: Call) -> Iterator[None]:
    """Write the error of a method of the Storage provider."""
    try:
        yield
    except StorageError as error:
        call.error(
            Failure(
                str(error),
                f"StorageWMI {error.code}",
                ErrorCategory.NotSpecified,
                "StorageWMI",
                CIM_EXCEPTION,
                CIM_HRESULT,
            )
        )


def ask_first(call: Call) -> None:
    """Some cmdlets ask whether to go on unless told `-Confirm:$false`; nobody is there to answer."""
    if call.parameters.get("Confirm", True):
        call.throw(prompt_refused())


def disks(call: Call, number: str = "Number") -> Iterator[Lun]:
    """By number, unique id or serial number; all of them without any of these."""
    node, given = call.node, call.parameters
    criteria: list[Criterion] = []
    if given.get(number):
        criteria.append(Criterion("Number", given[number], lambda lun, each: bool(lun.seen_by[node.name] == each)))
    if given.get("UniqueId"):
        criteria.append(text_criterion("UniqueId", given["UniqueId"], lambda lun: lun.unique_id_on(node.name)))
    if given.get("SerialNumber"):
        criteria.append(text_criterion("SerialNumber", given["SerialNumber"], lambda lun: lun.serial_number))
    return query(call, "MSFT_Disk", storage.disks(node), criteria)


def disks_to_change(call: Call, number: str = "Number") -> list[Lun]:
    """Those piped in, or named; without either nothing is meant."""
    if call.input is not None:
        return piped(call, Lun)
    if not call.parameters.keys() & {number, "UniqueId"}:
        refuse(call, f"{call.name} without a disk")
    return list(disks(call, number))


def partitions(call: Call) -> Iterator[Place]:
    """Of piped disks (or the piped partitions themselves), by disk and partition number, by letter, or all."""
    if call.input is None:
        yield from query(call, "MSFT_Partition", _all_partitions(call), _partition_criteria(call))
        return
    # A disk without partitions, or a partition without a volume, yields nothing and no error: csi-proxy reads
    # `Get-Disk | Get-Partition | Get-Volume` of GPT disks, whose first partition has no volume.
    for entity in piped(call, Lun | Place):
        if isinstance(entity, Place):
            yield entity
        else:
            yield from (Place(entity, part) for part in entity.partitions)


def volumes(call: Call) -> Iterator[Place]:
    """The data partitions on online disks: those piped in, by letter, or all."""
    if call.input is None:
        mounted = [place for place in _all_partitions(call) if _has_volume(call, place)]
        yield from query(call, "MSFT_Volume", mounted, _letter_criteria(call))
    else:
        yield from (place for place in partitions(call) if _has_volume(call, place))


def piped(call: Call, kind: Any) -> list[Any]:
    """What stands behind the piped objects, all of which must be of a kind."""
    entities = []
    for each in call.input or ():
        entity = getattr(each, "entity", None)
        if not isinstance(entity, kind):
            refuse(call, f"{call.name} from {each}")
        entities.append(entity)
    return entities


def _partition_criteria(call: Call) -> list[Criterion]:
    name, given = call.node.name, call.parameters
    criteria = _letter_criteria(call)
    if numbers := given.get("DiskNumber"):
        criteria.append(Criterion("DiskNumber", numbers, lambda place, each: bool(place.lun.seen_by[name] == each)))
    if numbers := given.get("PartitionNumber"):
        criteria.append(Criterion("PartitionNumber", numbers, lambda place, each: bool(place.partition.number == each)))
    return criteria


def _letter_criteria(call: Call) -> list[Criterion]:
    wanted = call.parameters.get("DriveLetter")
    if not wanted:
        return []
    return [Criterion("DriveLetter", wanted, lambda place, each: _mounted_as(call, place) == each)]


def _mounted_as(call: Call, place: Place) -> str | None:
    return place.partition.letter if storage.is_online(call.node, place.lun) else None


def _has_volume(call: Call, place: Place) -> bool:
    return place.partition.type == "Basic" and storage.is_online(call.node, place.lun)


def _all_partitions(call: Call) -> list[Place]:
    return [Place(lun, part) for lun in storage.disks(call.node) for part in lun.partitions]
