"""A lab in the background. Loads nothing of the lab itself, as the process that starts it needs nothing of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from pulumi_tentacle.lab.folder import StateFolder

READY_SECONDS = 120.0
LOG_TAIL = 2000


class StartFailed(Exception):
    """The detached lab ended before it was ready; the text holds the end of its log."""


def start_detached(folder: StateFolder, topology_file: Path | None) -> dict[str, Any]:
    """Start a lab in the background and wait until it is ready; returns its document.

    Raises:
        StartFailed: it ended before, or took too long.
    """
    folder.prepare()
    command = [sys.executable, "-m", "pulumi_tentacle.cli.main", "lab", "start", "--state", str(folder.path)]
    if topology_file:
        command += ["--topology", str(topology_file)]
    with folder.log.open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # the document holds secrets, and a log stays
            stderr=log,
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        document = folder.document()
        if document:
            return document
        time.sleep(0.05)
    process.terminate()
    process.wait()
    tail = folder.log.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL:].strip()
    raise StartFailed(f"the lab did not start. {folder.log} ends with:\n{tail}")
