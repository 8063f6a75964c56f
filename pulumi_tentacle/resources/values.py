"""Types of property values: each normalises what people write and says what is wrong with the rest."""

from __future__ import annotations

import ipaddress
import ntpath
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Final, TypeGuard, TypeVar

from pydantic import BeforeValidator, ValidatorFunctionWrapHandler, WrapValidator

T = TypeVar("T")


class Unknown:
    """The value of a property that is not known yet: in a preview, the output of something not made yet."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final[Any] = Unknown()
"""Stands in for a value of any type, hence typed as such."""


def holds_unknown(value: object) -> bool:
    """True if the value is the unknown or has it somewhere inside."""
    if isinstance(value, list | tuple | set | frozenset):
        return any(holds_unknown(v) for v in value)
    if isinstance(value, dict):
        return any(holds_unknown(v) for v in value.values())
    if hasattr(value, "__pydantic_fields__"):
        return any(holds_unknown(v) for v in vars(value).values())
    return value is UNKNOWN


def known(value: T | Unknown) -> TypeGuard[T]:
    """True unless the value is the unknown itself; what is inside it may still be unknown."""
    return value is not UNKNOWN


def numbered(values: list[T] | None) -> list[tuple[int, T]]:
    """The known items of a list with their places; none of a list that is absent or unknown."""
    if values is None or not known(values):
        return []
    return [(n, value) for n, value in enumerate(values) if known(value)]


def pass_unknown(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Let the unknown through any validation."""
    return value if value is UNKNOWN else handler(value)


MaybeUnknown = WrapValidator(pass_unknown)


def _named(check: Callable[[str], str]) -> BeforeValidator:
    """Run `check` on strings; other types go on to pydantic, whose message names the type it wants."""
    return BeforeValidator(lambda value: check(value) if isinstance(value, str) else value)


def _node_name(text: str) -> str:
    if "://" in text:
        raise ValueError(
            f"'{text}' is a URL; give the host name or address alone (winrmScheme and winrmPort are provider settings)"
        )
    name = text.rstrip(".")
    if not name or re.search(r"\s", text):
        raise ValueError(f"'{text}' is no host name: it is empty or holds blanks")
    try:
        return str(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        pass
    if ":" in name:
        raise ValueError(f"'{text}' holds a port; the WinRM port is the provider setting tentacle:winrmPort")
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?", name) or ".." in name:
        raise ValueError(f"'{text}' is no host name or address")
    return name


_INVISIBLE: Final = {"Cf", "Cc", "Zs", "Zl", "Zp"}


def normalise_thumbprint(text: str) -> str:
    """40 upper-case hex digits, as Octopus writes a certificate's SHA-1 thumbprint.

    White space, colons and invisible marks are taken out: Windows' certificate dialog puts U+200E in front of
    what it copies (user report U05).

    Raises:
        ValueError: anything else; the message names the position of the first wrong character.
    """
    kept = [(n, c) for n, c in enumerate(text) if unicodedata.category(c) not in _INVISIBLE and c != ":"]
    for n, c in kept:
        if c not in "0123456789abcdefABCDEF":
            raise ValueError(f"a thumbprint has hex digits only; at position {n + 1} stands '{c}' (U+{ord(c):04X})")
    digits = "".join(c for _, c in kept).upper()
    if len(digits) == 64:
        raise ValueError("this is a SHA-256 thumbprint (64 digits); Octopus uses the SHA-1 thumbprint of 40 digits")
    if len(digits) != 40:
        raise ValueError(f"a thumbprint has 40 hex digits; this one has {len(digits)}")
    return digits


def _local_path(text: str) -> str:
    """An absolute path on a drive, without what cmd.exe or a path may not hold."""
    if text.startswith(("\\\\", "//")):
        raise ValueError(f"'{text}' is a network (UNC) path; give a path on a drive of the node, such as C:\\Octopus")
    path = text.replace("/", "\\")
    drive, rest = ntpath.splitdrive(path)
    if not re.fullmatch(r"[A-Za-z]:", drive) or not rest.startswith("\\"):
        raise ValueError(f"'{text}' is not an absolute path; give drive and path, such as C:\\Octopus")
    if bad := re.search(r'[<>:"|?*%\x00-\x1f]', rest):
        raise ValueError(f"'{text}' holds {bad.group()!r}, which a path here may not")
    return drive.upper() + (ntpath.normpath(rest).rstrip("\\") or "\\")


def _drive_letter(text: str) -> str:
    letter = text.removesuffix("\\").removesuffix(":").upper()
    if not re.fullmatch(r"[A-Z]", letter):
        raise ValueError(f"'{text}' is no drive letter; give one letter, such as E")
    if letter in "ABC":
        raise ValueError(
            f"drive {letter}: is taken by the system; choose a letter from D to Z that is free on all nodes"
        )
    return letter


def _cluster_name(text: str) -> str:
    if "=" in text or "," in text:
        raise ValueError(f"'{text}' is a distinguished name; give the short name of 1 to 15 characters")
    if not text:
        raise ValueError("the name is empty; it needs 1 to 15 characters")
    if "." in text:
        raise ValueError(f"'{text}' holds a dot; give the short name without the domain")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise ValueError(f"'{text}' may hold letters, digits, - and _ only")
    if len(text) > 15:
        raise ValueError(f"'{text}' has {len(text)} characters; a network name has at most 15 (NetBIOS)")
    return text


def _ipv4(text: str) -> str:
    if "/" in text:
        raise ValueError(f"'{text}' has a prefix length; give the address alone, such as {text.partition('/')[0]}")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"'{text}' is no IP address") from None
    if address.version == 6:
        raise ValueError(f"'{text}' is an IPv6 address; the cluster's static address must be IPv4")
    return str(address)


def _listen_address(text: str) -> str:
    if text.lower() == "any":
        return "any"
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        raise ValueError(f"'{text}' is no IP address; give one of the node's addresses, or any") from None


def _target_host(text: str) -> str:
    host = _node_name(text)
    return host.lower()


def _version(text: str) -> str:
    if not re.fullmatch(r"(>=)?\s*\d+(\.\d+){1,3}", text):
        raise ValueError(f"'{text}' is no version; give an exact one (8.3.3594) or the lowest that will do (>=8.3)")
    return text.replace(" ", "")


def _sha256(text: str) -> str:
    digits = re.sub(r"[\s:]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise ValueError(f"a SHA-256 has 64 hex digits; this one has {len(digits)} characters")
    return digits


def _instance_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}", text) or text.endswith((" ", ".")):
        raise ValueError(
            f"'{text}' is no instance name: 1 to 64 letters, digits, blanks, '.', '_' and '-', "
            "starting with a letter or digit"
        )
    return text


def _port(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a port is a number from 1 to 65535")
    if isinstance(value, str):
        if not re.fullmatch(r"[+-]?\d+", value.strip()):
            raise ValueError(f"'{value}' is no port; give a number from 1 to 65535")
        value = int(value)
    if isinstance(value, int | float) and not (value == int(value) and 1 <= value <= 65535):
        raise ValueError(f"{value:g} is no port; give a number from 1 to 65535")
    return value


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("this may not be empty")
    return text.strip()


NodeName = Annotated[str, _named(_node_name), MaybeUnknown]
Thumbprint = Annotated[str, _named(normalise_thumbprint), MaybeUnknown]
LocalPath = Annotated[str, _named(_local_path), MaybeUnknown]
DriveLetter = Annotated[str, _named(_drive_letter), MaybeUnknown]
ClusterName = Annotated[str, _named(_cluster_name), MaybeUnknown]
IPv4 = Annotated[str, _named(_ipv4), MaybeUnknown]
ListenAddress = Annotated[str, _named(_listen_address), MaybeUnknown]
TargetHost = Annotated[str, _named(_target_host), MaybeUnknown]
Version = Annotated[str, _named(_version), MaybeUnknown]
Sha256 = Annotated[str, _named(_sha256), MaybeUnknown]
InstanceName = Annotated[str, _named(_instance_name), MaybeUnknown]
Text = Annotated[str, _named(_not_blank), MaybeUnknown]
Port = Annotated[int, BeforeValidator(_port), MaybeUnknown]


def drive_of(path: str) -> str:
    """The drive letter of an absolute path, upper case."""
    return path[0].upper()


def same_set(items: list[str]) -> list[str]:
    """Items of a set in a stable order, duplicates out, case ignored; the first spelling stays."""
    first: dict[str, str] = {}
    for item in items:
        first.setdefault(item.lower(), item)
    return [first[key] for key in sorted(first)]


def repeated_nodes(nodes: list[str]) -> Iterator[tuple[str, str]]:
    """Nodes that stand in the list twice, as (property path, reason)."""
    seen: dict[str, int] = {}
    for n, node in numbered(nodes):
        if (first := seen.setdefault(node.lower(), n)) != n:
            yield f"nodes[{n}]", f"'{node}' stands at nodes[{first}] already; give each node once"
