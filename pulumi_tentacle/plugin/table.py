"""The one table of what this provider offers: type tokens to resources, function tokens to functions."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from pulumi_tentacle.functions.function import AnyFunction
from pulumi_tentacle.resources.resource import AnyResource

_PREFIX = "tentacle:index:"
_RESOURCES = {
    "TentacleInstance": "pulumi_tentacle.resources.tentacle_instance.resource:TentacleInstanceResource",
    "Certificate": "pulumi_tentacle.resources.certificate.resource:CertificateResource",
    "SharedDisk": "pulumi_tentacle.resources.shared_disk.resource:SharedDiskResource",
    "TrustedServer": "pulumi_tentacle.resources.trusted_server.resource:TrustedServerResource",
    "ClusterRole": "pulumi_tentacle.resources.cluster_role.resource:ClusterRoleResource",
    "DeploymentTarget": "pulumi_tentacle.resources.deployment_target.resource:DeploymentTargetResource",
}
_FUNCTIONS = {
    "getServerCertificate": "pulumi_tentacle.functions.get_server_certificate:GetServerCertificate",
}


def resource_tokens() -> list[str]:
    """All resource tokens, as in `tentacle:index:Certificate`."""
    return [_PREFIX + name for name in _RESOURCES]


def function_tokens() -> list[str]:
    """All function tokens."""
    return [_PREFIX + name for name in _FUNCTIONS]


@cache
def resource(token: str) -> AnyResource | None:
    """The resource of a token; its module is loaded at first use, to keep the plugin's start short."""
    return cast(AnyResource | None, _made(_RESOURCES.get(token.removeprefix(_PREFIX))))


@cache
def function(token: str) -> AnyFunction | None:
    """The function of a token."""
    return cast(AnyFunction | None, _made(_FUNCTIONS.get(token.removeprefix(_PREFIX))))


def _made(place: str | None) -> object:
    if place is None:
        return None
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)()
