"""service (tentacle.md §1.5, §2, §5): install, reconfigure, start and stop the Windows service.

The order is fixed, whatever that of the options: restart, stop, uninstall, install, reconfigure, account, start.
"""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_tentacle.lab.node import accounts, services
from pulumi_tentacle.lab.node.program import ServiceError, ServiceStartFailed
from pulumi_tentacle.lab.tentacle.command import Run, command
from pulumi_tentacle.lab.tentacle.failures import INVALID_OPERATION, ControlledFailure, DotNetError
from pulumi_tentacle.lab.tentacle.index import DEFAULT_INSTANCE
from pulumi_tentacle.lab.tentacle.options import Option
from pulumi_tentacle.lab.world import Service, User

USERNAME_VARIABLE, PASSWORD_VARIABLE = "OCTOPUS_SERVICE_USERNAME", "OCTOPUS_SERVICE_PASSWORD"
DESCRIPTION = "Octopus Deploy: Tentacle deployment agent"
DEPENDENCIES = ("LanmanWorkstation", "TCPIP")
POLL_SECONDS = 0.3
RETRY_SECONDS = (4, 9, 16, 25, 36)


@dataclass(frozen=True)
class _Target:
    """The service of one instance. `instance` is None for a configuration file named directly."""

    instance: str | None
    configuration: str

    @property
    def service(self) -> str:
        return service_name(self.instance)

    def image_path(self, executable: str) -> str:
        what = f'--config="{self.configuration}"' if self.instance is None else f'--instance="{self.instance}"'
        return f'"{executable}" run {what}'


def service_name(instance: str | None) -> str:
    """The name and display name of an instance's service."""
    name = "OctopusDeploy Tentacle"
    return name if instance in (None, DEFAULT_INSTANCE) else f"{name}: {instance}"


@command(
    "service",
    "Starts, stops, installs and configures the Tentacle service",
    Option("start", "Start the service if it is not running"),
    Option("stop", "Stop the service if it is running"),
    Option("restart", "Restart the service if it is running"),
    Option("reconfigure", "Reconfigure the service"),
    Option("install", "Install the service"),
    Option("username=|user=", f"Account of the service; also by {USERNAME_VARIABLE}"),
    Option("uninstall", "Uninstall the service"),
    Option("password=", f"Password of the account; also by {PASSWORD_VARIABLE}", sensitive=True),
    Option("dependOn=", "A service that this one depends on"),
    Option("instance=", "Name of the instance to use, or * for all instances"),
)
def service(run: Run) -> None:
    if run.options.last("instance") == "*":
        if any(run.options.has(name) for name in ("reconfigure", "install", "uninstall")):
            raise ControlledFailure("--instance=* can only be used for --start, --stop, and --restart flags")
        for entry in run.index.entries():
            _carry_out(run, _Target(entry.name, entry.configuration))
        return
    target = _Target(run.instance.name, run.instance.configuration)
    if target.instance is None and (run.options.has("install") or run.options.has("reconfigure")):
        run.console.warn(
            "Please note, currently there can only be one un-named instance configured as a service on a machine at a "
            "time."
        )
    _carry_out(run, target)


def _carry_out(run: Run, target: _Target) -> None:
    wanted = run.options.has
    # What was there at the start is what every later step goes by; only install looks again (tentacle.md §1.5).
    existing = services.find(run.node, target.service)
    if wanted("restart") and existing is not None:
        _restart(run, existing)
    if wanted("stop") and existing is not None:
        _stop(run, existing)
    if wanted("uninstall") and existing is not None:
        _uninstall(run, target)
    dependencies = _dependencies(run)
    reconfigure = wanted("reconfigure") or (wanted("install") and existing is not None)
    if wanted("install"):
        if existing is None:
            _create(run, target, dependencies)
        run.console.info("Service installed")
        existing = services.find(run.node, target.service)
    if reconfigure:
        _reconfigure(run, target, dependencies)
    if wanted("install") or wanted("reconfigure"):
        _set_account(run, target)
    if wanted("start"):
        if existing is None:
            raise ControlledFailure(
                f"Start requested for service {target.service}, but no service with this name was found."
            )
        _start(run, existing)


def _dependencies(run: Run) -> list[str]:
    name = run.options.text("dependOn")
    if name and services.find(run.node, name) is None:
        raise ControlledFailure(f"Unable to set dependency on service '{name}' as no service was found with that name.")
    return [*DEPENDENCIES, *([name] if name else [])]


def _create(run: Run, target: _Target, dependencies: list[str]) -> None:
    entry = Service(
        target.service,
        target.service,
        target.image_path(run.installation.path),
        description=DESCRIPTION,
        dependencies=dependencies,
    )
    try:
        services.create(run.node, entry)
    except ServiceError as error:
        _sc_failed(run, "CreateService", error)


def _reconfigure(run: Run, target: _Target, dependencies: list[str]) -> None:
    """`sc config … start= auto`: what an administrator or a cluster set to Manual is Automatic again."""
    try:
        entry = services.configurable(run.node, target.service)
    except ServiceError as error:
        _sc_failed(run, "OpenService", error)
    else:
        services.set_image_path(run.node, entry, target.image_path(run.installation.path))
        entry.display_name, entry.dependencies = target.service, dependencies
        entry.start_mode, entry.description = "Auto", DESCRIPTION
    run.console.info("Service reconfigured")


def _uninstall(run: Run, target: _Target) -> None:
    try:
        services.delete(run.node, target.service)
    except ServiceError as error:
        _sc_failed(run, "DeleteService", error)
    run.console.info("Service uninstalled")


def _sc_failed(run: Run, function: str, error: ServiceError) -> None:
    """What sc.exe says goes to stderr; Tentacle carries on and exits with 0 all the same."""
    run.console.error(f"[SC] {function} FAILED {error.code}:\n\n{error}\n")


def _set_account(run: Run, target: _Target) -> None:
    def value(option: str, variable: str) -> str:
        return run.options.last(option) if run.options.has(option) else run.invocation.variable(variable) or ""

    user, password = value("username", USERNAME_VARIABLE), value("password", PASSWORD_VARIABLE)
    if not user.strip():
        return
    account = _granted(run, user) if password.strip() else None
    try:
        entry = services.configurable(run.node, target.service)
    except ServiceError as error:
        _sc_failed(run, "OpenService", error)
    else:
        entry.account = user
        # Windows takes any password here; a wrong one shows at the next start (error 1069).
        entry.logon_fails = account is not None and account.password != password
    run.console.info("Service credentials set")


def _granted(run: Run, user: str) -> User | None:
    """The account, which may log on as a service from now on; None for one of Windows' own."""
    run.console.info(f"Granting log on as a service right to {user}")
    known = accounts.sid_or_name(run.node, user)
    if known is None:
        message = "No mapping between account names and security IDs was done"
        raise DotNetError("System.ComponentModel.Win32Exception", message)
    return next((account for account in run.node.estate.users if account.name == known), None)


def _restart(run: Run, existing: Service) -> None:
    run.console.info(f"Restarting service {existing.name}")
    if _stop(run, existing):
        _start(run, existing)
    else:
        run.console.info(f"Service {existing.name} wasn't restarted as it is not running.")


def _stop(run: Run, existing: Service) -> bool:
    """Whether it was running."""
    if existing.state == "Stopped":
        return False
    run.console.info("Stopping service...")
    services.stop(run.node, existing.name)
    _await(run, "Stopped", "StopPending")
    run.console.info("Service stopped")
    return True


def _start(run: Run, existing: Service) -> None:
    if existing.state == "Running":
        return
    for seconds in (*RETRY_SECONDS, None):
        try:
            services.start(run.node, existing.name, by_cluster=False)
            break
        except ServiceStartFailed as error:
            if seconds is None:
                cause = DotNetError("System.ComponentModel.Win32Exception", str(error))
                message = f"Cannot start service '{existing.name}' on computer '.'."
                raise DotNetError(INVALID_OPERATION, message, cause) from error
            run.console.warn(f"Failed to start the windows service. Trying again in...00:00:{seconds:02} ")
            run.node.estate.clock.sleep(seconds)
    _await(run, "Running", "StartPending")
    run.console.info("Service started")


def _await(run: Run, reached: str, on_the_way: str) -> None:
    """The lines of a wait; the lab's services reach their state at once."""
    for status in (on_the_way, reached):
        run.console.info(f"Waiting for service to become {reached}. Current status: {status}")
        run.node.estate.clock.sleep(POLL_SECONDS)
