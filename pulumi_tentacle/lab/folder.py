"""The state folder of a lab: who runs there, what it printed, its log. `--state` tells several labs apart."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pulumi_tentacle.lab.client import ControlError, ask

STOP_SECONDS = 60.0


class AlreadyRunning(Exception):
    """A lab runs in this state folder."""


class StateFolder:
    """`lab.json` is the document of the running lab, with its secrets; only its owner may read it.

    A lab holds `lab.lock` as long as it runs; the operating system lets go of it when the process dies.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = path / "lab.log"
        self._document = path / "lab.json"
        self._lock = FileLock(path / "lab.lock")

    def prepare(self) -> None:
        """Make the folder, closed to others and to git."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.path / ".gitignore").write_text("*\n", encoding="utf-8")

    def hold(self) -> FileLock:
        """The lock of a running lab, to be released when it ends. Raises AlreadyRunning."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise AlreadyRunning(f"a lab runs already in {self.path}") from None
        return self._lock

    @property
    def held(self) -> bool:
        """Whether a process holds the folder."""
        if not self.path.is_dir():
            return False
        try:
            self.hold().release()
        except AlreadyRunning:
            return True
        return False

    def write_document(self, document: dict[str, Any]) -> None:
        """Readers see all of it or nothing."""
        new = self._document.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
        new.replace(self._document)

    def remove_document(self) -> None:
        self._document.unlink(missing_ok=True)

    def document(self) -> dict[str, Any] | None:
        """The document of the lab that runs here; None when none runs or it is not ready yet."""
        if not self.held:
            return None
        try:
            document: dict[str, Any] = json.loads(self._document.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return document

    def stop(self) -> bool:
        """Stop the lab that runs here and wait for its end; False when none runs.

        Raises:
            ControlError: it does not answer, or has not ended within a minute.
        """
        document = self.document()
        if document is None:
            return False
        ask(document["control"], "POST", "stop")
        try:
            with self._lock.acquire(timeout=STOP_SECONDS):
                return True
        except Timeout:
            raise ControlError(f"the lab in {self.path} has not ended; see {self.log}") from None
