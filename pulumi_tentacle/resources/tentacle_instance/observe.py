"""What there is of a Tentacle instance on a node.

Facts with a fixed wanted value that no property names: listening (`noListen` off), the certificate's key
readable on this machine, service there with the start type that fits, running if it
is alone, not older than its configuration, firewall rule enabled, home and application folder there.
"""

from __future__ import annotations

import ntpath
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pulumi_tentacle.errors import Conflict
from pulumi_tentacle.remoting.node import Node
from pulumi_tentacle.resources import marks
from pulumi_tentacle.tentacle import configuration, executable, instances, listener, names
from pulumi_tentacle.tentacle.configuration import Configuration
from pulumi_tentacle.windows import cluster_queries, files, firewall, msi, services
from pulumi_tentacle.windows.computer import COMPUTER, Computer
from pulumi_tentacle.windows.processes import started
from pulumi_tentacle.windows.queries import Query, ask, both
from pulumi_tentacle.windows.volumes import existing_folders, volumes

KIND = "instance"


@dataclass(frozen=True)
class ClusteredService:
    """The cluster resource that runs the service."""

    resource: str
    group: str
    owner: str
    online: bool


@dataclass(frozen=True)
class NodeFacts:
    """One node, by plain values. None for what is not there."""

    address: str
    computer: Computer
    product: msi.Product | None = None
    tentacle: executable.Installed | None = None
    mark: str | None = None
    data_folder: str = r"C:\ProgramData\pulumi_tentacle"
    registered_config: str | None = None
    registered_name: str | None = None
    index_file: str | None = None
    other_instances: tuple[str, ...] = ()
    config_sha256: str | None = None
    config_modified: datetime | None = None
    config: Configuration | None = field(default=None, repr=False)
    key_readable: bool = False
    leftovers: tuple[str, ...] = ()
    service: services.Service | None = None
    service_started: datetime | None = None
    default_service_running: bool = False
    firewall: firewall.Rule | None = None
    drives: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    clustered: ClusteredService | None = None

    @property
    def name(self) -> str:
        """The computer's name, as progress lines and errors call the node."""
        return self.computer.name

    @property
    def restart_pending(self) -> bool:
        """The service started before its configuration was last written: it does not know the new one."""
        return bool(self.service_started and self.config_modified and self.service_started < self.config_modified)


@dataclass(frozen=True)
class Question:
    """What to look for on each node. Without `config_path` it is the one that the node's index names."""

    instance: str
    config_path: str | None = None
    folders: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()


def firewall_rule_name(instance: str) -> str:
    """The internal name of our firewall rule: the key by which it is found."""
    return f"pulumi_tentacle-{instance}"


def observe(node: Node, question: Question) -> NodeFacts:
    """Look at one node.

    Raises:
        Unlooked, AccessDenied: it could not be looked at.
        Conflict: the node's instance index or the configuration file is damaged.
    """
    service_name = names.service_name(question.instance)
    computer, products, folder, service, default_service, rule, drives, cluster = ask(
        node, _what_windows_knows(question)
    )
    index, config, leftovers, mark = _read_files(node, question)
    entry = instances.find(index, question.instance)
    if config is None and question.config_path is None and entry is not None:
        config = next(iter(files.read(node, [entry.config_path])), None)
    parsed = _configuration(node, config)
    running = service.process_id if service and service.running else 0
    tentacle, folders, start = ask(
        node,
        both(executable.installed(folder), existing_folders(question.folders), started(running)),
    )
    return NodeFacts(
        address=node.address,
        computer=computer,
        product=products[0] if products else None,
        tentacle=tentacle,
        mark=marks.urn_of(mark),
        data_folder=ntpath.dirname(mark.path) if mark else NodeFacts.data_folder,
        registered_config=entry.config_path if entry else None,
        registered_name=entry.name if entry else None,
        index_file=entry.index_file if entry else None,
        other_instances=tuple(e.name for e in index if e is not entry),
        config_sha256=config.sha256 if config else None,
        config_modified=config.modified if config else None,
        config=parsed,
        key_readable=_key_is_readable(node, parsed),
        leftovers=leftovers,
        service=service,
        service_started=start,
        default_service_running=bool(default_service and default_service.running),
        firewall=rule,
        drives=drives,
        folders=folders,
        clustered=_clustered(node, cluster, service_name),
    )


def _what_windows_knows(question: Question) -> Query[tuple[Any, ...]]:
    return both(
        COMPUTER,
        msi.products(names.PRODUCT),
        executable.install_folder(),
        services.service(names.service_name(question.instance)),
        services.service(names.service_name(names.DEFAULT_INSTANCE)),
        firewall.rule(firewall_rule_name(question.instance)),
        volumes(),
        cluster_queries.generic_services(),
    )


def _read_files(
    node: Node, question: Question
) -> tuple[list[instances.Entry], files.RemoteFile | None, tuple[str, ...], files.RemoteFile | None]:
    """(index, configuration file, copies that were left, mark), in one read."""
    config_paths = [question.config_path] if question.config_path else []
    paths = [*config_paths, *question.copies, marks.mark_path(KIND, question.instance)]
    found = {f.path.lower(): f for f in files.read(node, paths, [names.INSTANCES])}
    copies = tuple(p for p in question.copies if found.pop(p.lower(), None))
    config = found.pop(config_paths[0].lower(), None) if config_paths else None
    mark_name = ntpath.basename(marks.mark_path(KIND, question.instance)).lower()
    mark = next((f for path, f in found.items() if ntpath.basename(path) == mark_name), None)
    try:
        return instances.parse(f for f in found.values() if f is not mark), config, copies, mark
    except instances.UnreadableIndex as error:
        raise Conflict(
            f"Looking at the Tentacle instances of {node.address}: the file {error} cannot be read as an instance entry. "
            "Tentacle.exe fails for every instance of the node until it is repaired or removed."
        ) from None


def _configuration(node: Node, file: files.RemoteFile | None) -> Configuration | None:
    if file is None:
        return None
    try:
        return configuration.parse(file.content)
    except configuration.UnreadableConfiguration as error:
        raise Conflict(
            f"The file {file.path} on {node.address} is no Tentacle configuration: {error}. Repair or remove it, then "
            "run `pulumi up` again."
        ) from None


def _key_is_readable(node: Node, config: Configuration | None) -> bool:
    protected = config.protected_certificate if config and config.thumbprint else None
    return listener.key_is_readable(node, protected) if protected else False


def _clustered(
    node: Node, services_run: tuple[cluster_queries.Resource, ...], service_name: str
) -> ClusteredService | None:
    if not services_run:
        return None
    answers = ask(node, both(*(cluster_queries.parameter(r.name, "ServiceName") for r in services_run)))
    for resource, value in zip(services_run, answers, strict=True):
        if str(value or "").lower() == service_name.lower():
            return ClusteredService(resource.name, resource.group, resource.owner, resource.online)
    return None
