"""The pipeline engine: structured statements in, objects and records out, with PowerShell's error semantics.

What is peculiar here was recorded from the real engine: golden/psrp.md.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol, TypeVar

from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.powershell import generic as generic  # registers Select-Object and its like
from pulumi_tentacle.lab.powershell import scripts
from pulumi_tentacle.lab.powershell.binder import Arguments, BindingFailed, Bound, bind
from pulumi_tentacle.lab.powershell.cmdlet import CMDLETS, SCRIPTS, Cmdlet, Failure, script_key
from pulumi_tentacle.lab.powershell.records import ActionStop, ErrorRecord, Stopped, Terminating
from pulumi_tentacle.lab.world import Logon, Node

T = TypeVar("T")


@dataclass(frozen=True)
class Command:
    """One command of a statement: a cmdlet's name or a script's text. An argument named None is positional."""

    text: str
    arguments: Arguments = ()
    is_script: bool = False


Statement = Sequence[Command]


class Sink(Protocol):
    """Where a running pipeline's streams go, in one order."""

    def output(self, value: Any) -> None: ...

    def error(self, record: ErrorRecord) -> None: ...

    def warning(self, message: str) -> None: ...

    def ended(self, state: str, failure: ErrorRecord | None) -> None:
        """Called once: Completed, Failed (with its record) or Stopped. Statements may still run, unseen."""


@dataclass
class Outcome:
    """All that a client would see of a pipeline. `errors` holds the failure too, as pypsrp's streams do."""

    output: list[Any] = field(default_factory=list)
    errors: list[ErrorRecord] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    state: str = "Running"
    failure: ErrorRecord | None = None


class _Recorder:
    def __init__(self) -> None:
        self.outcome = Outcome()

    def output(self, value: Any) -> None:
        self.outcome.output.append(value)

    def error(self, record: ErrorRecord) -> None:
        self.outcome.errors.append(record)

    def warning(self, message: str) -> None:
        self.outcome.warnings.append(message)

    def ended(self, state: str, failure: ErrorRecord | None) -> None:
        self.outcome.state, self.outcome.failure = state, failure
        if failure is not None:
            self.outcome.errors.append(failure)


def command(name: str, /, *arguments: Any, **parameters: Any) -> Command:
    """A command by its cmdlet's name: `command("Get-Disk", Number=1)`."""
    return Command(name, [*((None, value) for value in arguments), *parameters.items()])


def script_command(source: str, /, **parameters: Any) -> Command:
    """A command that is a constant script."""
    return Command(source, list(parameters.items()), is_script=True)


def run_pipeline(node: Node, logon: Logon, statements: Sequence[Statement], input: Iterable[Any] = ()) -> Outcome:
    """Run statements in this thread, without a wire."""
    recorder = _Recorder()
    Run(node, logon, recorder).execute(statements, input)
    return recorder.outcome


def invoke(node: Node, name: str, /, *arguments: Any, **parameters: Any) -> Outcome:
    """Run one command as an administrator of the domain."""
    return pipe(node, command(name, *arguments, **parameters))


def pipe(node: Node, *commands: Command) -> Outcome:
    """Run one statement of several commands as an administrator of the domain."""
    domain = node.estate.domain.partition(".")[0].upper()
    return run_pipeline(node, Logon(f"{domain}\\Administrator"), [commands])


class Run:
    """One running pipeline of a node. `stop` may come from any thread."""

    def __init__(self, node: Node, logon: Logon, sink: Sink) -> None:
        self.node = node
        self.logon = logon
        self.sink = sink
        self._ended = False
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End the pipeline before its next object."""
        self._stopping.set()

    def execute(self, statements: Sequence[Statement], input: Iterable[Any] = ()) -> None:
        """Run all statements, each with the estate's lock held. Output after the pipeline's end is lost."""
        try:
            self._batch(statements, input)
        except Stopped:
            self._end("Stopped")

    def _batch(self, statements: Sequence[Statement], input: Iterable[Any]) -> None:
        """The tail rules of golden/psrp.md, "Several statements in one pipeline"."""
        first_failed = False
        for place, statement in enumerate(statements, start=1):
            try:
                self._statement(statement, input if place == 1 else ())
            except ActionStop as stop:
                self._end("Failed", stop.record)
                return
            except Terminating as error:
                if place == 1 and len(statements) > 1:
                    first_failed = True
                    self.write(self.sink.error, error.record)
                else:
                    self._end("Failed", error.record)
            if place == 2 and first_failed:
                self._end("Completed")
        self._end("Completed")

    def _statement(self, commands: Statement, input: Iterable[Any]) -> None:
        with self.node.estate.lock:
            calls = [self._prepare(each) for each in commands]  # all bind before the first one begins
            streams: list[Iterator[Any]] = []
            source: Iterator[Any] | None = iter(input) if input else None
            for call in calls:
                call.input = source
                self.node.cmdlets.append(call.name)
                source = self._watched(call.cmdlet.body(call) or (), call.input)
                streams.append(source)
            for value in streams[-1]:
                self.write(self.sink.output, value)
            for stream in streams[:-1]:  # a command runs to its end even if the next one takes no input
                for _ in stream:
                    pass

    def _watched(self, objects: Iterable[Any], source: Iterator[Any] | None) -> Iterator[Any]:
        """A command's objects. Who closes this (Select-Object -First) ends the commands before it, too."""
        try:
            for value in objects:
                self.check()
                yield value
            self.check()
        except GeneratorExit:
            if isinstance(source, Generator):
                source.close()
            raise

    def check(self) -> None:
        """Raises Stopped once the client stopped the pipeline."""
        if self._stopping.is_set():
            raise Stopped

    def write(self, write: Callable[[T], None], value: T) -> None:
        """To the client, unless the pipeline has ended for it."""
        self.check()
        if not self._ended:
            write(value)

    def _end(self, state: str, failure: ErrorRecord | None = None) -> None:
        if not self._ended:
            self._ended = True
            self.sink.ended(state, failure)

    def _prepare(self, given: Command) -> _Call:
        found = self._find_script(given.text) if given.is_script else self._find_cmdlet(given.text)
        try:
            bound = bind(found, given.arguments)
        except BindingFailed as error:
            if error.unknown:
                self._count(f"parameter {found.name} {error.unknown}")
            raise Terminating(_record(found, error.failure)) from error
        return _Call(found.name, self.node, self.logon, bound.parameters, None, self, found, bound)

    def _find_cmdlet(self, name: str) -> Cmdlet:
        found = CMDLETS.get(name.lower())
        if found is None:
            self._count(f"cmdlet {name}")
            message = (
                f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable "
                f"program (the lab does not know the cmdlet {name})."
            )
            exception = "System.Management.Automation.CommandNotFoundException"
            failure = Failure(message, "CommandNotFoundException", ErrorCategory.ObjectNotFound, name, exception)
            raise Terminating(ErrorRecord(failure, failure.error_id))
        return found

    def _find_script(self, source: str) -> Cmdlet:
        key = script_key(source)
        found = SCRIPTS.get(key)
        if found is None:
            self._count(f"script {key}")
            first = next((line for line in source.splitlines() if line.strip()), "")
            message = (
                f"The lab does not know the script with the SHA-256 {key} that begins with '{first[:80]}': "
                "it has no model, or its text has changed since the model was made."
            )
            failure = Failure(message, "LabNotKnown", ErrorCategory.NotImplemented)
            raise Terminating(ErrorRecord(failure, failure.error_id))
        return scripts.as_cmdlet(found, source)

    def _count(self, what: str) -> None:
        self.node.unknown[what] = self.node.unknown.get(what, 0) + 1


@dataclass
class _Call:
    """A bound command: what its cmdlet sees (cmdlet.Call), and what the engine knows of it."""

    name: str
    node: Node
    logon: Logon
    parameters: dict[str, Any]
    input: Iterator[Any] | None
    run: Run
    cmdlet: Cmdlet
    bound: Bound

    def error(self, failure: Failure) -> None:
        record = _record(self.cmdlet, failure)
        if self.bound.error_action == "Stop":
            raise ActionStop(record)
        if self.bound.error_action in ("Continue", "Inquire"):
            self.run.write(self.run.sink.error, record)

    def throw(self, failure: Failure) -> NoReturn:
        raise Terminating(_record(self.cmdlet, failure))

    def warning(self, message: str) -> None:
        if self.bound.warning_action == "Stop":
            text = f"The running command stopped because WarningAction is set to Stop: {message}"
            failure = Failure(text, "ActionPreferenceStop", ErrorCategory.OperationStopped)
            raise ActionStop(_record(self.cmdlet, failure))
        if self.bound.warning_action in ("Continue", "Inquire"):
            self.run.write(self.run.sink.warning, message)


def _record(cmdlet: Cmdlet, failure: Failure) -> ErrorRecord:
    fqid = f"{failure.error_id},{cmdlet.class_name}" if cmdlet.class_name else failure.error_id
    return ErrorRecord(failure, fqid, cmdlet.name)
