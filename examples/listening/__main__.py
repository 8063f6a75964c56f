"""The guide "Listening Tentacles": one Tentacle on one node.

Accounts and addresses come from the stack's configuration (see the README); nothing here knows of a lab.
"""

import pulumi

import pulumi_tentacle as tentacle

config = pulumi.Config()
node = config.require_object("nodes")[0]

server = tentacle.get_server_certificate()

instance = tentacle.TentacleInstance(
    "tentacle",
    nodes=[node],
    installer={
        "url": config.require("installerUrl"),
        "version": config.require("installerVersion"),
        "sha256": config.require("installerSha256"),
    },
)

trust = tentacle.TrustedServer("octopus", instance=instance.reference, thumbprint=server.thumbprint)

target = tentacle.DeploymentTarget(
    "octopus",
    host=node,
    name=config.get("targetName") or "listening",
    instance=trust.instance,
    environments=config.get_object("environments") or ["Production"],
    roles=config.get_object("roles") or ["app"],
    expected_thumbprint=instance.thumbprint,
)

pulumi.export("host", node)
pulumi.export("thumbprint", target.thumbprint)
pulumi.export("machineId", target.machine_id)
pulumi.export("healthStatus", target.health_status)
