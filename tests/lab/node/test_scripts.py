"""The models of the constant scripts, run by the text of the product's own files."""

from __future__ import annotations

import base64
import hashlib
import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from psrpcore.types import PSSecureString

from pulumi_tentacle.lab.node.filesystem import ADMINISTRATORS, SYSTEM
from pulumi_tentacle.lab.powershell.cmdlet import SCRIPTS, script_key
from pulumi_tentacle.lab.powershell.engine import Outcome, pipe, script_command
from pulumi_tentacle.lab.world import Node
from tests.lab.node.helpers import SOURCES, errors, good

TEMP = r"C:\Windows\Temp"


def script(node: Node, name: str, **parameters: Any) -> Outcome:
    return pipe(node, script_command(SOURCES[name], **parameters))


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_script_of_the_product_has_a_model_made_for_its_present_text(name: str) -> None:
    model = SCRIPTS.get(script_key(SOURCES[name]))

    assert model is not None, f"{name}.ps1 has changed: look at its model again, then set its key there"
    assert model.name == name


def test_read_files_gives_what_is_there(node: Node) -> None:
    node.files.make_folder(r"C:\ProgramData\Octopus")
    node.files.write(r"C:\ProgramData\Octopus\a.config", b"a")
    node.files.write(r"C:\ProgramData\Octopus\b.config", b"b")
    node.files.make_folder(r"C:\ProgramData\Octopus\Folder")

    found = good(
        script(
            node,
            "read-files",
            Path=[r"%programdata%\Octopus\a.config", r"C:\nope.txt", r"E:\nope.txt"],
            Folder=[r"C:\ProgramData\Octopus", r"C:\Nope", r"E:\Nope"],
        )
    )

    shown = [(each.properties["Path"], each.properties["Content"]) for each in found]
    first, second = r"C:\ProgramData\Octopus\a.config", r"C:\ProgramData\Octopus\b.config"
    assert shown == [(first, b"a"), (first, b"a"), (second, b"b")]
    modified = node.files.file(first).modified
    assert found[0].properties["Modified"] == f"{modified:%Y-%m-%dT%H:%M:%S.%f}0Z"


def test_a_file_in_use_cannot_be_read(node: Node) -> None:
    node.files.write(rf"{TEMP}\a", b"")
    node.files.file(rf"{TEMP}\a").locked = True

    outcome = script(node, "read-files", Path=[rf"{TEMP}\a"], Folder=[])

    assert (errors(outcome), outcome.state) == (["IOException"], "Failed")


@pytest.mark.parametrize(("restricted", "readers"), [(True, frozenset({SYSTEM, ADMINISTRATORS})), (False, None)])
def test_write_file_makes_it_anew(node: Node, restricted: bool, readers: frozenset[str] | None) -> None:
    node.files.write(rf"{TEMP}\old", b"old", frozenset({"everyone"}))
    content = PSSecureString(base64.b64encode(b"\x00\xff").decode())

    for path in (rf"{TEMP}\old", r"%ProgramData%\pulumi_tentacle\new"):
        good(script(node, "write-file", Path=path, Content=content, Restricted=restricted))

    for path in (rf"{TEMP}\old", r"C:\ProgramData\pulumi_tentacle\new"):
        assert (node.files.read(path), node.files.file(path).readers) == (b"\x00\xff", readers)


@pytest.mark.parametrize(
    ("drive", "expected"),
    [("E:", "DirectoryNotFoundException"), ("C:", "IOException")],
)
def test_write_file_fails_as_dotnet_does(node: Node, drive: str, expected: str) -> None:
    node.drives["C"].free = 10
    content = PSSecureString(base64.b64encode(b"more than ten bytes").decode())

    outcome = script(node, "write-file", Path=rf"{drive}\Octopus\a", Content=content, Restricted=False)

    assert (errors(outcome), outcome.state) == ([expected], "Failed")
    assert outcome.errors[0].failure.exception == "System.Management.Automation.MethodInvocationException"


@pytest.mark.parametrize("name", ["write-file", "append-file"])
def test_a_file_in_use_is_not_written(node: Node, name: str) -> None:
    node.files.write(rf"{TEMP}\a", b"old")
    node.files.file(rf"{TEMP}\a").locked = True
    given = {
        "write-file": {"Content": PSSecureString(""), "Restricted": True},
        "append-file": {"Content": b"more", "First": False},
    }

    outcome = script(node, name, Path=rf"{TEMP}\a", **given[name])

    new_object = "ConstructorInvokedThrowException,Microsoft.PowerShell.Commands.NewObjectCommand"
    assert errors(outcome) == [new_object if name == "append-file" else "IOException"]
    assert node.files.file(rf"{TEMP}\a").data == b"old"


def test_erase_file_leaves_nothing_and_takes_absence(node: Node) -> None:
    node.files.write(rf"{TEMP}\secret", b"secret")

    for _ in range(2):
        good(script(node, "erase-file", Path=r"%TEMP%\secret"))

    assert not node.files.is_file(rf"{TEMP}\secret")


def test_replace_file_swaps_what_it_was_made_from(node: Node) -> None:
    readers = frozenset({SYSTEM})
    node.files.write(rf"{TEMP}\a", b"old", readers)
    node.files.write(rf"{TEMP}\a.new", b"new")
    before = node.files.file(rf"{TEMP}\a.new").modified
    expected = hashlib.sha256(b"old").hexdigest().upper()

    assert good(script(node, "replace-file", Path=rf"{TEMP}\a", Replacement=rf"{TEMP}\a.new", Expected=expected)) == [
        "replaced"
    ]

    file = node.files.file(rf"{TEMP}\a")
    assert (file.data, file.readers) == (b"new", readers)
    assert file.modified > before
    assert not node.files.is_file(rf"{TEMP}\a.new")


def test_replace_file_keeps_what_somebody_else_changed(node: Node) -> None:
    node.files.write(rf"{TEMP}\a", b"changed")
    node.files.write(rf"{TEMP}\a.new", b"new")
    expected = hashlib.sha256(b"old").hexdigest().upper()

    assert good(script(node, "replace-file", Path=rf"{TEMP}\a", Replacement=rf"{TEMP}\a.new", Expected=expected)) == [
        "changed"
    ]

    assert node.files.read(rf"{TEMP}\a") == b"changed"
    assert node.files.is_file(rf"{TEMP}\a.new")


def test_replace_file_waits_for_a_file_in_use_but_not_for_ever(node: Node) -> None:
    node.files.write(rf"{TEMP}\a", b"old")
    node.files.write(rf"{TEMP}\a.new", b"new")
    node.files.file(rf"{TEMP}\a").locked = True
    before = node.estate.clock.now()

    outcome = script(node, "replace-file", Path=rf"{TEMP}\a", Replacement=rf"{TEMP}\a.new", Expected="")

    assert errors(outcome) == ["IOException"]
    assert 15 <= (node.estate.clock.now() - before).total_seconds() < 20


def test_replace_file_does_not_wait_for_a_file_that_is_not_there(node: Node) -> None:
    outcome = script(node, "replace-file", Path=rf"{TEMP}\a", Replacement=rf"{TEMP}\a.new", Expected="")

    assert errors(outcome) == ["FileNotFoundException"]


@pytest.mark.parametrize(
    ("account", "reader"),
    [
        ("", None),
        ("S-1-5-21-1-2-3-500", "S-1-5-21-1-2-3-500"),
        (r"NT AUTHORITY\NetworkService", "S-1-5-20"),
        (r"lab\administrator", r"LAB\Administrator"),
        ("administrator@lab.test", r"LAB\Administrator"),
        (r"NODE1\labadmin", "labadmin"),
    ],
)
def test_restrict_file_names_its_readers(node: Node, account: str, reader: str | None) -> None:
    node.files.write(rf"{TEMP}\a", b"")

    good(script(node, "restrict-file", Path=rf"{TEMP}\a", Account=account))

    expected = {SYSTEM, ADMINISTRATORS, *([reader] if reader else [])}
    assert set(node.files.file(rf"{TEMP}\a").readers or ()) == expected


@pytest.mark.parametrize("account", [r"LAB\nobody", r".\labadmin", r"NODE2\labadmin"])
def test_an_account_that_nobody_knows_restricts_nothing(node: Node, account: str) -> None:
    node.files.write(rf"{TEMP}\a", b"")

    assert errors(script(node, "restrict-file", Path=rf"{TEMP}\a", Account=account)) == ["IdentityNotMappedException"]
    assert node.files.file(rf"{TEMP}\a").readers is None


def test_append_file_begins_anew_and_adds(node: Node) -> None:
    node.files.write(rf"{TEMP}\a", b"left over")

    for number, piece in enumerate((b"one", b"two", b"")):
        good(script(node, "append-file", Path=r"%TEMP%\a", Content=piece, First=number == 0))

    assert node.files.read(rf"{TEMP}\a") == b"onetwo"


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    """A web server with one file, `/a.msi`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/a.msi" else 404)
            self.end_headers()
            self.wfile.write(b"content")

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_download_file_fetches_it(node: Node, web: str) -> None:
    good(script(node, "download-file", Uri=f"{web}/a.msi", Path=r"%ProgramData%\cache\a.msi"))

    assert node.files.read(r"C:\ProgramData\cache\a.msi") == b"content"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/nope", "The remote server returned an error: (404) Not Found."),
        (None, "Unable to connect to the remote server"),
    ],
)
def test_a_failed_download_leaves_no_file(node: Node, web: str, path: str | None, message: str) -> None:
    node.files.write(rf"{TEMP}\a.msi", b"old")

    uri = "http://127.0.0.1:1/a.msi" if path is None else web + path
    outcome = script(node, "download-file", Uri=uri, Path=rf"{TEMP}\a.msi")

    assert errors(outcome) == ["WebException"]
    assert message in outcome.errors[0].message
    assert not node.files.is_file(rf"{TEMP}\a.msi")


def test_the_estate_is_not_locked_while_a_download_waits(node: Node) -> None:
    """The server answers only once it has had the lock."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with node.estate.lock:
                self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        uri = f"http://127.0.0.1:{server.server_port}/"
        good(script(node, "download-file", Uri=uri, Path=rf"{TEMP}\a"))
        server.shutdown()
        thread.join()


def test_check_certificate_tells_this_machines_data_from_anothers(node: Node, other: Node) -> None:
    def check(protected: str) -> tuple[bool, int]:
        (answer,) = good(script(node, "check-certificate", Protected=protected))
        return answer.properties["Readable"], answer.properties["HResult"]

    assert check(base64.b64encode(node.protect(b"key")).decode()) == (True, 0)
    assert check(base64.b64encode(other.protect(b"key")).decode()) == (False, -2146893813)
    assert check("no base64!") == (False, -2146233033)
