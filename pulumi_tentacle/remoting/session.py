"""One session to a node: a channel, and over it a runspace pool and program shells, each made when first needed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pulumi_tentacle.errors import Unlooked
from pulumi_tentacle.remoting.answers import ProgramResult
from pulumi_tentacle.remoting.channel import Channel
from pulumi_tentacle.remoting.commands import Pipeline
from pulumi_tentacle.remoting.faults import TOO_MANY_SHELLS, Broken, Fault, refused, unanswered
from pulumi_tentacle.remoting.limits import Limits
from pulumi_tentacle.remoting.quoting import CommandLine
from pulumi_tentacle.remoting.records import Transcript

if TYPE_CHECKING:
    from pulumi_tentacle.remoting.powershell import PowerShellSession
    from pulumi_tentacle.remoting.shell import Shells

_CLOSING = 5.0  # seconds


class NoRoom(Exception):
    """The node allows the account no further shell (MaxShellsPerUser)."""


class Session:
    """Used by one thread at a time. `usable` tells whether it may serve another operation."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._powershell: PowerShellSession | None = None
        self._shells: Shells | None = None

    @property
    def usable(self) -> bool:
        """False after a failure that may have left the other side in an unknown state (user report U83)."""
        return self._channel.usable

    def invoke(self, statements: Sequence[Pipeline], limits: Limits) -> Transcript:
        """Run statements as one pipeline.

        Raises:
            NotTaken, NoRoom: nothing has begun; a new session may do it.
            TentacleError: nothing has begun, or (DeadlineExceeded, Cancelled) it was ended.
            Broken: it may have begun; its outcome is unknown.
        """
        powershell = self._opened_powershell(limits)
        limits = limits.anew()
        with self._channel.within(limits):
            try:
                prepared = powershell.prepare(statements)
            except Broken as broken:
                raise unanswered(limits.doing, broken) from broken
            except Fault as fault:
                raise refused(limits.doing, fault) from fault
            try:
                return powershell.run(prepared, limits)
            except Fault as fault:
                raise refused(limits.doing, fault) from fault

    def run(self, line: CommandLine, environment: Mapping[str, str], limits: Limits) -> ProgramResult:
        """Run a program. Raises as `invoke` does."""
        if self._shells is None:
            from pulumi_tentacle.remoting.shell import Shells  # pywinrm takes long to import

            self._shells = Shells(self._channel)
        shells = self._shells
        with self._opening(limits):
            shell = shells.open(line, environment)
        limits = limits.anew()
        with self._channel.within(limits):
            try:
                return shells.run(shell, line, limits)
            except Fault as fault:
                raise refused(limits.doing, fault) from fault

    def close(self) -> None:
        """Delete what this session has on the node, by best effort and over a new connection if the old one broke."""
        with self._channel.within(Limits(self._channel.address, _CLOSING)):
            for opened in (self._powershell, self._shells):
                with contextlib.suppress(Fault, Broken, Unlooked):
                    if opened is not None:
                        opened.close()
        self._channel.close()

    def _opened_powershell(self, limits: Limits) -> PowerShellSession:
        if self._powershell is None:
            from pulumi_tentacle.remoting.powershell import PowerShellSession  # pypsrp takes long to import

            self._powershell = PowerShellSession(self._channel)
            with self._opening(limits):
                self._powershell.open()
        return self._powershell

    @contextlib.contextmanager
    def _opening(self, limits: Limits) -> Iterator[None]:
        """A session has time of its own to open: a first logon may take longer than the command behind it."""
        settings = self._channel.settings
        doing = f"{self._channel.address}: opening a session"
        patience = Limits(doing, settings.connect_timeout + settings.operation_timeout, limits.cancelled)
        with self._channel.within(patience):
            try:
                yield
            except Broken as broken:
                raise unanswered(doing, broken) from broken
            except Fault as fault:
                if fault.code == TOO_MANY_SHELLS:
                    raise NoRoom(str(fault)) from fault
                raise refused(doing, fault) from fault
