"""The constant scripts: they parse, and the lab knows each by its text."""

from __future__ import annotations

from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell

import pulumi_tentacle.lab.node  # noqa: F401  registers the models
from pulumi_tentacle.lab.powershell.cmdlet import SCRIPTS, script_key

PRODUCT = Path(__file__).parents[2] / "pulumi_tentacle"
FILES = sorted([*PRODUCT.glob("windows/scripts/*.ps1"), *PRODUCT.glob("tentacle/scripts/*.ps1")])


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_script_parses(file: Path) -> None:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    assert not parser.parse(file.read_bytes()).root_node.has_error


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_the_lab_models_a_script_by_its_text(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert SCRIPTS[script_key(text)].name == file.stem
    assert script_key(text + "\n# changed") not in SCRIPTS
