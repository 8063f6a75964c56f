"""Tentacle's configuration file, against what the real one writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pulumi_tentacle.tentacle.configuration import Configuration, UnreadableConfiguration, parse, serialise

RECORD = Path(__file__).parents[1] / "golden" / "tentacle-cli.json"


def recorded_configurations() -> list[str]:
    scenarios = json.loads(RECORD.read_text(encoding="utf-8"))
    texts = [text for s in scenarios for step in s["steps"] for text in (step.get("files") or {}).values()]
    found = [t for t in texts if isinstance(t, str) and "<octopus-settings" in t and t.endswith("</octopus-settings>")]
    return list(dict.fromkeys(t for t in found if "<set" in t))


@pytest.mark.parametrize("text", recorded_configurations())
def test_what_the_real_tentacle_wrote_is_written_the_same(text: str) -> None:
    written = serialise(parse(text.encode())).decode("utf-8-sig").replace("\r\n", "\n")
    assert written.replace("></set>", " />") == text.replace("></set>", " />")


def test_keys_that_nobody_knows_survive() -> None:
    content = b'<octopus-settings><set key="Mine">a &amp; b</set><set key="Empty" /></octopus-settings>'
    assert parse(serialise(parse(content))).values == {"Mine": "a & b", "Empty": ""}


@pytest.mark.parametrize("content", [b"", b"not xml", b"<other/>"])
def test_another_file_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableConfiguration):
        parse(content)


def test_a_polling_server_is_no_trust_of_ours() -> None:
    servers = [
        {"Thumbprint": "A" * 40, "CommunicationStyle": 0, "Address": None},
        {"Thumbprint": "B" * 40, "CommunicationStyle": 2, "Address": "https://octopus:10943"},
    ]
    config = Configuration({"Tentacle.Communication.TrustedOctopusServers": json.dumps(servers)})
    assert config.trusts == ["A" * 40]
    settled = json.loads(config.settled().values["Tentacle.Communication.TrustedOctopusServers"])
    assert [s["CommunicationStyle"] for s in settled] == [1, 2]


def test_the_protected_key_is_not_shown() -> None:
    assert "blob" not in repr(Configuration({"Tentacle.Certificate": "blob"}))
