"""WS-Management envelopes: what a request says, and the texts of replies and faults (reference/winrm.md §1)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

RSP = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
PWSH = "http://schemas.microsoft.com/powershell"
NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "rsp": RSP,
    "cfg": "http://schemas.microsoft.com/wbem/wsman/1/config",
}
_ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
_FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?")
DEFAULT_TIMEOUT, MIN_TIMEOUT, MAX_TIMEOUT = 60.0, 0.5, 60.0  # seconds; MaxTimeoutms, winrm.md §1.5
MAX_ENVELOPE = 512000  # bytes; MaxEnvelopeSizekb 500, winrm.md §2


class WSManFault(Exception):
    """A fault to answer with. `code` is the WSManFault code, `subcode` the SOAP subcode."""

    def __init__(self, code: int, reason: str, subcode: str = "w:InternalError", detail: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.subcode = subcode
        self.detail = detail

    @property
    def value(self) -> str:
        return "s:Receiver" if self.subcode in ("w:InternalError", "w:TimedOut") else "s:Sender"


def shell_not_found(shell_id: str) -> WSManFault:
    reason = (
        f"The request for the Windows Remote Shell with ShellId {shell_id} failed because the shell was not found on "
        "the server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the "
        "server. Provide the correct ShellId or create a new shell and retry the operation. "
    )
    detail = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/UnexpectedSelectors"
    return WSManFault(2150858843, reason, "w:InvalidSelectors", detail)


def command_not_found() -> WSManFault:
    reason = (
        "The Windows Remote Shell received a request to perform an operation on a command identifier that does not "
        "exist. Either the command has completed execution or the client specified an invalid command identifier. "
    )
    return WSManFault(2150858843, reason, "w:InvalidSelectors")


def timed_out() -> WSManFault:
    reason = "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  "
    return WSManFault(2150858793, reason, "w:TimedOut")


def resource_not_found(uri: str) -> WSManFault:
    reason = (
        f"The WS-Management service cannot process the request. The resource URI ({uri}) was not found in the "
        "WS-Management catalog. The catalog contains the metadata that describes resources, or logical endpoints. "
    )
    return WSManFault(2150858811, reason, "a:DestinationUnreachable")


def not_known(what: str) -> WSManFault:
    """For what Windows may do and the lab does not."""
    return WSManFault(2150858752, f"The lab does not know {what}.", "w:UnsupportedFeature")


@dataclass(frozen=True)
class Envelope:
    """A request. `timeout` is the operation timeout in seconds, `max_size` the longest reply in bytes."""

    action: str
    message_id: str
    resource: str
    options: Mapping[str, str]
    selectors: Mapping[str, str]
    timeout: float
    max_size: int
    body: ElementTree.Element

    @property
    def operation(self) -> str:
        return self.action.rpartition("/")[2]

    @property
    def shell_id(self) -> str:
        return self.selectors.get("ShellId", "").upper()

    def child(self, path: str) -> ElementTree.Element:
        """An element of the body that the schema demands. Raises WSManFault."""
        found = self.body.find(path, NAMESPACES)
        if found is None:
            reason = f"The SOAP XML in the message does not match the corresponding XML schema: {path} is missing."
            raise WSManFault(2150858817, reason, "w:SchemaValidationError")
        return found


def parse(data: bytes) -> Envelope:
    """Read a request. Raises ValueError for what is no envelope."""
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error
    header, body = root.find("s:Header", NAMESPACES), root.find("s:Body", NAMESPACES)
    if header is None or body is None:
        raise ValueError("no SOAP header or body")

    def text(path: str) -> str:
        return (header.findtext(path, "", NAMESPACES) or "").strip()

    def named(path: str) -> dict[str, str]:
        return {e.get("Name", ""): e.text or "" for e in header.findall(path, NAMESPACES)}

    return Envelope(
        action=text("a:Action"),
        message_id=text("a:MessageID"),
        resource=text("w:ResourceURI"),
        options=named("w:OptionSet/w:Option"),
        selectors=named("w:SelectorSet/w:Selector"),
        timeout=min(max(seconds(text("w:OperationTimeout")), MIN_TIMEOUT), MAX_TIMEOUT),
        max_size=min(int(text("w:MaxEnvelopeSize") or MAX_ENVELOPE), MAX_ENVELOPE),
        body=body,
    )


def seconds(duration: str) -> float:
    """An xs:duration in seconds; one that is missing or not understood is the default timeout."""
    found = _DURATION.fullmatch(duration)
    if not duration or found is None:
        return DEFAULT_TIMEOUT
    days, hours, minutes, rest = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def reply(request: Envelope, body: str) -> bytes:
    """The envelope of a successful answer."""
    return _envelope(f"{request.action}Response", request.message_id, body)


def fault(request: Envelope, error: WSManFault, machine: str) -> bytes:
    """The envelope of a fault."""
    reason = escape(error.reason)
    detail = f"<w:FaultDetail>{error.detail}</w:FaultDetail>" if error.detail else ""
    body = (
        f"<s:Fault><s:Code><s:Value>{error.value}</s:Value><s:Subcode><s:Value>{error.subcode}</s:Value></s:Subcode>"
        f'</s:Code><s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason><s:Detail>{detail}'
        f'<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="{error.code}" '
        f"Machine={quoteattr(machine)}><f:Message>{reason}</f:Message></f:WSManFault></s:Detail></s:Fault>"
    )
    return _envelope(_FAULT_ACTION, request.message_id, body)


def shell_created(resource: str, shell_id: str, owner: str, address: str) -> str:
    """The body of a CreateResponse; clients look for the id in either part (winrm.md §1.3)."""
    uri, owner = escape(resource), escape(owner)
    return (
        f"<x:ResourceCreated><a:Address>http://{address}/wsman</a:Address><a:ReferenceParameters>"
        f'<w:ResourceURI>{uri}</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">{shell_id}</w:Selector>'
        "</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>"
        f"<rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId><rsp:ResourceUri>{uri}</rsp:ResourceUri>"
        f"<rsp:Owner>{owner}</rsp:Owner><rsp:ClientIP>127.0.0.1</rsp:ClientIP>"
        "<rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut><rsp:InputStreams>stdin pr</rsp:InputStreams>"
        "<rsp:OutputStreams>stdout stderr</rsp:OutputStreams><rsp:ShellRunTime>P0DT0H0M0S</rsp:ShellRunTime>"
        "<rsp:ShellInactivity>P0DT0H0M0S</rsp:ShellInactivity></rsp:Shell>"
    )


def _envelope(action: str, relates_to: str, body: str) -> bytes:
    prefixes = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return (
        f'<s:Envelope xml:lang="en-US" {prefixes}><s:Header><a:Action>{action}</a:Action>'
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID><a:To>{_ANONYMOUS}</a:To>"
        f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()
