"""The instances of a node as `lab world` shows them: what its index and the configuration files say."""

from __future__ import annotations

from typing import Any

from pulumi_tentacle.lab.node.filesystem import FileError
from pulumi_tentacle.lab.tentacle import trust
from pulumi_tentacle.lab.tentacle.console import Console
from pulumi_tentacle.lab.tentacle.failures import DotNetError
from pulumi_tentacle.lab.tentacle.index import Entry, Index
from pulumi_tentacle.lab.tentacle.settings import HOME, LISTEN_IP, NO_LISTEN, THUMBPRINT, Settings
from pulumi_tentacle.lab.world import Node


def instances(node: Node) -> list[dict[str, Any]]:
    """One entry an instance, by name; `error` in place of the settings where they cannot be read."""
    try:
        entries = Index(node, Console()).entries()
    except (DotNetError, FileError) as error:
        return [{"error": str(error)}]
    return [_instance(node, entry) for entry in entries]


def _instance(node: Node, entry: Entry) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": entry.name, "configuration": entry.configuration}
    settings = Settings(node.files, entry.configuration, node.name)
    try:
        return shown | {
            "home": settings.text(HOME),
            "applicationDirectory": settings.application_directory,
            "thumbprint": settings.text(THUMBPRINT),
            "trusted": [server.thumbprint for server in trust.load(settings)],
            "port": settings.port,
            "listenAddress": settings.text(LISTEN_IP),
            "listening": not settings.boolean(NO_LISTEN),
        }
    except DotNetError as error:
        return shown | {"error": str(error)}
