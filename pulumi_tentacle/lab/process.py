"""A lab as a process that runs until it is stopped."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from pulumi_tentacle.lab.folder import StateFolder
from pulumi_tentacle.lab.server import Lab
from pulumi_tentacle.lab.topology import Topology


def run(folder: StateFolder, topology: Topology, ready: Callable[[dict[str, Any]], None]) -> None:
    """Run a lab until `lab stop`, SIGINT or SIGTERM. `ready` gets the document when everything listens.

    Raises:
        AlreadyRunning: a lab runs in this folder.
        AddressTaken: another lab uses the network.
    """
    folder.prepare()
    with folder.hold():
        folder.remove_document()
        lab = Lab(topology, state=folder.path)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: lab.stop_requested.set())
        try:
            with lab:
                document = lab.document()
                folder.write_document(document)
                ready(document)
                lab.stop_requested.wait()
        finally:
            folder.remove_document()
