"""Scheduled tasks: the product makes none, so that the lab keeps only their names and trips."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_tentacle.lab.node.cdxml import CimEnum, instance
from pulumi_tentacle.lab.node.program import Completed, Invocation, check_command_line, program
from pulumi_tentacle.lab.node.unknown import not_known
from pulumi_tentacle.lab.powershell.cmdlet import Call, Live, Parameter, anything, cmdlet, switch
from pulumi_tentacle.lab.world import Node

TASK_CREATED = "scheduled task created"

_STATE = CimEnum("ScheduledTask.StateEnum", {"Ready": 3})
_OPTIONS_WITH_VALUE = frozenset(
    {"/tn", "/tr", "/sc", "/mo", "/d", "/m", "/i", "/st", "/ri", "/et", "/du", "/sd", "/ed", "/ru", "/rp", "/rl"}
)
_FLAGS = frozenset({"/create", "/f", "/it", "/np", "/z", "/v1", "/k"})


def create(node: Node, name: str, command_line: str) -> None:
    """Register a task; one of the same name is replaced."""
    check_command_line(node, [command_line])
    node.estate.trip(TASK_CREATED, node.name, name)
    if name.lower() not in (existing.lower() for existing in node.scheduled_tasks):
        node.scheduled_tasks.append(name)


@program("schtasks.exe")
def schtasks(invocation: Invocation) -> Completed:
    """`/create` alone."""
    options: dict[str, str] = {}
    arguments = iter(invocation.arguments)
    for argument in arguments:
        name = argument.lower()
        if name in _OPTIONS_WITH_VALUE:
            options[name] = next(arguments, "")
        elif name in _FLAGS:
            options[name] = ""
        else:
            return not_known(invocation.node, f"schtasks {argument}")
    if "/create" not in options or not options.get("/tn"):
        return not_known(invocation.node, f"schtasks {' '.join(invocation.arguments)}")
    create(invocation.node, options["/tn"], options.get("/tr", ""))
    message = f'SUCCESS: The scheduled task "{options["/tn"]}" has successfully been created.\r\n'
    return Completed(0, message)


@cmdlet(
    "Register-ScheduledTask",
    TaskName=Parameter(mandatory=True, position=0),
    TaskPath=Parameter(),
    Xml=Parameter(),
    Action=Parameter(anything),
    Trigger=Parameter(anything),
    Settings=Parameter(anything),
    Principal=Parameter(anything),
    User=Parameter(),
    Password=Parameter(),
    RunLevel=Parameter(),
    Description=Parameter(),
    Force=Parameter(switch),
)
def register_scheduled_task(call: Call) -> Iterator[Live]:
    name = call.parameters["TaskName"]
    create(call.node, name, f"{call.parameters.get('Xml') or ''} {call.parameters.get('Action') or ''}")
    properties = {"TaskName": name, "TaskPath": call.parameters.get("TaskPath") or "\\", "State": _STATE["Ready"]}
    yield instance("Root/Microsoft/Windows/TaskScheduler/MSFT_ScheduledTask", f'TaskName = "{name}"', properties, name)
