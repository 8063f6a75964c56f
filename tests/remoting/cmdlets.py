"""Test cmdlets, a script and programs for a node of the lab. Those that change something note it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from psrpcore.types import ErrorCategory, PSSecureString

from pulumi_tentacle.lab.node.program import Completed, Invocation, program
from pulumi_tentacle.lab.powershell.cmdlet import (
    Call,
    Enum,
    Failure,
    Live,
    Parameter,
    anything,
    cmdlet,
    script,
    script_key,
    text,
)
from pulumi_tentacle.remoting.commands import Script

FOLDER = r"C:\Program Files\Test (x86)"
PROGRAM_FILES = ("echo-args.exe", "wait.exe", "exit.exe")
SCRIPT = Script("shout.ps1", "param([string]$Text)\n$ErrorActionPreference = 'Stop'\n$Text.ToUpper()\n")

released = threading.Event()
"""Lets `Wait-Test` and wait.exe end."""


def missing(name: str) -> Failure:
    return Failure(f"{name} was not found.", "ThingNotFound", ErrorCategory.ObjectNotFound, name)


def register(ran: list[str]) -> None:
    released.clear()

    @cmdlet("Get-Test", "GetTest", Name=Parameter(text, position=0), How=Parameter(text))
    def get_test(call: Call) -> Iterator[Any]:
        name, how = call.parameters.get("Name", "a"), call.parameters.get("How", "")
        ran.append(name)
        if how == "error":
            call.error(missing(name))
        elif how == "throw":
            call.throw(missing(name))
        elif how == "denied":
            call.throw(Failure("Access is denied", "AccessDenied", ErrorCategory.PermissionDenied, name))
        elif how == "warn":
            call.warning(f"careful with {name}")
        if how in ("", "warn"):
            state = Enum("Test.State", "Online", 2)
            yield Live(("Test", "System.Object"), name, {"Name": name, "State": state})

    @cmdlet("Set-Test", "SetTest", Name=Parameter(text, position=0), Value=Parameter(anything))
    def set_test(call: Call) -> Iterator[Any]:
        ran.append(call.parameters["Name"])
        value = call.parameters.get("Value")
        yield value.decrypt() if isinstance(value, PSSecureString) else value

    @cmdlet("Wait-Test", "WaitTest")
    def wait_test(call: Call) -> Iterator[Any]:
        ran.append("waiting")
        released.wait(20)
        yield "done"

    @cmdlet("Get-Null", "GetNull")
    def get_null(call: Call) -> Iterator[Any]:
        yield None
        yield ""

    @script(SCRIPT.name, script_key(SCRIPT.text))
    def shout(call: Call) -> Iterator[Any]:
        ran.append("script")
        yield str(call.parameters["Text"]).upper()

    @program("echo-args.exe")
    def echo_args(invocation: Invocation) -> Completed:
        ran.append("program")
        variables = {k: v for k, v in invocation.environment.items() if k.startswith("TEST_")}
        return Completed(0, "\0".join(invocation.arguments), repr(variables))

    @program("wait.exe")
    def wait(invocation: Invocation) -> Completed:
        ran.append("waiting")
        released.wait(20)
        return Completed(0, "done")

    @program("exit.exe")
    def exit_with(invocation: Invocation) -> Completed:
        ran.append("program")
        return Completed(int(invocation.arguments[0]), "out ü", "err ß")
