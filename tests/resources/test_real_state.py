"""What is there already, and what cannot be: told clearly, with nothing half-made, and mended by the next run."""

from __future__ import annotations

import ipaddress
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from pulumi_tentacle.lab.cluster.state import Cluster
from pulumi_tentacle.lab.node.filesystem import Volume
from pulumi_tentacle.lab.world import FirewallRule, MsiFault, Node
from pulumi_tentacle.plugin.properties import from_struct, plain
from tests.plugin.good_inputs import pfx
from tests.plugin.server import Failed
from tests.resources.conftest import Bench
from tests.resources.guide import clustered, inputs


def refused(bench: Bench, kind: str, given: dict[str, Any]) -> Failed:
    """Create must fail, and leave nothing half-made."""
    checked, failures = bench.provider.check(kind, given)
    assert failures == {}
    with pytest.raises(Failed) as caught:
        bench.provider.create(kind, checked)
    assert caught.value.init_failed is None, caught.value.message
    return caught.value


def half_made(bench: Bench, kind: str, given: dict[str, Any]) -> tuple[Failed, dict[str, Any]]:
    """Create must fail with something made; answers the failure and the checked inputs."""
    checked, failures = bench.provider.check(kind, given)
    assert failures == {}
    with pytest.raises(Failed) as caught:
        bench.provider.create(kind, checked)
    assert caught.value.init_failed is not None, caught.value.message
    assert caught.value.init_failed.reasons
    return caught.value, checked


def finish(bench: Bench, kind: str, failure: Failed, checked: dict[str, Any]) -> dict[str, Any]:
    """What the engine does next: an Update with unchanged inputs."""
    detail = failure.init_failed
    assert detail is not None
    return bench.provider.update(kind, detail.id, checked, checked, from_struct(detail.properties))


def nodes_of(bench: Bench) -> list[Node]:
    return list(bench.lab.estate.nodes.values())


def cluster_of(bench: Bench) -> Cluster:
    assert bench.lab.estate.cluster is not None
    return bench.lab.estate.cluster


def single(bench: Bench) -> dict[str, Any]:
    return {"nodes": bench.nodes[:1], "installer": bench.installer}


# Reaching nodes


def test_a_wrong_password_costs_one_failed_logon(bench: Bench) -> None:
    bench.provider.configure(**{**bench.configuration(), "winrmPassword": "Canary-42"})
    checked, _ = bench.provider.check("TentacleInstance", {"nodes": bench.nodes, "certificate": pfx()})

    def create(number: int) -> Failed:
        with pytest.raises(Failed) as caught:
            bench.provider.create("TentacleInstance", {**checked, "instanceName": f"T{number}"})
        return caught.value

    with ThreadPoolExecutor(24) as pool:
        failures = list(pool.map(create, range(24)))
    assert {f.code for f in failures} == {grpc.StatusCode.UNAUTHENTICATED}
    assert all("Canary-42" not in f.message for f in failures)
    assert sum(node.failed_logons for node in nodes_of(bench)) == 1


@pytest.mark.parametrize("kind", ["TentacleInstance", "SharedDisk"])
def test_an_unreachable_node(bench: Bench, kind: str) -> None:
    gone = bench.nodes[0].rpartition(".")[0] + ".99"
    given: dict[str, dict[str, Any]] = {
        "TentacleInstance": {"nodes": [gone]},
        "SharedDisk": {"nodes": [bench.nodes[0], gone], "serialNumber": "LUN-0001", "driveLetter": "E"},
    }
    error = refused(bench, kind, given[kind])
    assert error.code == grpc.StatusCode.UNAVAILABLE
    assert gone in error.message


def test_an_untrusted_tls_certificate(bench: Bench) -> None:
    configuration = bench.configuration()
    del configuration["winrmCaCertificate"]
    bench.provider.configure(**configuration)
    error = refused(bench, "TentacleInstance", single(bench))
    assert error.code == grpc.StatusCode.UNAVAILABLE
    assert "winrmCaCertificate" in error.message
    assert sum(node.failed_logons for node in nodes_of(bench)) == 0


def test_missing_credentials_are_an_error_at_first_use(bench: Bench) -> None:
    bench.provider.configure()
    id, state = bench.provider.create("Certificate", {})
    assert id == state["thumbprint"]
    with pytest.raises(Failed) as caught:
        bench.provider.create("TentacleInstance", {"nodes": ["node1"]})
    assert "pulumi config set" in caught.value.message


def test_one_computer_under_two_names(bench: Bench) -> None:
    bench.provider.configure(**bench.configuration(), winrmInsecure=True)
    address = bench.nodes[0]
    number = str(int(ipaddress.ip_address(address)))  # resolvers take an address as one number too
    error = refused(bench, "TentacleInstance", {"nodes": [address, number], "certificate": pfx()})
    assert "the same computer" in error.message


# Tentacle


def test_a_tentacle_that_is_there_and_not_ours(bench: Bench) -> None:
    bench.make("TentacleInstance", single(bench))
    for node in nodes_of(bench):
        for path in [p for p, _ in node.files.walk() if "instance-tentacle.json" in p]:
            node.files.delete(path)
    before = bench.world()["nodes"]
    error = refused(bench, "TentacleInstance", single(bench))
    assert error.code == grpc.StatusCode.ALREADY_EXISTS
    assert "not made by this resource" in error.message
    assert "adopt" not in error.message
    assert "import" not in error.message
    after = bench.world()["nodes"]
    assert {n: w["files"] for n, w in after.items()} == {n: w["files"] for n, w in before.items()}


def test_adopt_is_refused_by_name_in_the_preview(bench: Bench) -> None:
    checked, _ = bench.provider.check("TentacleInstance", {**single(bench), "adopt": True})
    with pytest.raises(Failed) as caught:
        bench.provider.create("TentacleInstance", checked, preview=True)
    assert caught.value.code == grpc.StatusCode.UNIMPLEMENTED
    assert caught.value.message.startswith("adopt")


def test_a_wrong_checksum_runs_nothing(bench: Bench) -> None:
    given = {**single(bench), "installer": {**bench.installer, "sha256": "0" * 64}}
    failure, checked = half_made(bench, "TentacleInstance", given)
    assert "SHA-256" in failure.message
    assert not any("msiexec" in " ".join(c).lower() for n in nodes_of(bench) for c in n.commands)
    mended = {**checked, "installer": bench.installer}
    with pytest.raises(Failed) as caught:  # the engine asks for an update; the change is a later version's
        finish_changed(bench, "TentacleInstance", failure, checked, mended)
    assert caught.value.code == grpc.StatusCode.UNIMPLEMENTED
    assert "installer.sha256" in caught.value.message


def finish_changed(
    bench: Bench, kind: str, failure: Failed, old: dict[str, Any], new: dict[str, Any]
) -> dict[str, Any]:
    assert failure.init_failed is not None
    return bench.provider.update(kind, failure.init_failed.id, old, new, from_struct(failure.init_failed.properties))


def test_u16_a_failing_msi_tells_what_its_log_says_and_the_next_run_goes_on(bench: Bench) -> None:
    node = nodes_of(bench)[0]
    node.msi_faults.append(MsiFault(1603))
    failure, checked = half_made(bench, "TentacleInstance", single(bench))
    assert "exit code 1603" in failure.message
    assert "Return value 3" in failure.message
    state = finish(bench, "TentacleInstance", failure, checked)
    assert state["version"] == bench.installer["version"]
    assert state["incomplete"] == []


def test_u73_an_msi_that_wants_a_restart_is_installed_and_says_so(bench: Bench) -> None:
    nodes_of(bench)[0].msi_faults.append(MsiFault(3010))
    failure, checked = half_made(bench, "TentacleInstance", single(bench))
    assert "restart of NODE1" in failure.message
    assert finish(bench, "TentacleInstance", failure, checked)["incomplete"] == []


def test_u73_accepted_it_is_a_warning(bench: Bench) -> None:
    nodes_of(bench)[0].msi_faults.append(MsiFault(3010))
    _, _, state = bench.make(
        "TentacleInstance", {**single(bench), "installer": {**bench.installer, "allowReboot": True}}
    )
    assert state["incomplete"] == []
    assert any("restart of NODE1" in entry.message for entry in bench.provider.log)


def test_a_run_that_died_is_carried_on_by_its_mark(bench: Bench) -> None:
    """The engine repeats the Create after a killed run (golden/engine, `interrupt`)."""
    first = bench.make("TentacleInstance", single(bench))
    again = bench.make("TentacleInstance", single(bench))
    assert plain(again[2]) == plain(first[2])


def test_a_file_that_is_no_configuration_is_told_and_kept(bench: Bench) -> None:
    node = nodes_of(bench)[0]
    node.files.make_folder(r"C:\Octopus")
    node.files.write(r"C:\Octopus\Tentacle.config", b"my notes")
    error = refused(bench, "TentacleInstance", single(bench))
    assert "no Tentacle configuration" in error.message
    assert node.files.read(r"C:\Octopus\Tentacle.config") == b"my notes"


# Disk


def disk(bench: Bench, **changes: Any) -> dict[str, Any]:
    return {"nodes": bench.nodes, "serialNumber": "LUN-0001", "driveLetter": "E", "initialize": True, **changes}


def test_u28_a_disk_that_one_node_does_not_see(bench: Bench) -> None:
    lun = bench.lab.estate.luns[0]
    number = lun.seen_by.pop("NODE2")
    error = refused(bench, "SharedDisk", disk(bench))
    assert error.code == grpc.StatusCode.NOT_FOUND
    assert "NODE2 does not see" in error.message
    assert lun.style == "RAW"
    lun.seen_by["NODE2"] = number
    bench.make("SharedDisk", disk(bench))


def test_a_disk_that_is_not_there(bench: Bench) -> None:
    assert (
        "does not see a disk with serial number LUN-9"
        in refused(bench, "SharedDisk", disk(bench, serialNumber="LUN-9")).message
    )


def test_a_letter_that_is_taken_on_one_node(bench: Bench) -> None:
    nodes_of(bench)[1].drives["E"] = Volume(label="DVD")
    error = refused(bench, "SharedDisk", disk(bench))
    assert "E: is taken on NODE2" in error.message
    assert bench.lab.estate.luns[0].style == "RAW"


def test_a_raw_disk_without_permission_stays_raw(bench: Bench) -> None:
    assert "Set initialize to true" in refused(bench, "SharedDisk", disk(bench, initialize=False)).message
    assert bench.lab.estate.luns[0].style == "RAW"


def test_u29_a_letter_that_changes_when_the_disk_joins_the_cluster_is_set_again(bench: Bench) -> None:
    cluster_of(bench).letter_changes_on_join = "G"
    _, _, state = bench.make("SharedDisk", disk(bench))
    assert state["path"] == "E:\\"
    assert bench.world()["tripwires"] == []
    (letter,) = [p.letter for p in bench.lab.estate.luns[0].partitions if p.letter]
    assert letter == "E"


def test_a_formatted_disk_is_taken_as_it_is_after_a_delete(bench: Bench) -> None:
    id, _, state = bench.make("SharedDisk", disk(bench))
    bench.provider.delete("SharedDisk", id, state)
    assert not bench.lab.estate.luns[0].online_on
    bench.make("SharedDisk", disk(bench))
    assert bench.world()["tripwires"] == []


# Role


def test_a_role_that_is_there_and_not_ours(bench: Bench) -> None:
    made = clustered(bench, "TrustedServer")
    given = inputs(bench, "ClusterRole", made)
    bench.make("ClusterRole", given)
    for node in nodes_of(bench):
        for path in [p for p, _ in node.files.walk() if "role-tentcl.json" in p]:
            node.files.delete(path)
    error = refused(bench, "ClusterRole", given)
    assert error.code == grpc.StatusCode.ALREADY_EXISTS
    assert "There is a role 'TENTCL'" in error.message


def test_an_address_that_is_in_use(bench: Bench) -> None:
    made = clustered(bench, "TrustedServer")
    given = inputs(bench, "ClusterRole", made)
    cluster_of(bench).foreign_addresses.add(given["staticAddresses"][0])
    failure, checked = half_made(bench, "ClusterRole", given)
    assert "uses this address" in failure.message
    cluster_of(bench).foreign_addresses.clear()
    assert finish(bench, "ClusterRole", failure, checked)["groupState"] == "Online"


def test_u35_the_clusters_account_may_not_make_the_computer_object(bench: Bench) -> None:
    made = clustered(bench, "TrustedServer")
    given = inputs(bench, "ClusterRole", made)
    directory = cluster_of(bench).directory
    account, container = next(iter(directory_rights(cluster_of(bench))))
    directory.revoke_create(account, container)
    failure, checked = half_made(bench, "ClusterRole", given)
    assert "LABCLU$" in failure.message
    assert "Create Computer objects" in failure.message
    directory.grant_create(account, container)
    assert finish(bench, "ClusterRole", failure, checked)["groupState"] == "Online"
    assert [g.name for g in cluster_of(bench).groups].count("TENTCL") == 1


def directory_rights(cluster: Cluster) -> list[tuple[str, str]]:
    directory = cluster.directory
    return [(account, container) for container, accounts in directory.creators.items() for account in accounts]


def test_u38_access_to_the_cluster_denied_is_no_absence(bench: Bench) -> None:
    made = clustered(bench, "ClusterRole")
    id, given, state = made["ClusterRole"]
    cluster_of(bench).denied_users.add(bench.configuration()["winrmUsername"])
    with pytest.raises(Failed) as caught:
        bench.provider.read("ClusterRole", id, given, state)
    assert caught.value.code == grpc.StatusCode.PERMISSION_DENIED


# Octopus


def test_an_environment_that_octopus_does_not_know(bench: Bench) -> None:
    given = {"host": bench.nodes[0], "environments": ["Prodution"], "roles": ["app"]}
    error = refused(bench, "DeploymentTarget", given)
    assert "Production" in error.message
    checked, _ = bench.provider.check("DeploymentTarget", given)
    bench.provider.create("DeploymentTarget", checked, preview=True)
    assert any("Prodution" in entry.message for entry in bench.provider.log)


def test_a_discovered_thumbprint_that_is_not_ours_registers_nothing(bench: Bench) -> None:
    made = clustered(bench, "ClusterRole")
    given = {**inputs(bench, "DeploymentTarget", made), "expectedThumbprint": "AB" * 20}
    error = refused(bench, "DeploymentTarget", given)
    assert "AB" * 20 in error.message
    assert made["TentacleInstance"][2]["thumbprint"] in error.message
    assert bench.world()["octopus"]["machines"] == []
    bench.make("DeploymentTarget", inputs(bench, "DeploymentTarget", made))


def test_delete_of_an_instance_whose_role_is_there_is_refused(bench: Bench) -> None:
    made = clustered(bench, "ClusterRole")
    id, _, state = made["TentacleInstance"]
    with pytest.raises(Failed) as caught:
        bench.provider.delete("TentacleInstance", id, state)
    assert "The cluster role 'TENTCL' still runs" in caught.value.message
    id, _, state = made["SharedDisk"]
    with pytest.raises(Failed) as caught:
        bench.provider.delete("SharedDisk", id, state)
    assert "The cluster role 'TENTCL' uses the disk" in caught.value.message


# Read: there, certainly gone, could not look


def test_u88_a_node_that_cannot_be_looked_at_keeps_the_state(bench: Bench) -> None:
    made = clustered(bench, "TrustedServer")
    bench.lab.power_off(nodes_of(bench)[1])
    for kind in ("TentacleInstance", "TrustedServer", "SharedDisk"):
        id, given, state = made[kind]
        read_id, read_inputs, read_state = bench.provider.read(kind, id, given, state)
        assert (read_id, plain(read_inputs), plain(read_state)) == (id, plain(given), plain(state))
    warnings = [entry.message for entry in bench.provider.log if "Could not look" in entry.message]
    assert len(warnings) == 3
    assert all(bench.nodes[1] in warning for warning in warnings)


def test_what_is_certainly_gone_is_gone(bench: Bench) -> None:
    made = clustered(bench, "TrustedServer")
    trust, instance = made["TrustedServer"], made["TentacleInstance"]
    bench.provider.delete("TrustedServer", trust[0], trust[2])
    assert bench.provider.read("TrustedServer", *trust)[0] == ""
    bench.provider.delete("TentacleInstance", instance[0], instance[2])
    assert bench.provider.read("TentacleInstance", *instance)[0] == ""


def test_u49_automatic_on_a_clustered_node_shows_and_is_mended(bench: Bench) -> None:
    made = clustered(bench, "TentacleInstance")
    id, given, state = made["TentacleInstance"]
    nodes_of(bench)[1].services["octopusdeploy tentacle"].start_mode = "Auto"
    with pytest.raises(Failed) as caught:
        bench.provider.read("TentacleInstance", id, given, state)
    detail = caught.value.init_failed
    assert detail is not None
    assert "NODE2 to start only when the cluster starts it" in detail.reasons[0]
    finish(bench, "TentacleInstance", caught.value, given)
    assert nodes_of(bench)[1].services["octopusdeploy tentacle"].start_mode == "Manual"


# Reports of real users


def test_u08_a_key_is_never_made_on_a_node(bench: Bench) -> None:
    """A WinRM logon has no loaded profile, and a scheduled task is no way out."""
    bench.make("TentacleInstance", single(bench))
    commands = [" ".join(c) for c in nodes_of(bench)[0].commands]
    assert any("import-certificate" in c for c in commands)
    assert not any("new-certificate" in c for c in commands)
    assert nodes_of(bench)[0].scheduled_tasks == []


def test_u13_a_wrong_name_at_import_lists_what_is_there(bench: Bench) -> None:
    bench.make("TentacleInstance", single(bench))
    before = list(nodes_of(bench)[0].commands)
    with pytest.raises(Failed) as caught:
        bench.provider.read("TentacleInstance", f"{bench.nodes[0]}/Tentacel")
    assert "no Tentacle instance 'Tentacel' on NODE1; there are: Tentacle" in caught.value.message
    assert nodes_of(bench)[0].commands == before


def test_an_import_finds_what_was_made(bench: Bench) -> None:
    id, _, state = bench.make("TentacleInstance", single(bench))
    read_id, found, outputs = bench.provider.read("TentacleInstance", id.upper())
    assert read_id == id
    assert outputs["thumbprint"] == state["thumbprint"]
    assert (found["port"], found["configPath"]) == (10933, r"C:\Octopus\Tentacle.config")
    assert bench.provider.check("TentacleInstance", found)[1] == {}


def test_u70_rules_that_others_made_are_left_alone(bench: Bench) -> None:
    node = nodes_of(bench)[0]
    for name in ("{1}", "{2}"):
        node.firewall[name] = FirewallRule(name, "Octopus Deploy Tentacle: 10933", local_port=["10933"])
    id, _, state = bench.make("TentacleInstance", single(bench))
    assert sorted(node.firewall) == ["pulumi_tentacle-tentacle", "{1}", "{2}"]
    bench.provider.delete("TentacleInstance", id, state)
    assert sorted(node.firewall) == ["{1}", "{2}"]


def test_u85_an_msi_on_a_share_is_told_in_the_preview(bench: Bench) -> None:
    given = {
        "nodes": bench.nodes[:1],
        "installer": {"nodePath": r"\\FS\share\t.msi", "version": "8.3", "sha256": "0" * 64},
    }
    checked, _ = bench.provider.check("TentacleInstance", given)
    bench.provider.create("TentacleInstance", checked, preview=True)
    assert any("second hop" in entry.message for entry in bench.provider.log)


def test_a_dead_node_at_delete_needs_a_word_and_is_skipped_then(bench: Bench) -> None:
    made = clustered(bench, "ClusterRole")
    bench.lab.power_off(nodes_of(bench)[1])
    for kind in ("ClusterRole", "TentacleInstance"):
        id, _, state = made[kind]
        with pytest.raises(Failed) as caught:
            bench.provider.delete(kind, id, state)
        assert caught.value.code == grpc.StatusCode.UNAVAILABLE
        assert "deleteUnreachable" in caught.value.message
        bench.provider.configure(**bench.configuration(), deleteUnreachable=True)
        bench.provider.delete(kind, id, state)
        assert any(f"{bench.nodes[1]} was skipped" in entry.message for entry in bench.provider.log)
        bench.provider.configure(**bench.configuration())
    assert [g.name for g in cluster_of(bench).groups] == ["Cluster Group", "Available Storage"]
    assert nodes_of(bench)[0].services.get("octopusdeploy tentacle") is None
