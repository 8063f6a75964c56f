"""The SDKs of other languages: made from the schema by Pulumi's generators, compiled, and used by `pulumi up`."""

import functools
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

from pulumi_tentacle.lab.server import Lab
from tests.engine.runner import Engine, provider_plugins, run

PROGRAMS = Path(__file__).parent / "languages"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pulumi-tentacle"

Ready = Callable[[str], Path]


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory, engine: Engine, generator: Path, schema: Path) -> Ready:
    """The project of a language, in a folder of its own, with the generated SDK and everything compiled."""

    @functools.cache
    def prepare(language: str) -> Path:
        project = _project(language, tmp_path_factory.mktemp(language) / "project")
        if language == "typescript":
            _compile_typescript(project, engine, generator, schema)
        elif language == "go":
            _compile_go(project, engine, generator, schema)
        return project

    return prepare


@pytest.mark.parametrize("language", ["typescript", "go"])
def test_the_generated_sdk_compiles_with_a_program(language: str, ready: Ready) -> None:
    assert (ready(language) / "sdk").is_dir()


@pytest.mark.parametrize("language", ["typescript", "go", "yaml"])
def test_a_program_sets_up_a_listening_tentacle(
    language: str, ready: Ready, engine: Engine, tmp_path: Path, lab: Lab, listening_lab: dict[str, str]
) -> None:
    stack = engine.stack(ready(language), tmp_path, CGO_ENABLED="0")
    stack.configure(listening_lab | {"node": next(iter(lab.estate.nodes.values())).address})

    stack.up()

    assert stack.outputs()["healthStatus"] == "Healthy"
    stack.expect_no_changes()
    stack.destroy()


def _project(language: str, folder: Path) -> Path:
    """A copy of the language's program in which the engine finds the provider under test."""
    shutil.copytree(PROGRAMS / language, folder)
    file = folder / "Pulumi.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"plugins": provider_plugins()}))
    return folder


def _compile_typescript(project: Path, engine: Engine, generator: Path, schema: Path) -> None:
    modules = project / "node_modules"
    modules.mkdir()
    for module in _installed_node_modules(engine).iterdir():
        (modules / module.name).symlink_to(module)
    tsc = f"{modules}/.bin/tsc"
    sdk = project / "sdk"
    run([f"{generator}", f"{schema}", "nodejs", f"{sdk}"], project, engine.environment())
    run([tsc, "--project", f"{sdk}"], project, engine.environment())
    shutil.copy(sdk / "package.json", sdk / "bin")  # As it is published: utilities.js reads the version from it.
    (modules / "pulumi-tentacle").symlink_to(sdk / "bin")
    run([tsc, "--noEmit"], project, engine.environment())


def _installed_node_modules(engine: Engine) -> Path:
    """The packages of the program, installed once for all runs."""
    lock_file = PROGRAMS / "typescript" / "package-lock.json"
    folder = CACHE / f"typescript-{hashlib.sha256(lock_file.read_bytes()).hexdigest()[:8]}"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "install.lock"):
        if not (folder / "installed").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(PROGRAMS / "typescript" / name, folder)
            run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, engine.environment())
            (folder / "installed").touch()
    return folder / "node_modules"


def _compile_go(project: Path, engine: Engine, generator: Path, schema: Path) -> None:
    environment = engine.environment() | {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local"}
    run([f"{generator}", f"{schema}", "go", f"{project}/sdk"], project, environment)
    run(["go", "build", "./...", "pulumi-tentacle/sdk/go/..."], project, environment)
