"""sc.exe: the service control manager on a command line. Its exit code is the Win32 error."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pulumi_tentacle.lab.node import services, win32
from pulumi_tentacle.lab.node.program import Completed, Invocation, ServiceError, program
from pulumi_tentacle.lab.node.unknown import not_known
from pulumi_tentacle.lab.world import Node, Service

_STATES = {"Stopped": "1  STOPPED", "Start Pending": "2  START_PENDING", "Stop Pending": "3  STOP_PENDING"}
_RUNNING = "4  RUNNING"
_START_WORDS = {"auto": "Auto", "demand": "Manual", "disabled": "Disabled"}
_START_TYPES = {"Auto": "2   AUTO_START", "Manual": "3   DEMAND_START", "Disabled": "4   DISABLED"}


class _NotKnown(Exception):
    """An option that the lab does not model."""


@program("sc.exe")
def sc(invocation: Invocation) -> Completed:
    """`sc VERB NAME [option= value]…`; the option and its value are two arguments."""
    node, arguments = invocation.node, invocation.arguments
    verb = arguments[0].lower() if arguments else ""
    if verb not in _VERBS or len(arguments) < 2:
        return not_known(node, f"sc {' '.join(arguments)}")
    function, act = _VERBS[verb]
    try:
        return Completed(0, act(node, arguments[1], arguments[2:]))
    except ServiceError as error:
        place = "OpenService" if error.code == win32.SERVICE_DOES_NOT_EXIST and verb != "create" else function
        return Completed(error.code, f"[SC] {place} FAILED {error.code}:\r\n\r\n{error}\r\n\r\n")
    except _NotKnown as error:
        return not_known(node, f"sc {verb} with {error}")


def _query(node: Node, name: str, rest: list[str]) -> str:
    _options(rest, ())
    return _status(services.require(node, name))


def _qc(node: Node, name: str, rest: list[str]) -> str:
    _options(rest, ())
    service = services.require(node, name)
    lines = {
        "TYPE": "10  WIN32_OWN_PROCESS",
        "START_TYPE": _START_TYPES[service.start_mode],
        "ERROR_CONTROL": "1   NORMAL",
        "BINARY_PATH_NAME": service.image_path,
        "LOAD_ORDER_GROUP": "",
        "TAG": "0",
        "DISPLAY_NAME": service.display_name,
        "DEPENDENCIES": f"\r\n{' ' * 27}: ".join(service.dependencies),
        "SERVICE_START_NAME": service.account,
    }
    body = "".join(f"        {key:<19}: {value}\r\n" for key, value in lines.items())
    return f"[SC] QueryServiceConfig SUCCESS\r\n\r\nSERVICE_NAME: {service.name}\r\n{body}"


def _create(node: Node, name: str, rest: list[str]) -> str:
    options = _options(rest, ("binpath", "displayname", "start", "obj", "password", "depend"))
    if "binpath" not in options:
        raise _NotKnown("no binPath=")
    service = Service(name, options.get("displayname", name), options["binpath"], start_mode="Manual")
    services.create(node, service)
    _apply(node, service, {key: value for key, value in options.items() if key != "binpath"})
    return "[SC] CreateService SUCCESS\r\n"


def _config(node: Node, name: str, rest: list[str]) -> str:
    options = _options(rest, ("binpath", "displayname", "start", "obj", "password", "depend"))
    _apply(node, services.configurable(node, name), options)
    return "[SC] ChangeServiceConfig SUCCESS\r\n"


def _failure(node: Node, name: str, rest: list[str]) -> str:
    options = _options(rest, ("reset", "actions"))
    services.configurable(node, name).recovery_actions = options.get("actions", "")
    return "[SC] ChangeServiceConfig2 SUCCESS\r\n"


def _description(node: Node, name: str, rest: list[str]) -> str:
    services.configurable(node, name).description = " ".join(rest[:1])
    return "[SC] ChangeServiceConfig2 SUCCESS\r\n"


def _delete(node: Node, name: str, rest: list[str]) -> str:
    _options(rest, ())
    services.delete(node, name)
    return "[SC] DeleteService SUCCESS\r\n"


def _start(node: Node, name: str, rest: list[str]) -> str:
    """Comes back at once on Windows, with START_PENDING; here the service runs by then."""
    _options(rest, ())
    services.start(node, name, by_cluster=False)
    return _status(services.require(node, name), "Start Pending")


def _stop(node: Node, name: str, rest: list[str]) -> str:
    _options(rest, ())
    service = services.require(node, name)
    services.stop(node, name)
    return _status(service, "Stop Pending")


def _apply(node: Node, service: Service, options: Mapping[str, str]) -> None:
    if start := options.get("start"):
        if start.lower() not in _START_WORDS:
            raise _NotKnown(f"start= {start}")
        service.start_mode = _START_WORDS[start.lower()]
    if "binpath" in options:
        services.set_image_path(node, service, options["binpath"])
    if "depend" in options:
        service.dependencies = [name for name in options["depend"].split("/") if name]
    service.account = options.get("obj", service.account)
    service.display_name = options.get("displayname", service.display_name)


def _options(arguments: list[str], known: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in zip(arguments[::2], [*arguments[1::2], ""], strict=False):
        key = name.lower().removesuffix("=")
        if not name.endswith("=") or key not in known:
            raise _NotKnown(name)
        found[key] = value
    return found


def _status(service: Service, state: str | None = None) -> str:
    shown = _STATES.get(state or service.state, _RUNNING)
    return (
        f"\r\nSERVICE_NAME: {service.name}\r\n"
        "        TYPE               : 10  WIN32_OWN_PROCESS\r\n"
        f"        STATE              : {shown}\r\n"
        f"        WIN32_EXIT_CODE    : {service.exit_code}  (0x{service.exit_code:x})\r\n"
        "        SERVICE_EXIT_CODE  : 0  (0x0)\r\n"
        "        CHECKPOINT         : 0x0\r\n"
        "        WAIT_HINT          : 0x0\r\n"
    )


_VERBS: dict[str, tuple[str, Callable[[Node, str, list[str]], str]]] = {
    "query": ("EnumQueryServicesStatus:OpenService", _query),
    "qc": ("OpenService", _qc),
    "create": ("CreateService", _create),
    "config": ("ChangeServiceConfig", _config),
    "failure": ("ChangeServiceConfig2", _failure),
    "description": ("ChangeServiceConfig2", _description),
    "delete": ("DeleteService", _delete),
    "start": ("StartService", _start),
    "stop": ("ControlService", _stop),
}
