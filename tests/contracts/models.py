"""Reflection over the argument models: every model and every field reachable from `NIM`."""

from collections.abc import Iterator
from typing import Any, get_args

from nim_component.args import NIM
from nim_component.args.arguments import Arguments


def expand(annotation: Any) -> Iterator[Any]:
    """Yield an annotation and all types inside it: for `list[X] | None` also `list[X]` and `X`."""
    yield annotation
    for inner in get_args(annotation):
        yield from expand(inner)


def reach_models() -> list[type[Arguments]]:
    """Return `NIM` and every argument model reachable from its fields, each once."""
    found: dict[type[Arguments], None] = {NIM: None}
    waiting = [NIM]
    while waiting:
        for field in waiting.pop().model_fields.values():
            for each in expand(field.annotation):
                if isinstance(each, type) and issubclass(each, Arguments) and each not in found:
                    found[each] = None
                    waiting.append(each)
    return list(found)


def list_fields() -> list[tuple[type[Arguments], str, Any]]:
    """Return model, name and annotation of every reachable field."""
    return [(model, name, field.annotation) for model in reach_models() for name, field in model.model_fields.items()]
