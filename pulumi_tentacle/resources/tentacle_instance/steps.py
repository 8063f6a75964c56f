"""The steps that a plan for a Tentacle instance is made of. Each says what it does; apply.py carries it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi_tentacle.windows import firewall

_STARTS = {"Auto": "automatically", "Manual": "only when the cluster starts it"}


@dataclass(frozen=True)
class Step:
    """One change on one node: `address` is how to reach it, `node` its computer name."""

    address: str
    node: str

    @property
    def words(self) -> str:
        """What it does, after "While trying to"."""
        raise NotImplementedError


@dataclass(frozen=True)
class WriteMark(Step):
    """Leave the mark by which a later run recognises this one's work."""

    instance: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"leave a mark for instance '{self.instance}' on {self.node}"


@dataclass(frozen=True)
class FetchInstaller(Step):
    """Bring the MSI to the node."""

    url: str | None
    file: str | None
    path: str

    @property
    def words(self) -> str:
        """What it does."""
        source = self.url or f"{self.file} of this machine"
        return f"bring the Tentacle MSI from {source} to {self.node}"


@dataclass(frozen=True)
class VerifyInstaller(Step):
    """Compare the checksum of the MSI on the node, before it runs."""

    path: str
    sha256: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"verify the checksum of the Tentacle MSI on {self.node}"


@dataclass(frozen=True)
class InstallMsi(Step):
    """Install Tentacle."""

    path: str
    version: str
    log: str
    fetched: bool

    @property
    def words(self) -> str:
        """What it does."""
        return f"install Tentacle {self.version} on {self.node}"


@dataclass(frozen=True)
class ClearLeftovers(Step):
    """Erase copies that an interrupted run left: they hold the key."""

    paths: tuple[str, ...]

    @property
    def words(self) -> str:
        """What it does."""
        return f"erase what an interrupted run left on {self.node}"


@dataclass(frozen=True)
class CreateInstance(Step):
    """Register the instance and make its configuration file, with a home that is there."""

    instance: str
    config_path: str
    home: str
    account: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"create instance '{self.instance}' on {self.node}"


@dataclass(frozen=True)
class MakeFolder(Step):
    """Make a folder."""

    path: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"make the folder {self.path} on {self.node}"


@dataclass(frozen=True)
class AddFirewallRule(Step):
    """Let the port through the firewall."""

    rule: firewall.Rule

    @property
    def words(self) -> str:
        """What it does."""
        return f"open port {self.rule.port} in the firewall of {self.node}"


@dataclass(frozen=True)
class RemoveFirewallRule(Step):
    """Take our rule away."""

    name: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"remove the firewall rule on {self.node}"


@dataclass(frozen=True)
class PrepareCopy(Step):
    """Copy the configuration file, without the keys that name folders."""

    config_path: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"copy the configuration of {self.node}"


@dataclass(frozen=True)
class ImportCertificate(Step):
    """Take the certificate into the copy; None: one made for this node alone."""

    config_path: str
    thumbprint: str | None

    @property
    def words(self) -> str:
        """What it does."""
        return f"import the certificate on {self.node}"


@dataclass(frozen=True)
class ConfigureCopy(Step):
    """Change the copy by `Tentacle.exe configure`."""

    config_path: str
    options: tuple[str, ...]

    @property
    def words(self) -> str:
        """What it does."""
        return f"configure the copy on {self.node} ({' '.join(self.options)})"


@dataclass(frozen=True)
class FinishCopy(Step):
    """Put the keys that name folders into the copy."""

    config_path: str
    folders: Mapping[str, str]

    @property
    def words(self) -> str:
        """What it does."""
        return f"finish the new configuration of {self.node}"


@dataclass(frozen=True)
class SwapConfiguration(Step):
    """Put the copy in the place of the configuration file, if that is still what it was made from."""

    config_path: str
    expected_sha256: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"put the new configuration of {self.node} in place"


@dataclass(frozen=True)
class InstallService(Step):
    """Install the Windows service; `away`: the home is on a drive that is not here."""

    instance: str
    config_path: str
    account: str | None
    away: bool

    @property
    def words(self) -> str:
        """What it does."""
        return f"install the Tentacle service on {self.node}"


@dataclass(frozen=True)
class SetServiceStart(Step):
    """Set how the service starts."""

    service: str
    start_mode: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"set service '{self.service}' on {self.node} to start {_STARTS[self.start_mode]}"


@dataclass(frozen=True)
class StartService(Step):
    """Start the service and wait until its listener answers on the port (0: do not wait)."""

    service: str
    port: int

    @property
    def words(self) -> str:
        """What it does."""
        return f"start service '{self.service}' on {self.node}"


@dataclass(frozen=True)
class StopService(Step):
    """Stop the service and wait until its port is free."""

    service: str
    port: int

    @property
    def words(self) -> str:
        """What it does."""
        return f"stop service '{self.service}' on {self.node}"


@dataclass(frozen=True)
class RestartClusterResource(Step):
    """Restart the service through the cluster, which moves nothing."""

    resource: str
    port: int

    @property
    def words(self) -> str:
        """What it does."""
        return f"restart cluster resource '{self.resource}' on {self.node}"


@dataclass(frozen=True)
class DeleteService(Step):
    """Delete the service's entry."""

    service: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"delete service '{self.service}' on {self.node}"


@dataclass(frozen=True)
class DeleteInstance(Step):
    """Remove the instance from the node's index."""

    instance: str
    index_file: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"unregister instance '{self.instance}' on {self.node}"


@dataclass(frozen=True)
class EraseConfiguration(Step):
    """Erase configuration file and copies: they hold the private key."""

    paths: tuple[str, ...]

    @property
    def words(self) -> str:
        """What it does."""
        return f"erase the configuration on {self.node}"


@dataclass(frozen=True)
class UninstallMsi(Step):
    """Uninstall Tentacle."""

    code: str
    log: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"uninstall Tentacle from {self.node}"


@dataclass(frozen=True)
class RemoveMark(Step):
    """Take the mark away, last of all."""

    instance: str

    @property
    def words(self) -> str:
        """What it does."""
        return f"remove the mark of instance '{self.instance}' on {self.node}"
