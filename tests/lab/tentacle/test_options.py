from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_tentacle.lab.tentacle.failures import DotNetError
from pulumi_tentacle.lab.tentacle.options import Option, parse

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "options.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_options(case: dict[str, Any]) -> None:
    known = [Option(prototype) for prototype in case["known"]]
    if "error" in case:
        with pytest.raises(DotNetError) as raised:
            parse(known, case["arguments"])
        assert str(raised.value) == case["error"]
        return
    parsed = parse(known, case["arguments"])
    assert [list(pair) for pair in parsed.given] == case["given"]
    assert list(parsed.rest) == case.get("rest", [])
