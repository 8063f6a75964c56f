"""What an administrator reads: where, what, what came back, what to do; and which error it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_tentacle.errors import AccessDenied, CmdletFailed, DeadlineExceeded, InvalidInput, Unreachable
from pulumi_tentacle.remoting.commands import Script, command
from pulumi_tentacle.remoting.faults import Broken, cmdlet_failure, unanswered
from pulumi_tentacle.remoting.records import Failure
from pulumi_tentacle.remoting.settings import Settings

DENIED = yaml.safe_load(Path(__file__).with_name("access-denied.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", DENIED, ids=[case["fqid"] for case in DENIED])
def test_access_denied_is_known_by_its_ids_and_codes(case: dict[str, Any]) -> None:
    failure = Failure(
        "Zugriff verweigert.",
        case["fqid"],
        hresult=case.get("hresult"),
        native_code=case.get("native"),
        category=case.get("category", 0),
    )
    error = cmdlet_failure("NODE1", "Get-X", failure)
    assert isinstance(error, AccessDenied if case["denied"] else CmdletFailed)
    assert str(error).startswith("NODE1: Get-X: Zugriff verweigert")


def test_a_cmdlets_error_keeps_what_it_is_known_by() -> None:
    error = cmdlet_failure("NODE1", "Get-X", Failure("Not there.\n", "A,B", hresult=-5, category=13))
    assert isinstance(error, CmdletFailed)
    assert str(error) == "NODE1: Get-X: Not there"
    assert (error.fqid, error.error_id, error.hresult, error.category) == ("A,B", "A", -5, 13)


def test_no_answer_in_time_is_told_from_no_answer() -> None:
    assert isinstance(unanswered("NODE1: x", Broken("late", timed_out=True)), DeadlineExceeded)
    assert isinstance(unanswered("NODE1: x", Broken("broke")), Unreachable)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"transport": "telnet"}, "winrmTransport"),
        ({"scheme": "ftp"}, "winrmScheme"),
        ({"scheme": "http", "transport": "basic"}, "winrmScheme"),
        ({"scheme": "http", "transport": "certificate", "client_certificate": "c", "client_key": "k"}, "winrmScheme"),
        ({"transport": "certificate", "client_key": "k"}, "winrmClientCertificate"),
        ({"transport": "certificate", "client_certificate": "c"}, "winrmClientKey"),
        ({"operation_timeout": 0}, "operationTimeout"),
        ({"connect_timeout": -1}, "connectTimeout"),
    ],
)
def test_settings_that_cannot_be_right(given: dict[str, Any], key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Settings("user", "secret", **given)
    assert [path for path, _ in caught.value.failures] == [key]
    assert "secret " not in str(caught.value)


@pytest.mark.parametrize("transport", ["negotiate", "ntlm", "kerberos", "credssp"])
@pytest.mark.parametrize(("scheme", "port"), [("https", 5986), ("http", 5985)])
def test_settings_that_are_right(transport: str, scheme: str, port: int) -> None:
    settings = Settings("user", "secret", transport=transport, scheme=scheme, client_key="k3y")
    assert settings.effective_port == port
    assert Settings("user", "secret", port=1234).effective_port == 1234
    assert "secret" not in repr(settings)
    assert "k3y" not in repr(settings)


def test_pipelines_are_named_without_their_parameters() -> None:
    joined = command("Get-Disk", UniqueId="s3cret") | command("Set-Disk", IsOffline=False)
    assert str(joined) == "Get-Disk | Set-Disk"


def test_scripts_are_loaded_from_beside_their_package() -> None:
    script = Script.load("pulumi_tentacle.windows", "read-files")
    assert script.name == "read-files"
    assert script.text.lstrip().startswith("#")
    assert "param(" not in repr(script)
