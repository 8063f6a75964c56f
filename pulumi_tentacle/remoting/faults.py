"""How connections and requests fail, and what each failure means to the user: the one place that knows.

Internal to this package are `Broken`, `Fault` and `NotTaken`: whether they become `Unreachable` or `Lost` depends on
what was being done, which only the caller knows.
"""

from __future__ import annotations

from pulumi_tentacle.errors import AccessDenied, CmdletFailed, DeadlineExceeded, Refused, TentacleError, Unreachable
from pulumi_tentacle.remoting.records import Failure

# WSMan fault codes (winrm.md §1.7)
OPERATION_TIMEOUT = 2150858793
SHELL_GONE = 2150858843
TOO_MANY_SHELLS = 2150859173
_TOO_MANY_OPERATIONS = 2150859174
_REMOTE_ACCESS_DENIED = 5

_PERMISSION_DENIED = 18  # System.Management.Automation.ErrorCategory
_ERROR_ACCESS_DENIED = 5  # Win32
_DENYING_HRESULTS = frozenset({-2147024891, -2147217405})  # E_ACCESSDENIED, WBEM_E_ACCESS_DENIED
_DENYING_IDS = ("accessdenied", "unauthorizedaccess")


class Broken(Exception):
    """The connection failed, or the reply made no sense, after a request was sent: its outcome is unknown."""

    def __init__(self, reason: str, *, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.timed_out = timed_out


class Fault(Exception):
    """WinRM answered with a SOAP fault: the request was refused, not carried out."""

    def __init__(self, code: int | None, text: str) -> None:
        super().__init__(f"{text} (fault {code})" if code is not None else text)
        self.code = code


class NotTaken(Exception):
    """The command was refused before its start; a new shell may take it."""


def at_the_start(fault: Fault) -> NotTaken | Broken | Fault:
    """What a fault in answer to a Command means."""
    if fault.code in (SHELL_GONE, _TOO_MANY_OPERATIONS):
        return NotTaken(str(fault))
    if fault.code == OPERATION_TIMEOUT:
        return Broken("the node did not answer in time", timed_out=True)
    return fault


def unanswered(doing: str, broken: Broken) -> TentacleError:
    """The error for something that changes nothing: nobody knows more than before."""
    if broken.timed_out:
        return DeadlineExceeded(f"{doing}: {broken}.")
    return Unreachable(f"{doing}: {broken}.")


def refused(doing: str, fault: Fault) -> TentacleError:
    """The error for a request that WinRM refused."""
    if fault.code == _REMOTE_ACCESS_DENIED:
        return AccessDenied(
            f"{doing}: WinRM denies access to the account. It must be an administrator of that node, or a member of its "
            "group 'Remote Management Users'."
        )
    return Refused(f"{doing}: WinRM refused it: {fault}.")


def cmdlet_failure(node: str, command: str, failure: Failure) -> CmdletFailed | AccessDenied:
    """The error for an error record; recognised by its ids and codes, never by its text."""
    message = failure.message.strip().rstrip(".")
    if is_access_denied(failure):
        return AccessDenied(
            f"{node}: {command}: {message}. The account of tentacle:winrmUsername may not do this; it must be an "
            "administrator of that node, and of its cluster where there is one."
        )
    return CmdletFailed(
        f"{node}: {command}: {message}",
        node=node,
        command=command,
        fqid=failure.fqid,
        hresult=failure.hresult,
        category=failure.category,
    )


def is_access_denied(failure: Failure) -> bool:
    """Whether an error says that the account may not do it."""
    error_id = failure.fqid.partition(",")[0].lower()
    return (
        failure.category == _PERMISSION_DENIED
        or failure.hresult in _DENYING_HRESULTS
        or failure.native_code == _ERROR_ACCESS_DENIED
        or any(text in error_id for text in _DENYING_IDS)
    )
