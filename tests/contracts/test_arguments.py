"""Contract of arguments: each is rendered, and refuses a wrong value."""

import ast
import re
from functools import cache

import pytest

from nim_component import NIM

from ..schema.test_schema import ROOT
from ..unit.args.error_texts import FIELDS, SECRETS
from .option_sets import OPTION_SETS

ARGUMENTS = sorted(NIM.model_fields.keys() - OPTION_SETS.keys())
"""Arguments that are no option set. `test_option_sets.py` has the contract of the others."""


@cache
def attributes_read() -> set[str]:
    """Return the names of attributes that the package reads."""
    files = (ROOT / "nim_component").rglob("*.py")
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    return {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


@cache
def refused_arguments() -> set[str]:
    """Return the arguments that `tests/unit/args/error_texts` gives a wrong value."""
    texts = [line for _, text in [*FIELDS, *SECRETS] for line in text.splitlines()]
    return {match[0] for line in texts if (match := re.match(r"[a-z_]+", line.strip()))}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_argument_is_read(name: str):
    assert name in attributes_read(), "render it in nim_component/manifests"


@pytest.mark.parametrize("name", ARGUMENTS)
def test_argument_refuses_wrong_value(name: str):
    assert name in refused_arguments(), "add a wrong value to tests/unit/args/error_texts"
