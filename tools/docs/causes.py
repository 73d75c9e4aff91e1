"""Page of the causes of `nim-component explain`: the catalogue, with examples from the rules."""

import re
from functools import cache
from importlib import import_module
from pathlib import Path

from nim_component.diagnose.causes import CAUSES
from nim_component.diagnose.diagnosis import Diagnosis
from nim_component.diagnose.rules import diagnose

from .markdown import code, page

INTRO = """Each cause of [`nim-component explain`](../guides/diagnosis.md) has a stable name (`--json`, field `cause`). The examples are
output of the diagnosis rules for recorded Kubernetes objects, so their names and numbers are those of the record.

- **certain**: a field or a message of Kubernetes states the cause.
- **likely**: the text of a message or of a log matches the cause.
- **possible**: no better cause is known. Causes of this kind are left out as soon as another cause is found."""
CASES = Path(__file__).parents[2] / "tests" / "unit" / "diagnose" / "cases"


def render() -> dict[str, str]:
    """Return the page by its path below `docs/reference`."""
    blocks: list[str] = []
    for section, causes in CAUSES.items():
        blocks.append(f"## {section}")
        blocks += [f"### `{cause}`\n\n{meaning}{_show_example(cause)}" for cause, meaning in causes.items()]
    return {"causes.md": page("Causes of `explain`", INTRO, *blocks)}


def _show_example(cause: str) -> str:
    found = examples().get(cause)
    if found is None:
        return ""
    lines = [
        f"- Example ({found.confidence}): {escape(found.text)}.",
        *([f"- Evidence: {code(found.evidence)}"] if found.evidence else []),
        f"- Fix: {escape(found.fix)}",
    ]
    return "\n\n" + "\n".join(lines)


@cache
def examples() -> dict[str, Diagnosis]:
    """Return a diagnosis for each cause, from the first recorded case of the tests."""
    found: dict[str, Diagnosis] = {}
    for file in sorted(CASES.glob("[a-z]*.py")):
        for cause, cases in import_module(f"tests.unit.diagnose.cases.{file.stem}").CASES.items():
            found[cause] = next(each for each in diagnose(cases[0][0]) if each.cause == cause)
    return found


def escape(text: str) -> str:
    """Escape the characters that Markdown would format. Commands in backticks stay code."""
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(piece if index % 2 else re.sub(r"([*_<\[\]{}`#|])", r"\\\1", piece) for index, piece in enumerate(pieces))
