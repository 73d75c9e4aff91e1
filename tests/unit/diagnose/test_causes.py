"""Catalogue of causes: complete, and free of causes that no rule reports."""

import ast
from pathlib import Path

from nim_component.diagnose import rules
from nim_component.diagnose.causes import CAUSES
from nim_component.lora_loader import EXIT_CODES

RULES = Path(rules.__file__).parent
CATALOGUE = {cause for causes in CAUSES.values() for cause in causes}


def find_cause_arguments() -> dict[str, set[str]]:
    """Return the first argument of every `Diagnosis(...)` and `MessagePattern(...)` of the rules.

    Literal ids are under `ids`. Every other expression is under `expressions`, as source code.
    """
    found: dict[str, set[str]] = {"ids": set(), "expressions": set()}
    for path in RULES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Diagnosis", "MessagePattern"):
                argument = next(iter(node.args), None) or next(each.value for each in node.keywords if each.arg == "cause")
                if isinstance(argument, ast.Constant):
                    found["ids"].add(str(argument.value))
                else:
                    found["expressions"].add(f"{path.name}: {ast.unparse(argument)}")
    return found


def test_catalogue_equals_causes_of_rules():
    """The ids that the rules can report, and the ids of the catalogue, are the same.

    Ids are literals, so that they can be collected from the source. The two exceptions are the id
    of a pattern, itself a literal, and those of the adapter loader, one for each exit code.
    """
    found = find_cause_arguments()
    assert found["expressions"] == {"patterns.py: self.cause", "loader.py: f'loader-{kind}'"}
    assert found["ids"] | {f"loader-{kind}" for kind in EXIT_CODES} == CATALOGUE


def test_cause_has_one_subject():
    assert len(CATALOGUE) == sum(len(causes) for causes in CAUSES.values())
    assert len(CATALOGUE) >= 100


def test_description_is_one_sentence():
    for causes in CAUSES.values():
        for cause, description in causes.items():
            assert description.endswith("."), cause
            assert description[0].isupper(), cause
            assert "\n" not in description, cause
            assert len(description) <= 120, cause
