"""The lab's Tentacle against the record of the real one (golden/README.md)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulumi_tentacle.lab.tentacle import record
from pulumi_tentacle.lab.tentacle.replay import main, replay, replay_scenario

RECORD = Path(__file__).parents[2] / "golden" / "tentacle-cli.json"
SCENARIOS = {scenario.scenario: scenario for scenario in record.load(RECORD)}


def test_the_record_is_the_whole_one() -> None:
    assert len(SCENARIOS) == 20
    assert sum(len(scenario.steps) for scenario in SCENARIOS.values()) == 155


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_step_agrees(name: str) -> None:
    apart = [str(outcome) for outcome in replay_scenario(SCENARIOS[name]) if not outcome.agrees]
    assert apart == []


def _changed(scenario: str, number: int, change: Callable[[dict[str, Any]], object]) -> list[dict[str, Any]]:
    """One scenario of the record with one step changed."""
    content = json.loads(RECORD.read_text(encoding="utf-8"))
    one = next(s for s in content if s["scenario"] == scenario)
    change(one["steps"][number - 1])
    return [one]


CONFIG = "{root}/conf/Tentacle.config"
CHANGES: dict[str, tuple[str, int, Callable[[dict[str, Any]], object], str]] = {
    "another exit code": (
        "cert-import-bad",
        4,
        lambda step: step.update(exit=100),
        "exit code: recorded 100, here 1",
    ),
    "a key that Tentacle does not write": (
        "create-twice",
        1,
        lambda step: step["files"].update(
            {CONFIG: step["files"][CONFIG].replace("</set>", "</set>\n  <set key='x' />")}
        ),
        "-  <set key='x' />",
    ),
    "an indentation": (
        "configure-ports",
        2,
        lambda step: step["files"].update({CONFIG: step["files"][CONFIG].replace("  <set", "<set")}),
        '-<set key="Octopus.Home">C:\\Octopus\\conf</set>',
    ),
    "a file that is not written": (
        "create-home-option",
        1,
        lambda step: step["files"].update({"{root}/more.txt": "more"}),
        "C:\\Octopus\\more.txt: recorded, not written here",
    ),
    "a file that was not recorded": (
        "create-home-option",
        1,
        lambda step: step["files"].pop(CONFIG),
        "C:\\Octopus\\conf\\Tentacle.config: written here, not recorded",
    ),
    "a file that should have gone": (
        "delete",
        3,
        lambda step: step.pop("removed"),
        "tentacle.config: removed here, not recorded",
    ),
    "data on stdout": (
        "guide-sequence",
        10,
        lambda step: step.update(stdout=step["stdout"].replace("uses", "has")),
        "-Instance 'Tentacle' has configuration 'C:\\Octopus\\conf\\Tentacle.config'.",
    ),
    "another thumbprint than before": (
        "cert-new",
        6,
        lambda step: step.update(stdout="{thumbprint:1}"),
        "stdout (recorded)",
    ),
    "stderr that was empty": (
        "no-such-instance",
        1,
        lambda step: step.update(stderr=""),
        "stderr: recorded empty, here 'Instance Tentacle of Tentacle has not been configured",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_record_disagrees_and_shows_where(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario, number, change, shown = CHANGES[name]
    changed = tmp_path / "record.json"
    changed.write_text(json.dumps(_changed(scenario, number, change)), encoding="utf-8")
    steps = len(SCENARIOS[scenario].steps)
    assert main(changed) == 1
    printed = capsys.readouterr().out
    assert f"{scenario}, step {number}: " in printed
    assert shown in printed
    assert printed.endswith(f"steps: {steps - 1} of {steps} agree\n")


def test_free_text_is_not_compared(tmp_path: Path) -> None:
    content = _changed(
        "cert-import-bad", 2, lambda step: step.update(stdout="Something else\n", stderr="Other words\n")
    )
    (tmp_path / "record.json").write_text(json.dumps(content), encoding="utf-8")
    assert replay(tmp_path / "record.json").all_agree


def test_main_prints_the_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "record.json").write_text(json.dumps(_changed("top-level", 1, lambda step: None)), encoding="utf-8")
    assert main(tmp_path / "record.json") == 0
    assert capsys.readouterr().out == "steps: 9 of 9 agree\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "Invalid JSON"),
        ("[]", "at least 1 item"),
        ('[{"scenario": "x", "steps": [{"argv": ["version"]}]}]', "0.steps.0.RunStep.exit: Field required"),
    ],
)
def test_what_is_no_record_is_refused(
    content: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "record.json").write_text(content, encoding="utf-8")
    assert main(tmp_path / "record.json") == 2
    assert told in capsys.readouterr().err


def test_a_missing_record_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(tmp_path / "absent.json") == 2
    assert "cannot read the record" in capsys.readouterr().err
