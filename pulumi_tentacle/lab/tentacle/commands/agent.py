"""agent, alias run: the service control manager starts it; at a prompt it would run until a person ends it."""

from __future__ import annotations

from pulumi_tentacle.lab.tentacle.command import Run, command
from pulumi_tentacle.lab.tentacle.failures import NotModelled
from pulumi_tentacle.lab.tentacle.options import Option


@command(
    "agent",
    "Starts the Tentacle Agent in debug mode",
    Option("wait=", "Delay (ms) before starting"),
    Option("tcp-keep-alive-enabled", "Whether TCP keep alive is enabled"),
    standard=True,
    aliases=("run",),
)
def agent(run: Run) -> None:
    raise NotModelled("Tentacle.exe agent other than as a service")
