"""What is wrong with the arguments, as one text a person can act on: who, which field, which value, which rule, which remedy."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from ..text.field_paths import Path, show_argument_path
from ..text.redaction import looks_like_credential

SECRET_FIELDS = frozenset(
    {
        *("ngc_api_key", "hf_token", "kubeconfig", "http_proxy", "https_proxy"),
        *("env", "data", "string_data", "args", "command", "metadata"),
    }
)
"""Fields whose values never enter an error: they hold, or may hold, a key."""

_LONGEST_VALUE = 80


@dataclass(frozen=True)
class Problem:
    """One rule that one field breaks."""

    path: Path
    """Where: `("cache", "size")`."""
    rule: str
    """What must hold, without a final stop: `must be a Kubernetes quantity`."""
    remedy: str
    """What to do about it, a sentence."""
    value: str | None = None
    """The offending value as it may be shown, or nothing when it may not."""

    def __str__(self) -> str:
        got = f" (got {self.value})" if self.value is not None else ""
        return f"{show_argument_path(self.path)}: {self.rule}{got}. {self.remedy}"


def is_secret_path(path: Path) -> bool:
    """Whether what stands at a path may be a secret."""
    return not SECRET_FIELDS.isdisjoint(path)


def format_value(path: Path, value: Any) -> str | None:
    """The value for an error text; nothing for a secret, a structure, or what cannot be told from a secret."""
    if is_secret_path(path) or not isinstance(value, str | int | float | bool | None):
        return None
    if isinstance(value, str) and looks_like_credential(value):
        return None
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def problem_error(rule: str, remedy: str) -> PydanticCustomError:
    """What a validator raises: rule and remedy travel apart, so that the value can stand between them."""
    # A template without placeholders: user text never becomes one.
    return PydanticCustomError("rule", "{rule}. {remedy}", {"rule": rule, "remedy": remedy})


def redacted_problem_error(rule: str, remedy: str) -> PydanticCustomError:
    """The same for a value that must not be shown, whatever field it is in."""
    return PydanticCustomError("problem", "{rule}. {remedy}", {"rule": rule, "remedy": remedy, "value": ""})


def line_errors(problems: Iterable[Problem]) -> list[InitErrorDetails]:
    """The problems in the form in which a pydantic validator raises several at once."""
    return [
        InitErrorDetails(type=PydanticCustomError("problem", "{rule}. {remedy}", _context(problem)), loc=problem.path, input=None)
        for problem in problems
    ]


def _context(problem: Problem) -> dict[str, Any]:
    return {"rule": problem.rule, "remedy": problem.remedy, "value": problem.value or ""}


def find_problems(error: ValidationError) -> list[Problem]:
    """What pydantic found, in our words."""
    return [_translate(detail) for detail in error.errors(include_url=False)]


# pydantic's error types in our words: rule and remedy, with the error's own context filled in.
_WORDS: dict[str, tuple[str, str]] = {
    "missing": ("is required", "Give it a value."),
    "string_type": ("must be text", "Quote it: in YAML, true, 8 and 1.0 are not text."),
    "int_type": ("must be a whole number", "Write it without quotes and without a fraction."),
    "int_parsing": ("must be a whole number", "Write it without quotes and without a fraction."),
    "finite_number": ("must be a whole number", "Write it without a fraction."),
    "int_from_float": ("must be a whole number", "Write it without a fraction."),
    "bool_type": ("must be true or false", "Write true or false."),
    "bool_parsing": ("must be true or false", "Write true or false."),
    "list_type": ("must be a list", "Write it as a list, also for a single item."),
    "dict_type": ("must be a mapping of names to values", "Write it as name: value pairs."),
    "model_type": ("must be a mapping or a {class_name}", "Write it as name: value pairs."),
    "model_attributes_type": ("must be a mapping", "Write it as name: value pairs."),
    "greater_than_equal": ("must be at least {ge}", "Raise it."),
    "greater_than": ("must be above {gt}", "Raise it."),
    "less_than_equal": ("must be at most {le}", "Lower it."),
    "literal_error": ("must be one of {expected}", "Take one of these, spelt exactly so."),
    "string_too_short": ("must not be empty", "Give it a value or leave it out."),
    "too_short": ("must not be empty", "Give it an item or leave it out."),
    "frozen_instance": ("cannot be changed after it was made", "Make a new one with the new value."),
}

_REQUIRED: dict[Path, str] = {
    (
        "secrets",
    ): "Give NIMSecrets(...), or for public images, which need no key, NIMSecrets.keyless(), in a stack file {without_key: true}."
}


def _translate(detail: ErrorDetails) -> Problem:
    path: Path = tuple(part for part in detail["loc"] if not _is_internal(part))
    context: dict[str, Any] = detail.get("ctx", {})
    kind = detail["type"]
    if kind == "problem":
        return Problem(path, context["rule"], context["remedy"], context["value"] or None)
    if kind == "rule":
        return Problem(path, context["rule"], context["remedy"], format_value(path, detail["input"]))
    if kind == "extra_forbidden":
        return Problem(path, "is not a known field", "Leave it out.")
    if kind == "missing" and path in _REQUIRED:
        return Problem(path, "is required", _REQUIRED[path])
    rule, remedy = _WORDS.get(kind, (detail["msg"].rstrip(".").lower(), "Correct it."))
    value = None if kind == "missing" else format_value(path, detail["input"])
    return Problem(path, rule.format_map(_Lenient(context)), remedy, value)


def _is_internal(part: str | int) -> bool:
    """Parts of a location that pydantic adds for its own schema (union members, mapping keys), no name of the user's."""
    return isinstance(part, str) and (part == "[key]" or part.startswith(("function-", "constrained-", "lax-or-strict", "is-instance")))


class _Lenient(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return key
