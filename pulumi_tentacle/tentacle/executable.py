"""Tentacle.exe: what is installed, and its commands that change a configuration file (reference/tentacle.md §1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi_tentacle.errors import ProgramFailed
from pulumi_tentacle.remoting.commands import Secret, command
from pulumi_tentacle.remoting.node import Answer, Node
from pulumi_tentacle.tentacle import names
from pulumi_tentacle.windows.queries import Query

_SECONDS = 180.0  # a first start after boot takes long: certificate revocation lists, virus scanners
_MISSING = frozenset({"PathNotFound", "ItemNotFound", "DriveNotFound"})


@dataclass(frozen=True)
class Installed:
    """Tentacle.exe on a node: its path and its version (`8.3.3594`)."""

    path: str
    version: str


def install_folder() -> Query[str]:
    """Where the MSI put Tentacle; its default folder if it is not installed."""

    def parse(answers: Sequence[Answer]) -> str:
        (answer,) = answers
        if answer.error is not None and answer.error.error_id in _MISSING:
            return names.DEFAULT_FOLDER
        found = [str(o["InstallLocation"] or "") for o in answer.objects]
        return next((f.rstrip("\\") for f in found if f), names.DEFAULT_FOLDER)

    return Query(
        (
            command("Get-ItemProperty", LiteralPath=names.REGISTRY_KEY)
            | command("Select-Object", Property=["InstallLocation"]),
        ),
        parse,
    )


def installed(folder: str) -> Query[Installed | None]:
    """Tentacle.exe in this folder, or None."""
    path = rf"{folder}\Tentacle.exe"

    def parse(answers: Sequence[Answer]) -> Installed | None:
        (answer,) = answers
        if answer.error is not None and answer.error.error_id in _MISSING:
            return None
        (found,) = answer.objects
        return Installed(path, version_number(str(found["ProductVersion"])))

    return Query(
        (
            command("Get-Item", LiteralPath=path)
            | command("Select-Object", ExpandProperty="VersionInfo")
            | command("Select-Object", Property=["ProductVersion"]),
        ),
        parse,
    )


def version_number(text: str) -> str:
    """The numbers of an informational version such as `8.3.3594+Branch.release-8.3.Sha.…`."""
    match = re.match(r"\d+(\.\d+){1,3}", text.strip())
    return match.group() if match else text.strip()


def satisfies(version: str, wanted: str) -> bool:
    """True if an installed version is the wanted one, or at least that (`>=8.3`)."""
    if wanted.startswith(">="):
        return as_numbers(version) >= as_numbers(wanted[2:])
    return as_numbers(version) == as_numbers(wanted)


def as_numbers(version: str) -> tuple[int, ...]:
    """A version for comparing; `8.3` counts as `8.3.0.0`."""
    parts = [int(p) for p in re.findall(r"\d+", version)]
    return tuple([*parts, 0, 0, 0, 0][:4])


@dataclass(frozen=True)
class Tentacle:
    """The commands of one node's Tentacle.exe. Each raises ProgramFailed with the words of its error stream."""

    node: Node
    path: str

    def create_instance(self, name: str, config: str, home: str) -> None:
        """Register an instance and make its configuration file; one that is there is kept."""
        self._run("create-instance", "--instance", name, "--config", config, "--home", home)

    def configure(self, config: str, options: Sequence[str]) -> None:
        """Change a configuration file, by path: it is nobody's instance."""
        self._run("configure", "--config", config, *options)

    def import_certificate(self, config: str, file: str) -> None:
        """Take the certificate of a file of base64 text into a configuration file."""
        self._run("import-certificate", "--config", config, "--from-file", file)

    def install_service(self, name: str, account: str | None, password: str | None, index: str | None = None) -> None:
        """Install (or reconfigure) the Windows service; its start type is Automatic afterwards, whatever it was.

        `index`: folder of another machine-wide index, for an instance whose home is on a drive that is not here.
        """
        environment: dict[str, str | Secret] = {}
        if account is not None:
            environment["OCTOPUS_SERVICE_USERNAME"] = account
        if password is not None:
            environment["OCTOPUS_SERVICE_PASSWORD"] = Secret(password)
        if index is not None:
            environment["TentacleMachineConfigurationHomeDirectory"] = index
        self._run("service", "--install", "--instance", name, environment=environment)

    def _run(self, *arguments: str, environment: Mapping[str, str | Secret] | None = None) -> None:
        done = self.node.run(self.path, *arguments, environment=environment or {}, deadline=_SECONDS)
        if done.exit_code == 0 and not (arguments[0] == "service" and done.stderr.strip()):
            return
        # `service` exits with 0 although sc.exe failed: only its error stream tells (tentacle.md §1.5).
        raise ProgramFailed(
            f"Tentacle.exe {arguments[0]} on {self.node.address} failed with exit code {done.exit_code}: "
            f"{summary(done.stderr or done.stdout)}",
            node=self.node.address,
            program="Tentacle.exe",
            exit_code=done.exit_code,
            stderr=done.stderr,
        )


def summary(stderr: str) -> str:
    """The telling lines of an error report: no rules, no stack trace, no closing advice."""
    lines = [line.strip() for line in stderr.splitlines()]
    kept = [line for line in lines if line and not set(line) <= {"=", "-"} and not line.startswith(("at ", "--"))]
    text = " ".join(kept[:4])
    return text[:600] or "it printed nothing"
