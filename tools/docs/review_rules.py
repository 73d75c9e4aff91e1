"""Page of the rules of `nim-component diff`, from the list of rules."""

import ast
import inspect

from nim_component.review.findings import RULES, Severity

from .markdown import code, page, table
from .models import one_line

INTRO = """Each finding of [`nim-component diff`](../guides/review.md) has a rule and a severity. The rules stand in the order in which the
report lists findings of equal severity. `--fail-on` takes the name of a rule or of a severity."""


def render() -> dict[str, str]:
    """Return the page by its path below `docs/reference`."""
    severities = table(["Severity", "Meaning"], [[code(name), meaning] for name, meaning in _severities().items()])
    rules = table(["Rule", "Meaning"], [[code(rule), meaning] for rule, meaning in RULES.items()])
    return {"review-rules.md": page("Rules of `diff`", INTRO, "## Severities", severities, "## Rules", rules)}


def _severities() -> dict[str, str]:
    (definition,) = ast.parse(inspect.getsource(Severity)).body
    assert isinstance(definition, ast.ClassDef)
    return {
        ast.literal_eval(member.value): one_line(ast.literal_eval(text.value))
        for member, text in zip(definition.body, definition.body[1:], strict=False)
        if isinstance(member, ast.Assign) and isinstance(text, ast.Expr)
    }
