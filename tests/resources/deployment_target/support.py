"""A simulated Octopus Server and Tentacle listeners, and operations of the resource on them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from threading import Event
from typing import Any, cast

from pulumi_tentacle.lab.octopus.server import OctopusServer
from pulumi_tentacle.lab.octopus.state import Endpoint, Machine, Octopus
from pulumi_tentacle.lab.tentacle.certificates import Identity
from pulumi_tentacle.lab.tentacle.listener import Listener
from pulumi_tentacle.octopus import client
from pulumi_tentacle.octopus.waiting import Waiter
from pulumi_tentacle.plugin import operations
from pulumi_tentacle.remoting.node import Nodes
from pulumi_tentacle.resources.deployment_target.resource import DeploymentTargetResource
from pulumi_tentacle.resources.resource import Run

RESOURCE = DeploymentTargetResource()
LISTENING, POLLING = "TentaclePassive", "TentacleActive"
URN = "urn:pulumi:dev::test::tentacle:index:DeploymentTarget::web"


class Impatient(Waiter):
    """Looks again soon; time is the real one."""

    def wait(self, seconds: float) -> None:
        super().wait(min(seconds, 0.02))


class Hurried(Waiter):
    """Time passes when somebody waits. `before_wait` is what happens elsewhere meanwhile."""

    def __init__(self, before_wait: Callable[[], None] = lambda: None) -> None:
        super().__init__(Event())
        self._time = time.monotonic()
        self._before_wait = before_wait

    def now(self) -> float:
        return self._time

    def wait(self, seconds: float) -> None:
        self._before_wait()
        self._time += seconds


class NoNodes:
    """Nodes that nobody can reach; tests give others where nodes matter."""

    def node(self, address: str) -> Any:
        raise AssertionError(f"{address} was asked for")


def run_of(
    octopus: client.Octopus,
    warnings: list[str] | None = None,
    progress: list[str] | None = None,
    nodes: object | None = None,
) -> Run:
    """A run with this client."""
    return Run(
        urn=URN,
        nodes=cast(Nodes, nodes or NoNodes()),
        octopus=lambda: octopus,
        lock=lambda key: nullcontext(),
        progress=(progress if progress is not None else []).append,
        warn=(warnings if warnings is not None else []).append,
    )


@dataclass
class Site:
    """One Octopus Server, the clients that were made of it, and what operations showed."""

    octopus: Octopus
    server: OctopusServer
    identity: Identity
    nodes: Any = field(default_factory=NoNodes)
    waiter: Waiter = field(default_factory=lambda: Impatient(Event()))
    url: str = ""
    warnings: list[str] = field(default_factory=list)
    progress: list[str] = field(default_factory=list)
    clients: list[client.Octopus] = field(default_factory=list)
    listeners: list[Listener] = field(default_factory=list)

    def listen(self, *, trusting: bool = True, port: int = 0, identity: Identity | None = None) -> int:
        """Start a Tentacle's listener on 127.0.0.1; its port."""
        trusted = [self.octopus.certificate.thumbprint] if trusting else []
        listener = Listener(identity or self.identity, trusted)
        self.listeners.append(listener)
        ((_, port),) = listener.listen_on(["127.0.0.1"], port)
        return port

    def run(self, api_key: str | None = None, space: str | None = None) -> Run:
        """A run of its own, as of another `pulumi up`."""
        settings = client.OctopusSettings(
            url=self.url or self.server.url, api_key=api_key or next(iter(self.octopus.api_keys)), space=space
        )
        self.clients.append(octopus := client.Octopus(settings, Event(), waiter=self.waiter))
        return run_of(octopus, self.warnings, self.progress, self.nodes)

    def close(self) -> None:
        for listener in self.listeners:
            listener.close()
        for octopus in self.clients:
            octopus.close()

    def inputs(self, port: int, **changes: Any) -> dict[str, Any]:
        """Checked inputs of a target, as the engine hands them on."""
        written = {"host": "127.0.0.1", "port": port, "name": "web", "environments": ["Production"], "roles": ["app"]}
        return operations.check(RESOURCE, {**written, **changes})

    def create(self, inputs: dict[str, Any], run: Run | None = None) -> tuple[str, dict[str, Any]]:
        return operations.create(RESOURCE, run or self.run(), inputs)

    def preview(self, inputs: dict[str, Any], run: Run | None = None) -> dict[str, Any]:
        return operations.preview(RESOURCE, run or self.run(), inputs, None)

    def read(
        self, id: str, inputs: dict[str, Any] | None = None, state: dict[str, Any] | None = None, run: Run | None = None
    ) -> operations.Seen | None:
        return operations.read(RESOURCE, run or self.run(), id, inputs or {}, state or {})

    def update(
        self, id: str, old: dict[str, Any], new: dict[str, Any], state: dict[str, Any], run: Run | None = None
    ) -> dict[str, Any]:
        return operations.update(RESOURCE, run or self.run(), id, old, new, state)

    def delete(self, id: str, state: dict[str, Any], run: Run | None = None) -> None:
        operations.delete(RESOURCE, run or self.run(), id, state)

    def changes(self, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
        """The paths that Diff names."""
        return sorted(operations.diff(RESOURCE, old, new).detailedDiff)

    @property
    def machine(self) -> Machine:
        """The only deployment target."""
        (machine,) = self.octopus.machines
        return machine


def other_machine(site: Site, name: str = "web", **endpoint: Any) -> Machine:
    """A target that somebody else registered."""
    described = {"style": LISTENING, "uri": "https://10.0.0.5:10933/", "thumbprint": "CD" * 20, **endpoint}
    octopus = site.octopus
    machine = Machine(
        octopus.next_id("Machines"),
        octopus.default_space.id,
        name,
        Endpoint(**described),
        environment_ids=[octopus.environments[1].id],
        roles=["db"],
        policy_id=octopus.policies[0].id,
        health="Healthy",
    )
    octopus.machines.append(machine)
    return machine
