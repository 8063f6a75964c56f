"""Run the real Pulumi engine on a project, with a home folder and a backend of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PLUGIN_FOLDER = Path(sys.executable).parent
SECONDS_FOR_ONE_COMMAND = 600
COMMANDS_WITH_CONFIGURATION = {"config", "destroy", "import", "preview", "refresh", "up"}


class Secret(str):
    """A configuration value that Pulumi keeps encrypted."""

    __slots__ = ()


class CommandFailed(AssertionError):
    """A command ended with another exit code than 0; the text holds all that it wrote."""

    def __init__(self, command: Sequence[str], code: int | None, output: str) -> None:
        outcome = "did not end in time" if code is None else f"ended with exit code {code}"
        super().__init__(f"{' '.join(command)} {outcome}:\n{output}")
        self.code = code
        self.output = output


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end.

    Raises:
        CommandFailed: it ended with another exit code than 0, or did not end in ten minutes.
    """
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS_FOR_ONE_COMMAND
        )
    except subprocess.TimeoutExpired as late:
        raise CommandFailed(command, None, f"{late.stdout!r}\n{late.stderr!r}") from None
    if done.returncode:
        raise CommandFailed(command, done.returncode, f"{done.stdout}\n{done.stderr}")
    return done


def build(wanted: str) -> str:
    """What tools/engine/build.py makes or finds: the folders to put on PATH."""
    return run([sys.executable, f"{ROOT}/tools/engine/build.py", wanted], ROOT, os.environ).stdout.strip()


def provider_plugins() -> dict[str, Any]:
    """The section `plugins` of a Pulumi.yaml by which the engine finds the provider under test."""
    return {"providers": [{"name": "tentacle", "path": f"{PLUGIN_FOLDER}"}]}


@dataclass(frozen=True)
class Engine:
    """The engine, its language hosts and what they start, by the folders that come first on PATH."""

    folders: tuple[str, ...]

    def environment(self) -> dict[str, str]:
        """The environment of this process without what would configure Pulumi or the provider."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PULUMI_", "TENTACLE_", "OCTOPUS_"))}
        path = os.pathsep.join([f"{PLUGIN_FOLDER}", *self.folders, os.environ["PATH"]])
        offline = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}
        return inherited | offline | {"PATH": path}

    def stack(self, project: Path, home: Path, name: str = "test", **environment: str) -> "Stack":
        """A new stack of the project in the folder `project`.

        Everything that Pulumi keeps lies in the folder `home`, the stack's configuration too: nothing is written into
        the project. Two stacks with the same `home` share their backend.
        """
        (home / "state").mkdir(parents=True, exist_ok=True)
        # A stack is created together with its configuration file, beside some Pulumi.yaml of that project's name.
        own_project = home / "project"
        own_project.mkdir(exist_ok=True)
        shutil.copy(project / "Pulumi.yaml", own_project)
        own = {
            "PULUMI_HOME": f"{home}/home",
            "PULUMI_BACKEND_URL": f"file://{home}/state",
            "PULUMI_CONFIG_PASSPHRASE": "test",
        }
        everything = self.environment() | own | environment
        run(["pulumi", "stack", "init", name, "--non-interactive"], own_project, everything)
        return Stack(name, project, own_project / f"Pulumi.{name}.yaml", everything)


@dataclass(frozen=True)
class Stack:
    """A stack; each method is one `pulumi` command and raises CommandFailed when that fails.

    Where a result is text, it is all that the command wrote; more arguments of the command can be given everywhere.
    """

    name: str
    project: Path
    config_file: Path
    environment: Mapping[str, str] = field(repr=False)

    def configure(self, values: Mapping[str, str]) -> None:
        """Set configuration values, such as `tentacle:octopusUrl`; those that are a `Secret` are encrypted."""
        entries = {key: {"value": value, "secret": isinstance(value, Secret)} for key, value in values.items()}
        self.run("config", "set-all", "--json", json.dumps(entries))

    def up(self, *arguments: str) -> str:
        """Make it so."""
        return self._text("up", "--yes", "--skip-preview", *arguments)

    def preview(self, *arguments: str) -> dict[str, Any]:
        """What `up` would do: `steps` and `changeSummary` (golden/engine, group `outputs`)."""
        return dict(self._json("preview", "--json", *arguments))

    def expect_no_changes(self) -> None:
        """Fail unless a preview finds nothing to do."""
        self._text("preview", "--diff", "--expect-no-changes")

    def refresh(self, *arguments: str) -> str:
        """Read every resource and take over what is found."""
        return self._text("refresh", "--yes", "--skip-preview", *arguments)

    def destroy(self, *arguments: str) -> str:
        """Take everything away."""
        return self._text("destroy", "--yes", "--skip-preview", *arguments)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secret ones in clear."""
        return dict(self._json("stack", "output", "--json", "--show-secrets"))

    def export(self, *arguments: str) -> dict[str, Any]:
        """The state; secrets stay encrypted without `--show-secrets`."""
        return dict(self._json("stack", "export", *arguments))

    def last_changes(self) -> dict[str, int]:
        """How many resources the last update created, updated, left the same and so on."""
        (latest,) = self._json("stack", "history", "--json", "--page-size", "1")
        return dict(latest["resourceChanges"])

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Any command on this stack."""
        options = ["--stack", self.name, "--non-interactive", "--color", "never"]
        if arguments[0] in COMMANDS_WITH_CONFIGURATION:
            options += ["--config-file", f"{self.config_file}"]
        return run(["pulumi", *arguments, *options], self.project, self.environment)

    def _text(self, *arguments: str) -> str:
        done = self.run(*arguments)
        return f"{done.stdout}\n{done.stderr}"

    def _json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments).stdout)
