"""The steps that a plan for a Tentacle instance is made of; apply.py carries them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi_tentacle.resources.worded import Worded
from pulumi_tentacle.windows import firewall

_STARTS = {"Auto": "automatically", "Manual": "only when the cluster starts it"}


@dataclass(frozen=True)
class Step(Worded):
    """One change on one node: `address` is how to reach it, `node` its computer name."""

    address: str
    node: str


@dataclass(frozen=True)
class WriteMark(Step):
    """Leave the mark by which a later run recognises this one's work."""

    text = "leave a mark for instance '{instance}' on {node}"
    instance: str


@dataclass(frozen=True)
class FetchInstaller(Step):
    """Bring the MSI to the node."""

    url: str | None
    file: str | None
    path: str

    @property
    def words(self) -> str:
        """What it does, in words."""
        source = self.url or f"{self.file} of this machine"
        return f"bring the Tentacle MSI from {source} to {self.node}"


@dataclass(frozen=True)
class VerifyInstaller(Step):
    """Compare the checksum of the MSI on the node, before it runs."""

    text = "verify the checksum of the Tentacle MSI on {node}"
    path: str
    sha256: str


@dataclass(frozen=True)
class InstallMsi(Step):
    """Install Tentacle."""

    text = "install Tentacle {version} on {node}"
    path: str
    version: str
    log: str
    fetched: bool


@dataclass(frozen=True)
class ClearLeftovers(Step):
    """Erase copies that an interrupted run left: they hold the key."""

    text = "erase what an interrupted run left on {node}"
    paths: tuple[str, ...]


@dataclass(frozen=True)
class CreateInstance(Step):
    """Register the instance and make its configuration file, with a home that is there."""

    text = "create instance '{instance}' on {node}"
    instance: str
    config_path: str
    home: str
    account: str


@dataclass(frozen=True)
class MakeFolder(Step):
    """Make a folder."""

    text = "make the folder {path} on {node}"
    path: str


@dataclass(frozen=True)
class AddFirewallRule(Step):
    """Let the port through the firewall."""

    text = "open port {rule.port} in the firewall of {node}"
    rule: firewall.Rule


@dataclass(frozen=True)
class RemoveFirewallRule(Step):
    """Take our rule away."""

    text = "remove the firewall rule on {node}"
    name: str


@dataclass(frozen=True)
class PrepareCopy(Step):
    """Copy the configuration file, without the keys that name folders."""

    text = "copy the configuration of {node}"
    config_path: str


@dataclass(frozen=True)
class ImportCertificate(Step):
    """Take the certificate into the copy; None: one made for this node alone."""

    text = "import the certificate on {node}"
    config_path: str
    thumbprint: str | None


@dataclass(frozen=True)
class ConfigureCopy(Step):
    """Change the copy by `Tentacle.exe configure`."""

    config_path: str
    options: tuple[str, ...]

    @property
    def words(self) -> str:
        """What it does, in words."""
        return f"configure the copy on {self.node} ({' '.join(self.options)})"


@dataclass(frozen=True)
class FinishCopy(Step):
    """Put the keys that name folders into the copy."""

    text = "finish the new configuration of {node}"
    config_path: str
    folders: Mapping[str, str]


@dataclass(frozen=True)
class SwapConfiguration(Step):
    """Put the copy in the place of the configuration file, if that is still what it was made from."""

    text = "put the new configuration of {node} in place"
    config_path: str
    expected_sha256: str


@dataclass(frozen=True)
class InstallService(Step):
    """Install the Windows service; `away`: the home is on a drive that is not here."""

    text = "install the Tentacle service on {node}"
    instance: str
    config_path: str
    account: str | None
    away: bool


@dataclass(frozen=True)
class SetServiceStart(Step):
    """Set how the service starts."""

    service: str
    start_mode: str

    @property
    def words(self) -> str:
        """What it does, in words."""
        return f"set service '{self.service}' on {self.node} to start {_STARTS[self.start_mode]}"


@dataclass(frozen=True)
class StartService(Step):
    """Start the service and wait until its listener answers on the port (0: do not wait)."""

    text = "start service '{service}' on {node}"
    service: str
    port: int


@dataclass(frozen=True)
class StopService(Step):
    """Stop the service and wait until its port is free."""

    text = "stop service '{service}' on {node}"
    service: str
    port: int


@dataclass(frozen=True)
class RestartClusterResource(Step):
    """Restart the service through the cluster, which moves nothing."""

    text = "restart cluster resource '{resource}' on {node}"
    resource: str
    port: int


@dataclass(frozen=True)
class DeleteService(Step):
    """Delete the service's entry."""

    text = "delete service '{service}' on {node}"
    service: str


@dataclass(frozen=True)
class DeleteInstance(Step):
    """Remove the instance from the node's index."""

    text = "unregister instance '{instance}' on {node}"
    instance: str
    index_file: str


@dataclass(frozen=True)
class EraseConfiguration(Step):
    """Erase configuration file and copies: they hold the private key."""

    text = "erase the configuration on {node}"
    paths: tuple[str, ...]


@dataclass(frozen=True)
class UninstallMsi(Step):
    """Uninstall Tentacle."""

    text = "uninstall Tentacle from {node}"
    code: str
    log: str


@dataclass(frozen=True)
class RemoveMark(Step):
    """Take the mark away, last of all."""

    text = "remove the mark of instance '{instance}' on {node}"
    instance: str
