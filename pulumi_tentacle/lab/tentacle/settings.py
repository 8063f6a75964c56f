"""A Tentacle's configuration file: flat keys in XML, saved whole each time one is set (tentacle.md §3)."""

from __future__ import annotations

import codecs
import re
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from pulumi_tentacle.lab.node.filesystem import FileError, FileSystem
from pulumi_tentacle.lab.tentacle.console import lines
from pulumi_tentacle.lab.tentacle.failures import FORMAT, INVALID_OPERATION, DotNetError

HOME = "Octopus.Home"
APPLICATION_DIRECTORY = "Tentacle.Deployment.ApplicationDirectory"
PORT = "Tentacle.Services.PortNumber"
NO_LISTEN = "Tentacle.Services.NoListen"
LISTEN_IP = "Tentacle.Services.ListenIP"
TRUSTED_SERVERS = "Tentacle.Communication.TrustedOctopusServers"
POLLING_CONNECTIONS = "Tentacle.Communication.PollingConnectionCount"
CERTIFICATE = "Tentacle.Certificate"
THUMBPRINT = "Tentacle.CertificateThumbprint"

DEFAULT_PORT = 10933
DEFAULT_APPLICATION_DIRECTORY = r"C:\Octopus\Applications"

EMPTY_FILE = (
    b"<?xml version='1.0' encoding='UTF-8' ?><octopus-settings></octopus-settings>"  # as create-instance makes it
)
FREE_BYTES_NEEDED = 2_202_009  # 1 MiB, a tenth more, and 1 MiB again

_ROOT = "octopus-settings"
# The order of the two namespaces is .NET's, as recorded; .NET Framework writes them the other way round (tentacle.md §3).
_OPENING = (
    f'<{_ROOT} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
)


class Settings:
    """The keys of one configuration file, read when first needed. Key names ignore case."""

    def __init__(self, files: FileSystem, path: str, machine: str) -> None:
        self._files = files
        self.path = path
        self._machine = machine
        self._values: dict[str, str] | None = None

    def text(self, key: str) -> str | None:
        """The value of a key; None when it is not there or blank.

        Raises:
            DotNetError: the file is no XML of this kind.
        """
        try:
            value = self._loaded().get(self._spelling(key), "")
        except DotNetError as error:
            raise unreadable(key, "String", "", error) from error
        except FileError as error:
            raise unreadable(key, "String", "", DotNetError.of(error)) from error
        return value if value.strip() else None

    def integer(self, key: str) -> int | None:
        """Raises DotNetError for a value that is no whole number."""
        value = self.text(key)
        if value is None:
            return None
        try:
            return parse_integer(value)
        except DotNetError as error:
            raise unreadable(key, "Int32", value, error) from error

    def boolean(self, key: str) -> bool:
        """Raises DotNetError for a value that is neither true nor false."""
        value = self.text(key)
        try:
            return value is not None and parse_boolean(value)
        except DotNetError as error:
            raise unreadable(key, "Boolean", value or "", error) from error

    @property
    def port(self) -> int:
        return DEFAULT_PORT if (port := self.integer(PORT)) is None else port

    @property
    def application_directory(self) -> str:
        return self.text(APPLICATION_DIRECTORY) or DEFAULT_APPLICATION_DIRECTORY

    def set(self, key: str, value: str | None) -> None:
        """Set a key and save the file; a blank value is kept as an empty element.

        Raises:
            DotNetError: not enough space for the file's drive, or the file is no XML of this kind.
            FileError: the file cannot be written.
        """
        values = self._loaded()
        values[self._spelling(key)] = value if value and value.strip() else ""
        free = self._files.free_space(self.path)
        if free is not None and free < FREE_BYTES_NEEDED:
            raise DotNetError(
                "System.IO.IOException",
                f"The drive '{self.path[:3]}' containing the directory '{self.path}' on machine '{self._machine}' does "
                "not have enough free disk space available for this operation to proceed. The disk only has "
                f"{free} bytes available; please free up at least {FREE_BYTES_NEEDED} bytes.",
            )
        self._files.write(self.path, render(values))

    def _spelling(self, key: str) -> str:
        return next((name for name in self._loaded() if name.lower() == key.lower()), key)

    def _loaded(self) -> dict[str, str]:
        if self._values is None:
            self._values = read(self._files.read(self.path))
        return self._values


def read(data: bytes) -> dict[str, str]:
    """The keys and values of a configuration file. Raises DotNetError when it is none."""
    try:
        root = ET.fromstring(data.removeprefix(codecs.BOM_UTF8))
    except ET.ParseError as error:
        line, column = error.position
        cause = DotNetError("System.Xml.XmlException", f"{error}.")
        raise _not_ours(line, column + 1, cause) from None
    if root.tag != _ROOT:
        raise _not_ours(1, 2, DotNetError(INVALID_OPERATION, f"<{root.tag} xmlns=''> was not expected."))
    return {element.get("key", ""): element.text or "" for element in root.findall("set")}


def render(values: dict[str, str]) -> bytes:
    """The file as Tentacle writes it: byte order mark, keys sorted, a blank value as an empty element."""
    elements = "".join(
        f"  <set key={quoteattr(key)}>{escape(value)}</set>\n" if value else f"  <set key={quoteattr(key)} />\n"
        for key, value in sorted(values.items())
    )
    body = f"{_OPENING}>\n{elements}</{_ROOT}>" if elements else f"{_OPENING} />"
    return codecs.BOM_UTF8 + lines(f'<?xml version="1.0" encoding="utf-8"?>\n{body}').encode()


def parse_boolean(value: str) -> bool:
    """`bool.Parse`. Raises DotNetError."""
    known = {"true": True, "false": False}.get(value.strip().lower())
    if known is None:
        raise DotNetError(FORMAT, f"String '{value}' was not recognized as a valid Boolean.")
    return known


def parse_integer(value: str) -> int:
    """`int.Parse`. Raises DotNetError."""
    if not re.fullmatch(r"\s*[+-]?[0-9]+\s*", value):
        raise DotNetError(FORMAT, f"The input string '{value}' was not in a correct format.")
    number = int(value)
    if not -(2**31) <= number < 2**31:
        raise DotNetError("System.OverflowException", "Value was either too large or too small for an Int32.")
    return number


def unreadable(key: str, type_name: str, value: str | None, inner: DotNetError) -> DotNetError:
    """What every failed read of a key becomes; `value` None: protected, so it is not shown."""
    shown = "" if value is None else f" Value was '{value}'."
    return DotNetError(FORMAT, f"Unable to parse configuration key '{key}' as a '{type_name}'.{shown}", inner)


def _not_ours(line: int, column: int, cause: DotNetError) -> DotNetError:
    return DotNetError(INVALID_OPERATION, f"There is an error in XML document ({line}, {column}).", cause)
