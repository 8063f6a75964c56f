"""Versions and error reports of Tentacle.exe."""

from __future__ import annotations

import pytest

from pulumi_tentacle.tentacle.executable import satisfies, summary, version_number


@pytest.mark.parametrize(
    ("installed", "wanted", "will_do"),
    [
        ("8.3.3594", "8.3.3594", True),
        ("8.3.3594.0", "8.3.3594", True),
        ("8.3.3594", "8.3.3595", False),
        ("8.3.3594", ">=8.3", True),
        ("8.2.9", ">=8.3", False),
        ("9.0.1", ">=8.3", True),
        ("10.0.0", ">=9.9", True),
    ],
)
def test_versions(installed: str, wanted: str, will_do: bool) -> None:
    assert satisfies(installed, wanted) is will_do


def test_an_informational_version_is_its_numbers() -> None:
    assert version_number("8.3.3594+Branch.release-8.3.Sha.0123") == "8.3.3594"


def test_an_error_report_is_told_without_its_stack() -> None:
    report = (
        "=" * 79
        + "\nCould not find a part of the path 'E:\\Octopus\\Home\\Logs'.\nSystem.IO.DirectoryNotFoundException\n"
        + "   at System.IO.__Error.WinIOError()\n   at Octopus.Shared.Startup()\n"
    )
    assert summary(report) == (
        "Could not find a part of the path 'E:\\Octopus\\Home\\Logs'. System.IO.DirectoryNotFoundException"
    )
