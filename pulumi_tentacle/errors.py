"""Every error that the product raises on purpose, by who has to act.

TentacleError
├── InvalidInput          the program is wrong; nothing was touched
├── NotImplementedYet     a change that this version cannot make
├── Unlooked              a machine could not be looked at: nothing is known about what it holds
│   ├── Unreachable       no connection, name not found, TLS not trusted
│   ├── LogonRefused      the account or its secret was refused
│   ├── DeadlineExceeded  no answer in time
│   └── OtherEstate       another cluster or Octopus Server than the recorded one answered
├── AccessDenied          logged on, but the account may not do this
├── Conflict              something of that name is there and is not ours
├── NotFound              something that the program names is not there
├── Refused               the machine answered with an error
│   ├── CmdletFailed      a PowerShell cmdlet or script
│   ├── ProgramFailed     a native program (exit code)
│   └── RequestFailed     an Octopus Server request
├── Lost                  the connection broke after a change was sent: its outcome is unknown
├── Cancelled             the user pressed Ctrl-C
└── HalfMade              the thing exists, but is not finished; the next `pulumi up` goes on from there

Messages are for a Windows administrator: what was being done, where, what came back, what to do next. No
message holds a secret.
"""

from __future__ import annotations

from collections.abc import Sequence


class TentacleError(Exception):
    """Base of all. `str()` is the whole text for the user."""


class InvalidInput(TentacleError):
    """Inputs that cannot be right, found without asking a machine. `failures` are (property path, reason)."""

    def __init__(self, failures: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{path}: {reason}" if path else reason for path, reason in failures))
        self.failures = list(failures)


class NotImplementedYet(TentacleError):
    """The change is right, but this version of the provider cannot make it."""


class Unlooked(TentacleError):
    """A machine or server could not be looked at. Never a proof that something is gone."""


class Unreachable(Unlooked):
    """No connection: refused, no route, name not found, TLS certificate not trusted."""


class LogonRefused(Unlooked):
    """The account or its password was refused. Not tried again: accounts get locked."""


class DeadlineExceeded(Unlooked):
    """No answer within the time that the configuration allows."""


class OtherEstate(Unlooked):
    """Another cluster or Octopus Server answered than the one that the state records."""


class AccessDenied(TentacleError):
    """Logged on, but not allowed to do this. Not the same as "not there"."""


class Conflict(TentacleError):
    """Something of that name exists and was not made by this resource."""


class NotFound(TentacleError):
    """Something that the program names (disk, environment, file) does not exist."""


class Refused(TentacleError):
    """The machine answered with an error of its own."""


class CmdletFailed(Refused):
    """A cmdlet or script ended with an error. Recognise it by `fqid` or `hresult`, never by its text."""

    def __init__(
        self, message: str, *, node: str, command: str, fqid: str = "", hresult: int | None = None, category: int = 0
    ) -> None:
        super().__init__(message)
        self.node = node
        self.command = command
        self.fqid = fqid
        self.hresult = hresult
        self.category = category

    @property
    def error_id(self) -> str:
        """The part of the fully qualified id before the cmdlet's class."""
        return self.fqid.partition(",")[0]


class ProgramFailed(Refused):
    """A program ended with an exit code that means failure."""

    def __init__(self, message: str, *, node: str, program: str, exit_code: int, stderr: str = "") -> None:
        super().__init__(message)
        self.node = node
        self.program = program
        self.exit_code = exit_code
        self.stderr = stderr


class RequestFailed(Refused):
    """Octopus Server answered a request with an error. `status` is the HTTP status."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class Lost(TentacleError):
    """The connection broke after a change was sent. Look before doing it again."""


class Cancelled(TentacleError):
    """The run was cancelled while this waited."""


class HalfMade(TentacleError):
    """The resource exists but is not finished, or not as it should be.

    `state` is what is known of it (its State model), `inputs` what Read found (its Inputs model; Read only).
    """

    def __init__(self, id: str, state: object, reasons: Sequence[str], inputs: object = None) -> None:
        super().__init__("; ".join(reasons))
        self.id = id
        self.state = state
        self.reasons = list(reasons)
        self.inputs = inputs
