"""Write pulumi_tentacle/sdk, the Python SDK that Pulumi's generator makes from the schema, or check what is committed.

    sdk.py write     replace the folder
    sdk.py check     exit 1, naming the files, unless the folder holds exactly what the generator gives

The schema is the plugin's own (`pulumi-tentacle schema`), and `pulumi schema check` has to accept it first.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SDK = ROOT / "pulumi_tentacle" / "sdk"
PYTHON_PACKAGE = "pulumi_tentacle.sdk"
# Written for a distribution of its own. Ours has a README, and hosts look for pulumi-plugin.json one folder up.
NOT_WANTED = {"README.md", "pulumi-plugin.json"}

Files = dict[str, bytes]


def main(command: str) -> int:
    """Do what the command line says; the result is the exit code."""
    if command == "write":
        _write(_generated())
        return 0
    if command == "check":
        return _report(differences(_committed(), _generated()))
    raise SystemExit(__doc__)


def differences(committed: Files, generated: Files) -> list[str]:
    """The files that are not as generated, each with what is wrong with it."""
    return [
        *(f"{name}: missing" for name in sorted(generated.keys() - committed.keys())),
        *(f"{name}: not generated" for name in sorted(committed.keys() - generated.keys())),
        *(
            f"{name}: different"
            for name in sorted(generated)
            if committed.get(name, generated[name]) != generated[name]
        ),
    ]


def _report(found: list[str]) -> int:
    if not found:
        print(f"{SDK.relative_to(ROOT)} is what the schema gives.")
        return 0
    print(f"{SDK.relative_to(ROOT)} is not what the schema gives (run `make sdk`):", *found, sep="\n  ")
    return 1


def _committed() -> Files:
    files = (file for file in SDK.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return {file.relative_to(SDK).as_posix(): file.read_bytes() for file in files}


def _generated() -> Files:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        schema = folder / "schema.json"
        schema.write_text(_run(f"{Path(sys.executable).parent}/pulumi-tentacle", "schema"), encoding="utf-8")
        _run(f"{ROOT}/tools/pulumi", "schema", "check", f"{schema}")
        generator = _run(sys.executable, f"{ROOT}/tools/engine/build.py", "generator").strip() + "/pulumi-tentacle-gen"
        _run(generator, "--python-package", PYTHON_PACKAGE, f"{schema}", "python", f"{folder}/out")
        package = folder / "out" / PYTHON_PACKAGE
        files = {file.relative_to(package).as_posix(): file for file in package.rglob("*") if file.is_file()}
        return {name: file.read_bytes() for name, file in files.items() if name not in NOT_WANTED}


def _write(files: Files) -> None:
    shutil.rmtree(SDK, ignore_errors=True)
    for name, content in files.items():
        file = SDK / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    print(f"{SDK.relative_to(ROOT)}: {len(files)} files written")


def _run(*command: str) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{Path(command[0]).name} failed with exit code {done.returncode}.\n{done.stdout}")
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:2] or [""]))
