"""Nodes as the layers above see them: reads, changes, scripts and programs, each with its errors told apart."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi_tentacle.errors import AccessDenied, CmdletFailed, Lost, Refused, Unreachable
from pulumi_tentacle.remoting import batch
from pulumi_tentacle.remoting.answers import Answer, ProgramResult
from pulumi_tentacle.remoting.channel import Channel, Connection
from pulumi_tentacle.remoting.commands import Command, Pipeline, Script, Secret, Value
from pulumi_tentacle.remoting.faults import Broken, NotTaken, cmdlet_failure, unanswered
from pulumi_tentacle.remoting.limits import Limits
from pulumi_tentacle.remoting.logon import LogonGate
from pulumi_tentacle.remoting.pool import SessionPool
from pulumi_tentacle.remoting.quoting import check_environment, command_line
from pulumi_tentacle.remoting.records import Event, Failure, Output, Transcript, Warned
from pulumi_tentacle.remoting.session import NoRoom, Session
from pulumi_tentacle.remoting.settings import Settings

if TYPE_CHECKING:
    from pulumi_tentacle.remoting.tls import PemFiles

__all__ = ["Answer", "Node", "Nodes", "ProgramResult"]

T = TypeVar("T")

_ATTEMPTS = 5  # at finding a place among the shells that a node allows
_CLOSING = 6.0  # seconds
_TOLD = 3  # names of reads in a text
_ADVICE = " Set tentacle:operationTimeout higher if that is too short."


class Node:
    """One node. Any thread may use it; operations run side by side as far as there are sessions.

    All operations raise `Unreachable`, `LogonRefused`, `DeadlineExceeded` and `Cancelled`, and `Refused` or
    `AccessDenied` for what WinRM itself refuses. A `deadline` is in seconds from the moment when there is a session;
    without one it is the configuration's operationTimeout.
    """

    def __init__(
        self, address: str, pool: SessionPool, settings: Callable[[], Settings], cancelled: threading.Event
    ) -> None:
        self.address = address
        self._pool = pool
        self._settings = settings
        self._cancelled = cancelled

    def read(self, *pipelines: Pipeline, deadline: float | None = None) -> list[Answer]:
        """Ask several things in one round trip; an answer for each. They must change nothing: they may run twice.

        An error that keeps PowerShell from answering the later ones costs another round trip for those
        (golden/psrp.md). Errors of the commands are in the answers.
        """
        answers: list[Answer] = []
        while len(answers) < len(pipelines):
            pending = pipelines[len(answers) :]
            segments = self._read_batch(pending, deadline)
            answers += [self._answer(*pair) for pair in zip(pending, segments, strict=False)]
        return answers

    def call(self, pipeline: Pipeline, *, deadline: float | None = None) -> list[Any]:
        """Make one change, with ErrorAction=Stop on every command; answers what it put out.

        Raises:
            CmdletFailed, AccessDenied: it failed; what commands before had done stays done.
            Lost: the connection broke while it ran; look before doing it again.
        """
        return self._change(Pipeline(tuple(_stopping(command) for command in pipeline.commands)), deadline)

    def script(self, script: Script, *, deadline: float | None = None, **parameters: Value) -> list[Any]:
        """Run a constant script (which sets `$ErrorActionPreference` itself). Raises as `call` does."""
        return self._change(script.pipeline(parameters), deadline)

    def run(
        self,
        program: str,
        *arguments: str,
        environment: Mapping[str, str | Secret] | None = None,
        deadline: float | None = None,
    ) -> ProgramResult:
        """Run a program to its end, with its input closed. Secrets belong in `environment`, never in arguments.

        Any exit code is a result.

        Raises:
            InvalidInput: an argument that cannot be passed on unchanged; nothing was sent.
            Lost: the connection broke while it ran; look before doing it again.
        """
        line = command_line(program, arguments)
        variables = {k: v.value if isinstance(v, Secret) else v for k, v in (environment or {}).items()}
        for name, value in variables.items():
            check_environment(name, value)
        limits = self._limits(program.rpartition("\\")[2], deadline)
        try:
            return self._on_session(limits, lambda session: session.run(line, variables, limits))
        except Broken as broken:
            raise _lost(limits, broken) from broken

    def _change(self, pipeline: Pipeline, deadline: float | None) -> list[Any]:
        limits = self._limits(str(pipeline), deadline)
        try:
            transcript = self._on_session(limits, lambda session: session.invoke([pipeline], limits))
        except Broken as broken:
            raise _lost(limits, broken) from broken
        if transcript.failure is not None:
            raise self._failure(pipeline, transcript.failure)
        if not transcript.completed:
            raise self._failure(pipeline, Failure("it failed and gave no reason"))
        return transcript.outputs

    def _read_batch(self, pipelines: Sequence[Pipeline], deadline: float | None) -> list[list[Event]]:
        token = os.urandom(16).hex()
        limits = self._limits(_names(pipelines), deadline)
        transcript = self._read_transcript(batch.with_markers(pipelines, token), limits)
        segments = batch.cut(transcript, token, len(pipelines))
        explained = bool(segments) and any(isinstance(event, Failure) for event in segments[-1])
        if len(segments) < len(pipelines) and not explained:
            raise Unreachable(f"{limits.doing}: only {len(segments)} of {len(pipelines)} questions were answered.")
        return segments

    def _read_transcript(self, statements: Sequence[Pipeline], limits: Limits) -> Transcript:
        """A read that got lost is asked once more, in a new session."""
        end = time.monotonic() + limits.left
        try:
            return self._on_session(limits, lambda session: session.invoke(statements, limits))
        except Broken as broken:
            if time.monotonic() >= end:
                raise unanswered(limits.doing, broken) from broken
        try:
            return self._on_session(limits, lambda session: session.invoke(statements, limits))
        except Broken as broken:
            raise unanswered(limits.doing, broken) from broken

    def _on_session(self, limits: Limits, work: Callable[[Session], T]) -> T:
        """Do something on a session; once more on a new one if the first was gone before it began."""
        taken_back = False
        for _ in range(_ATTEMPTS):
            try:
                with self._pool.lend(limits) as session:
                    return work(session)
            except NotTaken as refusal:
                if taken_back:
                    raise Refused(f"{limits.doing}: WinRM refused it: {refusal}.") from refusal
                taken_back = True
            except NoRoom as refusal:
                if not self._pool.make_room(limits):
                    raise self._no_room(refusal) from refusal
                reason = refusal
        raise self._no_room(reason) from reason

    def _no_room(self, refusal: NoRoom) -> Unreachable:
        return Unreachable(
            f"{self.address}: WinRM allows the account '{self._settings().username}' no further shell there, and none "
            f"of those in use is ours: {refusal}. `winrm enumerate shell` on the node shows whose they are. End what is "
            "left over, or raise MaxShellsPerUser in winrm/config/winrs."
        )

    def _answer(self, pipeline: Pipeline, events: list[Event]) -> Answer:
        failure = Transcript(events).failure
        return Answer(
            [event.value for event in events if isinstance(event, Output)],
            self._failure(pipeline, failure) if failure else None,
            tuple(event.message for event in events if isinstance(event, Warned)),
        )

    def _failure(self, pipeline: Pipeline, failure: Failure) -> CmdletFailed | AccessDenied:
        names = [command.name for command in pipeline.commands]
        return cmdlet_failure(self.address, failure.activity if failure.activity in names else names[0], failure)

    def _limits(self, what: str, deadline: float | None) -> Limits:
        doing = f"{self.address}: {what}"
        if deadline is not None:
            return Limits(doing, deadline, self._cancelled)
        return Limits(doing, self._settings().operation_timeout, self._cancelled, _ADVICE)


class Nodes:
    """All nodes of one process; they share what is known about accounts, and end together.

    `settings` is asked whenever a session is opened, so that missing credentials are an error at first use only.
    `cancelled` ends every wait within a second.
    """

    def __init__(
        self,
        settings: Callable[[], Settings] | Settings,
        cancelled: threading.Event,
        *,
        connect: Callable[[str, Settings], Connection] | None = None,
    ) -> None:
        self._settings = _constant(settings) if isinstance(settings, Settings) else settings
        self._cancelled = cancelled
        self._connect = connect or self._http
        self._gate = LogonGate()
        self._lock = threading.Lock()
        self._nodes: dict[str, tuple[Node, SessionPool]] = {}
        self._files: PemFiles | None = None

    def node(self, address: str) -> Node:
        """The node at this host name or address; nothing is connected yet."""
        with self._lock:
            if address not in self._nodes:
                pool = SessionPool(lambda: self._session(address))
                self._nodes[address] = Node(address, pool, self._settings, self._cancelled), pool
            return self._nodes[address][0]

    def close(self) -> None:
        """Close all sessions, as far as the nodes answer within a few seconds."""
        with self._lock:
            pools = [pool for _, pool in self._nodes.values()]
        end = time.monotonic() + _CLOSING
        for pool in pools:
            pool.close(0)
        for pool in pools:
            pool.close(max(0.0, end - time.monotonic()))
        with self._lock:
            if self._files is not None:
                self._files.close()

    def _session(self, address: str) -> Session:
        settings = self._settings()
        return Session(Channel(address, settings, lambda: self._connect(address, settings), self._gate))

    def _http(self, address: str, settings: Settings) -> Connection:
        from pulumi_tentacle.remoting.http import Http  # requests, pypsrp and pyspnego take long to import
        from pulumi_tentacle.remoting.tls import PemFiles

        with self._lock:
            self._files = self._files or PemFiles()
        return Http(address, settings, self._files)


def _stopping(command: Command) -> Command:
    """A script has no common parameters unless it asks for them; it sets its own preference."""
    if command.source is not None:
        return command
    return Command(command.name, {"ErrorAction": "Stop", **command.parameters})


def _names(pipelines: Sequence[Pipeline]) -> str:
    """What is read, for texts."""
    names = list(dict.fromkeys(pipeline.commands[0].name for pipeline in pipelines))
    return ", ".join(names[:_TOLD]) + (" …" if len(names) > _TOLD else "")


def _constant(settings: Settings) -> Callable[[], Settings]:
    return lambda: settings


def _lost(limits: Limits, broken: Broken) -> Lost:
    return Lost(
        f"{limits.doing}: {broken} after this was sent, so it may have been done or not. It is not repeated blindly; "
        "run `pulumi up` again, which looks first and goes on from what it finds."
    )
