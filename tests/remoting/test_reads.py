"""Reads: batched, never mixed up, and no answer that was not given (golden/psrp.md)."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from pulumi_tentacle.errors import AccessDenied, CmdletFailed, Unreachable
from pulumi_tentacle.remoting.commands import Pipeline, command
from pulumi_tentacle.remoting.node import Answer, Node
from pulumi_tentacle.remoting.pool import SessionPool
from pulumi_tentacle.remoting.records import Output, Transcript
from pulumi_tentacle.remoting.session import Session
from tests.remoting.inprocess import SETTINGS, Service5985

CASES = yaml.safe_load(Path(__file__).with_name("reads.yaml").read_text(encoding="utf-8"))


def pipeline(question: str) -> Pipeline:
    name, _, how = question.partition(" ")
    if how == "unknown":
        return command("Get-Nothing")
    if how == "unbound":
        return command("Get-Test", Nonsense=1)
    return command("Get-Test", Name=name, How=how)


def told(answer: Answer) -> str:
    try:
        if answer.error is not None:
            return answer.error.error_id
    except AccessDenied:
        return "denied"
    return ",".join([*(o["Name"] for o in answer.objects), *answer.warnings])


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_each_question_gets_its_own_answer(node: Node, service: Service5985, case: dict[str, Any]) -> None:
    answers = node.read(*map(pipeline, case["questions"]))
    assert [told(answer) for answer in answers] == case["answers"]
    assert service.operations.count("Command") == case["round trips"]


def test_nothing_asked_is_nothing_sent(node: Node, service: Service5985) -> None:
    assert node.read() == []
    assert service.operations == []


def test_an_error_is_raised_where_the_objects_are_wanted(node: Node) -> None:
    (answer,) = node.read(command("Get-Test", Name="x", How="error"))
    with pytest.raises(CmdletFailed, match=r"^NODE1: Get-Test: x was not found$") as caught:
        _ = answer.objects
    assert caught.value.fqid == "ThingNotFound,GetTest"
    assert caught.value.error_id == "ThingNotFound"
    assert (caught.value.node, caught.value.command, caught.value.category) == ("NODE1", "Get-Test", 13)


def test_who_may_not_look_does_not_know(node: Node) -> None:
    (answer,) = node.read(command("Get-Test", Name="x", How="denied"))
    with pytest.raises(AccessDenied, match=r"NODE1: Get-Test: Access is denied.*administrator"):
        _ = answer.error
    with pytest.raises(AccessDenied):
        _ = answer.objects


class Incomplete:
    """A session whose pipelines say less than they should."""

    usable = True

    def __init__(self, *values: object, completed: bool) -> None:
        self._transcript = Transcript([Output(value) for value in values], completed)

    def invoke(self, statements: object, limits: object) -> Transcript:
        return self._transcript

    def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize("completed", [True, False])
@pytest.mark.parametrize("values", [(), ("a",), ("a", "b", "c")])
def test_completed_is_no_proof_of_an_answer(values: tuple[str, ...], completed: bool) -> None:
    session = cast(Session, Incomplete(*values, completed=completed))
    node = Node("NODE1", SessionPool(lambda: session), lambda: SETTINGS, threading.Event())
    with pytest.raises(Unreachable, match="NODE1: Get-Test: only 0 of 2 questions were answered"):
        node.read(command("Get-Test", Name="a"), command("Get-Test", Name="b"))


def test_output_that_looks_like_a_marker_is_output(node: Node) -> None:
    first, second = node.read(command("Write-Output", InputObject="0:0"), command("Write-Output", InputObject="1"))
    assert (first.objects, second.objects) == (["0:0"], ["1"])


def test_a_null_is_told_from_an_empty_text(node: Node) -> None:
    (answer,) = node.read(command("Get-Null"))
    assert answer.objects == [None, ""]


def test_selected_properties_keep_the_number_of_an_enum(node: Node) -> None:
    plain, selected = node.read(
        command("Get-Test", Name="a"), command("Get-Test", Name="a") | command("Select-Object", Property=["State"])
    )
    assert plain.objects == [{"Name": "a", "State": "Online"}]
    assert selected.objects == [{"State": "Online"}]
    assert selected.objects[0]["State"].number == 2
