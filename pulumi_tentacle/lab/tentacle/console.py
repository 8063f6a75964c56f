"""What Tentacle.exe says: stdout, stderr and its log file (tentacle.md §1.0, "Output channels")."""

from __future__ import annotations

from dataclasses import dataclass, field

from pulumi_tentacle.lab.node.filesystem import FileError
from pulumi_tentacle.lab.world import Node

NEW_LINE = "\r\n"  # Environment.NewLine on Windows; the golden record, made on Linux, has a line feed in its place
LOG_FILE = "OctopusTentacle.txt"


def lines(text: str) -> str:
    """The text with Windows' line ends."""
    return text.replace("\n", NEW_LINE)


@dataclass
class Console:
    """Both streams of one run, and the lines for the log file.

    `quiet`: information and warnings stay off stdout, which holds data only.
    """

    quiet: bool = False
    _stdout: list[str] = field(default_factory=list)
    _stderr: list[str] = field(default_factory=list)
    _log: list[tuple[str, str]] = field(default_factory=list)

    @property
    def stdout(self) -> str:
        return "".join(self._stdout)

    @property
    def stderr(self) -> str:
        return "".join(self._stderr)

    def info(self, text: str) -> None:
        self._message("INFO", text)

    def warn(self, text: str) -> None:
        self._message("WARN", text)

    def error(self, text: str, level: str = "ERROR") -> None:
        self._stderr.append(lines(text) + NEW_LINE)
        self._log.append((level, text))

    def note(self, text: str) -> None:
        """To the log file only."""
        self._log.append(("INFO", text))

    def write(self, data: str) -> None:
        """To stdout as it is, whatever is suppressed, and not to the log file."""
        self._stdout.append(lines(data))

    def save_log(self, node: Node, folder: str) -> None:
        """Append to the log file in the folder. What cannot be logged is lost (NLog's throwExceptions is off)."""
        stamp = f"{node.estate.clock.now():%Y-%m-%d %H:%M:%S.%f}"[:-2]
        text = "".join(f"{stamp} {level:>5}  {lines(message)}{NEW_LINE}" for level, message in self._log)
        path = f"{folder}\\{LOG_FILE}"
        try:
            old = node.files.read(path) if node.files.is_file(path) else b""
            node.files.write(path, old + text.encode())
        except FileError:
            return

    def _message(self, level: str, text: str) -> None:
        if not self.quiet:
            self._stdout.append(lines(text) + NEW_LINE)
        self._log.append((level, text))
