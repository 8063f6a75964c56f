"""Carrying out the steps of a plan for a role."""

from __future__ import annotations

from functools import singledispatchmethod

from pulumi_tentacle.errors import CmdletFailed, Refused
from pulumi_tentacle.remoting.node import Node
from pulumi_tentacle.resources import marks
from pulumi_tentacle.resources.cluster_role import steps
from pulumi_tentacle.resources.cluster_role.observe import KIND, RoleFacts
from pulumi_tentacle.resources.resource import Run
from pulumi_tentacle.resources.waiting import wait_until
from pulumi_tentacle.windows import cluster_commands, cluster_queries
from pulumi_tentacle.windows.cluster_queries import IP_ADDRESS, NETWORK_NAME, Overview, Resource
from pulumi_tentacle.windows.queries import ask

_PENDING_SECONDS = 240.0


class Applier:
    """Carries out steps through a member of the cluster that is up."""

    def __init__(self, run: Run, facts: RoleFacts) -> None:
        self._run = run
        self._facts = facts

    @property
    def _member(self) -> Node:
        up = next(n for n, state in self._facts.cluster.nodes.items() if state == "Up" and n in self._facts.nodes)
        return self._run.nodes.node(self._facts.nodes[up])

    @singledispatchmethod
    def apply(self, step: steps.Step) -> None:
        """Carry out one step. Raises TentacleError."""
        raise NotImplementedError(type(step))

    @apply.register
    def _(self, step: steps.WriteMark) -> None:
        marks.write(
            self._run.nodes.node(step.address), KIND, step.role, self._run.urn, cluster=self._facts.cluster.name
        )

    @apply.register
    def _(self, step: steps.RemoveMark) -> None:
        marks.remove(self._run.nodes.node(step.address), KIND, step.role)

    @apply.register
    def _(self, step: steps.AddGroup) -> None:
        cluster_commands.add_group(self._member, step.role)

    @apply.register
    def _(self, step: steps.MoveGroup) -> None:
        cluster_commands.move_group(self._member, step.role, step.to)

    @apply.register
    def _(self, step: steps.AddResource) -> None:
        cluster_commands.add_resource(self._member, step.name, step.kind, step.role)

    @apply.register
    def _(self, step: steps.SetParameters) -> None:
        cluster_commands.set_parameters(self._member, step.name, dict(step.values))

    @apply.register
    def _(self, step: steps.SetDependency) -> None:
        cluster_commands.set_dependency(self._member, step.name, step.expression)

    @apply.register
    def _(self, step: steps.SetOwners) -> None:
        if step.possible:
            cluster_commands.set_possible_owners(self._member, step.name, step.owners)
        else:
            cluster_commands.set_preferred_owners(self._member, step.name, step.owners)

    @apply.register
    def _(self, step: steps.AddCheckpoint) -> None:
        cluster_commands.add_checkpoint(self._member, step.name, step.key)

    @apply.register
    def _(self, step: steps.SetCommonProperty) -> None:
        if step.of_group:
            cluster_commands.set_group_property(self._member, step.name, step.setting, step.value)
        else:
            cluster_commands.set_resource_property(self._member, step.name, step.setting, step.value)

    @apply.register
    def _(self, step: steps.MoveDisk) -> None:
        cluster_commands.move_resource(self._member, step.name, step.group)

    @apply.register
    def _(self, step: steps.StopGroup) -> None:
        cluster_commands.stop_group(self._member, step.role)

    @apply.register
    def _(self, step: steps.RemoveGroup) -> None:
        cluster_commands.remove_group(self._member, step.role)

    @apply.register
    def _(self, step: steps.StartResource) -> None:
        """The cmdlet may fail, or succeed with the resource failed: only the state tells."""
        member, refusal = self._member, ""
        try:
            cluster_commands.start_resource(member, step.name)
        except CmdletFailed as error:
            refusal = str(error)
        last: list[tuple[Overview, Resource]] = []

        def settled() -> bool:
            cluster = ask(member, cluster_queries.overview())
            resource = cluster.resource(step.name) if cluster else None
            if cluster is not None and resource is not None:
                last[:] = [(cluster, resource)]
                return resource.state not in ("Pending", "OnlinePending", "OfflinePending", "Initializing")
            return True

        wait_until(settled, _PENDING_SECONDS, self._run.cancelled, f"'{step.name}' to come online")
        if not last:
            raise Refused(f"the resource '{step.name}' is gone from the cluster; something else changes the role")
        cluster, resource = last[0]
        if not resource.online:
            raise Refused(why_not_online(cluster, resource, refusal))


_ADDRESS_IN_USE, _ACCESS_DENIED, _ACCOUNT_MISMATCH, _NO_SERVICE = 5057, 5, 5905, 1060


def why_not_online(cluster: Overview, resource: Resource, refusal: str) -> str:
    """Why a resource did not come online, and what to do: by its type and the Win32 code of its last operation."""
    what = f"'{resource.name}' ({resource.type}) is {resource.state} on {resource.owner}, Win32 error {resource.error}"
    account = f"{cluster.name}$"
    if resource.type == IP_ADDRESS:
        if resource.error == _ADDRESS_IN_USE:
            return f"{what}: another computer uses this address. Choose a free one, or free it, then run `pulumi up` again."
        return f"{what}. See the Cluster events of {resource.owner} (Get-WinEvent -LogName System). {refusal}".strip()
    if resource.type == NETWORK_NAME:
        if resource.error == _ACCOUNT_MISMATCH:
            return (
                f"{what}: the domain has an enabled computer account '{resource.name}' that is not the cluster's. Choose another "
                "name, or disable and hand over that account, then run `pulumi up` again."
            )
        if resource.error == _ACCESS_DENIED:
            return (
                f"{what}: the cluster's computer account {account} may not make the computer object '{resource.name}' in Active "
                f"Directory (event 1194). Give {account} the right 'Create Computer objects' in the container (OU) in which "
                f"{account} itself lies, or pre-stage a disabled computer object '{resource.name}' there with full control for "
                f"{account}. Then run `pulumi up` again; it goes on from here."
            )
        return (
            f"{what}. The name may not be creatable in Active Directory or DNS: see the Cluster events of {resource.owner}. "
            f"{refusal}"
        ).strip()
    if resource.error == _NO_SERVICE:
        return (
            f"{what}: the service is not installed on {resource.owner}. Run `pulumi refresh`, then `pulumi up` again."
        )
    return (
        f"{what}. Look into the Tentacle's log (Logs below its home directory) and the System event log of {resource.owner}. "
        f"{refusal}"
    ).strip()
