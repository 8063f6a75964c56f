"""The machine of a record, played by a node of the lab: its places, its files, what a run changed."""

from __future__ import annotations

import functools
import json
import ntpath
import re
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pulumi_tentacle.lab.node.executables import make_executable
from pulumi_tentacle.lab.node.program import PROGRAMS, Completed, Invocation
from pulumi_tentacle.lab.tentacle import certificates
from pulumi_tentacle.lab.tentacle.certificates import Identity
from pulumi_tentacle.lab.tentacle.failures import DotNetError
from pulumi_tentacle.lab.tentacle.record import DeletePath, WriteFile
from pulumi_tentacle.lab.tentacle.settings import CERTIFICATE, THUMBPRINT, Settings
from pulumi_tentacle.lab.world import Estate, Logon, Node

VERSION = "0.0.0-local"  # the recorded Tentacle was built from source
EXECUTABLE = r"C:\Program Files\Octopus Deploy\Tentacle\Tentacle.exe"
ROOT, WORKING_FOLDER = r"C:\Octopus", r"C:\Recording"
INDEX = r"C:\ProgramData\Octopus\Tentacle\Instances"
PLACES = {
    "{root}": ROOT,
    "{cwd}": WORKING_FOLDER,
    "{index}": INDEX,
    "{default-app}": r"C:\Octopus\Applications",
    "/dev/null": "Q:",  # below it nothing can be created: a drive that is not there
}
OPENED_BY = "S3cret!"  # the password of the recorded PFX files (golden/README.md)
_PLACE = re.compile("(" + "|".join(map(re.escape, PLACES)) + r""")([^<>"'|\n]*)""")
_PROTECTED = re.compile(f'(<set key="{re.escape(CERTIFICATE)}">)[^<]*(</set>)')

Snapshot = dict[str, str | None]


def on_windows(text: str) -> str:
    """A recorded text as Windows has it: its places, and backslashes in the paths below them."""
    escape = "\\\\" if _is_json(text) else "\\"

    def place(found: re.Match[str]) -> str:
        return (PLACES[found[1]] + found[2].replace("/", "\\")).replace("\\", escape)

    return _PLACE.sub(place, text)


class Machine:
    """A node without instances, on which a scenario is played."""

    def __init__(self) -> None:
        self._with_own_key: dict[str, bool] = {}
        self.node: Node = Estate().add_node("RECORDING", "127.0.0.1")
        for folder in (ROOT, WORKING_FOLDER, ntpath.dirname(EXECUTABLE)):
            self.node.files.make_folder(folder)
        self.node.files.write(EXECUTABLE, make_executable("Tentacle.exe", VERSION))
        for name, data in _recorded_pfx_files().items():
            self.node.files.write(f"{ROOT}\\{name}", data)

    def run(self, arguments: list[str]) -> Completed:
        logon = Logon(r"RECORDING\Administrator")
        environment = self.node.environment()
        return PROGRAMS["tentacle.exe"](
            Invocation(self.node, logon, EXECUTABLE, arguments, environment, WORKING_FOLDER)
        )

    def set_up(self, step: WriteFile | DeletePath, text: str) -> None:
        """Do by hand what the recording did; `text` is what to write."""
        files = self.node.files
        if isinstance(step, WriteFile):
            path = on_windows(step.write)
            files.make_folder(ntpath.dirname(path))
            files.write(path, text.encode())
            return
        path = on_windows(step.delete)
        if files.is_folder(path):
            files.delete_folder(path)
        else:
            files.delete(path)

    def look(self) -> Snapshot:
        """The text of every file that the recording watched; None for an empty folder. Logs were left out."""
        found: Snapshot = {}
        files = self.node.files
        waiting = [path for top in (ROOT, INDEX) if files.is_folder(top) for path in files.children(top)]
        while waiting:
            path = waiting.pop()
            if files.is_file(path):
                found[path] = self._text(path)
            elif ntpath.basename(path) != "Logs":
                below = files.children(path)
                waiting += below
                if not below:
                    found[path + "\\"] = None
        return found

    def _text(self, path: str) -> str:
        data = self.node.files.read(path)
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return f"({len(data)} bytes)"
        if text not in self._with_own_key:  # looked at once for each content: checking a key takes time
            self._with_own_key[text] = self._holds_own_key(path)
        return _PROTECTED.sub(r"\1{protected}\2", text) if self._with_own_key[text] else text

    def _holds_own_key(self, path: str) -> bool:
        """Whether the protected PFX can be read here, and is that of the thumbprint beside it."""
        settings = Settings(self.node.files, path, self.node.name)
        try:
            identity = certificates.installed(self.node, settings)
        except DotNetError:
            return False
        return identity is not None and identity.thumbprint == settings.text(THUMBPRINT)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@functools.cache
def _recorded_pfx_files() -> dict[str, bytes]:
    """Files like those that the recording had (golden/README.md)."""
    identity = certificates.make()
    return {
        "rsa.pfx": identity.pfx(OPENED_BY),
        "nopw.pfx": identity.pfx(),
        "nokey.pfx": Identity(identity.certificate, None).pfx(OPENED_BY),
        "ec.pfx": _self_signed(ec.generate_private_key(ec.SECP256R1()), "EC").pfx(OPENED_BY),
        "rsa1024.pfx": _self_signed(rsa.generate_private_key(65537, 1024), "RSA 1024").pfx(OPENED_BY),
        "garbage.pfx": b"this is no certificate",
        "empty.pfx": b"",
    }


def _self_signed(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, common_name: str) -> Identity:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    now = datetime.now(UTC)
    certificate = builder.not_valid_before(now).not_valid_after(now + timedelta(days=365)).sign(key, hashes.SHA256())
    return Identity(certificate, key)
