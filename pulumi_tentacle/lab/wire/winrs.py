"""Windows Remote Shells: each command line goes through cmd.exe (reference/winrm.md §1.3 to 1.6)."""

from __future__ import annotations

import base64
import ntpath
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pulumi_tentacle.lab.node import cmd
from pulumi_tentacle.lab.node.program import Completed
from pulumi_tentacle.lab.wire.outbox import Chunk, Outbox
from pulumi_tentacle.lab.wire.shell import Alive, Work, command_response
from pulumi_tentacle.lab.wire.soap import NAMESPACES, Envelope, command_not_found, not_known
from pulumi_tentacle.lab.world import Logon, Node

_PIECE = 32768  # bytes of a Stream element
_DEFAULT_CODE_PAGE = "437"


@dataclass
class _Command:
    id: str
    line: str
    outbox: Outbox
    awaits_input: bool
    stdin: bytearray = field(default_factory=bytearray)


class WinrsShell:
    """A text shell: environment, working folder and code page are fixed when it is made."""

    def __init__(self, node: Node, logon: Logon, request: Envelope) -> None:
        self._node = node
        self.logon = logon
        shell = request.child("rsp:Shell")
        variables = shell.iterfind("rsp:Environment/rsp:Variable", NAMESPACES)
        self._environment = _merged(node.environment(), {v.get("Name", ""): v.text or "" for v in variables})
        self._folder = shell.findtext("rsp:WorkingDirectory", cmd.SYSTEM_FOLDER, NAMESPACES)
        page = request.options.get("WINRS_CODEPAGE", _DEFAULT_CODE_PAGE)
        self._encoding = "utf-8" if page == "65001" else f"cp{page}"
        self._commands: dict[str, _Command] = {}

    def command(self, request: Envelope) -> Work:
        if request.options.get("WINRS_SKIP_CMD_SHELL", "").lower() == "true":
            raise not_known("WINRS_SKIP_CMD_SHELL")
        element = request.child("rsp:CommandLine")
        command_id = (element.get("CommandId") or str(uuid.uuid4())).upper()
        parts = [request.child("rsp:CommandLine/rsp:Command").text or ""]
        parts += [argument.text or "" for argument in element.iterfind("rsp:Arguments", NAMESPACES)]
        # A client that will send input says so: console mode off (winrm.md §1.4).
        awaits_input = request.options.get("WINRS_CONSOLEMODE_STDIN", "").lower() == "false"
        command = _Command(command_id, " ".join(parts), Outbox(command_id), awaits_input)

        def perform() -> str:
            self._commands[command_id] = command
            if not awaits_input:
                self._start(command)
            return command_response(command_id)

        return self._work(command, perform)

    def send(self, request: Envelope) -> Work:
        stream = request.child("rsp:Send/rsp:Stream")
        command = self._command(stream.get("CommandId", ""))
        if not command.awaits_input:
            raise not_known("console input of a command")
        data, ends = base64.b64decode(stream.text or ""), stream.get("End", "").lower() == "true"

        def perform() -> str:
            command.stdin += data
            if ends:
                self._start(command)
            return "<rsp:SendResponse/>"

        return self._work(command, perform) if ends else Work(perform)

    def receive(self, request: Envelope, alive: Alive) -> str:
        command_id = request.child("rsp:Receive/rsp:DesiredStream").get("CommandId", "")
        return self._command(command_id).outbox.receive(request, alive)

    def signal(self, request: Envelope) -> None:
        command = self._command(request.child("rsp:Signal").get("CommandId", ""))
        if (request.child("rsp:Signal/rsp:Code").text or "").lower().endswith("/terminate"):
            self._commands.pop(command.id, None)
            command.outbox.close()

    def close(self) -> None:
        for command in list(self._commands.values()):
            command.outbox.close()

    def _work(self, command: _Command, perform: Callable[[], str]) -> Work:
        def settle() -> None:
            command.outbox.wait_done()

        return Work(perform, self._program_name(command.line), settle)

    def _program_name(self, line: str) -> tuple[str, ...]:
        try:
            return (ntpath.basename(cmd.parse(line, self._environment).program),)
        except cmd.NotModelled:
            return ()

    def _command(self, command_id: str) -> _Command:
        found = self._commands.get(command_id.upper())
        if found is None:
            raise command_not_found()
        return found

    def _start(self, command: _Command) -> None:
        threading.Thread(target=self._run, args=(command,), name=f"{self._node.name} program", daemon=True).start()

    def _run(self, command: _Command) -> None:
        """The thread's body. A defect of the lab ends the command, too, and is raised."""
        completed = Completed(1, stderr="The lab failed; see its log.\r\n")
        try:
            stdin = bytes(command.stdin)
            completed = cmd.run(self._node, self.logon, command.line, self._environment, self._folder, stdin)
        finally:
            for stream, text in (("stdout", completed.stdout), ("stderr", completed.stderr)):
                data = text.encode(self._encoding, errors="replace")
                pieces = [data[start : start + _PIECE] for start in range(0, len(data), _PIECE)]
                command.outbox.put(*(Chunk(stream, piece) for piece in pieces))
            command.outbox.put(Chunk("stdout", b"", end=True), Chunk("stderr", b"", end=True))
            command.outbox.finish(completed.exit_code)


def _merged(machine: Mapping[str, str], shell: Mapping[str, str]) -> dict[str, str]:
    """The shell's variables over the machine's; Windows ignores the case of names."""
    given = {name.lower() for name in shell}
    return {name: value for name, value in machine.items() if name.lower() not in given} | dict(shell)
