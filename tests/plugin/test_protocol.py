"""What the engine may expect of the plugin beside the resources."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto import provider_pb2 as pb

from pulumi_tentacle.plugin import table
from pulumi_tentacle.plugin.properties import from_struct, to_struct
from pulumi_tentacle.plugin.schema import plugin_version, schema
from pulumi_tentacle.resources.model import Secret, properties_of
from pulumi_tentacle.resources.values import UNKNOWN
from tests.plugin.good_inputs import DISK, INSTANCE, good
from tests.plugin.server import Failed, Provider, running_provider

ROOT = Path(__file__).parents[2]
REPLACING = {
    "Certificate": {"subject", "keyBits", "validityYears"},
    "TentacleInstance": {"instanceName", "configPath"},
    "SharedDisk": {"serialNumber", "uniqueId"},
    "TrustedServer": {"thumbprint"},
    "ClusterRole": {"name"},
    "DeploymentTarget": {"space"},
}


def test_the_version_is_one(provider: Provider) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == plugin_version()
    assert provider.call("GetPluginInfo", empty_pb2.Empty()).version == plugin_version()


def test_an_engine_can_attach(provider: Provider) -> None:
    assert provider.call("Handshake", pb.ProviderHandshakeRequest(engine_address="x")).accept_secrets
    provider.call("Attach", plugin_pb2.PluginAttach(address="127.0.0.1:1"))


def test_what_is_not_there_is_unimplemented(provider: Provider) -> None:
    for method, request in (
        ("Check", pb.CheckRequest(urn="urn:pulumi:s::p::tentacle:index:Cow::x", type="tentacle:index:Cow")),
        ("Invoke", pb.InvokeRequest(tok="tentacle:index:moo")),
    ):
        with pytest.raises(Failed) as caught:
            provider.call(method, request)
        assert caught.value.code == grpc.StatusCode.UNIMPLEMENTED


def test_a_child_of_a_component_is_found_by_its_own_type(provider: Provider) -> None:
    request = pb.CheckRequest(urn="urn:pulumi:s::p::my:Comp$tentacle:index:Certificate::x")
    assert from_struct(provider.call("Check", request).inputs)["keyBits"] == 2048


def test_the_plugin_starts_without_an_engine_and_prints_its_port() -> None:
    """Tools that attach start it so (reference/pulumi.md §5)."""
    process = subprocess.Popen(
        [Path(sys.executable).parent / "pulumi-resource-tentacle"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 0
    finally:
        process.terminate()
        process.communicate(timeout=20)


# Configuration


def test_u94_secrets_of_an_explicit_provider_are_marked(provider: Provider) -> None:
    given = {"winrmPassword": "canary", "octopusApiKey": "API-CANARY", "octopusUrl": "http://x"}
    answer = provider.call("CheckConfig", pb.CheckRequest(urn="u", news=to_struct(given)))
    checked = from_struct(answer.inputs)
    assert checked["winrmPassword"] == Secret("canary")
    assert checked["octopusApiKey"] == Secret("API-CANARY")
    assert checked["octopusUrl"] == "http://x"


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        ({"winrmScheme": "http", "winrmTransport": "basic"}, "winrmScheme", "unencrypted"),
        ({"winrmTransport": "telnet"}, "winrmTransport", "negotiate"),
        ({"winrmPort": "0"}, "winrmPort", "1 to 65535"),
        ({"operationTimeout": "-1"}, "operationTimeout", "greater than 0"),
    ],
)
def test_wrong_configuration_is_told_by_its_key(
    provider: Provider, given: dict[str, str], path: str, words: str
) -> None:
    answer = provider.call("CheckConfig", pb.CheckRequest(urn="u", news=to_struct(given)))
    (failure,) = answer.failures
    assert failure.property == path
    assert words in failure.reason


def test_configuration_comes_as_strings_and_may_be_unknown(provider: Provider) -> None:
    given = {"winrmPort": "5999", "winrmInsecure": "true", "operationTimeout": "30", "octopusUrl": UNKNOWN}
    assert not provider.call("CheckConfig", pb.CheckRequest(urn="u", news=to_struct(given))).failures


def test_a_change_of_configuration_never_replaces(provider: Provider) -> None:
    request = pb.DiffRequest(old_inputs=to_struct({"octopusUrl": "a"}), news=to_struct({"octopusUrl": "b"}))
    answer = provider.call("DiffConfig", request)
    assert (answer.changes, list(answer.diffs), list(answer.replaces)) == (2, ["octopusUrl"], [])


# Diff


def test_u100_replacement_is_the_exception() -> None:
    found = {}
    for name in REPLACING:
        resource = table.resource(f"tentacle:index:{name}")
        assert resource is not None
        found[name] = {p.alias for p in properties_of(resource.inputs) if p.replaces}
    assert found == REPLACING


@pytest.mark.parametrize(
    ("kind", "changes", "replaces"),
    [
        ("TrustedServer", {"instance": UNKNOWN}, ["instance"]),
        ("TrustedServer", {"instance": {**INSTANCE, "instanceName": "Other"}}, ["instance"]),
        ("TrustedServer", {"instance": {**INSTANCE, "nodes": ["node1"]}}, []),
        ("TrustedServer", {"thumbprint": "CD" * 20}, ["thumbprint"]),
        ("ClusterRole", {"instance": UNKNOWN}, ["instance"]),
        ("ClusterRole", {"disk": UNKNOWN}, ["disk"]),
        ("ClusterRole", {"disk": {**DISK, "uniqueId": "600B"}}, ["disk"]),
        ("ClusterRole", {"disk": {**DISK, "nodes": ["node1", "node3"]}}, []),
        ("ClusterRole", {"name": "OTHER"}, ["name"]),
        ("ClusterRole", {"staticAddresses": ["10.1.0.6"]}, []),
        ("TentacleInstance", {"port": 10944}, []),
        ("TentacleInstance", {"instanceName": "Other"}, ["instanceName", "configPath"]),
        ("SharedDisk", {"serialNumber": "LUN-0002"}, ["serialNumber"]),
        ("SharedDisk", {"label": "Data"}, []),
        ("Certificate", {"keyBits": 4096}, ["keyBits"]),
    ],
)
def test_what_a_change_means(provider: Provider, kind: str, changes: dict[str, object], replaces: list[str]) -> None:
    old, _ = provider.check(kind, good(kind))
    new, failures = provider.check(kind, {**good(kind), **changes})
    assert failures == {}
    answer = provider.diff(kind, old, new)
    assert answer.changes == answer.DIFF_SOME
    assert sorted(answer.replaces) == sorted(replaces)
    assert set(changes) <= set(answer.diffs)
    assert answer.deleteBeforeReplace == (kind != "Certificate")
    assert answer.hasDetailedDiff
    assert {path.partition(".")[0] for path in answer.detailedDiff} == set(answer.diffs)


def test_a_change_of_the_file_system_is_refused_in_the_preview(provider: Provider) -> None:
    old, _ = provider.check("SharedDisk", good("SharedDisk"))
    with pytest.raises(Failed) as caught:
        provider.diff("SharedDisk", old, {**old, "fileSystem": "ReFS"})
    assert "would format the disk" in caught.value.message


UPDATES_OF_A_LATER_VERSION = {
    "TentacleInstance": {
        "nodes": ["node1", "node3"],
        "installer": {"file": "t.msi", "version": "9.0"},
        "homeDirectory": r"C:\Elsewhere",
        "applicationDirectory": r"C:\Elsewhere",
        "sharedDisk": DISK,
        "port": 10944,
        "listenAddress": "10.1.0.1",
        "trustedThumbprints": ["AB" * 20],
        "service": {"account": "NetworkService"},
        "firewall": {"enabled": False},
    },
    "SharedDisk": {
        "nodes": ["node1", "node3"],
        "driveLetter": "F",
        "label": "Data",
        "initialize": True,
        "cluster": {"name": "CLU", "nodes": ["node1"]},
    },
    "ClusterRole": {
        "staticAddresses": ["10.1.0.6"],
        "ignoreNetworks": ["10.2.0.0/24"],
        "subnetMask": "255.255.255.0",
        "probePort": 59999,
        "checkpointKeys": [],
        "preferredOwners": ["node2"],
        "allowFailback": True,
        "failoverThreshold": 3,
        "failoverPeriod": 6,
        "restartDelay": 900,
        "restartThreshold": 2,
    },
}


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [(kind, name, value) for kind, changes in UPDATES_OF_A_LATER_VERSION.items() for name, value in changes.items()],
)
def test_a_change_of_a_later_version_is_refused_by_name(
    provider: Provider, kind: str, name: str, value: object
) -> None:
    """In the preview already, with nothing touched: nothing is configured here, so a touch would be another error."""
    old, _ = provider.check(kind, good(kind))
    new, failures = provider.check(kind, {**good(kind), name: value})
    assert failures == {}
    for preview in (True, False):
        with pytest.raises(Failed) as caught:
            provider.update(kind, "id", old, new, {}, preview=preview)
        assert caught.value.code == grpc.StatusCode.UNIMPLEMENTED
        assert name in caught.value.message
        assert "Nothing was touched" in caught.value.message


# Schema


def test_every_property_is_described_and_every_secret_marked() -> None:
    made = schema()
    for token, resource in made["resources"].items():
        assert "Example Usage" in resource["description"], token
        for name, spec in {**resource["inputProperties"], **resource["properties"]}.items():
            assert spec.get("description"), f"{token}.{name}"
    secret = {
        f"{token.rpartition(':')[2]}.{name}"
        for token, holder in {**made["resources"], **made["types"]}.items()
        for name, spec in holder["properties"].items()
        if spec.get("secret")
    }
    assert secret == {
        "Certificate.pfx",
        "TentacleInstance.certificate",
        "TentacleInstance.certificatePassword",
        "ServiceAccount.password",
    }
    assert {n for n, s in made["provider"]["inputProperties"].items() if s.get("secret")} == {
        "winrmPassword",
        "winrmClientKey",
        "octopusApiKey",
        "octopusAccessToken",
    }


def test_references_in_the_schema_lead_somewhere() -> None:
    made = schema()
    text = json.dumps(made)
    for token in made["types"]:
        assert f"#/types/{token}" in text
    for part in text.split('"$ref": "#/types/')[1:]:
        assert part.partition('"')[0] in made["types"]


# Cancel


def test_cancel_ends_what_waits() -> None:
    """A node that takes connections and never answers: Ctrl-C ends the wait, not the time-out."""
    with running_provider() as own, socket.create_server(("127.0.0.1", 0)) as silent:
        own.configure(winrmUsername="x", winrmPassword="y", winrmPort=silent.getsockname()[1], connectTimeout=60)
        failed: list[Failed] = []

        def create() -> None:
            with pytest.raises(Failed) as caught:
                own.create("TentacleInstance", {"nodes": ["127.0.0.1"]})
            failed.append(caught.value)

        thread = threading.Thread(target=create)
        thread.start()
        with silent.accept()[0]:
            started = time.monotonic()
            own.call("Cancel", empty_pb2.Empty())
            thread.join(30)
            assert time.monotonic() - started < 5
        assert failed[0].code == grpc.StatusCode.CANCELLED
