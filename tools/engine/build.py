#!/usr/bin/env python3
"""Build what is needed of the Pulumi engine, once, and print the folders to put first on PATH.

    build.py engine      the `pulumi` CLI with its language hosts: those on PATH if complete, else built here
    build.py generator   `pulumi-tentacle-gen`, which writes the SDKs (gen/main.go)
    build.py go          the Go toolchain that builds them

Only the Go module proxy and PyPI are asked; the facts behind the recipe are in README.md beside this file. The
result lies in a cache folder that all clones share, named after the versions and a hash of what went in. Progress
goes to stderr. Runs on the standard library alone, before any virtual environment exists.
"""

import argparse
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from toolchain import BuildFailed, cache_folder, find_or_install_go, go_environment

HERE = Path(__file__).resolve().parent
LANGUAGES = ("python", "nodejs", "go", "yaml")
OLDEST_CLI = (3, 200)
PYTHON_EXEC = "pulumi-language-python-exec"
LINES_OF_A_FAILURE = 40
SECONDS_BETWEEN_SIGNS_OF_LIFE = 15


@dataclass(frozen=True)
class Step:
    """One `go build` in a wrapper module; `seconds` is what it takes from empty caches on two cores."""

    module: str
    package: str
    binary: str
    seconds: int


CLI = Step("cli", "tool", "pulumi", 180)
HOSTS = (
    Step("python", "tool", "pulumi-language-python", 40),
    Step("nodejs", "tool", "pulumi-language-nodejs", 25),
    Step("go", "tool", "pulumi-language-go", 15),
    Step("yaml", "tool", "pulumi-language-yaml", 45),
)
GENERATOR = Step("cli", "./gen", "pulumi-tentacle-gen", 30)


def main(wanted: str) -> str:
    """Make sure that `wanted` is there; the result is its folders, as in PATH."""
    if wanted == "go":
        with _alone():
            return str(_go())
    if wanted == "generator":
        return str(_cached("generator", (GENERATOR,)))
    pulumi = shutil.which("pulumi")
    objection = _objection(pulumi) if pulumi else "There is no pulumi on PATH."
    if pulumi and not objection:
        return str(Path(pulumi).parent)
    return str(_cached("engine", (CLI, *HOSTS), objection))


def _objection(pulumi: str) -> str:
    """Why the `pulumi` on PATH cannot be used; empty when it can: new enough, with every host beside it or on PATH."""
    search = f"{Path(pulumi).parent}{os.pathsep}{os.environ['PATH']}"
    hosts = [f"pulumi-language-{language}" for language in LANGUAGES]
    missing = [host for host in hosts if not shutil.which(host, path=search)]
    if missing:
        return f"{pulumi} is not used; missing beside it: {', '.join(missing)}."
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    answer = subprocess.run([pulumi, "version"], env=environment, capture_output=True, text=True).stdout.strip()
    version = re.match(r"v?(\d+)\.(\d+)", answer)
    if version is None or (int(version[1]), int(version[2])) < OLDEST_CLI:
        return f"{pulumi} is not used; its version is {answer or 'unknown'}, and 3.200 or later is needed."
    return ""


# ------------------------------------------------------------------ the cache


def _cached(name: str, steps: tuple[Step, ...], reason: str = "") -> Path:
    """The folder of the binaries of `steps`, built if it is not there (`reason` says why that is needed at all)."""
    home = cache_folder() / f"{name}-{_cli_version()}-{_fingerprint(steps)}"
    bin_folder = home / "bin"
    if bin_folder.is_dir():
        return bin_folder
    with _alone():
        if not bin_folder.is_dir():  # Another clone may have built it while we waited.
            partial = home.with_name(f"{name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            if reason:
                _say(reason)
            _build(name, steps, partial / "bin")
            partial.rename(home)
    return bin_folder


def _fingerprint(steps: tuple[Step, ...]) -> str:
    """Changes with everything that the binaries are made from."""
    digest = hashlib.sha256(f"{platform.system()} {platform.machine()} {steps}".encode())
    for module in sorted({step.module for step in steps}):
        files = [HERE / module / "go.mod", HERE / module / "go.sum"]
        if GENERATOR in steps:
            files += sorted((HERE / GENERATOR.module / GENERATOR.package).glob("*.go"))
        for file in files:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


@contextmanager
def _alone() -> Iterator[None]:
    """Only one build at a time on this machine: they would share the Go caches and two cores."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "build.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another build of the engine is under way; waiting for it …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# ------------------------------------------------------------------ the build


def _build(name: str, steps: tuple[Step, ...], bin_folder: Path) -> None:
    seconds = sum(step.seconds for step in steps)
    _say(f"Building the {name} from Go modules, once for all clones: about {_time(seconds)} with empty Go caches.")
    started = time.monotonic()
    go_folder = _go()
    bin_folder.mkdir(parents=True)
    for number, step in enumerate(steps, 1):
        _say(f"[{number}/{len(steps)}] {step.binary}: about {_time(step.seconds)}")
        _go_build(step, bin_folder / step.binary, go_folder)
    if CLI in steps:
        _add_python_exec(bin_folder, go_folder)
        subprocess.run([bin_folder / "pulumi", "version"], check=True, stdout=subprocess.DEVNULL)
    _say(f"The {name} is ready after {_time(time.monotonic() - started)}.")


def _go_build(step: Step, output: Path, go_folder: Path) -> None:
    flags = "-s -w"
    if step is CLI:
        flags += f" -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={_cli_version()}"
    # With -v: a line for each package that is compiled and for each module that is downloaded.
    command = [f"{go_folder}/go", "build", "-v", "-o", f"{output}", "-ldflags", flags, step.package]
    folder, environment = HERE / step.module, go_environment(go_folder)
    log = output.parent.with_name(f"{step.binary}.log")
    started = time.monotonic()
    with log.open("w") as stderr, subprocess.Popen(command, cwd=folder, env=environment, stderr=stderr) as build:
        while build.poll() is None:
            try:
                build.wait(SECONDS_BETWEEN_SIGNS_OF_LIFE)
            except subprocess.TimeoutExpired:
                _say(f"      {_time(time.monotonic() - started)}: {_progress(log)}")
    if build.returncode:
        end = "\n".join(log.read_text().splitlines()[-LINES_OF_A_FAILURE:])
        raise BuildFailed(f"{step.binary} could not be built (`go build` in {folder}):\n{end}")
    _say(f"      done in {_time(time.monotonic() - started)}")


def _progress(log: Path) -> str:
    lines = log.read_text().splitlines()
    downloaded = sum(line.startswith("go: downloading ") for line in lines)
    return f"{downloaded} modules downloaded, {len(lines) - downloaded} packages compiled"


def _add_python_exec(bin_folder: Path, go_folder: Path) -> None:
    """The script with which the Python host starts a program, from the SDK module that the CLI was built with."""
    asked = subprocess.run(
        [go_folder / "go", "mod", "download", "-json", "github.com/pulumi/pulumi/sdk/v3"],
        cwd=HERE / CLI.module,
        env=go_environment(go_folder),
        check=True,
        stdout=subprocess.PIPE,
    )
    module = Path(json.loads(asked.stdout)["Dir"])
    script = bin_folder / PYTHON_EXEC
    shutil.copyfile(module / "python" / "cmd" / PYTHON_EXEC, script)
    script.chmod(0o755)


def _go() -> Path:
    return find_or_install_go(_in_go_mod(r"^go (\S+)$"))


def _cli_version() -> str:
    return _in_go_mod(r"github\.com/pulumi/pulumi/pkg/v3 v(\S+)")


def _in_go_mod(pattern: str) -> str:
    found = re.search(pattern, (HERE / CLI.module / "go.mod").read_text(), re.MULTILINE)
    assert found is not None, f"{pattern} is not in go.mod"
    return found[1]


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return " ".join([f"{minutes} min"] * bool(minutes) + [f"{rest} s"] * bool(rest or not minutes))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wanted", choices=("engine", "generator", "go"))
    try:
        print(main(parser.parse_args().wanted))
    except (BuildFailed, subprocess.CalledProcessError) as failure:
        raise SystemExit(f"Error: {failure}") from None
