"""PowerShell Remoting shells: psrpcore's server half around the pipeline engine.

psrpcore's gaps (reference/psrp.md §8): no public way to the state Failed, a Running message that Windows does
not send, objects that bear no second thread; and `data_to_send` overruns its limit when several messages wait,
so each message is fetched as soon as it is written.
"""

from __future__ import annotations

import base64
import threading
import uuid
from typing import Any

import psrpcore
from psrpcore.types import ErrorCategory, PSInvocationState, PSRPMessageType, PSVersion

from pulumi_tentacle.lab.powershell.cmdlet import SCRIPTS, Failure, script_key
from pulumi_tentacle.lab.powershell.engine import Command, Run, Statement
from pulumi_tentacle.lab.powershell.records import ErrorRecord
from pulumi_tentacle.lab.powershell.serialize import error_to_wire, from_wire, to_wire
from pulumi_tentacle.lab.wire.outbox import Chunk, Outbox
from pulumi_tentacle.lab.wire.shell import Alive, Work, command_response
from pulumi_tentacle.lab.wire.soap import PWSH, Envelope, WSManFault, command_not_found, not_known
from pulumi_tentacle.lab.world import Logon, Node

_FRAGMENT = 32768  # bytes of a payload, as Windows cuts them
_VERSIONS = {
    "PSVersion": PSVersion("5.1.17763.1"),
    "PSEdition": "Desktop",
    "BuildVersion": PSVersion("10.0.17763.1"),
    "CLRVersion": PSVersion("4.0.30319.42000"),
    "WSManStackVersion": PSVersion("3.0"),
}


class PsrpShell:
    """A runspace pool. One lock guards psrpcore's objects; pipelines run in threads of their own."""

    def __init__(self, node: Node, logon: Logon, request: Envelope) -> None:
        self.node = node
        self.logon = logon
        self.lock = threading.RLock()
        self._pool = psrpcore.ServerRunspacePool(application_private_data={"PSVersionTable": dict(_VERSIONS)})
        self._outbox = Outbox()
        self._pipelines: dict[uuid.UUID, _Pipeline] = {}
        creation = request.child(f"rsp:Shell/{{{PWSH}}}creationXml")
        self._feed(base64.b64decode(creation.text or ""), None)
        self.slots = threading.BoundedSemaphore(max(1, self._pool.max_runspaces))

    def command(self, request: Envelope) -> Work:
        line = request.child("rsp:CommandLine")
        pipeline_id = uuid.UUID(line.get("CommandId") or str(uuid.uuid4()))
        data = base64.b64decode(request.child("rsp:CommandLine/rsp:Arguments").text or "")
        with self.lock:
            pipe = psrpcore.ServerPipeline(self._pool, pipeline_id)
            self._pipelines[pipeline_id] = _Pipeline(self, pipe)
        return self._work(self._feed(data, pipeline_id), command_response(str(pipeline_id).upper()))

    def send(self, request: Envelope) -> Work:
        ready: list[_Pipeline] = []
        for stream in request.body.iterfind("{*}Send/{*}Stream"):
            command_id = stream.get("CommandId")
            ready += self._feed(base64.b64decode(stream.text or ""), uuid.UUID(command_id) if command_id else None)
        return self._work(ready, "<rsp:SendResponse/>")

    def receive(self, request: Envelope, alive: Alive) -> str:
        command_id = request.child("rsp:Receive/rsp:DesiredStream").get("CommandId")
        outbox = self._pipeline(command_id).outbox if command_id else self._outbox
        return outbox.receive(request, alive)

    def signal(self, request: Envelope) -> None:
        signal = request.child("rsp:Signal")
        code = (request.child("rsp:Signal/rsp:Code").text or "").lower()
        pipeline = self._pipeline(signal.get("CommandId") or "")
        pipeline.stop()
        if code.endswith("/terminate"):
            with self.lock:
                self._pipelines.pop(pipeline.id, None)
                self._pool.pipeline_table.pop(pipeline.id, None)
            pipeline.outbox.close()

    def close(self) -> None:
        with self.lock:
            pipelines = list(self._pipelines.values())
        for pipeline in pipelines:
            pipeline.run.stop()
            pipeline.outbox.close()
        self._outbox.close()

    def flush(self) -> None:
        """Hand what psrpcore has to say to the outboxes; the caller holds the lock."""
        while (payload := self._pool.data_to_send(_FRAGMENT)) is not None:
            pipeline = self._pipelines.get(payload.pipeline_id) if payload.pipeline_id else None
            if payload.pipeline_id is None:
                self._outbox.put(Chunk("stdout", payload.data))
            elif pipeline is not None:
                pipeline.outbox.put(Chunk("stdout", payload.data))

    def _work(self, ready: list[_Pipeline], body: str) -> Work:
        def perform() -> str:
            for pipeline in ready:
                threading.Thread(target=pipeline.work, name=f"{self.node.name} pipeline", daemon=True).start()
            return body

        def settle() -> None:
            for pipeline in ready:
                pipeline.settled.wait()

        return Work(perform, tuple(name for pipeline in ready for name in pipeline.command_names()), settle)

    def _pipeline(self, command_id: str) -> _Pipeline:
        with self.lock:
            found = next((p for p in self._pipelines.values() if str(p.id) == command_id.lower()), None)
        if found is None:
            raise command_not_found()
        return found

    def _feed(self, data: bytes, pipeline_id: uuid.UUID | None) -> list[_Pipeline]:
        """Give a client's bytes to psrpcore; returns the pipelines that are complete and may begin."""
        ready: list[_Pipeline] = []
        with self.lock:
            self._pool.receive_data(psrpcore.PSRPPayload(data, psrpcore.StreamType.default, pipeline_id))
            try:
                while (event := self._next_event()) is not None:
                    ready += self._react(event)
            finally:
                self.flush()
        return ready

    def _next_event(self) -> psrpcore.PSRPEvent[Any, Any] | None:
        try:
            return self._pool.next_event()
        except (psrpcore.PSRPCoreError, ValueError, AttributeError) as error:  # AttributeError: a property is missing
            reason = f"The message cannot be read: {error}"
            raise WSManFault(2150858817, reason, "w:SchemaValidationError") from error

    def _react(self, event: psrpcore.PSRPEvent[Any, Any]) -> list[_Pipeline]:
        if isinstance(event, psrpcore.GetCommandMetadataEvent):
            raise not_known("GetCommandMetadata")
        if isinstance(event, psrpcore.SetMaxRunspacesEvent | psrpcore.SetMinRunspacesEvent):
            raise not_known("changes to the size of an open runspace pool")
        if isinstance(event, psrpcore.GetAvailableRunspacesEvent):
            self._pool.runspace_availability_response(event.ci, self._pool.max_runspaces)
        elif isinstance(event, psrpcore.CreatePipelineEvent):
            pipeline = self._pipelines[event.pipeline_id]
            pipeline.statements = _statements(event.pipeline)
            return [pipeline] if event.pipeline.no_input else []
        elif isinstance(event, psrpcore.PipelineInputEvent):
            self._pipelines[event.pipeline_id].input.append(from_wire(event.data))
        elif isinstance(event, psrpcore.EndOfPipelineInputEvent):
            return [self._pipelines[event.pipeline_id]]
        return []


class _Pipeline:
    """One pipeline: where the engine's streams go (engine.Sink)."""

    def __init__(self, shell: PsrpShell, pipe: psrpcore.ServerPipeline) -> None:
        self.id: uuid.UUID = pipe.pipeline_id
        self.outbox = Outbox(str(self.id).upper())
        self.run = Run(shell.node, shell.logon, self)
        self.settled = threading.Event()
        self.statements: list[Statement] = []
        self.input: list[Any] = []
        self._shell = shell
        self._pipe = pipe
        self._has_ended = False

    def command_names(self) -> list[str]:
        commands = [command for statement in self.statements for command in statement]
        return [_script_name(each.text) if each.is_script else each.text for each in commands]

    def work(self) -> None:
        """Run to the end; the thread's body. A defect of the lab ends the pipeline, too, and is raised."""
        try:
            with self._shell.slots:
                with self._shell.lock:
                    self._pipe._change_state(PSInvocationState.Running, emit=False)
                self.run.execute(self.statements, self.input)
        finally:
            if not self._has_ended:
                failure = Failure("The lab failed; see its log.", "LabDefect", ErrorCategory.InvalidResult)
                self.ended("Failed", ErrorRecord(failure, failure.error_id))
            self.settled.set()

    def stop(self) -> None:
        """A pipeline whose end the client has seen runs its remaining statements nevertheless."""
        if not self._has_ended:
            self.run.stop()

    def output(self, value: Any) -> None:
        with self._shell.lock:
            self._pipe.write_output(to_wire(value))
            self._shell.flush()

    def error(self, record: ErrorRecord) -> None:
        with self._shell.lock:
            self._pipe.prepare_message(error_to_wire(record), message_type=PSRPMessageType.ErrorRecord)
            self._shell.flush()

    def warning(self, message: str) -> None:
        with self._shell.lock:
            self._pipe.write_warning(message)
            self._shell.flush()

    def ended(self, state: str, failure: ErrorRecord | None) -> None:
        with self._shell.lock:
            self._has_ended = True
            if state == "Stopped":
                self._pipe.stop()
            else:
                record = error_to_wire(failure) if failure else None
                self._pipe._change_state(PSInvocationState[state], error=record)
            self._shell.flush()
        self.outbox.finish()


def _script_name(source: str) -> str:
    script = SCRIPTS.get(script_key(source))
    return script.name if script else "script"


def _statements(pipeline: psrpcore.PowerShell) -> list[Statement]:
    statements: list[Statement] = []
    commands: list[Command] = []
    for given in pipeline.commands:
        if given.merge_unclaimed or any(stream.value for stream in (given.merge_my, given.merge_to, given.merge_error)):
            raise not_known("pipelines whose streams are merged")
        arguments = [(None if name is None else str(name), from_wire(value)) for name, value in given.parameters]
        commands.append(Command(str(given.command_text), arguments, given.is_script))
        if given.end_of_statement:
            statements.append(commands)
            commands = []
    return [*statements, commands] if commands else statements
