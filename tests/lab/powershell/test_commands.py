"""One command, and commands in a row: streams, errors, the generic cmdlets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from psrpcore.types import ErrorCategory

from pulumi_tentacle.lab.powershell.cmdlet import Call, Failure, Live, Parameter, cmdlet
from pulumi_tentacle.lab.powershell.engine import Command, Run, command, invoke, pipe, run_pipeline
from pulumi_tentacle.lab.powershell.records import ErrorRecord
from pulumi_tentacle.lab.world import Logon, Node
from tests.lab.powershell.things import OFFLINE, ONLINE, machine, thing

FOR_EACH = "Microsoft.PowerShell.Commands.ForEachObjectCommand"


@pytest.mark.parametrize(
    ("action", "errors"), [("SilentlyContinue", 0), ("Ignore", 0), ("Continue", 1), (0, 0), (2, 1)]
)
def test_error_action_of_a_non_terminating_error(node: Node, action: Any, errors: int) -> None:
    outcome = invoke(node, "Get-Thing", Fail=True, ErrorAction=action)
    assert (len(outcome.errors), outcome.state) == (errors, "Completed")


def test_silently_continue_does_not_hide_a_terminating_error(node: Node) -> None:
    outcome = invoke(node, "Get-Thing", Throw=True, ErrorAction="SilentlyContinue")
    assert (outcome.output, outcome.state) == (["before"], "Failed")


def test_warnings(node: Node) -> None:
    assert invoke(node, "Write-Careful").warnings == ["careful"]
    assert invoke(node, "Write-Careful", WarningAction="SilentlyContinue").warnings == []
    stopped = invoke(node, "Write-Careful", WarningAction="Stop")
    assert (stopped.state, stopped.output) == ("Failed", [])


def test_a_record_tells_where_it_comes_from(node: Node) -> None:
    record = invoke(node, "Get-Thing", "no1", Fail=True).errors[0]
    assert record.category_message == "ObjectNotFound: (no1:String) [Get-Thing], ItemNotFoundException"


def values(node: Node, value: Any, *then: Command) -> list[Any]:
    outcome = pipe(node, command("Get-Value", value), command("Write-Output"), *then)
    assert outcome.errors == []
    return outcome.output


def test_write_output_takes_lists_apart(node: Node) -> None:
    assert invoke(node, "Write-Output", [1, 2]).output == [1, 2]
    assert invoke(node, "Write-Output", InputObject=[1, 2], NoEnumerate=True).output == [[1, 2]]
    assert invoke(node, "Write-Output", InputObject=None).output == [None]


def test_out_null_runs_what_is_before_it(node: Node, ran: list[str]) -> None:
    assert pipe(node, command("Write-Thing", "x"), command("Out-Null")).output == []
    assert ran == ["x"]


def test_a_command_runs_to_its_end_though_the_next_one_takes_no_input(node: Node, ran: list[str]) -> None:
    assert pipe(node, command("Write-Thing", "x"), command("Get-Value", 1)).output == [1]
    assert ran == ["x"]


def test_select_first_ends_what_is_before_it(node: Node, ran: list[str]) -> None:
    outcome = pipe(node, command("Get-Number"), command("Select-Object", First=2))
    assert (outcome.output, ran) == ([1, 2], ["1", "2"])
    assert pipe(node, command("Get-Number"), command("Select-Object", First=0), command("Write-Output")).output == []


def test_objects_stream_one_by_one(node: Node, ran: list[str]) -> None:
    commands = [command("Write-Output"), command("Write-Output"), command("Select-Object", First=1)]
    pipe(node, command("Get-Number"), *commands)
    assert ran == ["1"]


def test_select_object_keeps_named_properties_with_their_spelling(node: Node) -> None:
    outcome = pipe(node, command("Get-Thing"), command("Select-Object", ["name", "State", "Nope"]))
    selected = outcome.output[0]
    assert selected.type_names[:2] == ("Selected.Thing", "System.Management.Automation.PSCustomObject")
    assert selected.properties == {"Name": "a", "State": OFFLINE, "Nope": None}


def test_expand_property(node: Node) -> None:
    assert values(node, thing(), command("Select-Object", ExpandProperty="state")) == [OFFLINE]
    assert values(node, thing(), command("Select-Object", ExpandProperty="Tags"))[0] == "x"
    missing = pipe(node, command("Get-Thing"), command("Select-Object", ExpandProperty="Nope"))
    expected = "ExpandPropertyNotFound,Microsoft.PowerShell.Commands.SelectObjectCommand"
    assert ([record.fqid for record in missing.errors], missing.state) == ([expected], "Completed")


@pytest.mark.parametrize(
    ("filter", "kept"),
    [
        ({"Property": "Name", "EQ": True, "Value": "A"}, True),
        ({"Property": "Name", "NE": True, "Value": "A"}, False),
        ({"Property": "State", "EQ": True, "Value": "offline"}, True),
        ({"Property": "State", "EQ": True, "Value": 3}, True),
        ({"Property": "State", "EQ": True, "Value": "2"}, False),
        ({"Property": "Port", "EQ": True, "Value": "10933"}, True),
        ({"Property": "Port", "EQ": True, "Value": "text"}, False),
        ({"Property": "Ok", "EQ": True, "Value": True}, True),
        ({"Property": "Ok", "EQ": True, "Value": "any text is true"}, True),
        ({"Property": "Null", "EQ": True, "Value": None}, True),
        ({"Property": "Nope", "EQ": True, "Value": "x"}, False),
        ({"Property": "Tags", "EQ": True, "Value": "X"}, True),
        ({"Property": "Name", "In": True, "Value": ["b", "A"]}, True),
        ({"Property": "Name", "In": True, "Value": ["b"]}, False),
        ({"Property": "State", "In": True, "Value": ["Online", "Offline"]}, True),
        ({"Property": "Url", "Like": True, "Value": "HTTPS://*"}, True),
        ({"Property": "Url", "Like": True, "Value": "?ttps"}, False),
        ({"Property": "Name", "Like": True, "Value": "[a-c]"}, True),
        ({"Property": "Name", "Like": True, "Value": "`*"}, False),
        ({"Property": "Ok"}, True),
        ({"Property": "Null"}, False),
    ],
)
def test_where_object(node: Node, filter: dict[str, Any], kept: bool) -> None:
    assert (values(node, thing(), command("Where-Object", **filter)) != []) is kept


@pytest.mark.parametrize(
    ("member", "output"),
    [
        ({"MemberName": "name"}, ["a"]),
        ({"MemberName": "Tags"}, ["x", "y\r\nz_x000A_\x01\U0001f600"]),
        ({"MemberName": "Nope"}, [None]),
        ({"MemberName": "Null"}, [None]),
        ({"MemberName": "Twice", "ArgumentList": "ab"}, ["abab"]),
        ({"MemberName": "all"}, ["x", "y"]),
        ({"MemberName": "Update"}, []),
        ({"MemberName": "set_Port", "ArgumentList": "80"}, []),
        ({"MemberName": "SET_state", "Args": "online"}, []),
    ],
)
def test_for_each_object(node: Node, member: dict[str, Any], output: list[Any]) -> None:
    assert values(node, thing(), command("ForEach-Object", **member)) == output


def test_for_each_object_reads_hashtables_and_assigns_properties(node: Node) -> None:
    assert values(node, {"Key": 7}, command("ForEach-Object", "key")) == [7]
    one = thing()
    values(node, one, command("ForEach-Object", "set_State", ArgumentList="Online"))
    assert one.properties["State"] == ONLINE


@pytest.mark.parametrize(
    ("member", "value", "error"),
    [
        ("set_Port", "eighty", "MethodInvocationError"),
        ("set_State", 9, "MethodInvocationError"),
        ("set_Nope", 1, "MethodNotFound"),
    ],
)
def test_a_failed_assignment_is_non_terminating(node: Node, member: str, value: Any, error: str) -> None:
    for action, state in (("Continue", "Completed"), ("Stop", "Failed")):
        call = command("ForEach-Object", member, ArgumentList=value, ErrorAction=action)
        outcome = pipe(node, command("Get-Thing"), call)
        assert ([record.fqid for record in outcome.errors], outcome.state) == ([f"{error},{FOR_EACH}"], state)


def test_sleeping_costs_virtual_time_only(node: Node) -> None:
    before = node.estate.clock.now()
    invoke(node, "Start-Sleep", Seconds=3600, Milliseconds=500)
    assert (node.estate.clock.now() - before).total_seconds() >= 3600.5


def test_input_of_the_client_goes_to_the_first_command(node: Node) -> None:
    outcome = run_pipeline(
        node, Logon("LAB\\admin"), [[command("ForEach-Object", "Name")]], [machine("n1"), machine("n2")]
    )
    assert outcome.output == ["n1", "n2"]


def test_cmdlets_run_with_the_estate_locked_and_know_who_calls(node: Node) -> None:
    seen: list[Any] = []

    @cmdlet("Test-Lock", Name=Parameter())
    def test_lock(call: Call) -> Iterator[Any]:
        other = threading.Thread(target=lambda: seen.append(call.node.estate.lock.acquire(blocking=False)))
        other.start()
        other.join()
        seen.append(call.logon.user)
        yield from ()

    run_pipeline(node, Logon("LAB\\somebody"), [[command("Test-Lock")]])
    assert seen == [False, "LAB\\somebody"]
    assert node.estate.lock.acquire(blocking=False)
    node.estate.lock.release()


class Stopping:
    """A sink whose client stops the pipeline after some objects."""

    def __init__(self, after: int) -> None:
        self.after, self.seen, self.end = after, [0], ""
        self.run: Run | None = None

    def output(self, value: Any) -> None:
        self.seen.append(value)
        if value == self.after and self.run:
            self.run.stop()

    def error(self, record: ErrorRecord) -> None: ...

    def warning(self, message: str) -> None: ...

    def ended(self, state: str, failure: ErrorRecord | None) -> None:
        self.end = state


def test_a_stopped_pipeline_ends_before_its_next_object(node: Node, ran: list[str]) -> None:
    sink = Stopping(after=3)
    sink.run = Run(node, Logon("LAB\\admin"), sink)
    sink.run.execute([[command("Get-Number")], [command("Write-Thing", "x")]])
    assert (sink.seen, sink.end) == ([0, 1, 2, 3], "Stopped")
    assert "x" not in ran


def test_a_defect_of_a_cmdlet_shows_as_it_is_in_process(node: Node) -> None:
    @cmdlet("Get-Defect")
    def get_defect(call: Call) -> Iterator[Any]:
        raise KeyError("defect")

    with pytest.raises(KeyError):
        invoke(node, "Get-Defect")


def test_a_failure_of_a_live_target_names_its_type(node: Node) -> None:
    @cmdlet("Stop-Thing", "StopThing")
    def stop_thing(call: Call) -> Iterator[Any]:
        target = Live(("Microsoft.FailoverClusters.PowerShell.ClusterResource",), "Disk 1", {})
        call.error(Failure("no", "Denied", ErrorCategory.PermissionDenied, target))
        yield from ()

    assert "(Disk 1:ClusterResource)" in invoke(node, "Stop-Thing").errors[0].category_message
