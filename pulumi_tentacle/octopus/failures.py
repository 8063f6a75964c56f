"""What a failed connection to Octopus Server means: httpx's errors as ours."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpx

from pulumi_tentacle.errors import DeadlineExceeded, Lost, Unreachable
from pulumi_tentacle.octopus.answers import READ_PATIENCE, Again, Request, short


def meaning(request: Request, server: str, error: httpx.RequestError) -> Exception:
    """Our error for a request without an answer; Again where it may be sent once more."""
    asked = f"Octopus Server {server} was to be asked to {request.purpose}"
    detail = short(str(error)) or type(error).__name__
    if untrusted := next((e for e in _chain(error) if isinstance(e, ssl.SSLCertVerificationError)), None):
        return Unreachable(
            f"{asked}, but its TLS certificate is not trusted: {untrusted.verify_message}. If it comes from an "
            "authority of your own, give that as octopusCaCertificate; if not, something may stand in between."
        )
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError | httpx.UnsupportedProtocol):
        # Nothing was sent, so even a POST may be repeated.
        unreachable = Unreachable(
            f"{asked}, but it cannot be reached from the machine that runs Pulumi: {detail}. Check octopusUrl, name "
            "resolution, and what stands in between (firewall, HTTPS_PROXY)."
        )
        return Again(unreachable, READ_PATIENCE)
    if not request.repeatable:
        return Lost(
            f"{asked}, but the connection broke before the answer came: {detail}. Whether it was done is not known."
        )
    if isinstance(error, httpx.TimeoutException):
        return DeadlineExceeded(
            f"{asked}, but did not answer in time. If it is only slow, raise operationTimeout (seconds)."
        )
    return Again(Unreachable(f"{asked}, but the connection broke: {detail}."), READ_PATIENCE)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
