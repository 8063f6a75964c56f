"""No reply that is missing, empty, cut off or a refusal ever counts as success (user report U80)."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_tentacle.errors import TentacleError
from pulumi_tentacle.lab.world import Node as LabNode
from pulumi_tentacle.remoting.commands import Secret, command
from pulumi_tentacle.remoting.node import Node, Nodes
from pulumi_tentacle.remoting.soap import Reply
from tests.remoting import cmdlets
from tests.remoting.inprocess import SETTINGS, Service5985

FAULT = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault>
<s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text>no</s:Text></s:Reason><s:Detail>
<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="2150858817" Machine="x">
<f:Message>no</f:Message></f:WSManFault></s:Detail></s:Fault></s:Body></s:Envelope>"""
QUOTA = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault>
<s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text>no</s:Text></s:Reason><s:Detail>
<e:MSFT_WmiError xmlns:e="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError">
<e:error_Code>2150859180</e:error_Code></e:MSFT_WmiError></s:Detail></s:Fault></s:Body></s:Envelope>"""

SPOILT: dict[str, Callable[[Reply], Reply]] = {
    "empty": lambda reply: Reply(200, b""),
    "empty 500": lambda reply: Reply(500, b""),
    "half": lambda reply: Reply(200, reply.body[: len(reply.body) // 2]),
    "a page": lambda reply: Reply(502, b"<html><body>Bad gateway</body></html>"),
    "an empty body": lambda reply: Reply(
        200, b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>'
    ),
    "no body": lambda reply: Reply(200, b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>'),
    "a fault": lambda reply: Reply(500, FAULT.encode()),
    "a quota fault": lambda reply: Reply(500, QUOTA.encode()),
    "a fault as 200": lambda reply: Reply(200, FAULT.encode()),
    "another's": lambda reply: Reply(200, reply.body.replace(b"<a:RelatesTo>uuid:", b"<a:RelatesTo>uuid:0")),
    "404": lambda reply: Reply(404, b""),
    "503": lambda reply: Reply(503, b""),
}
WORK: dict[str, Callable[[Node], Any]] = {
    "read": lambda node: [a.objects for a in node.read(command("Get-Test", Name="a"), command("Get-Test", Name="b"))],
    "call": lambda node: node.call(command("Set-Test", Name="x", Value="s")),
    "script": lambda node: node.script(cmdlets.SCRIPT, Text="x"),
    "secret": lambda node: node.call(command("Set-Test", Name="x", Value=Secret("s"))),
    "run": lambda node: node.run(rf"{cmdlets.FOLDER}\exit.exe", "0"),
}
CLEANING_UP = ("Signal", "Delete")
REQUESTS = 6  # that each kind of work needs before it cleans up, at most


@given(st.sampled_from(sorted(WORK)), st.sampled_from(sorted(SPOILT)), st.integers(1, REQUESTS))
@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_spoilt_reply_is_never_success(lab_node: LabNode, ran: list[str], work: str, how: str, place: int) -> None:
    service = Service5985(lab_node)
    spoilt: list[str] = []

    def spoil(number: int, operation: str, reply: Reply) -> Reply:
        if number == place or (spoilt and operation == spoilt[0]):  # also when it is asked for again
            spoilt.append(operation)
            return SPOILT[how](reply)
        return reply

    service.after = spoil
    nodes = Nodes(SETTINGS, threading.Event(), connect=service.connect)
    ran.clear()
    failure: TentacleError | None = None
    try:
        WORK[work](nodes.node("NODE1"))
    except TentacleError as error:
        failure = error
    finally:
        nodes.close()
        service.service.close()
    if failure is None:
        assert not spoilt or spoilt[0] in CLEANING_UP
    else:
        assert spoilt
        assert str(failure).startswith("NODE1: ")
    assert ran.count("x") <= 1
    assert ran.count("script") <= 1
    assert ran.count("program") <= 1


def test_unspoilt_work_succeeds(lab_node: LabNode) -> None:
    """Or the test above would prove nothing."""
    service = Service5985(lab_node)
    nodes = Nodes(SETTINGS, threading.Event(), connect=service.connect)
    results = {name: work(nodes.node("NODE1")) for name, work in WORK.items()}
    nodes.close()
    assert (results["call"], results["secret"], results["script"]) == (["s"], ["s"], ["X"])
    assert results["run"].exit_code == 0


@pytest.mark.parametrize("state", ["", "<rsp:ExitCode></rsp:ExitCode>"])
def test_a_program_without_an_exit_code_did_not_succeed(node: Node, service: Service5985, state: str) -> None:
    def spoil(number: int, operation: str, reply: Reply) -> Reply:
        return Reply(reply.status, reply.body.replace(b"<rsp:ExitCode>0</rsp:ExitCode>", state.encode()))

    service.after = spoil
    with pytest.raises(TentacleError, match=r"NODE1: exit\.exe: .*may have been done or not"):
        node.run(rf"{cmdlets.FOLDER}\exit.exe", "0")


def test_a_pipeline_that_does_not_tell_how_it_ended_did_not_succeed(node: Node, service: Service5985) -> None:
    """The command is done, and the message with its state is missing (psrp.md §3): no endless asking either."""

    def spoil(number: int, operation: str, reply: Reply) -> Reply:
        if b"CommandState/Done" not in reply.body:
            return reply
        return Reply(200, re.sub(rb"<rsp:Stream [^>]*>[^<]*</rsp:Stream>", b"", reply.body))

    service.after = spoil
    with pytest.raises(TentacleError, match="ended without telling how"):
        node.call(command("Set-Test", Name="x", Value=1))
