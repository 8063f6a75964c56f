"""What an answer of Octopus Server means, by data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pulumi_tentacle import errors
from pulumi_tentacle.octopus.answers import Again, Reply, Request, content, short

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("answers.yaml").read_text(encoding="utf-8"))


def answer(case: dict[str, Any]) -> Any:
    method = case.get("method", "GET")
    body = {"Name": "secret name", "Roles": []} if method == "POST" else None
    headers = {"content-type": case.get("type", "application/json"), **case.get("headers", {})}
    reply = Reply(case["status"], case["body"], headers)
    return content(Request(method, "/api/x", "list the machines", body=body), "https://octopus.test", reply)


@pytest.mark.parametrize("case", [c for c in CASES if "content" in c], ids=lambda c: c["name"])
def test_a_good_answer(case: dict[str, Any]) -> None:
    assert answer(case) == case["content"]


@pytest.mark.parametrize("case", [c for c in CASES if "error" in c], ids=lambda c: c["name"])
def test_an_answer_that_is_an_error(case: dict[str, Any]) -> None:
    with pytest.raises((Again, errors.TentacleError)) as raised:
        answer(case)
    again = raised.value if isinstance(raised.value, Again) else None
    error = again.error if again else raised.value
    assert type(error) is getattr(errors, case["error"])
    assert [w for w in case.get("words", ()) if w not in str(error)] == []
    assert [w for w in [*case.get("without", ()), "secret name"] if w in str(error)] == []
    assert (again.patience if again else None) == case.get("again")
    assert (again.after if again else None) == case.get("after")


@given(st.text(max_size=2000))
def test_foreign_text_is_one_line_of_limited_length(text: str) -> None:
    line = short(text)
    assert len(line) <= 601
    assert line.isprintable()
