"""Constraints of `make lower-bounds`."""

import pytest

from tools.lower_bounds import ROOT, list_lower_bounds


def make_project(dependencies: str, extra: str = "") -> str:
    return f"[project]\ndependencies = [{dependencies}]\n[project.optional-dependencies]\na = [{extra}]\n"


def test_lower_bounds_become_exact_versions() -> None:
    text = make_project('"b>=1.2,<2", "a-c>=3"', '"b>=1.2"')
    assert list(list_lower_bounds(text)) == ["a-c==3", "b==1.2"]


@pytest.mark.parametrize("requirement", ["a", "a<2", "a==1", "a>1"])
def test_missing_lower_bound_raises(requirement: str) -> None:
    with pytest.raises(ValueError, match="has no lower bound"):
        list(list_lower_bounds(make_project(f'"{requirement}"')))


def test_different_lower_bounds_raise() -> None:
    with pytest.raises(ValueError, match=r"a: has the lower bounds 1 and 2"):
        list(list_lower_bounds(make_project('"a>=1"', '"a>=2"')))


def test_every_dependency_has_a_lower_bound() -> None:
    assert len(list(list_lower_bounds((ROOT / "pyproject.toml").read_text()))) == 10
