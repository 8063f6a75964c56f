"""Server tasks that really run: health checks, each in a thread of its own (octopus-api.md §3)."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from pulumi_tentacle.lab.octopus import render
from pulumi_tentacle.lab.octopus.contact import Contact, ContactFailed, exchange
from pulumi_tentacle.lab.octopus.errors import NotModelled, invalid
from pulumi_tentacle.lab.octopus.rules import LISTENING, Fields, fold
from pulumi_tentacle.lab.octopus.state import (
    Activity,
    Endpoint,
    LogLine,
    Machine,
    MachinePolicy,
    Octopus,
    ServerTask,
    VersionDetails,
    by_id,
)
from pulumi_tentacle.lab.world import Estate

TIMEOUT, MACHINE_TIMEOUT = timedelta(minutes=5), timedelta(minutes=1)
OPERATING_SYSTEM = "Microsoft Windows Server 2022 Datacenter"
SHELL_VERSION = "5.1.20348.2849"


@dataclass(frozen=True)
class HealthArguments:
    """What a Health task was asked to do; no machine ids: every machine, of one environment if that is given."""

    machine_ids: tuple[str, ...] = ()
    environment_id: str | None = None
    timeout: timedelta = TIMEOUT
    machine_timeout: timedelta = MACHINE_TIMEOUT

    @staticmethod
    def read(arguments: object) -> HealthArguments:
        """Raises Refusal for a time span that is none, NotModelled for an argument that the lab does not know."""
        fields = fold(arguments)
        known = {"timeout", "machinetimeout", "environmentid", "workerpoolid", "restrictedto", "machineids"}
        for name in sorted(fields.keys() - known):
            raise NotModelled(f"the argument '{name}' of a Health task")
        if fields.get("workerpoolid"):
            raise NotModelled("health checks of a worker pool")
        return HealthArguments(
            machine_ids=tuple(fields.get("machineids") or ()),
            environment_id=fields.get("environmentid"),
            timeout=_span(fields, "timeout", TIMEOUT),
            machine_timeout=_span(fields, "machinetimeout", MACHINE_TIMEOUT),
        )


class TaskRunner:
    """Starts, cancels and runs tasks. `start` and `cancel` are called with the estate's lock held."""

    def __init__(self, estate: Estate, octopus: Octopus) -> None:
        self._estate = estate
        self._octopus = octopus
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()

    def check_health(self, space_id: str, description: str, machine_ids: list[str]) -> ServerTask:
        return self.start(space_id, description, {"MachineIds": machine_ids})

    def start(self, space_id: str, description: str, arguments: object) -> ServerTask:
        """Queue a Health task; it begins at once unless the space's task queue is stopped.

        Raises:
            Refusal, NotModelled: the arguments cannot be carried out.
        """
        health = HealthArguments.read(arguments)
        for machine_id in health.machine_ids:
            if not by_id(self._octopus.machines, space_id, machine_id):
                raise NotModelled(f"what Octopus answers to a health check of the unknown machine '{machine_id}'")
        task = ServerTask(
            id=self._octopus.next_id("ServerTasks"),
            space_id=space_id,
            name="Health",
            description=description,
            arguments=dict(arguments) if isinstance(arguments, dict) else {},
            queued=self._estate.clock.now(),
            log=Activity(description),
        )
        self._octopus.tasks.append(task)
        if not next(s for s in self._octopus.spaces if s.id == space_id).task_queue_stopped:
            self._run(task, health)
        return task

    def resume(self, space_id: str) -> None:
        """Let the task queue of a space go on; what waited in it begins."""
        with self._estate.lock:
            next(s for s in self._octopus.spaces if s.id == space_id).task_queue_stopped = False
            for task in self._octopus.tasks:
                if task.space_id == space_id and task.name == "Health" and task.state == "Queued":
                    self._run(task, HealthArguments.read(task.arguments))

    def cancel(self, task: ServerTask) -> None:
        """A queued task ends at once, a running one after the machine that it is at; a finished one stays."""
        if task.state == "Queued":
            self._finish(task, "Canceled")
        elif task.state == "Executing":
            task.state = "Cancelling"

    def wait(self, task_id: str, timeout: float = 30) -> ServerTask:
        """The task when it is finished, or as it is after `timeout` seconds of real time."""
        for thread in list(self._threads):
            if thread.name == task_id:
                thread.join(timeout)
        with self._estate.lock:
            return next(t for t in self._octopus.tasks if t.id == task_id)

    def close(self) -> None:
        """End running tasks after the machine that they are at."""
        self._closing.set()
        for thread in list(self._threads):
            thread.join()

    def _run(self, task: ServerTask, health: HealthArguments) -> None:
        thread = threading.Thread(target=self._execute, args=(task, health), name=task.id, daemon=True)
        self._threads = [t for t in self._threads if t.is_alive()] + [thread]
        thread.start()

    def _execute(self, task: ServerTask, health: HealthArguments) -> None:
        with self._estate.lock:
            if task.state != "Queued":
                return
            task.state, task.started = "Executing", self._estate.clock.now()
            task.log.status = "Running"
            deadline = task.started + health.timeout
            machine_ids = [m.id for m in self._machines(task.space_id, health)]
        failed = False
        for machine_id in machine_ids:
            end = self._interrupted(task, deadline)
            if end:
                with self._estate.lock:
                    self._finish(task, end)
                return
            failed |= self._check(task, machine_id, health.machine_timeout)
        with self._estate.lock:
            if failed:
                task.error = "One or more machines that are expected to be online are not available."
            self._finish(task, self._interrupted(task, deadline) or ("Failed" if failed else "Success"))

    def _machines(self, space_id: str, health: HealthArguments) -> list[Machine]:
        mine = [m for m in self._octopus.machines if m.space_id == space_id]
        if health.machine_ids:
            return [m for m in mine if m.id in health.machine_ids]
        return [m for m in mine if health.environment_id in (None, *m.environment_ids)]

    def _interrupted(self, task: ServerTask, deadline: datetime) -> str | None:
        if task.state == "Cancelling" or self._closing.is_set():
            return "Canceled"
        return "TimedOut" if self._estate.clock.now() > deadline else None

    def _check(self, task: ServerTask, machine_id: str, timeout: timedelta) -> bool:
        """Check one machine and write down what came of it. Whether that fails the task (its policy decides)."""
        with self._estate.lock:
            machine = by_id(self._octopus.machines, task.space_id, machine_id)
            if machine is None:  # deleted since
                return False
            endpoint = machine.endpoint
            activity = Activity(f"Check deployment target: {machine.name}", "Running")
            task.log.children.append(activity)
        outcome = self._contact(task.space_id, endpoint, timeout)
        with self._estate.lock:
            now = self._estate.clock.now()
            machine = by_id(self._octopus.machines, task.space_id, machine_id)
            if machine is None:
                activity.status = "Skipped"
                return False
            policy = by_id(self._octopus.policies, task.space_id, machine.policy_id)
            assert policy is not None
            if isinstance(outcome, Contact):
                _healthy(machine, outcome, policy, activity, now)
                return False
            _unavailable(machine, outcome, activity, now)
            task.has_warnings = True
            return policy.expected_online

    def _contact(self, space_id: str, endpoint: Endpoint, timeout: timedelta) -> Contact | ContactFailed:
        if endpoint.style != LISTENING:
            with self._estate.lock:
                self._octopus.count_unknown("health checks of polling Tentacles")
            return ContactFailed("the lab does not know health checks of polling Tentacles")
        if endpoint.proxy_id is not None:
            with self._estate.lock:
                proxy = by_id(self._octopus.proxies, space_id, endpoint.proxy_id)
            if proxy is None:  # with "" the text has two blanks: TFI 92
                return ContactFailed(f"Proxy {endpoint.proxy_id} not found in the database")
        try:
            return exchange(
                self._estate,
                endpoint.uri,
                endpoint.thumbprint,
                self._octopus.certificate,
                endpoint.proxy_id,
                timeout.total_seconds(),
            )
        except ContactFailed as failure:
            return failure

    def _finish(self, task: ServerTask, state: str) -> None:
        task.state, task.completed = state, self._estate.clock.now()
        task.log.status = {"Canceled": "Canceled", "Success": "Success"}.get(state, "Failed")


def _healthy(machine: Machine, contact: Contact, policy: MachinePolicy, activity: Activity, now: datetime) -> None:
    machine.health, machine.last_checked = "Healthy", now
    machine.summary = (
        "Octopus was able to successfully establish a connection with this machine on " + render.long_date(now)
    )
    machine.has_latest_calamari = True
    machine.operating_system, machine.shell_name = OPERATING_SYSTEM, "PowerShell"
    machine.shell_version = SHELL_VERSION
    details = machine.endpoint.version or VersionDetails()
    details.version = contact.version
    machine.endpoint.version = details
    machine.endpoint.signature_algorithm = contact.signature_algorithm
    settings = f"~/app#/{machine.space_id}/infrastructure/machines/{machine.id}/settings"
    where = f"[{machine.name}]({settings}) at {machine.endpoint.uri}"
    # A policy of connectivity alone does not log the version (Issues 6268).
    running = "" if policy.health_check_type == "OnlyConnectivity" else f", running version {contact.version}"
    activity.lines.append(LogLine("Info", where + running, now))
    activity.status = "Success"


def _unavailable(machine: Machine, failure: ContactFailed, activity: Activity, now: datetime) -> None:
    machine.health, machine.last_checked = "Unavailable", now
    machine.summary = f"There was a problem communicating with this machine (last checked: {render.long_date(now)})"
    activity.lines += [LogLine("Error", text, now) for text in (*failure.log, str(failure))]
    activity.status = "Failed"


def _span(fields: Fields, name: str, default: timedelta) -> timedelta:
    """A .NET time span `hh:mm:ss` (one digit for the hour occurs too)."""
    value = fields.get(name)
    if value is None:
        return default
    match = re.fullmatch(r"(\d+):(\d\d):(\d\d)", str(value))
    if not match:
        raise invalid(f"'{value}' is not a time span (hh:mm:ss).")
    hours, minutes, seconds = map(int, match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
