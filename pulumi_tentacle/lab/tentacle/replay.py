"""Replays a record of the real Tentacle on the lab's, and tells where they do not agree (golden/README.md)."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pulumi_tentacle.lab.node.program import Completed
from pulumi_tentacle.lab.tentacle import record
from pulumi_tentacle.lab.tentacle.console import lines
from pulumi_tentacle.lab.tentacle.record import RecordError, RunStep, Scenario, SetupStep, WriteFile
from pulumi_tentacle.lab.tentacle.recording import Machine, Snapshot, on_windows

MACHINE_READABLE = frozenset({"list-instances", "show-configuration", "show-thumbprint", "version"})
NOT_RECORDED = ("{usage}", "{platform}")
_THUMBPRINT = re.compile(r"\{thumbprint:(\d+)\}")


@dataclass(frozen=True)
class Outcome:
    """A replayed step. `differences` is readable, and empty where both agree."""

    scenario: str
    number: int
    title: str
    differences: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return not self.differences

    def __str__(self) -> str:
        return "\n".join([f"{self.scenario}, step {self.number}: {self.title}", *self.differences])


@dataclass(frozen=True)
class Report:
    """All steps of a record."""

    outcomes: tuple[Outcome, ...]

    @property
    def agreed(self) -> int:
        return sum(outcome.agrees for outcome in self.outcomes)

    @property
    def summary(self) -> str:
        return f"steps: {self.agreed} of {len(self.outcomes)} agree"

    @property
    def all_agree(self) -> bool:
        return self.agreed == len(self.outcomes)

    def __str__(self) -> str:
        apart = [f"{outcome}\n" for outcome in self.outcomes if not outcome.agrees]
        return "\n".join([*apart, self.summary])


def main(path: Path) -> int:
    """`pulumi-tentacle replay FILE`: print the report; 0 when all agrees, 1 when not, 2 when it is no record."""
    try:
        report = replay(path)
    except RecordError as error:
        print(error, file=sys.stderr)
        return 2
    print(report)
    return 0 if report.all_agree else 1


def replay(path: Path) -> Report:
    """Replay a whole record. Raises RecordError when the file is none."""
    return Report(tuple(outcome for scenario in record.load(path) for outcome in replay_scenario(scenario)))


def replay_scenario(scenario: Scenario) -> list[Outcome]:
    """Replay one scenario on a machine of its own."""
    machine, names = Machine(), _Thumbprints()
    outcomes = []
    for number, step in enumerate(scenario.steps, 1):
        if isinstance(step, SetupStep):
            text = step.setup.text if isinstance(step.setup, WriteFile) else ""
            machine.set_up(step.setup, names.put_into(on_windows(text)))
            differences: list[str] = []
        else:
            before = machine.look()
            completed = machine.run([names.put_into(on_windows(argument)) for argument in step.argv])
            differences = list(_compare(step, completed, before, machine.look(), names))
        outcomes.append(Outcome(scenario.scenario, number, step.title, tuple(differences)))
    return outcomes


class _Thumbprints:
    """Which certificate the record means by `{thumbprint:N}`: known from where it is first seen."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def learn(self, recorded: str, actual: str) -> None:
        """Take unknown thumbprints from a text that is like the recorded one in all else."""
        parts = _THUMBPRINT.split(recorded)  # text, number, text, number, …
        pattern, seen = re.escape(parts[0]), set()
        for number, text in zip(parts[1::2], parts[2::2], strict=True):
            if number in self._known:
                pattern += self._known[number]
            else:
                pattern += f"(?P=n{number})" if number in seen else f"(?P<n{number}>[0-9A-F]{{40}})"
                seen.add(number)
            pattern += re.escape(text)
        found = re.fullmatch(pattern, actual)
        for group, thumbprint in (found.groupdict() if found else {}).items():
            if thumbprint not in self._known.values():
                self._known[group.removeprefix("n")] = thumbprint

    def put_into(self, text: str) -> str:
        return _THUMBPRINT.sub(lambda found: self._known.get(found[1], found[0]), text)


def _compare(
    step: RunStep, completed: Completed, before: Snapshot, after: Snapshot, names: _Thumbprints
) -> Iterable[str]:
    stdout = lines(on_windows(step.stdout))
    names.learn(stdout, completed.stdout)
    if completed.exit_code != step.exit:
        yield f"  exit code: recorded {step.exit}, here {completed.exit_code}"
        yield from _indented(completed.stderr)
    if bool(completed.stderr) != bool(step.stderr):
        yield f"  stderr: recorded {'some text' if step.stderr else 'empty'}, here {completed.stderr!r}"
    if _command(step) in MACHINE_READABLE and not any(mark in step.stdout for mark in NOT_RECORDED):
        yield from _difference("stdout", names.put_into(stdout), completed.stdout)
    yield from _compare_files(step, before, after, names)


def _compare_files(step: RunStep, before: Snapshot, after: Snapshot, names: _Thumbprints) -> Iterable[str]:
    recorded = {
        on_windows(path): None if text is None else lines(on_windows(text)) for path, text in step.files.items()
    }
    changed = {path: text for path, text in after.items() if path not in before or before[path] != text}
    for path in sorted(recorded | changed):
        if path not in recorded:
            yield f"  {path}: written here, not recorded"
            yield from _indented(changed[path] or "")
        elif path not in changed:
            yield f"  {path}: recorded, not written here"
        else:
            text, here = recorded[path] or "", changed[path] or ""
            names.learn(text, here)
            yield from _difference(path, names.put_into(text), here)
    gone = {path for path in before if path not in after and not path.endswith("\\")}
    for path in sorted(gone ^ {on_windows(path) for path in step.removed}):
        yield f"  {path}: {'removed here, not recorded' if path in gone else 'recorded as removed, still here'}"


def _command(step: RunStep) -> str:
    return step.argv[0].lower().lstrip("-/") if step.argv else ""


def _difference(what: str, recorded: str, here: str) -> Iterable[str]:
    if recorded != here:
        texts = (_visible(recorded), _visible(here))
        yield from _indented(
            "\n".join(difflib.unified_diff(*texts, f"{what} (recorded)", f"{what} (here)", lineterm=""))
        )


def _visible(text: str) -> list[str]:
    """The lines of a text; an end that is not Windows' shows."""
    return [line.replace("\r", "␍").replace("\n", "␊") for line in text.split("\r\n")]


def _indented(text: str) -> Iterable[str]:
    for line in text.splitlines():
        yield f"    {line}"
