"""The examples by `pulumi up` proper, as users run them."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from pulumi_tentacle.lab.cluster.membership import move_role
from pulumi_tentacle.lab.health import check_all
from pulumi_tentacle.lab.report import world
from pulumi_tentacle.lab.server import Lab
from tests.engine.labs import configuration
from tests.engine.runner import ROOT, CommandFailed, Engine, Secret, Stack

SERVICE = "OctopusDeploy Tentacle"


@pytest.fixture
def clustered(engine: Engine, lab: Lab, tmp_path: Path) -> Stack:
    stack = engine.stack(ROOT, tmp_path / "pulumi")
    stack.configure(configuration(lab))
    return stack


def service_states(state: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        name: (s["state"], s["startMode"])
        for name, node in state["nodes"].items()
        for s in node["services"]
        if s["name"] == SERVICE
    }


def test_the_clustered_example(clustered: Stack, lab: Lab, tmp_path: Path) -> None:
    """All of the guide's end state; and `--parallel 16` finds the order by what is wired to what."""
    shown = clustered.up("--parallel", "16")
    outputs = clustered.outputs()
    assert outputs["healthStatus"] == "Healthy"
    assert outputs["host"] == lab.document()["roleAddress"]
    assert outputs["machineId"].startswith("Machines-")

    state = world(lab.estate)
    assert state["tripwires"] == []
    assert state["unknown"] == {}
    assert {i["thumbprint"] for n in state["nodes"].values() for i in n["instances"]} == {outputs["thumbprint"]}
    for node in state["nodes"].values():
        assert r"C:\Octopus\Tentacle.config" in node["files"]
        (instance,) = node["instances"]
        assert (instance["home"], instance["applicationDirectory"]) == (r"E:\Octopus\Home", r"E:\Octopus\Applications")
        assert any("10933" in json.dumps(rule) for rule in node["firewall"])
    (machine,) = state["octopus"]["machines"]
    assert machine["Endpoint"]["Uri"] == f"https://{outputs['host']}:10933/"
    assert machine["Endpoint"]["Thumbprint"] == outputs["thumbprint"]
    (group,) = [g for g in state["cluster"]["groups"] if g["name"] == "TENTCL"]
    assert group["state"] == "Online"
    passive = next(n for n in state["nodes"] if n != group["owner"])
    assert service_states(state) == {group["owner"]: ("Running", "Manual"), passive: ("Stopped", "Manual")}
    role = json.dumps([r for r in state["cluster"]["resources"] if r["group"] == "TENTCL"])
    assert "([TENTCL]) and ([Cluster Disk 1])" in role
    assert r"Software\\Octopus" in role

    assert "Set-Disk" not in lab.estate.nodes["NODE2"].cmdlets  # the disk was never online there outside the cluster

    # Nothing to do the second time.
    clustered.expect_no_changes()
    clustered.up()
    assert clustered.last_changes() == {"same": 7}

    # Healthy from the other node too, with the same certificate.
    assert lab.estate.cluster is not None
    move_role(lab.estate.cluster, "TENTCL")
    assert [(c["name"], c["healthStatus"]) for c in check_all(lab)] == [("TENTCL", "Healthy")]
    assert service_states(world(lab.estate)) == {group["owner"]: ("Stopped", "Manual"), passive: ("Running", "Manual")}
    clustered.expect_no_changes()

    _no_secret_in_clear(clustered, configuration(lab), shown, lab)

    clustered.destroy()
    clustered.destroy()
    state = world(lab.estate)
    assert state["tripwires"] == []
    assert state["octopus"]["machines"] == []
    assert service_states(state) == {}
    left = [f for n in state["nodes"].values() for f in n["files"] if "octopus" in f.lower()]
    assert [f for f in left if not f.startswith((r"C:\Program Files", r"C:\Octopus\Logs"))] == []
    assert all(n["installed"] for n in state["nodes"].values())
    assert [lun.online_on for lun in lab.estate.luns] == [set()]


def _no_secret_in_clear(stack: Stack, given: dict[str, str], shown: str, lab: Lab) -> None:
    """Neither what the user gave nor what was made shows in output, log, state or a command line (u92)."""
    decrypted = stack.export("--show-secrets")
    resources = {r["urn"].rpartition("::")[0].rpartition("::")[2]: r for r in decrypted["deployment"]["resources"]}
    pfx = json.loads(resources["tentacle:index:Certificate"]["outputs"]["pfx"]["plaintext"])
    secrets = [value for value in given.values() if isinstance(value, Secret)] + [pfx]
    commands = json.dumps([node.commands for node in lab.estate.nodes.values()])
    for place, text in {"shown": shown, "state": json.dumps(stack.export()), "commands": commands}.items():
        assert not [s for s in secrets if s in text], place


def test_the_listening_example(engine: Engine, lab: Lab, tmp_path: Path) -> None:
    stack = engine.stack(ROOT / "examples" / "listening", tmp_path / "pulumi")
    stack.configure(configuration(lab))
    stack.up()
    assert stack.outputs()["healthStatus"] == "Healthy"
    state = world(lab.estate)
    assert state["tripwires"] == []
    assert service_states(state) == {"NODE1": ("Running", "Auto")}
    stack.expect_no_changes()
    stack.refresh()
    stack.expect_no_changes()
    stack.destroy()
    assert service_states(world(lab.estate)) == {}


def test_a_preview_needs_no_secrets_and_touches_nothing(engine: Engine, lab: Lab, tmp_path: Path) -> None:
    stack = engine.stack(ROOT, tmp_path / "pulumi")
    given = configuration(lab)
    octopus = {k: v for k, v in given.items() if not k.startswith("tentacle:winrm")}
    stack.configure(octopus)
    assert stack.preview()["changeSummary"] == {"create": 7}
    assert all(node.commands == [] and node.cmdlets == [] for node in lab.estate.nodes.values())


def test_credentials_from_the_environment_are_not_in_the_state(engine: Engine, lab: Lab, tmp_path: Path) -> None:
    """u94, u95: the recommended way. `tentacle:` keys of the stack are left out."""
    given = configuration(lab)
    environment = {
        "TENTACLE_WINRM_USERNAME": given["tentacle:winrmUsername"],
        "TENTACLE_WINRM_PASSWORD": given["tentacle:winrmPassword"],
        "TENTACLE_WINRM_CA_CERTIFICATE": given["tentacle:winrmCaCertificate"],
        "OCTOPUS_URL": given["tentacle:octopusUrl"],
        "OCTOPUS_API_KEY": given["tentacle:octopusApiKey"],
    }
    stack = engine.stack(ROOT / "examples" / "listening", tmp_path / "pulumi", **environment)
    stack.configure({k: v for k, v in given.items() if not k.startswith("tentacle:")})
    stack.up()
    state = json.dumps(stack.export("--show-secrets"))
    assert not [name for name in ("TENTACLE_WINRM_PASSWORD", "OCTOPUS_API_KEY") if environment[name] in state]
    stack.destroy()


def test_bad_input_is_shown_with_its_path(clustered: Stack) -> None:
    clustered.configure({"roleName": "A-NAME-OF-17-CHARS", "driveLetter": "C"})
    with pytest.raises(CommandFailed) as caught:
        clustered.preview()
    assert "driveLetter" in caught.value.output
    assert "Traceback" not in caught.value.output


@pytest.fixture
def killed(clustered: Stack) -> Stack:
    """An `up` whose CLI is killed while the instance is being made."""
    command = ["pulumi", "up", "--yes", "--skip-preview", "--stack", clustered.name, "--non-interactive"]
    command += ["--config-file", str(clustered.config_file)]
    process = subprocess.Popen(
        command, cwd=clustered.project, env=clustered.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    for line in process.stdout:
        if b"create instance 'Tentacle' on NODE" in line:
            process.send_signal(signal.SIGKILL)
            break
    process.wait(60)
    process.stdout.close()
    return clustered


def test_a_run_that_was_killed_is_carried_on(killed: Stack, lab: Lab) -> None:
    """The engine repeats the Create of what was under way (golden/engine, `interrupt`, kill-cli-create)."""
    killed.run("cancel", "--yes")
    deadline = time.monotonic() + 60
    while True:
        try:
            killed.up()
            break
        except CommandFailed as error:  # the killed run's plugin may still be at work for a moment
            assert time.monotonic() < deadline, error
    assert killed.outputs()["healthStatus"] == "Healthy"
    assert world(lab.estate)["tripwires"] == []
