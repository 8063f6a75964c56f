"""What to do for a Tentacle instance: every decision, as pure functions from wanted and facts to steps.

Work goes in stages (marks, groundwork, configuration, service, folders of home, running): a plan holds the steps of
the first stage that is not done. After carrying them out one looks again; an empty plan is the end.
"""

from __future__ import annotations

import ntpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pulumi_tentacle.resources.tentacle_instance.observe import NodeFacts, firewall_rule_name
from pulumi_tentacle.resources.tentacle_instance.steps import (
    AddFirewallRule,
    ClearLeftovers,
    ConfigureCopy,
    CreateInstance,
    DeleteInstance,
    DeleteService,
    EraseConfiguration,
    FetchInstaller,
    FinishCopy,
    ImportCertificate,
    InstallMsi,
    InstallService,
    MakeFolder,
    PrepareCopy,
    RemoveFirewallRule,
    RemoveMark,
    RestartClusterResource,
    SetServiceStart,
    StartService,
    Step,
    StopService,
    SwapConfiguration,
    UninstallMsi,
    VerifyInstaller,
    WriteMark,
)
from pulumi_tentacle.tentacle import configuration as keys
from pulumi_tentacle.tentacle import executable, names
from pulumi_tentacle.tentacle.configuration import Configuration
from pulumi_tentacle.windows import firewall


@dataclass(frozen=True)
class Source:
    """Where the MSI comes from and what it must be."""

    version: str
    url: str | None = None
    node_path: str | None = None
    file: str | None = None
    sha256: str | None = None
    allow_downgrade: bool = False


@dataclass(frozen=True)
class Wanted:
    """What the instance should be, by plain values.

    `trusts`: exactly these, or None to leave trust alone. `thumbprint`: of the certificate that must be there, or
    None to keep what a node has. `drive`: the shared disk's letter.
    """

    urn: str
    instance: str
    config_path: str
    home: str
    applications: str
    port: int
    listen_address: str
    nodes: int
    source: Source | None = None
    drive: str | None = None
    thumbprint: str | None = None
    trusts: tuple[str, ...] | None = None
    account: str | None = None
    firewall: firewall.Rule | None = None

    @property
    def service(self) -> str:
        """Name of the Windows service."""
        return names.service_name(self.instance)

    @property
    def alone(self) -> bool:
        """One node and no shared disk under a cluster: the service starts by itself."""
        return self.nodes == 1


def plan(wanted: Wanted, facts: Sequence[NodeFacts]) -> list[Step]:
    """The steps of the first stage that is not done, over all nodes; [] when all is as wanted."""
    for stage in (_marks, _groundwork, _configurations, _services, _homes, _running):
        if steps := list(stage(wanted, facts)):
            return steps
    return []


def _marks(wanted: Wanted, facts: Sequence[NodeFacts]) -> Iterator[Step]:
    for node in facts:
        if node.mark != wanted.urn:
            yield WriteMark(node.address, node.name, wanted.instance)


def _groundwork(wanted: Wanted, facts: Sequence[NodeFacts]) -> Iterator[Step]:
    yield from _software(wanted, facts)
    yield from _instances(wanted, facts)
    yield from _surroundings(wanted, facts)


def _software(wanted: Wanted, facts: Sequence[NodeFacts]) -> Iterator[Step]:
    source = wanted.source
    if source is None:
        return
    for node in facts:
        if not needs_msi(source, node):
            continue
        path = source.node_path or ntpath.join(node.data_folder, "Octopus.Tentacle.msi")
        if source.node_path is None:
            yield FetchInstaller(node.address, node.name, source.url, source.file, path)
        if source.sha256 is not None:
            yield VerifyInstaller(node.address, node.name, path, source.sha256)
        log = ntpath.join(node.data_folder, "install.log")
        yield InstallMsi(node.address, node.name, path, source.version, log, source.node_path is None)
        if (
            node.default_service_running and node.clustered is None
        ):  # the MSI stops it and leaves it so (tentacle.md §10)
            yield StartService(node.address, node.name, names.service_name(names.DEFAULT_INSTANCE), 0)


def needs_msi(source: Source, node: NodeFacts) -> bool:
    """True if the MSI must run: nothing installed, an older version, or a newer one that may be downgraded."""
    if node.tentacle is None:
        return True
    if executable.satisfies(node.tentacle.version, source.version):
        return False
    return source.allow_downgrade or not is_newer(source, node)


def is_newer(source: Source, node: NodeFacts) -> bool:
    """True if the node has a newer version than the exact one that is wanted."""
    return node.tentacle is not None and executable.as_numbers(node.tentacle.version) > executable.as_numbers(
        source.version
    )


def _instances(wanted: Wanted, facts: Sequence[NodeFacts]) -> Iterator[Step]:
    for node in facts:
        if node.leftovers:
            yield ClearLeftovers(node.address, node.name, node.leftovers)
        if node.registered_config is None or node.config is None:
            home = wanted.home if wanted.drive is None else ntpath.dirname(wanted.config_path)
            yield CreateInstance(
                node.address, node.name, wanted.instance, wanted.config_path, home, wanted.account or ""
            )


def _surroundings(wanted: Wanted, facts: Sequence[NodeFacts]) -> Iterator[Step]:
    for node in facts:
        yield from _firewall(wanted, node)
        for folder in (wanted.home, wanted.applications):
            if _has_drive(wanted, node) and folder not in node.folders:
                yield MakeFolder(node.address, node.name, folder)


def _has_drive(wanted: Wanted, node: NodeFacts) -> bool:
    return wanted.drive is None or wanted.drive in node.drives


def _firewall(wanted: Wanted, node: NodeFacts) -> Iterator[Step]:
    if node.firewall == wanted.firewall:
        return
    if node.firewall is not None:
        yield RemoveFirewallRule(node.address, node.name, firewall_rule_name(wanted.instance))
    if wanted.firewall is not None:
        yield AddFirewallRule(node.address, node.name, wanted.firewall)


def _configurations(wanted: Wanted, facts: Sequence[NodeFacts]) -> Iterator[Step]:
    """All copies are prepared before the first is swapped in: a failure on one node changes none."""
    changed = [node for node in facts if _differences(wanted, node)]
    for node in changed:
        yield from _prepared(wanted, node)
    for node in changed:
        yield SwapConfiguration(node.address, node.name, wanted.config_path, node.config_sha256 or "")


def _differences(wanted: Wanted, node: NodeFacts) -> list[str]:
    config = _config(node)
    return [*options(wanted, config), *(["certificate"] if _needs_certificate(wanted, node) else [])]


def _prepared(wanted: Wanted, node: NodeFacts) -> Iterator[Step]:
    where = (node.address, node.name, wanted.config_path)
    yield PrepareCopy(*where)
    if _needs_certificate(wanted, node):
        yield ImportCertificate(*where, wanted.thumbprint)
    if changes := options(wanted, _config(node)):
        yield ConfigureCopy(*where, tuple(changes))
    yield FinishCopy(*where, _folder_keys(wanted, node))


def _needs_certificate(wanted: Wanted, node: NodeFacts) -> bool:
    config = _config(node)
    if wanted.thumbprint is None:
        return config.thumbprint is None or not node.key_readable
    return config.thumbprint != wanted.thumbprint or not node.key_readable


def options(wanted: Wanted, config: Configuration) -> list[str]:
    """The options of `Tentacle.exe configure` that make a configuration as wanted."""
    changes: list[str] = []
    if config.port != wanted.port or keys.PORT not in config.values:
        changes += ["--port", str(wanted.port)]
    if not config.listens or keys.NO_LISTEN not in config.values:
        changes += ["--noListen", "False"]
    if config.listen_address.lower() != wanted.listen_address.lower():
        changes += ["--listenIpAddress", wanted.listen_address]
    if wanted.trusts is not None:
        changes += trust_options(config, wanted.trusts)
    return changes


def trust_options(config: Configuration, wanted: Sequence[str]) -> list[str]:
    """Options that make exactly these trusted. Removal is by the stored spelling: its match is case-sensitive."""
    present = {t.upper() for t in config.trusts}
    extra = [o for t in config.trusts if t.upper() not in wanted for o in ("--remove-trust", t)]
    return [*extra, *(o for t in wanted if t not in present for o in ("--trust", t))]


def _config(node: NodeFacts) -> Configuration:
    return node.config or Configuration({})


def _folder_keys(wanted: Wanted, node: NodeFacts) -> Mapping[str, str]:
    """The two keys that name folders. On an absent shared drive they wait until the service is installed."""
    config = _config(node)
    if node.service is not None or wanted.drive is None:
        return {keys.HOME: wanted.home, keys.APPLICATIONS: wanted.applications}
    return {k: config.values[k] for k in (keys.HOME, keys.APPLICATIONS) if k in config.values}


def _services(wanted: Wanted, facts: Sequence[NodeFacts]) -> Iterator[Step]:
    for node in facts:
        if node.service is None:
            yield InstallService(
                node.address, node.name, wanted.instance, wanted.config_path, wanted.account, not _home_reachable(node)
            )
        if node.service is None or node.service.start_mode != start_mode(wanted):
            yield SetServiceStart(node.address, node.name, wanted.service, start_mode(wanted))


def start_mode(wanted: Wanted) -> str:
    """Automatic alone; Manual where a cluster starts it."""
    return "Auto" if wanted.alone else "Manual"


def _home_reachable(node: NodeFacts) -> bool:
    home = _config(node).home
    return home is None or home[0].upper() in node.drives


def _homes(wanted: Wanted, facts: Sequence[NodeFacts]) -> Iterator[Step]:
    folders = {keys.HOME: wanted.home, keys.APPLICATIONS: wanted.applications}
    changed = [n for n in facts if any(_config(n).values.get(k) != v for k, v in folders.items())]
    for node in changed:
        yield PrepareCopy(node.address, node.name, wanted.config_path)
        yield FinishCopy(node.address, node.name, wanted.config_path, folders)
    for node in changed:
        yield SwapConfiguration(node.address, node.name, wanted.config_path, node.config_sha256 or "")


def _running(wanted: Wanted, facts: Sequence[NodeFacts]) -> Iterator[Step]:
    if wanted.alone:
        yield from _run_alone(wanted, facts[0])
    else:
        yield from restart_where_pending(wanted.service, wanted.port, facts)


def _run_alone(wanted: Wanted, node: NodeFacts) -> Iterator[Step]:
    if node.clustered is not None:
        yield from restart_where_pending(wanted.service, wanted.port, [node])
        return
    running = node.service is not None and node.service.running
    if running and node.restart_pending:
        yield StopService(node.address, node.name, wanted.service, wanted.port)
    if not running or node.restart_pending:
        yield StartService(node.address, node.name, wanted.service, wanted.port)


def restart_where_pending(service: str, port: int, facts: Sequence[NodeFacts]) -> Iterator[Step]:
    """Restart what runs with an older configuration: through the cluster if a cluster runs it. Stopped stays stopped."""
    for node in facts:
        if node.service is None or not node.service.running or not node.restart_pending:
            continue
        if node.clustered is not None:
            yield RestartClusterResource(node.address, node.name, node.clustered.resource, port)
        else:
            yield StopService(node.address, node.name, service, port)
            yield StartService(node.address, node.name, service, port)


def plan_delete(instance: str, config_paths: Sequence[str], facts: Sequence[NodeFacts], uninstall: bool) -> list[Step]:
    """What takes an instance away from its nodes: never by Tentacle.exe, which needs the drive of its home."""
    return [step for node in facts for step in _delete_on(instance, config_paths, node, uninstall)]


def _delete_on(instance: str, config_paths: Sequence[str], node: NodeFacts, uninstall: bool) -> Iterator[Step]:
    service = names.service_name(instance)
    if node.service is not None:
        if node.service.running:
            yield StopService(node.address, node.name, service, node.config.port if node.config else 0)
        yield DeleteService(node.address, node.name, service)
    if node.index_file is not None:
        yield DeleteInstance(node.address, node.name, instance, node.index_file)
    if node.config is not None or node.leftovers:
        yield EraseConfiguration(node.address, node.name, tuple(config_paths))
    if node.firewall is not None:
        yield RemoveFirewallRule(node.address, node.name, node.firewall.name)
    if uninstall and node.product is not None:
        yield UninstallMsi(node.address, node.name, node.product.code, ntpath.join(node.data_folder, "install.log"))
    if node.mark is not None:
        yield RemoveMark(node.address, node.name, instance)
