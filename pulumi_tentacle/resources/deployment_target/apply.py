"""Carrying out the steps at Octopus Server."""

from __future__ import annotations

import time

from pulumi_tentacle.errors import Lost, Refused
from pulumi_tentacle.octopus import machines, tasks
from pulumi_tentacle.octopus.machines import Machine
from pulumi_tentacle.octopus.tasks import Task
from pulumi_tentacle.resources.deployment_target import evidence, plan
from pulumi_tentacle.resources.deployment_target.model import DeploymentTargetInputs
from pulumi_tentacle.resources.deployment_target.observe import Place
from pulumi_tentacle.resources.deployment_target.plan import CheckHealth, Modify, Register, Step, Wanted
from pulumi_tentacle.resources.resource import Run


class NotHealthy(Refused):
    """Octopus has the target, but it did not get healthy. `reasons` without times, so that they can be compared."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = sorted(reasons)


class Work:
    """One target being worked on. `machine` is what Octopus has of it by now."""

    def __init__(
        self, run: Run, place: Place, inputs: DeploymentTargetInputs, wanted: Wanted, machine: Machine | None
    ) -> None:
        self._run = run
        self._octopus, self._space = place.octopus, place.space
        self._inputs = inputs
        self._wanted = wanted
        self.machine = machine

    def apply(self, step: Step) -> None:
        """Carry out one step. Raises TentacleError, NotHealthy among them."""
        match step:
            case Register():
                self.machine = self._register()
            case Modify():
                self.machine = machines.modify(self._octopus, self._space.id, self.made().id, self._wanted.registration)
            case CheckHealth():
                self._check_health(self.made())

    def made(self) -> Machine:
        """The target, which must be there by now."""
        assert self.machine is not None
        return self.machine

    def look(self) -> Machine:
        """What Octopus has of the target now."""
        self.machine = machines.by_id(self._octopus, self._space.id, self.made().id)
        return self.machine

    def _register(self) -> Machine:
        """A registration whose reply is lost is looked for before it is sent again (user report U98).

        Sent again it can do no harm: a name exists once in a space.
        """
        wanted, check = self._wanted.registration, not self._wanted.check_health
        try:
            return machines.create(self._octopus, self._space.id, wanted, check_health=check)
        except Lost:
            found = machines.by_name(self._octopus, self._space.id, wanted.name)
            if found is None:
                return machines.create(self._octopus, self._space.id, wanted, check_health=check)
            if not plan.is_ours(wanted, found):
                raise
            return found

    def _check_health(self, machine: Machine) -> None:
        """The target's own status counts, not the task's: a task can succeed with an unhealthy target."""
        timeout = self._timeout()
        task = tasks.start_health_check(self._octopus, self._space.id, machine.id, machine.name, timeout)
        task = tasks.wait(self._octopus, task, timeout, self._show)
        health = self.look().health
        if not plan.is_healthy(health, self._wanted.allow_warnings):
            raise NotHealthy(self._reasons(task, health))

    def _timeout(self) -> int:
        """Seconds of health.timeout, but no longer than customTimeouts allow."""
        left = self._run.expires - time.monotonic() if self._run.expires is not None else float("inf")
        return max(1, int(min(self._inputs.health.timeout, left)))

    def _show(self, task: Task) -> None:
        doing = "the health check waits for its turn" if task.waiting else "Octopus checks the health"
        self._run.progress(f"{doing} of '{self._wanted.registration.name}' ({task.id})")

    def _reasons(self, task: Task, health: str) -> list[str]:
        reasons = [plan.health_text(health)] if task.finished else [self._unfinished(task)]
        if log := tasks.end_of_log(self._octopus, task):
            reasons.append(f"The log of the health check ends: {' / '.join(log)}")
        if health == "Unavailable":
            reasons += evidence.distrust(self._run, self._octopus, self._inputs.instance)
        return reasons

    def _unfinished(self, task: Task) -> str:
        if task.waiting:
            return (
                "The health check has not begun within health.timeout: Octopus's task queue is stopped or busy "
                "(Tasks in the portal)."
            )
        return (
            "The health check has not ended within health.timeout. If the listener answers, then the script does not "
            "start: look whether security software on the node holds up powershell.exe, and exclude Tentacle's folders "
            "from it."
        )
