"""watchdog and checkservices (tentacle.md §1.6): a scheduled task that starts stopped Tentacle services.

Never for a clustered Tentacle: it would start the passive node's service, so the task trips.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from xml.sax.saxutils import escape

from pulumi_tentacle.lab.node import services
from pulumi_tentacle.lab.node.program import ServiceStartFailed
from pulumi_tentacle.lab.tentacle.command import Run, command
from pulumi_tentacle.lab.tentacle.commands.service import service_name
from pulumi_tentacle.lab.tentacle.failures import ControlledFailure
from pulumi_tentacle.lab.tentacle.options import Option
from pulumi_tentacle.lab.tentacle.settings import parse_integer
from pulumi_tentacle.lab.world import Node

TASK = "Octopus Watchdog Tentacle"
TASKS_FOLDER = r"C:\Windows\System32\Tasks"
TASK_CREATED = "scheduled task created"
_NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_ARGUMENTS = "checkservices --instances "


@dataclass(frozen=True)
class Watchdog:
    """The watchdog's task; `interval` in minutes."""

    enabled: bool = False
    instances: str = "*"
    interval: int = 0

    @classmethod
    def of(cls, node: Node) -> Watchdog:
        """As the task scheduler has it (its task files are XML)."""
        if TASK not in node.scheduled_tasks:
            return cls()
        root = ET.fromstring(node.files.read(f"{TASKS_FOLDER}\\{TASK}"))
        minutes = re.sub(r"\D", "", root.findtext(f".//{{{_NAMESPACE}}}Interval") or "")
        arguments = root.findtext(f".//{{{_NAMESPACE}}}Arguments") or ""
        return cls(True, arguments.removeprefix(_ARGUMENTS), int(minutes))

    def as_json(self) -> dict[str, object]:
        return {"Enabled": self.enabled, "Instances": self.instances, "Interval": self.interval}

    def task(self, executable: str) -> str:
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Task version="1.2" xmlns="{_NAMESPACE}">\n'
            f"  <Triggers><TimeTrigger><Repetition><Interval>PT{self.interval}M</Interval></Repetition></TimeTrigger>"
            "</Triggers>\n  <Principals><Principal><UserId>S-1-5-18</UserId></Principal></Principals>\n"
            f"  <Actions><Exec><Command>{escape(executable)}</Command>"
            f"<Arguments>{escape(_ARGUMENTS + self.instances)}</Arguments></Exec></Actions>\n</Task>\n"
        )


@command(
    "watchdog",
    "Configures a scheduled task that watches the Tentacle services",
    Option("create", "Create the task"),
    Option("delete", "Delete the task"),
    Option("interval=", "Minutes between two checks (default: 5)"),
    Option("instances=", "Instances to watch, parted by commas, or * for all (default: *)"),
)
def watchdog(run: Run) -> None:
    interval = parse_integer(run.options.last("interval", "5"))
    instances = ",".join(dict.fromkeys(re.split("[,;]", run.options.last("instances", "*"))))
    for option, text in (("create", "Creating watchdog task"), ("delete", "Removing watchdog task")):
        if run.options.has(option):
            run.console.info(text)
    run.console.info(f"ApplicationName: Tentacle\nInstances: {instances}")
    if run.options.has("delete"):
        _delete(run)
    elif run.options.has("create"):
        _create(run, Watchdog(True, instances, interval))
    else:
        raise ControlledFailure("Invalid arguments. Please specify either --create or --delete.")


@command(
    "checkservices",
    "Checks that the Tentacle instances are running",
    Option("instances=", "Instances to check, parted by commas, or * for all"),
)
def check_services(run: Run) -> None:
    if not run.options.has("instances"):
        raise ControlledFailure(
            "Use --instances argument to specify which instances to check. Use --instances=* to check all instances."
        )
    wanted = set(re.split("[,;]", run.options.last("instances")))
    for entry in run.index.entries():
        found = services.find(run.node, service_name(entry.name))
        if found is not None and found.state == "Stopped" and (wanted == {"*"} or entry.name in wanted):
            _start(run, found.name)


def _create(run: Run, wanted: Watchdog) -> None:
    node = run.node
    verb = "Updating" if TASK in node.scheduled_tasks else "Creating"
    run.console.info(f"{verb} scheduled task {TASK}")
    if TASK not in node.scheduled_tasks:
        node.scheduled_tasks.append(TASK)
    node.files.make_folder(TASKS_FOLDER)
    node.files.write(f"{TASKS_FOLDER}\\{TASK}", wanted.task(run.installation.path).encode())
    node.estate.trip(TASK_CREATED, node.name, TASK)


def _delete(run: Run) -> None:
    if TASK not in run.node.scheduled_tasks:
        run.console.info(f"Scheduled task {TASK} not found. Nothing to do.")
        return
    run.node.scheduled_tasks.remove(TASK)
    run.node.files.delete(f"{TASKS_FOLDER}\\{TASK}")
    run.console.info(f"Deleted scheduled task {TASK}")


def _start(run: Run, name: str) -> None:
    try:
        services.start(run.node, name, by_cluster=False)
    except ServiceStartFailed as error:
        run.console.error(f"Service {name} could not be started - {error}")
        return
    run.console.info(f"Service {name} starting\nWaiting for service to start. Current status: Running")
    run.console.info(f"Service {name} started")
