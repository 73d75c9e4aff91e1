"""Fixes of argument problems, written in the syntax in which the user wrote the arguments.

A fix is one sentence. Its examples are data and are rendered in one of these syntaxes:

| syntax    | arguments                   | example                                    |
|-----------|-----------------------------|--------------------------------------------|
| `python`  | `NIM(...)` in a program     | `cache=CacheArgs(existing_claim="my-pvc")` |
| `mapping` | a plain `dict` in a program | `"cache": {"existing_claim": "my-pvc"}`    |
| `yaml`    | a stack file                | `cache: {existing_claim: my-pvc}`          |
| `sdk`     | another Pulumi language     | `"cache": {"existing_claim": "my-pvc"}`    |

The provider translates the names of fields in texts for other languages.

`stack.py` reads stack files and creates their services inside `written_in("yaml")`. Everywhere
else the syntax is that of a program. A context variable carries it, because a problem may be
found long after reading, for example when an Output resolves.
"""

import json
import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from pydantic import BaseModel

from ..text.field_paths import Path
from .reflection import field_model, model_at

Syntax = Literal["python", "mapping", "yaml", "sdk"]

_SYNTAX: ContextVar[Syntax] = ContextVar("nim_component_syntax", default="python")


@contextmanager
def written_in(syntax: Syntax) -> Generator[None]:
    """Render the fixes of all problems inside the block in one syntax."""
    token = _SYNTAX.set(syntax)
    try:
        yield
    finally:
        _SYNTAX.reset(token)


def syntax_of(arguments: Any) -> Syntax:
    """Return the syntax of arguments that were passed to the package."""
    current = _SYNTAX.get()
    return "mapping" if current == "python" and isinstance(arguments, Mapping) else current


@dataclass(frozen=True)
class ExampleValue:
    """Example that is the value of a field, where a mapping would be a setting."""

    value: Any


@dataclass(frozen=True)
class Fix:
    """A sentence with examples."""

    text: str
    """Template with `{}` for each example."""
    examples: tuple[Any, ...] = field(default=(), hash=False)
    """Mappings are settings: fields of the model that the problem belongs to. Others, and a
    `ExampleValue`, are the value of a field."""
    yaml: str | None = None
    """Template for a stack file, where the sentence differs."""
    sdk: str | None = None
    """Template for another Pulumi language, where the sentence differs."""

    def render(self, syntax: Syntax, root: type[BaseModel] | None, base: Path) -> str:
        """Return the sentence.

        Args:
            syntax: Syntax of the examples.
            root: Model that all paths start from; it names the classes in Python.
            base: Path of the model that the settings belong to.
        """
        text = {"yaml": self.yaml, "sdk": self.sdk}.get(syntax) or self.text
        rendered = iter([_render_example(each, syntax, root, base) for each in self.examples])
        return re.sub(r"\{\}", lambda place: next(rendered, place[0]), text)


def fix(text: str, *examples: Any, yaml: str | None = None, sdk: str | None = None) -> Fix:
    """Return a fix: `fix("Use {}.", {"access_mode": "ReadWriteMany"})`."""
    return Fix(text, examples, yaml, sdk)


def render_fix(each: Fix | str, syntax: Syntax, root: type[BaseModel] | None = None, base: Path = ()) -> str:
    """Return the sentence of a fix; a text has no examples."""
    return each if isinstance(each, str) else each.render(syntax, root, base)


def _render_example(example: Any, syntax: Syntax, root: type[BaseModel] | None, base: Path) -> str:
    if not isinstance(example, Mapping):
        value = example.value if isinstance(example, ExampleValue) else example
        if syntax == "sdk":
            return f"`{json.dumps(value, ensure_ascii=False)}`"
        return f"`{_to_yaml(value)}`" if syntax == "yaml" else f"`{_to_python(value, None)}`"
    # An item of a list is shown alone: the other items of the list are the user's.
    start = max((index + 1 for index, step in enumerate(base) if isinstance(step, int)), default=0)
    settings = cast("Mapping[str, Any]", example)
    for step in reversed(base[start:]):
        settings = {str(step): settings}
    if syntax == "yaml":
        return f"`{_to_yaml(settings)[1:-1]}`"
    if syntax == "sdk":
        return f"`{json.dumps(settings, ensure_ascii=False)[1:-1]}`"
    if syntax == "mapping":
        return f"`{_to_python(settings, None)[1:-1]}`"
    model = model_at(root, base[:start]) if root is not None else None
    return f"`{_keywords(settings, model)}`"


def _to_yaml(value: Any) -> str:
    import yaml  # only for an error text: the import of the arguments stays fast

    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=2**31, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _to_python(value: Any, model: type[BaseModel] | None) -> str:
    if isinstance(value, Mapping):
        settings = cast("Mapping[str, Any]", value)
        if model is None:
            return "{" + ", ".join(f"{json.dumps(key)}: {_to_python(each, None)}" for key, each in settings.items()) + "}"
        return _call(model, settings)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_to_python(each, model) for each in cast("Sequence[Any]", value)) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _call(model: type[BaseModel], settings: Mapping[str, Any]) -> str:
    constructors: Mapping[str, str] = getattr(model, "constructors", {})
    used = next((name for name in constructors if settings.get(name) is True), None)
    others = {name: each for name, each in settings.items() if name != used}
    return f"{model.__name__}{f'.{constructors[used]}' if used else ''}({_keywords(others, model)})"


def _keywords(settings: Mapping[str, Any], model: type[BaseModel] | None) -> str:
    return ", ".join(f"{name}={_to_python(value, field_model(model, name))}" for name, value in settings.items())
