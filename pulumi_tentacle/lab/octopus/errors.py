"""What the simulated Octopus Server answers instead of a resource (octopus-api.md §1.4)."""

from __future__ import annotations

from typing import Any

VALIDATION = "There was a problem with your request."
NOT_LOGGED_IN = "You must be logged in to request this resource. Please log in, or provide a valid API key."
INVALID_KEY = (
    "Either your API key is invalid, or your account has been disabled. Please contact your Octopus administrator."
)


class Refusal(Exception):
    """An error answer: HTTP status and the body's fields."""

    def __init__(
        self, status: int, message: str, errors: list[str] | None = None, full_exception: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors or []
        self.full_exception = full_exception

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"ErrorMessage": self.message}
        if self.errors:
            body["Errors"] = self.errors
        if self.full_exception:
            body["FullException"] = self.full_exception
        return body


class NotModelled(Refusal):
    """The references do not say what Octopus answers here, so the lab says nothing in its name.

    `what` is the key under which it is counted in `Octopus.unknown`.
    """

    def __init__(self, what: str, status: int = 400) -> None:
        super().__init__(status, f"the lab does not know {what}")
        self.what = what


def invalid(*errors: str) -> Refusal:
    """400: the request breaks a rule (also for a name that is taken: octopus-api.md §1.4, 409)."""
    return Refusal(400, VALIDATION, list(errors))


def missing(what: str) -> Refusal:
    """404. The text of current servers is not established (octopus-api.md §11)."""
    return Refusal(404, f"The resource '{what}' was not found.")


def forbidden(permission: str) -> Refusal:
    """403, with the text of Issues 6552."""
    return Refusal(
        403,
        "You do not have permission to perform this action. Please contact your Octopus administrator. "
        f"Missing permission: {permission}",
    )
