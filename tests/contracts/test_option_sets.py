"""Contract of option sets: each has unit tests, a cluster test, an example, a row and a finding."""

import re
from types import UnionType
from typing import Any, get_args

import pytest

from nim_component import NIM
from nim_component.args.arguments import Arguments
from nim_component.component.optional_children import OPTIONAL_CHILDREN

from ..docs.test_comparison import has_test, names_in, ticked
from ..schema.test_schema import ROOT
from .option_sets import OPTION_SETS

EACH = pytest.mark.parametrize("name", OPTION_SETS)


def is_model(annotation: Any) -> bool:
    """Return whether an annotation is an argument model, or optionally one."""
    alternatives = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return any(isinstance(each, type) and issubclass(each, Arguments) for each in alternatives)


def nested_models() -> list[str]:
    """Return the fields of `NIM` that are option sets."""
    return [name for name, field in NIM.model_fields.items() if is_model(field.annotation)]


@pytest.mark.parametrize("name", nested_models())
def test_option_set_is_in_table(name: str):
    assert name in OPTION_SETS, "add it to tests/contracts/option_sets.py"


@pytest.mark.parametrize("child", OPTIONAL_CHILDREN, ids=lambda child: child.suffix)
def test_option_set_of_child_is_in_table(child):
    assert {child.option_set, child.option_set.partition(".")[0]} & OPTION_SETS.keys()


@EACH
def test_option_set_has_unit_tests(name: str):
    assert len(names_in(ROOT / "tests" / "unit" / OPTION_SETS[name].unit)) > 3


@EACH
def test_option_set_has_cluster_test(name: str):
    assert has_test(OPTION_SETS[name].cluster)


@EACH
def test_option_set_has_example(name: str):
    """The generation is implied by the image of an example."""
    text = (ROOT / "examples" / OPTION_SETS[name].example).read_text(encoding="utf-8")
    assert name == "generation" or re.search(rf"^\s+{name.rpartition('.')[2]}:", text, re.MULTILINE)


@EACH
def test_option_set_has_comparison_row(name: str):
    assert OPTION_SETS[name].row in ticked()


@EACH
def test_option_set_has_golden_review(name: str):
    golden = OPTION_SETS[name].review
    assert golden is None or (ROOT / "tests" / "review" / "golden" / f"{golden}.md").exists()


def test_nested_models_are_found():
    assert {"secrets", "cache", "metrics", "diagnosis"} <= {*nested_models()}
    assert not {"image", "tolerations"} & {*nested_models()}
