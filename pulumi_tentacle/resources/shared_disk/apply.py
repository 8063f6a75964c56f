"""Carrying out the steps of a plan for a shared disk."""

from __future__ import annotations

from functools import singledispatchmethod

from pulumi_tentacle.errors import CmdletFailed
from pulumi_tentacle.remoting.node import Node
from pulumi_tentacle.resources import marks
from pulumi_tentacle.resources.resource import Run
from pulumi_tentacle.resources.shared_disk import steps
from pulumi_tentacle.resources.shared_disk.observe import FORMAT_KIND, KIND
from pulumi_tentacle.windows import cluster_commands, storage


class Applier:
    """Carries out steps on the nodes; `key` names the disk in marks."""

    def __init__(self, run: Run, key: str) -> None:
        self._run = run
        self._key = key

    def _node(self, step: steps.Step) -> Node:
        return self._run.nodes.node(step.address)

    @singledispatchmethod
    def apply(self, step: steps.Step) -> None:
        """Carry out one step. Raises TentacleError."""
        raise NotImplementedError(type(step))

    @apply.register
    def _(self, step: steps.WriteMark) -> None:
        marks.write(self._node(step), KIND, self._key, self._run.urn)

    @apply.register
    def _(self, step: steps.RemoveMark) -> None:
        for kind in (KIND, FORMAT_KIND):
            marks.remove(self._node(step), kind, self._key)

    @apply.register
    def _(self, step: steps.SetOnline) -> None:
        storage.set_online(self._node(step), step.unique_id)

    @apply.register
    def _(self, step: steps.SetOffline) -> None:
        storage.set_offline(self._node(step), step.unique_id)

    @apply.register
    def _(self, step: steps.Initialize) -> None:
        marks.write(self._node(step), FORMAT_KIND, self._key, self._run.urn)
        storage.initialize(self._node(step), step.unique_id)

    @apply.register
    def _(self, step: steps.AddPartition) -> None:
        storage.add_partition(self._node(step), step.unique_id, step.letter)

    @apply.register
    def _(self, step: steps.Format) -> None:
        storage.format_volume(self._node(step), step.unique_id, step.partition, step.file_system, step.label)
        marks.remove(self._node(step), FORMAT_KIND, self._key)

    @apply.register
    def _(self, step: steps.SetLetter) -> None:
        storage.set_letter(self._node(step), step.unique_id, step.partition, step.letter)

    @apply.register
    def _(self, step: steps.SetLabel) -> None:
        storage.set_label(self._node(step), step.unique_id, step.partition, step.label)

    @apply.register
    def _(self, step: steps.AddToCluster) -> None:
        try:
            cluster_commands.add_disk(self._node(step), step.unique_id)
        except CmdletFailed as error:
            error.args = (
                f"{error} The cluster takes a disk only if all its nodes see it, and if it supports SCSI-3 persistent "
                "reservations: check with Get-ClusterAvailableDisk and Test-Cluster -Include Storage.",
            )
            raise

    @apply.register
    def _(self, step: steps.StartDisk) -> None:
        cluster_commands.start_resource(self._node(step), step.resource)

    @apply.register
    def _(self, step: steps.RemoveFromCluster) -> None:
        cluster_commands.remove_resource(self._node(step), step.resource)
