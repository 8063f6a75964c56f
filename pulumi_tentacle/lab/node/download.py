"""The model of download-file: a real HTTP request, from the address of the machine that runs the lab."""

from __future__ import annotations

import http.client
import ntpath
import socket
import ssl
import urllib.error
import urllib.request

from pulumi_tentacle.lab.node.dotnet import expand, invoking, throw_invocation
from pulumi_tentacle.lab.node.unknown import refuse
from pulumi_tentacle.lab.powershell.cmdlet import Call, script

DOWNLOAD_FILE = "7c469b427f16756c330d3b54c78bd5e1b71ef137b5622bc824ccae88a02496bf"

_SECONDS = 60.0  # of real time, between two pieces


@script("download-file", DOWNLOAD_FILE)
def download_file(call: Call) -> None:
    """WebClient.DownloadFile leaves no file behind when it fails."""
    uri = str(call.parameters.get("Uri") or "")
    path = expand(call.node, str(call.parameters.get("Path") or ""))
    files = call.node.files
    with invoking(call, "CreateDirectory", 1):
        files.make_folder(ntpath.dirname(path))
    with invoking(call, "Delete", 1):
        files.delete(path)
    if not uri.lower().startswith(("http://", "https://")):
        refuse(call, f"how to download {uri}")
    try:
        data = call.node.estate.without_lock(lambda: _get(uri))
    except (OSError, http.client.HTTPException) as error:
        throw_invocation(call, "DownloadFile", 2, "System.Net.WebException", _explain(error))
    with invoking(call, "DownloadFile", 2):
        files.write(path, data)


def _get(uri: str) -> bytes:
    """Without proxies, and nothing but HTTP, whatever a redirection asks for."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    try:
        with opener.open(uri, timeout=_SECONDS) as response:
            return bytes(response.read())
    except urllib.error.HTTPError as error:
        error.close()  # it holds the connection
        raise


def _explain(error: Exception) -> str:
    """The message of .NET's WebException for what urllib raised."""
    if isinstance(error, urllib.error.HTTPError):
        return f"The remote server returned an error: ({error.code}) {error.reason}."
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return "The underlying connection was closed: Could not establish trust relationship for the SSL/TLS secure channel."
    if isinstance(reason, socket.gaierror):
        return "The remote name could not be resolved"
    if isinstance(reason, TimeoutError):
        return "The operation has timed out"
    if isinstance(reason, ConnectionRefusedError):
        return "Unable to connect to the remote server"
    return "The underlying connection was closed: An unexpected error occurred on a receive."
