"""Programs of Windows itself that say who and where one is, and restart the computer."""

from __future__ import annotations

from pulumi_tentacle.lab.node import services
from pulumi_tentacle.lab.node.program import Completed, Invocation, program
from pulumi_tentacle.lab.node.unknown import not_known
from pulumi_tentacle.lab.world import Node

_NO_SHUTDOWN = 1116  # ERROR_NO_SHUTDOWN_IN_PROGRESS


def restart(node: Node) -> None:
    """Restart a computer, at once."""
    if node.estate.restart is not None:
        node.estate.restart(node)
    else:
        services.shutdown(node)
        services.boot(node)


@program("shutdown.exe")
def shutdown(invocation: Invocation) -> Completed:
    """`/r` restarts, whatever the delay: the lab's clock does not run for those who wait."""
    options = {argument.lower().replace("-", "/", 1) for argument in invocation.arguments if argument[:1] in "/-"}
    if options == {"/a"}:
        message = f"Unable to abort the system shutdown because no shutdown was in progress.({_NO_SHUTDOWN})\r\n"
        return Completed(_NO_SHUTDOWN, stderr=message)
    if "/r" not in options or not options <= {"/r", "/t", "/f", "/c", "/d"}:
        return not_known(invocation.node, f"shutdown {' '.join(invocation.arguments)}")
    restart(invocation.node)
    return Completed()


@program("whoami.exe")
def whoami(invocation: Invocation) -> Completed:
    if invocation.arguments:
        return not_known(invocation.node, f"whoami {' '.join(invocation.arguments)}")
    domain, _, name = invocation.logon.user.rpartition("\\")
    if "@" in name and not domain:
        name, _, suffix = name.partition("@")
        domain = suffix.partition(".")[0]
    return Completed(0, f"{domain or invocation.node.name}\\{name}\r\n".lower())


@program("hostname.exe")
def hostname(invocation: Invocation) -> Completed:
    return Completed(0, f"{invocation.node.name}\r\n")
