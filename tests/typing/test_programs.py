"""Programs of users under a strict type checker: valid ones pass, wrong lines are errors."""

import json
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import nim_component
from nim_component.args import typed_dicts

from ..contracts.models import MODELS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROGRAMS = sorted((HERE / "programs").glob("*.py"))
EACH = pytest.mark.parametrize("program", PROGRAMS, ids=lambda each: each.stem)


@cache
def find_errors() -> dict[str, set[tuple[int, str]]]:
    """Return line and rule of each error by program, from one run of the checker."""
    checker = shutil.which("basedpyright", path=str(Path(sys.executable).parent)) or "basedpyright"
    settings = ["--pythonpath", sys.executable, "--outputjson", "--project", str(HERE / "pyrightconfig.json")]
    result = subprocess.run([checker, *settings], capture_output=True, text=True, cwd=ROOT, timeout=300)
    report: dict[str, Any] = json.loads(result.stdout)
    assert report["summary"]["filesAnalyzed"] == len(PROGRAMS)
    found: dict[str, set[tuple[int, str]]] = {}
    for each in report["generalDiagnostics"]:
        found.setdefault(Path(each["file"]).name, set()).add((each["range"]["start"]["line"] + 1, each.get("rule", each["message"])))
    return found


def expected(program: Path) -> set[tuple[int, str]]:
    """Return line and rule of each `# expect: <rules>` in a program."""
    marked = enumerate(program.read_text(encoding="utf-8").splitlines(), 1)
    rules = ((number, re.search(r"# expect: ([\w, ]+)$", line)) for number, line in marked)
    return {(number, rule) for number, found in rules if found for rule in found[1].split(", ")}


@EACH
def test_checker_reports_exactly_the_marked_lines(program: Path):
    assert find_errors().get(program.name, set()) == expected(program)


def test_invalid_programs_alone_have_marks():
    assert {each.stem.partition("_")[0] for each in PROGRAMS} == {"valid", "invalid"}
    assert all(bool(expected(each)) is each.stem.startswith("invalid_") for each in PROGRAMS)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_typed_dict_has_fields_of_its_model(model: Any):
    name = f"{model.__name__}Dict"
    assert name in nim_component.__all__
    assert list(getattr(typed_dicts, name).__annotations__) == list(model.model_fields)


def test_required_fields_are_required():
    found = typed_dicts.LockedFileDict.__annotations__
    assert {name: kind.__forward_arg__ for name, kind in found.items()} == {"size": "Required[int]", "sha256": "Required[Sha256]"}
