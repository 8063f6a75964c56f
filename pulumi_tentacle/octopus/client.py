"""The client of one Octopus Server: connection, logon, retries, errors. What is asked stands in the other modules."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pulumi_tentacle.errors import InvalidInput
from pulumi_tentacle.octopus import answers, retries
from pulumi_tentacle.octopus.answers import Again, Reply, Request
from pulumi_tentacle.octopus.waiting import Gate, Waiter

if TYPE_CHECKING:
    import ssl

    import httpx

_CONNECT_SECONDS = 15.0


@dataclass(frozen=True)
class OctopusSettings:
    """Where Octopus Server is and how to log on to it. `timeout` in seconds for one request.

    `ca_certificate` is PEM text or a file, trusted besides the public and the system's authorities. `space` is
    the name or id of the space to work in when a resource names none; None for the default space.
    """

    url: str
    api_key: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)
    ca_certificate: str | None = None
    space: str | None = None
    timeout: float = 60


class Octopus:
    """One Octopus Server. Safe to use from many threads; connects at the first request."""

    def __init__(
        self,
        settings: OctopusSettings,
        cancelled: threading.Event,
        *,
        transport: httpx.BaseTransport | None = None,
        waiter: Waiter | None = None,
    ) -> None:
        """`transport` and `waiter` take the place of network and clock in tests.

        Raises:
            InvalidInput: the URL is none.
        """
        self.url = base_url(settings.url)
        self.space = settings.space
        self.waiter = waiter or Waiter(cancelled)
        self._settings = settings
        self._transport = transport
        self._gate = Gate(self.waiter)
        self._lock = threading.Lock()
        self._http: httpx.Client | None = None
        self._kept: dict[str, Any] = {}
        self._keeping: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def get(self, path: str, purpose: str, query: Mapping[str, str] | None = None, timeout: float | None = None) -> Any:
        """The JSON at a path. `purpose` completes "Octopus Server was asked to"."""
        return self._ask(Request("GET", path, purpose, query or {}, timeout=timeout))

    def kept(self, path: str, purpose: str, *, fresh: bool = False) -> Any:
        """As `get`, but asked once and kept while this client lives; `fresh` asks again."""
        with self._lock:
            keeping = self._keeping[path]
        with keeping:
            if fresh or path not in self._kept:
                self._kept[path] = self.get(path, purpose)
            return self._kept[path]

    def post(self, path: str, body: Mapping[str, Any], purpose: str) -> Any:
        """Make something.

        Raises:
            Lost: the outcome is not known: look before doing it again.
        """
        return self._ask(Request("POST", path, purpose, body=body))

    def put(self, path: str, body: Mapping[str, Any], purpose: str) -> Any:
        """Replace something."""
        return self._ask(Request("PUT", path, purpose, body=body))

    def delete(self, path: str, purpose: str) -> None:
        """Delete something. Raises NotFound when it is not there (any more)."""
        self._ask(Request("DELETE", path, purpose))

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            if self._http is not None:
                self._http.close()
                self._http = None

    def _ask(self, request: Request) -> Any:
        return retries.persist(lambda: self._once(request), self.waiter)

    def _once(self, request: Request) -> Any:
        import httpx

        from pulumi_tentacle.octopus import failures

        self.waiter.check()
        self._gate.pass_through()
        timeout = httpx.Timeout(
            request.timeout or self._settings.timeout,
            connect=min(_CONNECT_SECONDS, self._settings.timeout),
            pool=None,
        )
        try:
            response = self._client().request(
                request.method,
                self.url + request.path,
                params=dict(request.query) or None,
                json=request.body,
                timeout=timeout,
            )
        except httpx.RequestError as error:
            raise failures.meaning(request, self.url, error) from error
        reply = Reply(response.status_code, response.text, {k.lower(): v for k, v in response.headers.items()})
        try:
            return answers.content(request, self.url, reply)
        except Again as again:
            if reply.status == 429:
                self._gate.close(again.after or answers.LIMIT_DELAY)
            raise

    def _client(self) -> httpx.Client:
        import httpx

        with self._lock:
            if self._http is None:
                self._http = httpx.Client(
                    headers=self._headers(),
                    verify=_context(self._settings.ca_certificate) if self.url.startswith("https:") else False,
                    transport=self._transport,
                    # httpx would carry the API key along to wherever a redirect leads.
                    follow_redirects=False,
                )
            return self._http

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": "pulumi_tentacle"}
        if self._settings.api_key is not None:
            headers["X-Octopus-ApiKey"] = self._settings.api_key
        elif self._settings.access_token is not None:
            headers["Authorization"] = f"Bearer {self._settings.access_token}"
        return headers


def base_url(url: str) -> str:
    """The address below which `/api` lies, without the portal's own paths that people copy from a browser.

    Raises:
        InvalidInput: no http or https URL, or one with a user name in it.
    """
    text = url.strip()
    parts = urlsplit(text if "://" in text else f"//{text}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput(
            [("octopusUrl", f"'{url}' is no address of a server; give one like https://octopus.example")]
        )
    if "@" in parts.netloc:
        raise InvalidInput(
            [("octopusUrl", "a user name or password does not belong into the address; give octopusApiKey instead")]
        )
    path = re.sub(r"/(api|app)(/.*)?$", "", parts.path.rstrip("/"), flags=re.IGNORECASE)
    return f"{parts.scheme}://{parts.netloc.lower()}{path}"


def _context(ca_certificate: str | None) -> ssl.SSLContext:
    """Trusts public authorities, the system's (a company's own is usually there), and the one given."""
    import ssl

    import certifi

    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    if ca_certificate is None:
        return context
    try:
        pem = ca_certificate if "-----BEGIN" in ca_certificate else Path(ca_certificate).read_text(encoding="ascii")
        context.load_verify_locations(cadata=pem)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError, UnicodeDecodeError a ValueError
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or "it is no PEM text"
        raise InvalidInput(
            [("octopusCaCertificate", f"this is neither a certificate as PEM text nor a file with one: {reason}")]
        ) from error
    return context
