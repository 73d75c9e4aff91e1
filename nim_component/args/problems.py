"""Problems of arguments: path, message, received value and fix, as one line of text each."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from ..text.field_paths import Path, show_argument_path
from ..text.nearest_names import did_you_mean
from ..text.redaction import looks_like_credential
from .fixes import Fix, Syntax, fix, render_fix, syntax_of
from .outputs import is_output

SECRET_FIELDS = frozenset(
    {
        *("ngc_api_key", "hf_token", "kubeconfig", "http_proxy", "https_proxy"),
        *("env", "data", "string_data", "args", "command", "metadata"),
    }
)
"""Fields whose values are never printed: they contain, or may contain, a credential."""

_LONGEST_VALUE = 80
_LITERAL_CUTOFF = 0.8
"""Least similarity of a suggested value. It is high, because short values such as `1.x` and `2.x`
are similar."""


@dataclass(frozen=True)
class Problem:
    """One rule that one field breaks."""

    path: Path
    """Path of the field: `("cache", "size")`."""
    message: str
    """Rule, without a final full stop: `must be a Kubernetes quantity`."""
    fix: Fix | str
    """One action that solves the problem, a sentence."""
    value: str | None = None
    """Received value as it may be printed, or None if it may not."""
    base: Path = ()
    """Path of the model that settings in the fix belong to."""

    def render(self, root: type[BaseModel] | None = None, syntax: Syntax | None = None) -> str:
        """Return `<path>: <message> (got <value>). <fix>`.

        Args:
            root: Model that the path starts from.
            syntax: Syntax of the examples in the fix. Default: that of the arguments being read.
        """
        got = f" (got {self.value})" if self.value is not None else ""
        action = render_fix(self.fix, syntax or syntax_of(None), root, self.base)
        return f"{show_argument_path(self.path)}: {self.message}{got}. {action}"


def is_secret_path(path: Path) -> bool:
    """Return whether the value at a path may be a secret."""
    return not SECRET_FIELDS.isdisjoint(path)


def format_value(path: Path, value: Any) -> str | None:
    """Return a value for an error text, or None if it must not be printed.

    Secrets, structures and possible credentials are not printed.
    """
    if is_secret_path(path) or not isinstance(value, str | int | float | bool | None):
        return None
    if isinstance(value, str) and looks_like_credential(value):
        return None
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def problem_error(message: str, action: Fix | str) -> PydanticCustomError:
    """Return the error that a field's validator raises. The received value is added later."""
    return PydanticCustomError("field", "{message}", {"message": message, "fix": action})


def redacted_problem_error(message: str, action: Fix | str) -> PydanticCustomError:
    """Return the error that a field's validator raises for a value that must not be printed."""
    return PydanticCustomError("problem", "{message}", {"message": message, "fix": action, "value": None, "depth": 0})


def line_errors(problems: Iterable[Problem]) -> list[InitErrorDetails]:
    """Return problems in the form in which a model's validator raises several at once."""
    return [
        InitErrorDetails(type=PydanticCustomError("problem", "{message}", _context(problem)), loc=problem.path, input=None)
        for problem in problems
    ]


def keep_custom_error(detail: ErrorDetails) -> PydanticCustomError | str:
    """Return the type under which an error that was caught is raised again."""
    if detail["type"] in ("field", "problem"):
        return PydanticCustomError(detail["type"], "{message}", detail.get("ctx"))  # pyright: ignore[reportArgumentType]
    return detail["type"]


def _context(problem: Problem) -> dict[str, Any]:
    # Nested models are validated first: the depth shows later where this model is.
    return {"message": problem.message, "fix": problem.fix, "value": problem.value, "depth": len(problem.path)}


def find_problems(error: ValidationError, root: type[BaseModel] | None = None) -> list[Problem]:
    """Return the problems of a pydantic error; `root` is the model that was validated."""
    return [_translate(detail, root) for detail in error.errors(include_url=False)]


# Error types of pydantic, with the message and the fix of this package. `{}` names are filled in
# from the error's context. https://docs.pydantic.dev/latest/errors/validation_errors/
_INTEGER = ("must be an integer", "Write it without quotes and without a fraction.")
_BOOLEAN = ("must be a boolean", fix("Use True or False.", yaml="Use true or false, without quotes.", sdk="Use true or false."))
_MAPPING = fix("Pass a dict.", yaml="Write it as `name: value` pairs.", sdk="Pass an object.")
PASS_TEXT = fix("Pass a str.", yaml="Quote it: YAML reads true, 8 and 1.0 as other types.", sdk="Pass a string.")
_MODEL = fix("Pass {class_name}(...) or a dict.", yaml="Write it as `name: value` pairs.", sdk="Pass an object.")
_TEXTS: dict[str, tuple[str, Fix | str]] = {
    "missing": ("is required", "Add this field."),
    "string_type": ("must be a string", PASS_TEXT),
    "int_type": _INTEGER,
    "int_parsing": _INTEGER,
    "finite_number": _INTEGER,
    "int_from_float": _INTEGER,
    "bool_type": _BOOLEAN,
    "bool_parsing": _BOOLEAN,
    "list_type": ("must be a list", "Write a list, also for a single item."),
    "dict_type": ("must be a mapping", _MAPPING),
    "model_type": ("must be a mapping of fields", _MODEL),
    "model_attributes_type": ("must be a mapping of fields", _MAPPING),
    "greater_than_equal": ("must be at least {ge}", "Increase it."),
    "greater_than": ("must be greater than {gt}", "Increase it."),
    "less_than_equal": ("must be at most {le}", "Decrease it."),
    "string_too_short": ("must not be empty", "Set a value, or remove the field."),
    "too_short": ("must not be empty", "Add an item, or remove the field."),
}

_STRUCTURES = ("dict_type", "list_type", "model_type", "model_attributes_type")
"""Error types of values that must be a structure."""

_REQUIRED: dict[Path, Fix] = {
    ("secrets",): fix(
        "Name the Secrets of the NGC key, such as {}. Public images need no key: {}.",
        {"secrets": {"ngc_image_secret": "ngc-pull", "ngc_secret_group": "ngc-api", "ngc_secret_key": "NGC_API_KEY"}},
        {"secrets": {"without_key": True}},
    )
}


def _translate(detail: ErrorDetails, root: type[BaseModel] | None) -> Problem:
    from .field_hints import hint_for_mapping, hint_for_unknown_field  # its table is for errors only

    path = public_path(detail)
    context: dict[str, Any] = detail.get("ctx", {})
    kind, received = detail["type"], detail["input"]
    if kind == "problem":
        base = path[: len(path) - context["depth"]]
        return Problem(path, context["message"], context["fix"], context["value"], base)
    if kind == "extra_forbidden":
        return Problem(path, "unknown field", hint_for_unknown_field(root, path, received))
    if is_output(received):
        from .plain_values import plain_value_problem  # imports the field types, which import this module

        structure = _fill_fix(_TEXTS[kind][1], context) if kind in _STRUCTURES else None
        return plain_value_problem(root, path, structure)
    if kind == "field":
        return Problem(path, context["message"], context["fix"], format_value(path, received))
    if kind == "missing" and path in _REQUIRED:
        return Problem(path, "is required", _REQUIRED[path])
    value = None if kind == "missing" else format_value(path, received)
    if kind == "literal_error":
        return Problem(path, f"must be one of {context['expected']}", _suggest_literal(context["expected"], value), value)
    message, action = _TEXTS.get(kind, (detail["msg"].rstrip(".").lower(), "Correct it."))
    return Problem(path, _fill(message, context), hint_for_mapping(root, path, received) or _fill_fix(action, context), value)


def _suggest_literal(expected: str, value: str | None) -> str:
    choices = re.findall(r"'([^']*)'", expected)
    return did_you_mean((value or "").strip("'"), choices, _LITERAL_CUTOFF) or "Use one of these values."


def _fill(text: str, context: dict[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: str(context.get(name[1], name[1])), text)


def _fill_fix(action: Fix | str, context: dict[str, Any]) -> Fix | str:
    if isinstance(action, str):
        return _fill(action, context)
    return Fix(_fill(action.text, context), action.examples, action.yaml, action.sdk)


def public_path(detail: ErrorDetails) -> Path:
    """Return the path of an error, without the steps that pydantic adds for its own schema."""
    return tuple(step for step in detail["loc"] if not _is_internal(step))


def _is_internal(step: str | int) -> bool:
    """Return whether pydantic added a step for its own schema: union members, mapping keys."""
    return isinstance(step, str) and (step == "[key]" or step.startswith(("function-", "constrained-", "lax-or-strict", "is-instance")))
