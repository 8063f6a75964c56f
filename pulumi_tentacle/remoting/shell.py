"""Programs on a node: a Windows Remote Shell (WinRS, by pywinrm) for each run, with a console and no input."""

from __future__ import annotations

import contextlib
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from typing import TypeVar

from winrm.exceptions import WinRMError
from winrm.protocol import Protocol

from pulumi_tentacle.errors import DeadlineExceeded, LogonRefused, Unlooked, Unreachable
from pulumi_tentacle.remoting.answers import ProgramResult
from pulumi_tentacle.remoting.channel import Channel
from pulumi_tentacle.remoting.faults import OPERATION_TIMEOUT, SHELL_GONE, Broken, Fault, at_the_start
from pulumi_tentacle.remoting.limits import Limits
from pulumi_tentacle.remoting.quoting import CommandLine

T = TypeVar("T")

_UTF8 = 65001
_IDLE = "PT900.000S"  # an xs:duration; pywinrm passes it on as it is (winrm.md §1.9)
_STOP = 5.0  # seconds that ending a program may take
_NO_CODE = -1  # what pywinrm says while there is no exit code; real ones are unsigned
_GONE = frozenset({SHELL_GONE, OPERATION_TIMEOUT, 109, 232})  # answers to closing the input of what ended already
# What pywinrm raises on a reply that lacks what it looks for.
_MALFORMED = (WinRMError, ET.ParseError, AssertionError, LookupError, StopIteration, ValueError)


class Shells:
    """Runs programs, each in a shell of its own: environments stay apart, and the operations that a shell has used
    up are given back only when it is deleted (user report U79).
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._protocol = _Protocol(channel)
        self._open: set[str] = set()

    def open(self, line: CommandLine, environment: Mapping[str, str]) -> str:
        """Make a shell. Raises Fault, Broken, Unlooked, Cancelled."""
        shell = _understood(
            lambda: self._protocol.open_shell(
                codepage=_UTF8, idle_timeout=_IDLE, env_vars=dict(environment), working_directory=line.folder
            )
        )
        self._open.add(shell)
        return shell

    def run(self, shell: str, line: CommandLine, limits: Limits) -> ProgramResult:
        """Run a program to its end, and delete the shell.

        Raises:
            NotTaken: the shell was gone or at its quota; the program has not begun.
            Fault, Unlooked: it was refused and has not begun.
            Broken: it may have begun; its outcome is unknown.
            DeadlineExceeded: it was ended.
            Cancelled: it may still run until the session is closed.
        """
        command = self._begin(shell, line)
        try:
            self._close_input(shell, command)
            result = self._follow(shell, command, limits)
        except DeadlineExceeded as error:
            self._end(shell, command)
            raise DeadlineExceeded(f"{error} It was ended on the node; what it had done by then stays done.") from error
        except (Unreachable, LogonRefused, Fault) as error:
            raise Broken(str(error)) from error
        self._end(shell, command)
        return result

    def close(self) -> None:
        """Delete what shells are left, and with them what still runs there. Raises Broken, Unlooked."""
        for shell in sorted(self._open):
            with contextlib.suppress(Fault):
                self._delete(shell)

    def _begin(self, shell: str, line: CommandLine) -> str:
        try:
            # Console mode off makes the input a pipe, which can be closed; the console itself is there (U71).
            return _understood(lambda: self._protocol.run_command(shell, line.line, console_mode_stdin=False))
        except Fault as fault:
            raise at_the_start(fault) from fault
        except DeadlineExceeded as error:
            raise Broken("the node did not answer in time", timed_out=True) from error

    def _close_input(self, shell: str, command: str) -> None:
        try:
            _understood(lambda: self._protocol.send_command_input(shell, command, b"", end=True))
        except Fault as fault:
            if fault.code not in _GONE:
                raise

    def _follow(self, shell: str, command: str, limits: Limits) -> ProgramResult:
        stdout, stderr = bytearray(), bytearray()
        while True:
            limits.check()
            self._protocol.operation_timeout_sec = self._channel.poll_seconds(limits)
            try:
                out, err, code, done = _understood(lambda: self._protocol.get_command_output_raw(shell, command))
            except Fault as fault:
                if fault.code != OPERATION_TIMEOUT:  # that only says that there is nothing to tell yet
                    raise
                continue
            finally:
                self._protocol.operation_timeout_sec = self._channel.request_seconds
            stdout += out
            stderr += err
            if done and code == _NO_CODE:
                raise Broken("the program ended without an exit code")
            if done:
                return ProgramResult(code, _text(stdout), _text(stderr))

    def _end(self, shell: str, command: str) -> None:
        """End the program if it still runs, and delete the shell; if that fails, closing the session tries again."""
        limits = Limits(self._channel.address, _STOP)
        try:
            with self._channel.within(limits):
                with contextlib.suppress(Fault):
                    _understood(lambda: self._protocol.cleanup_command(shell, command))
                self._delete(shell)
        except (Fault, Broken, Unlooked):
            self._channel.usable = False

    def _delete(self, shell: str) -> None:
        _understood(lambda: self._protocol.close_shell(shell, close_session=False))
        self._open.discard(shell)


class _Protocol(Protocol):
    """pywinrm's messages over the channel; its own transport stays unused."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(endpoint=f"https://{channel.address}/wsman", username="unused", password="", proxy=None)
        self._channel = channel
        self.operation_timeout_sec = channel.request_seconds

    def send_message(self, message: str) -> bytes:
        """Send a message that the service has been told to answer within operation_timeout_sec."""
        return self._channel.send(message.encode(), self.operation_timeout_sec)


def _understood(action: Callable[[], T]) -> T:
    """What pywinrm returns; a reply that it cannot read is Broken."""
    try:
        return action()
    except _MALFORMED as error:
        raise Broken(f"the reply was not what WinRS answers ({type(error).__name__})") from error


def _text(data: bytearray) -> str:
    return data.decode("utf-8", errors="replace")
