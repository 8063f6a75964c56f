"""What an answer of Octopus Server means (reference/octopus-api.md §1.4). Pure.

Octopus's own errors are JSON with `ErrorMessage`. Anything else comes from something that stands in front of it, a
proxy or a sign-in page, and is never taken for Octopus's word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pulumi_tentacle.errors import (
    AccessDenied,
    DeadlineExceeded,
    LogonRefused,
    Lost,
    NotFound,
    RequestFailed,
    TentacleError,
    Unlooked,
    Unreachable,
)

READ_PATIENCE: Final = 20.0
"""Seconds for which what can be repeated is, while Octopus is starting or cannot be reached."""
LIMIT_PATIENCE: Final = 600.0
"""Seconds for which one request waits for the rate limit."""
LIMIT_DELAY: Final = 5.0
"""Seconds to wait when Octopus limits without saying for how long."""
_LONGEST: Final = 600  # characters of foreign text in an error
_UNKNOWN_OUTCOME: Final = "Whether it was done is not known."


@dataclass(frozen=True)
class Request:
    """One request. `purpose` completes "Octopus Server … was asked to" and stands in every error."""

    method: str
    path: str
    purpose: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    timeout: float | None = None

    @property
    def repeatable(self) -> bool:
        """Whether doing it twice is the same as doing it once. Not so for POST."""
        return self.method != "POST"


@dataclass(frozen=True)
class Reply:
    """One answer as it came; header names in lower case."""

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Again(Exception):
    """The request was not carried out and can be sent again, for up to `patience` seconds; else `error` counts."""

    def __init__(self, error: TentacleError, patience: float, after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.patience = patience
        self.after = after


def content(request: Request, server: str, reply: Reply) -> Any:
    """The JSON of a good answer; None for an empty one, which only a DELETE may get.

    Raises:
        Again: it may be repeated.
        TentacleError: of the class that says who has to act.
    """
    asked = f"Octopus Server {server} was asked to {request.purpose}"
    body = _json(reply.text)
    if not 200 <= reply.status < 300:
        raise _refusal(request, server, asked, reply, body)
    if body is None and not (request.method == "DELETE" and not reply.text.strip()):
        raise _foreign(request, asked, reply)
    return body


def retry_after(reply: Reply) -> float | None:
    """Seconds to wait as the answer says; None if it does not."""
    text = reply.headers.get("retry-after", "")
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None


def short(text: str, longest: int = _LONGEST) -> str:
    """Foreign text for a message: one line, of limited length."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= longest else line[:longest].rstrip() + "…"


def _refusal(request: Request, server: str, asked: str, reply: Reply, body: Any) -> Exception:
    said = _said(body)
    status = reply.status
    if status == 429:
        return _limited(server, asked, reply)
    if status in (502, 503, 504):
        return _unavailable(request, asked, reply, said)
    if 300 <= status < 400:
        return Unreachable(
            f"{asked}, but sent the request on to {short(reply.headers.get('location', 'another address'))} "
            f"(HTTP {status}). Set octopusUrl to the address under which Octopus Server answers itself."
        )
    if status == 401:
        return LogonRefused(
            f"{asked}, but refused the API key or access token (HTTP 401){_quoted(said)}. Check octopusApiKey or "
            "octopusAccessToken: it may be mistyped, expired or revoked, or its account disabled."
        )
    if said is None:
        return _foreign_refusal(request, asked, reply)
    if status == 403:
        return AccessDenied(f"{asked}, but the account may not do that (HTTP 403){_quoted(said)}. {_missing(said)}")
    if status == 404:
        return NotFound(f"{asked}, but it has no such thing (HTTP 404){_quoted(said)}.")
    return RequestFailed(_failed(request, asked, status, said), status=status)


def _limited(server: str, asked: str, reply: Reply) -> Again:
    policy = reply.headers.get("octopus-ratelimit-policy", "")
    rate = re.search(r"rpm=(\d+)", policy)
    limit = f" to {rate.group(1)} requests a minute" if rate else ""
    error = DeadlineExceeded(
        f"{asked}, but limits the requests of this account{limit} (HTTP 429), and {LIMIT_PATIENCE:.0f} seconds of "
        "waiting were not enough. Run again later, use fewer resources at a time (pulumi up --parallel 4), or raise "
        "the limit in Octopus under Configuration."
    )
    return Again(error, LIMIT_PATIENCE, retry_after(reply) or LIMIT_DELAY)


def _unavailable(request: Request, asked: str, reply: Reply, said: str | None) -> Exception:
    text = f"{asked}, but is not available (HTTP {reply.status}){_quoted(said or short(reply.text))}."
    if not request.repeatable:  # a gateway answers so too after the server has done it (user report U98)
        return Lost(f"{text} {_UNKNOWN_OUTCOME}")
    return Again(
        Unreachable(f"{text} It may be starting: run again in a few minutes."), READ_PATIENCE, retry_after(reply)
    )


def _foreign(request: Request, asked: str, reply: Reply) -> TentacleError:
    """Something else than Octopus gave a good answer, so whether Octopus ever heard of it is not known."""
    text = _foreign_text(asked, reply)
    return Unlooked(text) if request.repeatable else Lost(f"{text} {_UNKNOWN_OUTCOME}")


def _foreign_refusal(request: Request, asked: str, reply: Reply) -> TentacleError:
    """A refusal without Octopus's own words."""
    if reply.status < 500:  # it did not reach Octopus, so nothing was done
        return Unlooked(_foreign_text(asked, reply))
    if request.repeatable:
        return RequestFailed(_failed(request, asked, reply.status, short(reply.text)), status=reply.status)
    return Lost(f"{_foreign_text(asked, reply)} {_UNKNOWN_OUTCOME}")


def _foreign_text(asked: str, reply: Reply) -> str:
    kind = reply.headers.get("content-type") or "no content type"
    return (
        f"{asked}, but something else answered: HTTP {reply.status} with {kind}{_quoted(short(reply.text, 200))}. "
        "Check octopusUrl, and any proxy or sign-in page in front of Octopus Server."
    )


def _failed(request: Request, asked: str, status: int, said: str) -> str:
    if status < 500:
        hint = " Free a licence or extend it." if "limits of your current license" in said else ""
        return f"{asked}, but refused (HTTP {status}): {said}{hint}"
    sent = f" Sent were the properties {', '.join(request.body)}." if request.body else ""
    return (
        f"{asked}, but failed inside (HTTP {status}). In its words: '{said}'.{sent} Octopus's own log has more "
        "(Configuration, Diagnostics)."
    )


def _missing(said: str) -> str:
    permission = re.search(r"Missing permission: (\w+)", said)
    if permission:
        return f"Give the account of the API key the permission {permission.group(1)}."
    return "Give the account of the API key the permission for this."


def _said(body: Any) -> str | None:
    """Octopus's own words: message and details; None when it was not Octopus that spoke."""
    if not isinstance(body, dict) or not isinstance(body.get("ErrorMessage"), str):
        return None
    details = body.get("Errors")
    parts = (
        [body["ErrorMessage"], *(str(d) for d in details if d)] if isinstance(details, list) else [body["ErrorMessage"]]
    )
    return short(" ".join(parts))


def _quoted(text: str | None) -> str:
    return f": '{text}'" if text else ""


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
