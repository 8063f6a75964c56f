"""What is checked of every reply before a library reads it: that it is the answer to this request, and no fault.

The client libraries raise whatever their parsers happen to raise on a reply that is empty, cut off or somebody
else's (user report U80); here such a reply is `Broken`, and a SOAP fault a `Fault`, whichever library asked.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from pulumi_tentacle.remoting.faults import Broken, Fault

_NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
    "wmi": "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError",
}
_ANSWERS = {
    "Create": "x:ResourceCreated",
    "Command": "rsp:CommandResponse/rsp:CommandId",
    "Send": "rsp:SendResponse",
    "Receive": "rsp:ReceiveResponse",
    "Signal": "rsp:SignalResponse",
}
_ACTION = re.compile(rb"<[\w:]*Action\b[^>]*>[^<]*/(\w+)<")
_MESSAGE_ID = re.compile(rb"<[\w:]*MessageID\b[^>]*>([^<]+)<")
_OK = 200


@dataclass(frozen=True)
class Reply:
    """An HTTP answer. A 401 never gets this far."""

    status: int
    body: bytes


def operation(message: bytes) -> str:
    """The operation that a request asks for: Create, Command, Send, Receive, Signal or Delete."""
    found = _ACTION.search(message)
    return found.group(1).decode() if found else ""


def check(message: bytes, reply: Reply) -> bytes:
    """The body of the reply to `message`, if it is a proper one.

    Raises:
        Fault: the service refused the request.
        Broken: the reply is no answer to this request.
    """
    try:
        envelope = ET.fromstring(reply.body)
    except ET.ParseError as error:
        raise Broken(f"the reply was not readable (HTTP {reply.status}, {len(reply.body)} bytes)") from error
    body = envelope.find("s:Body", _NAMESPACES)
    if body is None:
        raise Broken(f"the reply was no message of WinRM (HTTP {reply.status})")
    fault = body.find("s:Fault", _NAMESPACES)
    if fault is not None:
        raise _fault(fault)
    if reply.status != _OK:
        raise Broken(f"the reply was unexpected (HTTP {reply.status})")
    expected = _ANSWERS.get(operation(message))
    if expected is not None and body.find(expected, _NAMESPACES) is None:
        raise Broken(f"the reply to the request {operation(message)} was incomplete")
    relates = envelope.findtext("s:Header/a:RelatesTo", "", _NAMESPACES).strip()
    sent = _MESSAGE_ID.search(message)
    if sent is None or relates.lower() != sent.group(1).decode().lower():
        raise Broken("the reply was the one to another request")
    return reply.body


def _fault(fault: ET.Element) -> Fault:
    """The fault with its number: in WSManFault, or (quotas of newer hosts) in MSFT_WmiError (winrm.md §1.7)."""
    details = fault.find("s:Detail/f:WSManFault", _NAMESPACES)
    number = details.get("Code", "") if details is not None else ""
    if not number:
        number = fault.findtext("s:Detail/wmi:MSFT_WmiError/wmi:error_Code", "", _NAMESPACES)
    text = "".join(details.itertext()) if details is not None else ""
    text = text or fault.findtext("s:Reason/s:Text", "", _NAMESPACES)
    code = int(number) & 0xFFFFFFFF if number.strip().lstrip("-").isdigit() else None
    return Fault(code, " ".join(text.split()).rstrip(".") or "no reason given")
