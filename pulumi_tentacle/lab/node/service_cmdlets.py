"""Get-Service, Set-Service, Start-Service and Stop-Service (windows-cluster.md §5)."""

from __future__ import annotations

from collections.abc import Iterator

from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.node import services
from pulumi_tentacle.lab.node.cdxml import has_wildcard
from pulumi_tentacle.lab.node.program import ServiceError, ServiceStartFailed
from pulumi_tentacle.lab.node.unknown import refuse
from pulumi_tentacle.lab.powershell.cmdlet import Call, Enum, Failure, Live, Parameter, cmdlet, switch, texts
from pulumi_tentacle.lab.powershell.values import like
from pulumi_tentacle.lab.world import Node, Service

_COMMANDS = "Microsoft.PowerShell.Commands."
_SERVICE_EXCEPTION = _COMMANDS + "ServiceCommandException"
_NAMESPACE = "System.ServiceProcess."
_STATUS = {"Stopped": 1, "Start Pending": 2, "Stop Pending": 3, "Running": 4}
_START_TYPES = {"Auto": ("Automatic", 2), "Manual": ("Manual", 3), "Disabled": ("Disabled", 4)}
_NAME = Parameter(texts, mandatory=True, position=0, aliases=("ServiceName",))


@cmdlet(
    "Get-Service",
    _COMMANDS + "GetServiceCommand",
    Name=Parameter(texts, position=0, aliases=("ServiceName",)),
)
def get_service(call: Call) -> Iterator[Live]:
    """Wildcards are interpreted; only a plain name that is not there is an error."""
    for service in _named(call, call.parameters.get("Name") or ["*"]):
        yield _controller(call.node, service)


@cmdlet("Start-Service", _COMMANDS + "StartServiceCommand", Name=_NAME, PassThru=Parameter(switch))
def start_service(call: Call) -> Iterator[Live]:
    """A service that runs already is no error."""
    for service in _named(call, call.parameters["Name"]):
        if service.state == "Stopped":
            try:
                services.start(call.node, service.name, by_cluster=False)
            except ServiceStartFailed:
                call.error(_cannot(call.node, service, "start"))
                continue
        if call.parameters.get("PassThru"):
            yield _controller(call.node, service)


@cmdlet(
    "Stop-Service",
    _COMMANDS + "StopServiceCommand",
    Name=_NAME,
    Force=Parameter(switch),
    PassThru=Parameter(switch),
)
def stop_service(call: Call) -> Iterator[Live]:
    """A stopped service is no error. -Force stops the services that depend on it before it."""
    for service in _named(call, call.parameters["Name"]):
        dependents = services.dependents(call.node, service.name)
        if dependents and not call.parameters.get("Force"):
            message = f"Cannot stop service '{_title(service)}' because it has dependent services."
            full = f"{message} It can only be stopped if the Force flag is set."
            call.error(
                _failure(call.node, service, full, "ServiceHasDependentServices", ErrorCategory.InvalidOperation)
            )
            continue
        for each in [*dependents, service]:
            _stop(call, each)
        if call.parameters.get("PassThru"):
            yield _controller(call.node, service)


def _stop(call: Call, service: Service) -> None:
    if service.state == "Stopped":
        return
    if service.process is None:
        refuse(call, f"how {service.name} stops")
    services.stop(call.node, service.name)


@cmdlet(
    "Set-Service",
    _COMMANDS + "SetServiceCommand",
    Name=Parameter(mandatory=True, position=0, aliases=("ServiceName",)),
    StartupType=Parameter(aliases=("StartMode",), choices=("Automatic", "Manual", "Disabled")),
)
def set_service(call: Call) -> None:
    """Its error for a missing service is another one than that of the cmdlets above."""
    name = call.parameters["Name"]
    try:
        service = services.configurable(call.node, name)
    except ServiceError:
        exception = "System.InvalidOperationException"
        message = f"Service {name} was not found on computer '.'."
        call.error(Failure(message, "InvalidOperationException", ErrorCategory.ObjectNotFound, ".", exception))
        return
    kinds = {kind: mode for mode, (kind, _) in _START_TYPES.items()}
    if "StartupType" in call.parameters:
        service.start_mode = kinds[call.parameters["StartupType"]]


def _named(call: Call, patterns: list[str]) -> Iterator[Service]:
    for pattern in patterns:
        found = [service for service in call.node.services.values() if like(service.name, pattern)]
        if not found and not has_wildcard(pattern):
            call.error(
                Failure(
                    f"Cannot find any service with service name '{pattern}'.",
                    "NoServiceFoundForGivenName",
                    ErrorCategory.ObjectNotFound,
                    pattern,
                    _SERVICE_EXCEPTION,
                )
            )
        yield from sorted(found, key=lambda service: service.name.lower())


def _controller(node: Node, service: Service) -> Live:
    kind, number = _START_TYPES[service.start_mode]
    properties = {
        "Name": service.name,
        "ServiceName": service.name,
        "DisplayName": service.display_name,
        "Status": Enum(_NAMESPACE + "ServiceControllerStatus", service.state.replace(" ", ""), _STATUS[service.state]),
        "StartType": Enum(_NAMESPACE + "ServiceStartMode", kind, number),
        "CanStop": service.state == "Running",
        "ServicesDependedOn": list(service.dependencies),
        "DependentServices": [each.name for each in services.dependents(node, service.name)],
        "MachineName": ".",
    }
    text = _NAMESPACE + "ServiceController"
    return Live((text, "System.ComponentModel.Component", "System.MarshalByRefObject"), text, properties, service)


def _title(service: Service) -> str:
    return f"{service.display_name} ({service.name})"


def _cannot(node: Node, service: Service, what: str) -> Failure:
    message = (
        f"Service '{_title(service)}' cannot be {what}ed due to the following error: "
        f"Cannot {what} service {service.name} on computer '.'."
    )
    return _failure(node, service, message, "CouldNotStartService", ErrorCategory.OpenError)


def _failure(node: Node, service: Service, message: str, error_id: str, category: ErrorCategory) -> Failure:
    return Failure(message, error_id, category, _controller(node, service), _SERVICE_EXCEPTION)
