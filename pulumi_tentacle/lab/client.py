"""How the command line talks to a running lab."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

SECONDS = 300.0  # the longest that an answer may take: health checks of many machines


class ControlError(Exception):
    """The lab did not answer, or refused; the text says why."""


def ask(control_url: str, method: str, path: str, body: Any = None) -> Any:
    """One request to a lab's control; returns the JSON of its answer.

    Raises:
        ControlError: nobody answers there, or the lab refuses.
    """
    parts = urlsplit(control_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, f"{parts.path}/{path}", data, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ControlError(f"the lab does not answer: {error}") from None
    finally:
        connection.close()
    if response.status != 200:
        raise ControlError(str(answer.get("error") or answer.get("detail")))
    return answer
