"""PowerShell on a node: a runspace pool of one runspace over PSRP (pypsrp), used by one thread at a time."""

from __future__ import annotations

import contextlib
import struct
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from pypsrp.complex_objects import ObjectMeta, PSInvocationState, RunspacePoolState
from pypsrp.exceptions import WinRMError
from pypsrp.messages import ErrorRecordMessage, PipelineOutput, PipelineState, WarningRecord
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import CommandState
from pypsrp.wsman import SelectorSet, WSMan

from pulumi_tentacle.errors import Cancelled, DeadlineExceeded, LogonRefused, Unlooked, Unreachable
from pulumi_tentacle.remoting import clixml
from pulumi_tentacle.remoting.channel import Channel
from pulumi_tentacle.remoting.commands import Pipeline
from pulumi_tentacle.remoting.faults import OPERATION_TIMEOUT, Broken, Fault, at_the_start
from pulumi_tentacle.remoting.limits import Limits
from pulumi_tentacle.remoting.records import Event, Output, Transcript, Warned

T = TypeVar("T")

_IDLE = 900  # seconds after which the node itself ends what a killed process left behind
_STOP = 5.0  # seconds that stopping a pipeline may take
# What pypsrp raises on a message that is no PSRP, besides its own WinRMError.
_MALFORMED = (WinRMError, ET.ParseError, AttributeError, LookupError, TypeError, ValueError, struct.error)


class PowerShellSession:
    """A runspace pool on a node. Every error but those of the commands themselves leaves it unusable."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._wsman = _wsman(channel)
        self._pool = RunspacePool(self._wsman, idle_timeout=_IDLE)
        self._pool._serializer = clixml.ObjectSerializer()
        self._pool._fragmenter.serializer = self._pool._serializer
        self._may_exist = False

    def open(self) -> None:
        """Make the runspace pool. Raises Fault, Broken, Unlooked, Cancelled."""
        try:
            _understood(self._pool.open)
        except (Broken, DeadlineExceeded, Cancelled):
            self._may_exist = True
            raise
        finally:
            self._may_exist |= self._pool.state != RunspacePoolState.BEFORE_OPEN
        if self._pool.state != RunspacePoolState.OPENED:
            raise Broken("the runspace pool did not open")

    def prepare(self, statements: Sequence[Pipeline]) -> PreparedPipeline:
        """Encode statements; nothing runs yet, but keys are exchanged if a secret is among the parameters.

        Raises:
            InvalidInput, TypeError: a parameter that cannot be sent.
            NotTaken, Fault, Broken, Unlooked, Cancelled: the exchange of keys failed.
        """
        commands = [command for statement in statements for command in statement.commands]
        if any(clixml.needs_keys(value) for command in commands for value in command.parameters.values()):
            try:
                _understood(self._pool.exchange_keys)
            except Fault as fault:
                raise at_the_start(fault) from fault
        shell = PreparedPipeline(self._pool)
        for statement in statements:
            for command in statement.commands:
                if command.source is None:
                    shell.add_cmdlet(command.name)
                else:
                    shell.add_script(command.source)
                for name, value in command.parameters.items():
                    shell.add_parameter(name, clixml.encode(value, self._secure_string))
            shell.add_statement()
        return shell

    def run(self, prepared: PreparedPipeline, limits: Limits) -> Transcript:
        """Run to the end.

        Raises:
            NotTaken: the shell was gone or at its quota; the command has not begun.
            Fault, Unlooked: it was refused and has not begun.
            Broken: it may have begun; its outcome is unknown.
            DeadlineExceeded: it was stopped.
            Cancelled: it may still run until the session is closed.
        """
        try:
            _understood(lambda: prepared.begin_invoke(remote_stream_options=0))
        except Fault as fault:
            raise at_the_start(fault) from fault
        except DeadlineExceeded as error:
            raise Broken("the node did not answer in time", timed_out=True) from error
        try:
            while prepared.state == PSInvocationState.RUNNING:
                limits.check()
                self._poll(prepared, limits)
        except DeadlineExceeded as error:
            self._stop(prepared)
            raise DeadlineExceeded(
                f"{error} It was stopped on the node; what it had done by then stays done."
            ) from error
        except (Unreachable, LogonRefused, Fault) as error:
            raise Broken(str(error)) from error
        transcript = prepared.transcript()
        self._finish(prepared)
        return transcript

    def close(self) -> None:
        """Delete the runspace pool, and with it whatever still runs there. Raises Fault, Broken, Unlooked."""
        if not self._may_exist:
            return
        shell = SelectorSet()
        shell.add_option("ShellId", self._pool.id)  # our own choice, so known even if the answer to Create was lost
        self._wsman.delete(self._pool.shell.resource_uri, selector_set=shell)

    def _poll(self, prepared: PreparedPipeline, limits: Limits) -> None:
        try:
            _understood(lambda: prepared.receive(self._channel.poll_seconds(limits)))
        except Fault as fault:
            if fault.code != OPERATION_TIMEOUT:  # that only says that there is nothing to tell yet
                raise

    def _stop(self, prepared: PreparedPipeline) -> None:
        limits = Limits(self._channel.address, _STOP)
        # If this fails, closing the session stops it as well.
        with self._channel.within(limits), contextlib.suppress(Fault, Broken, Unlooked):
            _understood(prepared.stop)

    def _finish(self, prepared: PreparedPipeline) -> None:
        """Give the pipeline's place in the shell's quota back; what it did is known already."""
        try:
            _understood(prepared.close)
        except (Fault, Broken, Unlooked, Cancelled):
            self._channel.usable = False

    def _secure_string(self, text: str) -> Any:
        return self._pool.serialize(text, ObjectMeta("SS"))


class PreparedPipeline(PowerShell):
    """A pipeline that keeps what it says in one order; pypsrp sorts it by streams (psrp.md §1.5)."""

    def __init__(self, pool: RunspacePool) -> None:
        super().__init__(pool)
        self._events: list[Event] = []

    def transcript(self) -> Transcript:
        """What it said. Raises Broken unless the node told how it ended."""
        if self.state not in (PSInvocationState.COMPLETED, PSInvocationState.FAILED):
            raise Broken("it was stopped on the node by somebody else")
        return Transcript(self._events, self.state == PSInvocationState.COMPLETED)

    def receive(self, seconds: int) -> None:
        """Take what the node has to tell, waiting for it up to so many seconds."""
        pool = self.runspace_pool
        state, _, streams = pool.shell.receive("stdout", command_id=self._command_id, timeout=seconds)
        for message in pool._fragmenter.defragment(streams["stdout"]):
            self._take(message.data)
        if state == CommandState.DONE and self.state == PSInvocationState.RUNNING:
            raise Broken("it ended without telling how")  # pypsrp would ask for ever (psrp.md §3)

    def _take(self, data: object) -> None:
        if isinstance(data, PipelineOutput):
            self._events.append(Output(clixml.decode(data.data)))
        elif isinstance(data, WarningRecord):
            self._events.append(Warned(str(data.message)))
        elif isinstance(data, ErrorRecordMessage):
            self._events.append(clixml.failure(data))
        elif isinstance(data, PipelineState):
            self.state = data.state
            if data.error_record is not None:
                self._events.append(clixml.failure(data.error_record))


class _Transport:
    """Stands in for pypsrp's HTTP transport: the channel has one of its own."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.endpoint = f"https://{channel.address}/wsman"  # the header To, which no service looks at

    def send(self, message: bytes, *, retries_on_read_timeout: int = 0, timeout: int | None = None) -> bytes:
        """pypsrp's way to send; the channel has its own rule for re-sending. pypsrp adds 2 seconds to a time-out."""
        return self._channel.send(message, timeout - 2 if timeout else self._channel.request_seconds)

    def close(self) -> None:
        """Nothing: whoever made the channel closes it."""


def _wsman(channel: Channel) -> WSMan:
    wsman = WSMan(channel.address, operation_timeout=channel.request_seconds)
    cast(Any, wsman).transport = _Transport(channel)
    return wsman


def _understood(action: Callable[[], T]) -> T:
    """What pypsrp returns; a reply that it cannot read is Broken."""
    try:
        return action()
    except _MALFORMED as error:
        raise Broken(f"the reply was no PSRP ({type(error).__name__})") from error
