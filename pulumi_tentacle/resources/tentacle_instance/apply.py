"""Carrying out the steps of a plan for a Tentacle instance."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatchmethod

from pulumi_tentacle.errors import Conflict, NotFound, ProgramFailed, Refused
from pulumi_tentacle.remoting.node import Node
from pulumi_tentacle.resources import marks
from pulumi_tentacle.resources.resource import Run
from pulumi_tentacle.resources.tentacle_instance import steps
from pulumi_tentacle.resources.tentacle_instance.model import certificate_path, copy_path
from pulumi_tentacle.resources.tentacle_instance.observe import KIND
from pulumi_tentacle.resources.waiting import wait_until
from pulumi_tentacle.tentacle import configuration, executable, instances, listener, names
from pulumi_tentacle.tentacle.certificates import Identity
from pulumi_tentacle.tentacle.executable import Tentacle
from pulumi_tentacle.windows import cluster_commands, files, firewall, msi, ports, services
from pulumi_tentacle.windows.queries import ask

_ANSWER_SECONDS = 120.0
_PORT_SECONDS = 150.0  # Tentacle 8 may hold its port for two minutes after its service has stopped


class Applier:
    """Carries out steps on the nodes. `identity` makes or gives the certificate to import, when one is needed."""

    def __init__(self, run: Run, password: str | None = None, identity: Callable[[], Identity] | None = None) -> None:
        self._run = run
        self._password = password
        self._identity = identity
        self.reboots: list[str] = []
        """Nodes whose MSI asked for a restart of the computer."""

    def _node(self, step: steps.Step) -> Node:
        return self._run.nodes.node(step.address)

    def _tentacle(self, step: steps.Step) -> Tentacle:
        node = self._node(step)
        found = ask(node, executable.installed(ask(node, executable.install_folder())))
        if found is None:
            raise NotFound(
                f"Tentacle is not installed on {step.node}. Give `installer`, or install it there, then run `pulumi up` again."
            )
        return Tentacle(node, found.path)

    @singledispatchmethod
    def apply(self, step: steps.Step) -> None:
        """Carry out one step. Raises TentacleError."""
        raise NotImplementedError(type(step))

    @apply.register
    def _(self, step: steps.WriteMark) -> None:
        marks.write(self._node(step), KIND, step.instance, self._run.urn)

    @apply.register
    def _(self, step: steps.RemoveMark) -> None:
        marks.remove(self._node(step), KIND, step.instance)

    # Software

    @apply.register
    def _(self, step: steps.FetchInstaller) -> None:
        if step.url is not None:
            files.download(self._node(step), step.url, step.path)
        elif step.file is not None:
            files.upload(self._node(step), step.file, step.path)

    @apply.register
    def _(self, step: steps.VerifyInstaller) -> None:
        actual = files.sha256(self._node(step), step.path)
        if actual != step.sha256:
            raise Refused(
                f"the Tentacle MSI on {step.node} is not the one that was meant: its SHA-256 is {actual}, installer.sha256 "
                f"says {step.sha256}. It was not run. Compare the value with the download page, and the file with its source."
            )

    @apply.register
    def _(self, step: steps.InstallMsi) -> None:
        node = self._node(step)
        reboot = msi.install(node, step.path, step.log)
        found = ask(node, executable.installed(ask(node, executable.install_folder())))
        if found is None or not executable.satisfies(found.version, step.version):
            version = found.version if found else "none"
            after = "It may take effect after a restart of the computer. " if reboot else ""
            raise Refused(
                f"the MSI ran on {step.node} and reported success, but Tentacle {step.version} is not there (found: "
                f"{version}). {after}Compare installer.version with the file that it names."
            )
        if reboot:
            self.reboots.append(step.node)
        files.delete(node, step.log)
        if step.fetched:
            files.delete(node, step.path)

    @apply.register
    def _(self, step: steps.UninstallMsi) -> None:
        node = self._node(step)
        if msi.uninstall(node, step.code, step.log):
            self.reboots.append(step.node)
        files.delete(node, step.log)

    # Instance and configuration

    @apply.register
    def _(self, step: steps.CreateInstance) -> None:
        self._tentacle(step).create_instance(step.instance, step.config_path, step.home)
        files.restrict(self._node(step), step.config_path, _account_for_files(step.account))

    @apply.register
    def _(self, step: steps.ClearLeftovers) -> None:
        for path in step.paths:
            files.erase(self._node(step), path)

    @apply.register
    def _(self, step: steps.MakeFolder) -> None:
        files.make_folder(self._node(step), step.path)

    @apply.register
    def _(self, step: steps.PrepareCopy) -> None:
        original = self._configuration(step, step.config_path)
        bare = original.without(configuration.HOME, configuration.APPLICATIONS)
        self._write_copy(step, step.config_path, bare)

    @apply.register
    def _(self, step: steps.ImportCertificate) -> None:
        assert self._identity is not None
        identity, path = self._identity(), certificate_path(step.config_path)
        node = self._node(step)
        try:
            files.write(node, path, identity.pfx.encode("ascii"), restricted=True)
            self._tentacle(step).import_certificate(copy_path(step.config_path), path)
        finally:
            files.erase(node, path)

    @apply.register
    def _(self, step: steps.ConfigureCopy) -> None:
        self._tentacle(step).configure(copy_path(step.config_path), step.options)

    @apply.register
    def _(self, step: steps.FinishCopy) -> None:
        copy = self._configuration(step, copy_path(step.config_path))
        self._write_copy(step, step.config_path, copy.settled().with_values(step.folders))

    @apply.register
    def _(self, step: steps.SwapConfiguration) -> None:
        """A file that changed meanwhile is left alone: the next look starts over from it."""
        node, copy = self._node(step), copy_path(step.config_path)
        if not files.replace(node, step.config_path, copy, step.expected_sha256):
            self._run.progress(f"the configuration of {step.node} changed meanwhile; starting over")
            files.erase(node, copy)

    @apply.register
    def _(self, step: steps.EraseConfiguration) -> None:
        for path in step.paths:
            files.erase(self._node(step), path)

    @apply.register
    def _(self, step: steps.DeleteInstance) -> None:
        files.delete(self._node(step), step.index_file)

    def _configuration(self, step: steps.Step, path: str) -> configuration.Configuration:
        found = files.read(self._node(step), [path])
        if not found:
            raise Conflict(f"the file {path} on {step.node} is gone; something else works on this instance")
        return configuration.parse(found[0].content)

    def _write_copy(self, step: steps.Step, config_path: str, content: configuration.Configuration) -> None:
        files.write(self._node(step), copy_path(config_path), configuration.serialise(content), restricted=True)

    # Service and firewall

    @apply.register
    def _(self, step: steps.InstallService) -> None:
        tentacle = self._tentacle(step)
        if not step.away:
            tentacle.install_service(step.instance, step.account, self._password)
            return
        node, copy = self._node(step), copy_path(step.config_path)
        index = step.config_path + ".pulumi_tentacle.index"
        entry = rf"{index}\Tentacle\Instances\{instances.index_file_name(step.instance)}"
        original = self._configuration(step, step.config_path)
        bare = original.without(configuration.HOME, configuration.APPLICATIONS)
        try:
            self._write_copy(step, step.config_path, bare)
            files.write(node, entry, instances.index_entry(step.instance, copy))
            tentacle.install_service(step.instance, step.account, self._password, index)
        finally:
            files.erase(node, copy)
            files.delete_folder(node, index)

    @apply.register
    def _(self, step: steps.SetServiceStart) -> None:
        if step.start_mode == "Manual":
            services.set_manual(self._node(step), step.service)
        else:
            services.set_automatic(self._node(step), step.service)

    @apply.register
    def _(self, step: steps.StartService) -> None:
        services.start(self._node(step), step.service)
        if step.port:
            self.await_listener(step, step.port)

    @apply.register
    def _(self, step: steps.StopService) -> None:
        services.stop(self._node(step), step.service)
        self._await_free_port(step, step.port)

    @apply.register
    def _(self, step: steps.RestartClusterResource) -> None:
        node = self._node(step)
        cluster_commands.stop_resource(node, step.resource)
        self._await_free_port(step, step.port)
        cluster_commands.start_resource(node, step.resource)
        self.await_listener(step, step.port)

    @apply.register
    def _(self, step: steps.DeleteService) -> None:
        services.delete(self._node(step), step.service)

    @apply.register
    def _(self, step: steps.AddFirewallRule) -> None:
        firewall.add(self._node(step), step.rule)

    @apply.register
    def _(self, step: steps.RemoveFirewallRule) -> None:
        firewall.remove(self._node(step), step.name)

    def await_listener(self, step: steps.Step, port: int) -> None:
        """Wait until a Tentacle answers on the port: a running service is no proof (user report U11)."""
        node = self._node(step)
        last = [listener.Probe(False, "", False, "")]

        def answers() -> bool:
            last[0] = listener.probe(node, "127.0.0.1", port)
            return last[0].page

        if not wait_until(answers, _ANSWER_SECONDS, self._run.cancelled, f"port {port} of {step.node}"):
            raise ProgramFailed(
                f"the Tentacle service on {step.node} started, but nothing that is a Tentacle answers on port {port} "
                f"({last[0].detail or 'no Tentacle page'}). Look into the Tentacle's log on that node, in Logs below its "
                "home directory, and at what holds the port: Get-NetTCPConnection -LocalPort " + str(port),
                node=step.node,
                program=names.PRODUCT,
                exit_code=0,
            )

    def _await_free_port(self, step: steps.Step, port: int) -> None:
        if not port:
            return
        node = self._node(step)
        what = f"port {port} of {step.node} to become free"
        if not wait_until(lambda: not ask(node, ports.listening(port)), _PORT_SECONDS, self._run.cancelled, what):
            raise ProgramFailed(
                f"the service on {step.node} has stopped, but something still listens on port {port}. A process that a "
                "deployment started may hold it; find it with Get-NetTCPConnection -LocalPort "
                f"{port} | Select-Object OwningProcess, end it, and run `pulumi up` again.",
                node=step.node,
                program=names.PRODUCT,
                exit_code=0,
            )


_BUILT_IN = {"localsystem": "", "networkservice": "S-1-5-20", "localservice": "S-1-5-19"}


def _account_for_files(account: str) -> str:
    """Who, besides SYSTEM and Administrators, must read the configuration: the service account, by SID if built in."""
    return _BUILT_IN.get(account.lower().rpartition("\\")[2].replace(" ", ""), account)
