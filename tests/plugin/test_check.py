"""Bad input is found in preview, with the property's path, before anything is touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_tentacle.resources.model import Secret
from pulumi_tentacle.resources.values import UNKNOWN
from tests.plugin.good_inputs import DISK, SHA256, good, pfx
from tests.plugin.server import Provider

CASES = yaml.safe_load(Path(__file__).with_name("bad_input.yaml").read_text(encoding="utf-8"))
MADE: dict[str, Callable[[], Any]] = {
    "{disk}": lambda: DISK,
    "{sha}": lambda: SHA256,
    "{nokey}": lambda: pfx("nokey"),
    "{ec}": lambda: pfx("ec"),
    "{locked}": lambda: pfx("rsa", "right"),
}
KINDS = ["Certificate", "TentacleInstance", "TrustedServer", "SharedDisk", "ClusterRole", "DeploymentTarget"]


def filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: filled(v) for k, v in value.items()}
    if isinstance(value, str) and value in MADE:
        return MADE[value]()
    return value


def changed(case: dict[str, Any]) -> dict[str, Any]:
    inputs = {k: v for k, v in good(case["kind"]).items() if k not in case.get("remove", [])}
    for path, value in filled(case.get("set", {})).items():
        head, _, tail = path.partition(".")
        inputs[head] = {**inputs[head], tail: value} if tail else value
    return inputs


@pytest.mark.parametrize("case", CASES, ids=[f"{c['kind']}: {c['name']}" for c in CASES])
def test_bad_input_is_told_with_its_path(provider: Provider, case: dict[str, Any]) -> None:
    _, failures = provider.check(case["kind"], changed(case))
    assert case["path"] in failures, failures
    assert case["words"] in failures[case["path"]]


@pytest.mark.parametrize("kind", KINDS)
def test_good_input_passes_and_keeps_its_spelling(provider: Provider, kind: str) -> None:
    inputs, failures = provider.check(kind, good(kind))
    assert failures == {}
    assert {k: v.value if isinstance(v, Secret) else v for k, v in inputs.items() if k in good(kind)} == good(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_value_is_no_error_anywhere(provider: Provider, kind: str) -> None:
    """In a preview any property, and any part of one, may be unknown (golden/engine, values)."""
    for name, value in good(kind).items():
        variants = [UNKNOWN]
        if isinstance(value, dict):
            variants += [{**value, key: UNKNOWN} for key in value]
        if isinstance(value, list):
            variants.append([UNKNOWN])
        for variant in variants:
            inputs, failures = provider.check(kind, {**good(kind), name: variant})
            assert failures == {}, (name, variant)
            assert inputs[name] == variant
            provider.create(kind, inputs, preview=True) if kind == "Certificate" else None
            assert provider.diff(kind, good(kind), inputs).changes


@pytest.mark.parametrize("kind", KINDS)
def test_check_is_idempotent_and_no_change_makes_no_diff(provider: Provider, kind: str) -> None:
    once, _ = provider.check(kind, good(kind))
    twice, failures = provider.check(kind, once)
    assert (twice, failures) == (once, {})
    diff = provider.diff(kind, once, twice)
    assert diff.changes == diff.DIFF_NONE


def test_u05_a_thumbprint_from_the_certificate_dialog_is_taken_and_makes_no_diff(provider: Provider) -> None:
    pasted = "\u200eab cd:" + "ab" * 18
    inputs, failures = provider.check("TrustedServer", {**good("TrustedServer"), "thumbprint": pasted})
    assert failures == {}
    clean = {**inputs, "thumbprint": "ABCD" + "AB" * 18}
    assert provider.diff("TrustedServer", inputs, clean).changes == 1


def test_paths_follow_the_shared_disk(provider: Provider) -> None:
    inputs, _ = provider.check("TentacleInstance", {**good("TentacleInstance"), "sharedDisk": DISK})
    assert inputs["homeDirectory"] == r"E:\Octopus\Home"
    assert inputs["applicationDirectory"] == r"E:\Octopus\Applications"
    assert inputs["configPath"] == r"C:\Octopus\Tentacle.config"
    unknown, _ = provider.check("TentacleInstance", {**good("TentacleInstance"), "sharedDisk": UNKNOWN})
    assert unknown["homeDirectory"] is UNKNOWN


def test_a_secret_input_stays_one(provider: Provider) -> None:
    inputs, _ = provider.check("TentacleInstance", {"nodes": Secret(["node1"]), "certificate": Secret(pfx())})
    assert isinstance(inputs["certificate"], Secret)
    assert isinstance(inputs["nodes"], Secret)
