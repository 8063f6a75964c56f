"""The guide "Clustered Listening Tentacles": one Tentacle in an active/passive failover cluster.

Accounts and addresses come from the stack's configuration (see the README); nothing here knows of a lab.
"""

import pulumi

import pulumi_tentacle as tentacle

config = pulumi.Config()
nodes = config.require_object("nodes")

server = tentacle.get_server_certificate()

certificate = tentacle.Certificate("tentacle")

disk = tentacle.SharedDisk(
    "octopus",
    nodes=nodes,
    serial_number=config.require("diskSerialNumber"),
    drive_letter=config.get("driveLetter") or "E",
    initialize=True,
)

instance = tentacle.TentacleInstance(
    "tentacle",
    nodes=nodes,
    installer={
        "url": config.require("installerUrl"),
        "version": config.require("installerVersion"),
        "sha256": config.require("installerSha256"),
    },
    shared_disk=disk.reference,
    certificate=certificate.pfx,
)

# Role and target take the instance from the trust: the server is trusted before it connects.
trust = tentacle.TrustedServer("octopus", instance=instance.reference, thumbprint=server.thumbprint)

role = tentacle.ClusterRole(
    "octopus",
    instance=trust.instance,
    disk=disk.reference,
    name=config.require("roleName"),
    static_addresses=[config.require("roleAddress")],
)

target = tentacle.DeploymentTarget(
    "octopus",
    host=role.host,
    name=role.name,
    instance=trust.instance,
    environments=config.get_object("environments") or ["Production"],
    roles=config.get_object("roles") or ["app"],
    expected_thumbprint=instance.thumbprint,
)

pulumi.export("host", role.host)
pulumi.export("thumbprint", target.thumbprint)
pulumi.export("machineId", target.machine_id)
pulumi.export("healthStatus", target.health_status)
