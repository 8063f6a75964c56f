"""A bare WS-Management client: one request at a time, Basic over https, every byte in the test's hand."""

from __future__ import annotations

import base64
import http.client
import re
import ssl
import uuid
from dataclasses import dataclass, field

from pulumi_tentacle.lab.wire.server import NodeServer
from pulumi_tentacle.lab.wire.soap import NAMESPACES, RSP
from pulumi_tentacle.lab.world import User

CMD = f"{RSP}/cmd"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"


def message_id() -> str:
    return f"uuid:{str(uuid.uuid4()).upper()}"


@dataclass
class Answer:
    status: int
    body: str

    def text(self, element: str) -> str:
        found = re.search(rf"<{element}[^>]*>([^<]*)</{element}>", self.body)
        return found[1] if found else ""

    def attribute(self, name: str) -> str:
        found = re.search(rf'{name}="([^"]*)"', self.body)
        return found[1] if found else ""

    def stream(self, name: str) -> bytes:
        return b"".join(
            base64.b64decode(part) for part in re.findall(rf'<rsp:Stream Name="{name}"[^>]*>([^<]*)<', self.body)
        )


@dataclass
class Raw:
    """A client with its own connection; `shell` is the selector that its requests carry."""

    server: NodeServer
    user: User
    ca_file: str
    shell: str = ""
    connection: http.client.HTTPSConnection = field(init=False)

    def __post_init__(self) -> None:
        context = ssl.create_default_context(cafile=self.ca_file)
        address = (self.server.node.address, self.server.https_port)
        self.connection = http.client.HTTPSConnection(*address, context=context, timeout=20)

    def post(
        self,
        action: str,
        body: str = "",
        *,
        resource: str = CMD,
        message: str = "",
        timeout: str = "PT20S",
        size: int = 153600,
    ) -> Answer:
        self.send(action, body, resource=resource, message=message, timeout=timeout, size=size)
        return self.read()

    def send(
        self,
        action: str,
        body: str = "",
        *,
        resource: str = CMD,
        message: str = "",
        timeout: str = "PT20S",
        size: int = 153600,
    ) -> None:
        prefixes = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
        selector = (
            f'<w:SelectorSet><w:Selector Name="ShellId">{self.shell}</w:Selector></w:SelectorSet>' if self.shell else ""
        )
        envelope = (
            f"<s:Envelope {prefixes}><s:Header><a:Action>{action}</a:Action><a:MessageID>{message or message_id()}</a:MessageID>"
            f"<w:ResourceURI>{resource}</w:ResourceURI><w:OperationTimeout>{timeout}</w:OperationTimeout>"
            f"<w:MaxEnvelopeSize>{size}</w:MaxEnvelopeSize>{selector}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
        )
        password = base64.b64encode(f"{self.user.name}:{self.user.password}".encode()).decode()
        headers = {"Authorization": f"Basic {password}", "Content-Type": "application/soap+xml;charset=UTF-8"}
        self.connection.request("POST", "/wsman", envelope.encode(), headers)

    def read(self) -> Answer:
        response = self.connection.getresponse()
        return Answer(response.status, response.read().decode())

    def open_shell(self) -> None:
        answer = self.post(f"{TRANSFER}/Create", "<rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams></rsp:Shell>")
        self.shell = answer.text("rsp:ShellId")

    def start(self, line: str) -> str:
        body = f"<rsp:CommandLine><rsp:Command>{line}</rsp:Command></rsp:CommandLine>"
        return self.post(f"{RSP}/Command", body).text("rsp:CommandId")

    def close(self) -> None:
        self.connection.close()


def receive_body(command: str) -> str:
    return f'<rsp:Receive><rsp:DesiredStream CommandId="{command}">stdout stderr</rsp:DesiredStream></rsp:Receive>'
