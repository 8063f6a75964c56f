"""Properties of TentacleInstance."""

from __future__ import annotations

import ntpath
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from pulumi_tentacle.resources.model import REPLACES, Inputs, Model, State
from pulumi_tentacle.resources.references import DiskReference, InstanceReference
from pulumi_tentacle.resources.values import (
    UNKNOWN,
    InstanceName,
    ListenAddress,
    LocalPath,
    NodeName,
    Port,
    Sha256,
    Text,
    Thumbprint,
    Version,
    drive_of,
    known,
    repeated_nodes,
)
from pulumi_tentacle.tentacle import certificates, names


class Installer(Model):
    """Where the Tentacle MSI comes from. Give exactly one of `url`, `nodePath` and `file`."""

    url: Annotated[Text | None, Field(description="Address from which each node downloads the MSI itself.")] = None
    node_path: Annotated[
        Text | None,
        Field(
            description="Path of the MSI on the nodes. A share (UNC) needs a transport that delegates, like credssp."
        ),
    ] = None
    file: Annotated[
        Text | None, Field(description="Path of the MSI on the machine that runs Pulumi; it is sent to each node.")
    ] = None
    version: Annotated[
        Version,
        Field(
            description="Version that must be installed: an exact one (8.3.3594), or the lowest that will do (>=8.3)."
        ),
    ]
    sha256: Annotated[
        Sha256 | None,
        Field(description="SHA-256 of the MSI, checked on the node before it runs. Required with url and nodePath."),
    ] = None
    allow_downgrade: Annotated[bool, Field(description="Replace a newer installed version by an exact older one.")] = (
        False
    )
    allow_reboot: Annotated[
        bool,
        Field(
            description="Accept that the MSI wants the node restarted later (exit code 3010). The node is never "
            "restarted from here."
        ),
    ] = False
    uninstall_on_delete: Annotated[
        bool,
        Field(description="Uninstall Tentacle when this resource is deleted. Refused while other instances exist."),
    ] = False

    def rules(self) -> Iterator[tuple[str, str]]:
        """Exactly one source, with a checksum unless it is a local file."""
        sources = [
            a for a, v in (("url", self.url), ("nodePath", self.node_path), ("file", self.file)) if v is not None
        ]
        if len(sources) != 1:
            given = " and ".join(sources) or "none"
            yield "", f"give exactly one of url, nodePath and file; given: {given}"
        elif sources != ["file"] and self.sha256 is None:
            yield "sha256", f"this is required with {sources[0]}: the MSI is checked before it runs as an administrator"


class ServiceAccount(Model):
    """The account that runs the Tentacle service."""

    account: Annotated[
        Text,
        Field(
            description="LocalSystem, NetworkService, LocalService, DOMAIN\\user, or a managed service account (DOMAIN\\name$)."
        ),
    ]
    password: Annotated[
        SecretStr | None, Field(description="Its password. Built-in and managed service accounts have none.")
    ] = None

    def rules(self) -> Iterator[tuple[str, str]]:
        """A managed service account takes no password (user report U23)."""
        if known(self.account) and self.account.endswith("$") and self.password is not None:
            yield "password", f"{self.account} is a managed service account; Windows knows its password, so give none"


class Firewall(Model):
    """The inbound rule of Windows Defender Firewall for the Tentacle's port."""

    enabled: Annotated[bool, Field(description="Make the rule.")] = True
    remote_addresses: Annotated[
        list[Text] | None,
        Field(description="Who may connect: addresses, ranges or networks (10.0.0.0/8). Anyone if absent."),
    ] = None
    display_name: Annotated[
        Text | None, Field(description="Name shown in the firewall console. Default: `Octopus Deploy Tentacle: PORT`.")
    ] = None


class Drain(Model):
    """What happens to deployments before the Tentacle is interrupted."""

    enabled: Annotated[bool, Field(description="Disable the targets in Octopus and wait for running tasks first.")] = (
        True
    )
    wait: Annotated[int, Field(ge=0, description="Seconds to wait for running tasks.")] = 900
    on_timeout: Annotated[
        Literal["fail", "proceed"], Field(description="What to do when they have not ended by then: fail or proceed.")
    ] = "fail"


class TentacleInstanceInputs(Inputs):
    """What the user wrote."""

    nodes: Annotated[
        list[NodeName],
        Field(
            min_length=1,
            description="Host names or addresses of the nodes that carry the instance: one, or all of a failover cluster.",
        ),
    ]
    instance_name: Annotated[
        InstanceName, Field(description="Name of the instance. Several can live on one node."), REPLACES
    ] = names.DEFAULT_INSTANCE
    installer: Annotated[
        Installer | None, Field(description="The Tentacle MSI. Without it Tentacle must be installed already.")
    ] = None
    config_path: Annotated[
        LocalPath | None,
        Field(
            description="Configuration file, on a local drive of each node. Default: `C:\\Octopus\\Tentacle.config`, or "
            "`C:\\Octopus\\NAME\\Tentacle.config` for an instance of another name."
        ),
        REPLACES,
    ] = None
    home_directory: Annotated[
        LocalPath | None,
        Field(
            description="Home directory: logs and deployment journal. Default: `X:\\Octopus\\Home` on a shared disk X, "
            "else `C:\\Octopus`."
        ),
    ] = None
    application_directory: Annotated[
        LocalPath | None,
        Field(
            description="Folder that packages are deployed to. Default: `X:\\Octopus\\Applications` on a shared disk X, "
            "else `C:\\Octopus\\Applications`."
        ),
    ] = None
    shared_disk: Annotated[
        DiskReference | None,
        Field(description="`reference` of the SharedDisk that holds home and application folder."),
    ] = None
    port: Annotated[Port, Field(description="TCP port on which the Tentacle listens.")] = names.DEFAULT_PORT
    listen_address: Annotated[ListenAddress, Field(description="Address on which the Tentacle listens, or `any`.")] = (
        "any"
    )
    certificate: Annotated[
        SecretStr | None,
        Field(
            description="PFX with certificate and RSA key, in base64; a Certificate's `pfx`. Required for more than one "
            "node. One node without it gets a key of its own."
        ),
    ] = None
    certificate_password: Annotated[SecretStr | None, Field(description="Password of that PFX, if it has one.")] = None
    trusted_thumbprints: Annotated[
        list[Thumbprint] | None,
        Field(
            description="Exactly the Octopus Servers with these certificate thumbprints are trusted. Leave it out to "
            "manage trust with TrustedServer."
        ),
    ] = None
    service: Annotated[ServiceAccount | None, Field(description="Account of the service; LocalSystem if absent.")] = (
        None
    )
    firewall: Annotated[Firewall, Field(description="Firewall rule for the port.")] = Firewall()
    drain: Annotated[Drain, Field(description="What happens to deployments before an interruption.")] = Drain()
    adopt: Annotated[
        bool, Field(description="Take over an instance of this name that is there already. Not in this version yet.")
    ] = False

    def rules(self) -> Iterator[tuple[str, str]]:
        """What cannot be right together."""
        yield from repeated_nodes(self.nodes)
        yield from self._certificate_rules()
        yield from self._path_rules()

    def _certificate_rules(self) -> Iterator[tuple[str, str]]:
        if known(self.nodes) and len(self.nodes) > 1 and self.certificate is None:
            yield (
                "certificate",
                "more than one node needs one certificate on all of them, or Octopus refuses the other node after a "
                "failover; give a Certificate's pfx",
            )
        if self.certificate is None or not known(self.certificate) or not known(self.certificate_password):
            return
        password = self.certificate_password.get_secret_value() if self.certificate_password else None
        try:
            certificates.load(self.certificate.get_secret_value(), password)
        except certificates.UnusableCertificate as error:
            yield "certificate", str(error)

    def _path_rules(self) -> Iterator[tuple[str, str]]:
        if self.shared_disk is None or not known(self.shared_disk) or not known(self.shared_disk.drive_letter):
            return
        drive = self.shared_disk.drive_letter
        if self.config_path is not None and known(self.config_path) and drive_of(self.config_path) == drive:
            yield (
                "configPath",
                f"the configuration file may not lie on the shared drive {drive}: its private key is encrypted for one "
                "machine, and the other node would fail with 'Key not valid for use in specified state'. Put it on a "
                "local drive, such as C:",
            )
        for alias, path in (
            ("homeDirectory", self.home_directory),
            ("applicationDirectory", self.application_directory),
        ):
            if path is not None and known(path) and drive_of(path) != drive:
                yield alias, f"{path} is not on the shared disk {drive}:; after a failover the other node would miss it"


def complete(inputs: TentacleInstanceInputs) -> TentacleInstanceInputs:
    """Fill in the paths that follow from the instance's name and the shared disk."""
    letter = None if inputs.shared_disk is None else UNKNOWN
    if inputs.shared_disk is not None and known(inputs.shared_disk):
        letter = inputs.shared_disk.drive_letter
    name_known, letter_known = known(inputs.instance_name), known(letter)
    name = inputs.instance_name
    return inputs.changed(
        config_path=inputs.config_path or (names.default_config_path(name) if name_known else UNKNOWN),
        home_directory=inputs.home_directory
        or (names.default_home(name, letter) if name_known and letter_known else UNKNOWN),
        application_directory=inputs.application_directory
        or (names.default_applications(name, letter) if name_known and letter_known else UNKNOWN),
    )


class TentacleInstanceState(TentacleInstanceInputs, State):
    """The instance as it is on its nodes."""

    computers: Annotated[
        list[str],
        Field(description="The computers behind `nodes`, as NAME.domain: what a node is, however it is spelled."),
    ]
    thumbprint: Annotated[
        str, Field(description="Thumbprint of the Tentacle's certificate: what a DeploymentTarget should expect.")
    ]
    version: Annotated[str, Field(description="Version of Tentacle that is installed.")]
    service_name: Annotated[str, Field(description="Name of the Windows service.")]
    reference: Annotated[
        InstanceReference, Field(description="What TrustedServer, ClusterRole and DeploymentTarget take as `instance`.")
    ]


def reference(inputs: TentacleInstanceInputs) -> InstanceReference:
    """What others take as `instance`: known as soon as the inputs are."""
    name = inputs.instance_name
    return InstanceReference.model_construct(
        nodes=inputs.nodes,
        instance_name=name,
        service_name=names.service_name(name) if known(name) else UNKNOWN,
        config_path=inputs.config_path or UNKNOWN,
        shared_disk=inputs.shared_disk,
        exclusive_trust=inputs.trusted_thumbprints is not None,
    )


def copy_path(config_path: str) -> str:
    """The copy in which a change is prepared: beside the configuration file, always of the same name."""
    folder, name = ntpath.split(config_path)
    return ntpath.join(folder, f"{ntpath.splitext(name)[0]}.pulumi_tentacle.config")


def certificate_path(config_path: str) -> str:
    """The short-lived file of a certificate on its way. Not `.pfx`: that would go to a user's key store."""
    folder, name = ntpath.split(config_path)
    return ntpath.join(folder, f"{ntpath.splitext(name)[0]}.pulumi_tentacle.certificate")
