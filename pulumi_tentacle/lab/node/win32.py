"""Win32 error codes that nodes answer with, and their system messages."""

from __future__ import annotations

FILE_NOT_FOUND = 2
ALREADY_EXISTS = 183
SERVICE_REQUEST_TIMEOUT = 1053
SERVICE_ALREADY_RUNNING = 1056
SERVICE_DISABLED = 1058
SERVICE_DOES_NOT_EXIST = 1060
SERVICE_NOT_ACTIVE = 1062
PROCESS_ABORTED = 1067
SERVICE_LOGON_FAILED = 1069
SERVICE_MARKED_FOR_DELETE = 1072
SERVICE_EXISTS = 1073
SERVICE_DEPENDENCY_DELETED = 1075

_MESSAGES = {
    FILE_NOT_FOUND: "The system cannot find the file specified.",
    ALREADY_EXISTS: "Cannot create a file when that file already exists.",
    SERVICE_REQUEST_TIMEOUT: "The service did not respond to the start or control request in a timely fashion.",
    SERVICE_ALREADY_RUNNING: "An instance of the service is already running.",
    SERVICE_DISABLED: (
        "The service cannot be started, either because it is disabled or because it has no enabled devices "
        "associated with it."
    ),
    SERVICE_DOES_NOT_EXIST: "The specified service does not exist as an installed service.",
    SERVICE_NOT_ACTIVE: "The service has not been started.",
    PROCESS_ABORTED: "The process terminated unexpectedly.",
    SERVICE_LOGON_FAILED: "The service did not start due to a logon failure.",
    SERVICE_MARKED_FOR_DELETE: "The specified service has been marked for deletion.",
    SERVICE_EXISTS: "The specified service already exists.",
    SERVICE_DEPENDENCY_DELETED: ("The dependency service does not exist or has been marked for deletion."),
}


def message(code: int) -> str:
    """The system message of an error code that the lab uses."""
    return _MESSAGES[code]


def hresult(code: int) -> int:
    """HRESULT_FROM_WIN32, as the signed number that .NET shows."""
    return (code | 0x80070000) - 2**32
