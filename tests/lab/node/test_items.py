"""Files and registry keys by the item cmdlets."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from pulumi_tentacle.lab.node.executables import make_executable
from pulumi_tentacle.lab.powershell.engine import command, invoke, pipe
from pulumi_tentacle.lab.world import Node
from tests.lab.node.helpers import errors, get, good, only

UNINSTALL = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"


@pytest.mark.parametrize(
    ("path", "any_kind", "container", "leaf"),
    [
        (r"C:\ProgramData", True, True, False),
        (r"c:/programdata/", True, True, False),
        (r"C:\Windows\Temp\a.txt", True, False, True),
        (r"C:\Nope", False, False, False),
        (r"E:\Nope", False, False, False),
        ("C:\\", True, True, False),
        (UNINSTALL, True, True, False),
        (r"Registry::HKEY_LOCAL_MACHINE\SOFTWARE", True, True, False),
        (r"HKLM:\Nope", False, False, False),
    ],
)
def test_test_path(node: Node, path: str, any_kind: bool, container: bool, leaf: bool) -> None:
    node.files.write(r"C:\Windows\Temp\a.txt", b"")

    assert good(invoke(node, "Test-Path", LiteralPath=path)) == [any_kind]
    assert good(invoke(node, "Test-Path", LiteralPath=path, PathType="Container")) == [container]
    assert good(invoke(node, "Test-Path", LiteralPath=path, PathType="Leaf")) == [leaf]


def test_a_folder_is_made_with_its_parents_and_may_be_there(node: Node) -> None:
    for _ in range(2):
        made = only(invoke(node, "New-Item", ItemType="Directory", Path=r"C:\Octopus\Work", Force=True))
        assert made.properties["FullName"] == r"C:\Octopus\Work"

    assert node.files.is_folder(r"C:\octopus")


def test_no_folder_is_made_over_a_file(node: Node) -> None:
    node.files.write(r"C:\Octopus", b"")

    outcome = invoke(node, "New-Item", ItemType="Directory", Path=r"C:\Octopus", Force=True)

    assert errors(outcome) == ["DirectoryExist,Microsoft.PowerShell.Commands.NewItemCommand"]


def test_get_item_shows_a_file_with_its_version(node: Node) -> None:
    node.files.write(r"C:\Windows\Temp\Tentacle.exe", make_executable("Tentacle.exe", "8.3.3594"))

    file = only(invoke(node, "Get-Item", LiteralPath=r"C:\Windows\Temp\Tentacle.exe"))

    stored = node.files.file(r"C:\Windows\Temp\Tentacle.exe")
    assert (file.properties["Name"], file.properties["Length"]) == ("Tentacle.exe", len(stored.data))
    assert file.properties["LastWriteTimeUtc"] == stored.modified
    version = file.properties["VersionInfo"].properties
    assert (version["ProductVersion"], version["FileVersion"]) == ("8.3.3594", "8.3.3594.0")


def test_a_file_without_a_version_has_none(node: Node) -> None:
    node.files.write(r"C:\Windows\Temp\a.txt", b"text")

    version = only(invoke(node, "Get-Item", LiteralPath=r"C:\Windows\Temp\a.txt")).properties["VersionInfo"]

    assert version.properties["ProductVersion"] is None


@pytest.mark.parametrize(
    ("more", "names"),
    [({}, ["Folder", "a.txt"]), ({"File": True}, ["a.txt"]), ({"Directory": True}, ["Folder"])],
)
def test_get_child_item_lists_a_folder(node: Node, more: dict[str, Any], names: list[str]) -> None:
    node.files.make_folder(r"C:\Data\Folder\Deeper")
    node.files.write(r"C:\Data\a.txt", b"")

    assert [row["Name"] for row in get(node, "Get-ChildItem", LiteralPath=r"C:\Data", **more)] == names


def test_remove_item_deletes_files_and_whole_folders(node: Node) -> None:
    node.files.make_folder(r"C:\Data\Folder")
    node.files.write(r"C:\Data\Folder\a.txt", b"")
    node.files.write(r"C:\b.txt", b"")

    good(invoke(node, "Remove-Item", LiteralPath=r"C:\b.txt", Force=True, Recurse=False))
    good(invoke(node, "Remove-Item", LiteralPath=r"C:\Data", Force=True, Recurse=True))

    assert not node.files.is_file(r"C:\b.txt")
    assert not node.files.is_folder(r"C:\Data")


def test_a_file_in_use_stays_and_with_it_its_folder(node: Node) -> None:
    node.files.make_folder(r"C:\Data")
    node.files.write(r"C:\Data\a.txt", b"")
    node.files.write(r"C:\Data\b.txt", b"")
    node.files.file(r"C:\Data\a.txt").locked = True

    outcome = invoke(node, "Remove-Item", LiteralPath=r"C:\Data", Force=True, Recurse=True)

    assert errors(outcome) == ["RemoveFileSystemItemIOError,Microsoft.PowerShell.Commands.RemoveItemCommand"] * 2
    assert node.files.children(r"C:\Data") == [r"C:\Data\a.txt"]


def test_get_file_hash(node: Node) -> None:
    node.files.write(r"C:\a.msi", b"content")

    (row,) = get(node, "Get-FileHash", LiteralPath=r"C:\a.msi", Algorithm="SHA256")

    expected = hashlib.sha256(b"content").hexdigest().upper()
    assert row == {"Algorithm": "SHA256", "Hash": expected, "Path": r"C:\a.msi"}


def test_a_file_in_use_has_no_hash(node: Node) -> None:
    node.files.write(r"C:\a.msi", b"content")
    node.files.file(r"C:\a.msi").locked = True

    assert errors(invoke(node, "Get-FileHash", LiteralPath=r"C:\a.msi")) == ["FileReadError,Get-FileHash"]


def test_the_values_of_all_keys_below_one(node: Node) -> None:
    for code, name in (("{A}", "One"), ("{B}", "Two")):
        node.registry.set(rf"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\{code}", "DisplayName", name)
    node.registry.make(r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\{C}")

    rows = get(node, "Get-ItemProperty", Path=UNINSTALL + r"\*")
    chosen = good(
        pipe(
            node,
            command("Get-ItemProperty", Path=UNINSTALL + r"\*"),
            command("Where-Object", Property="DisplayName", EQ=True, Value="two"),
            command("Select-Object", Property=["PSChildName"]),
        )
    )

    assert [(row["PSChildName"], row.get("DisplayName")) for row in rows] == [
        ("{A}", "One"),
        ("{B}", "Two"),
        ("{C}", None),
    ]
    assert rows[0]["PSPath"] == (
        r"Microsoft.PowerShell.Core\Registry::HKEY_LOCAL_MACHINE"
        r"\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\{A}"
    )
    assert [each.properties for each in chosen] == [{"PSChildName": "{B}"}]


def test_one_value_of_one_key(node: Node) -> None:
    node.registry.set(r"Software\Octopus\Tentacle", "InstallLocation", "C:\\Tentacle\\")
    node.registry.set(r"Software\Octopus\Tentacle", "Other", 1)

    (row,) = get(node, "Get-ItemProperty", LiteralPath=r"HKLM:\SOFTWARE\octopus\tentacle", Name="installlocation")

    assert row["InstallLocation"] == "C:\\Tentacle\\"
    assert "Other" not in row


def test_values_are_added_once_and_set_at_will(node: Node) -> None:
    path = r"HKLM:\Software\Octopus"
    good(invoke(node, "New-Item", Path=path, Force=True))
    good(invoke(node, "New-ItemProperty", Path=path, Name="Number", Value="7", PropertyType="DWord"))

    again = invoke(node, "New-ItemProperty", LiteralPath=path, Name="number", Value=8)
    good(invoke(node, "Set-ItemProperty", Path=path, Name="Text", Value="a"))
    good(invoke(node, "New-ItemProperty", Path=path, Name="Text", Value="b", Force=True))

    assert errors(again) == ["System.IO.IOException,Microsoft.PowerShell.Commands.NewItemPropertyCommand"]
    assert node.registry.get(r"software\octopus") == {"Number": 7, "Text": "b"}


def test_new_item_with_force_empties_a_key(node: Node) -> None:
    node.registry.set(r"Software\Octopus\Tentacle", "InstallLocation", "C:\\")

    good(invoke(node, "New-Item", Path=r"HKLM:\Software\Octopus", Force=True))

    assert node.registry.get(r"Software\Octopus") == {}
    assert node.registry.children(r"Software\Octopus") == []


def test_keys_are_listed_and_removed_with_all_below(node: Node) -> None:
    node.registry.set(r"Software\Octopus\Tentacle", "InstallLocation", "C:\\")

    (key,) = get(node, "Get-ChildItem", LiteralPath=r"HKLM:\Software\Octopus")
    assert (key["PSChildName"], key["Property"]) == ("Tentacle", ["InstallLocation"])

    good(invoke(node, "Remove-Item", LiteralPath=r"HKLM:\Software\Octopus", Recurse=True))
    assert node.registry.get(r"Software\Octopus\Tentacle") is None
