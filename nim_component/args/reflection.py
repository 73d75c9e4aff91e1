"""Reflection over argument models: the models and fields below a model."""

from collections.abc import Iterator
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ..text.field_paths import Path


def types_in(annotation: Any) -> Iterator[Any]:
    """Yield an annotation and all types inside it: for `list[X] | None` also `list[X]` and `X`."""
    yield annotation
    for inner in get_args(annotation):
        yield from types_in(inner)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that a field's annotation contains: `list[X] | None` contains `X`."""
    for each in types_in(annotation):
        if isinstance(each, type) and not get_args(each) and issubclass(each, BaseModel):
            yield each


def reachable_models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models in an annotation and in the fields of those models.

    Each model occurs once, before the models below it. A model is an annotation too.
    """
    found: dict[type[BaseModel], None] = {}

    def visit(part: Any) -> None:
        for model in models_in(part):
            if model not in found:
                found[model] = None
                for field in model.model_fields.values():
                    visit(field.annotation)

    visit(annotation)
    return list(found)


def field_model(model: type[BaseModel] | None, name: str | int) -> type[BaseModel] | None:
    """Return the model of a field or of its items, or None for a field of plain values."""
    field = model.model_fields.get(str(name)) if model is not None else None
    return next(models_in(field.annotation), None) if field is not None else None


def means_none(model: type[BaseModel] | None, key: str) -> bool:
    """Return true for a field that accepts None and has another default."""
    field = model.model_fields.get(key) if model is not None else None
    return field is not None and field.default is not None and not field.is_required() and NoneType in get_args(field.annotation)


def model_at(root: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """Return the model at a path below `root`, or None if no model is there.

    Indexes of lists and keys of mappings of models are skipped.
    """
    model: type[BaseModel] | None = root
    is_key = False
    for step in path:
        if is_key or isinstance(step, int):
            is_key = False
            continue
        is_key = model is not None and step in model.model_fields and _is_mapping_of_models(model.model_fields[step].annotation)
        model = field_model(model, step)
    return model


def field_at(root: type[BaseModel], path: Path) -> FieldInfo | None:
    """Return the field at a path below `root`, or the field that contains the path."""
    for depth in reversed(range(len(path))):
        model = model_at(root, path[:depth])
        if model is not None and path[depth] in model.model_fields:
            return model.model_fields[str(path[depth])]
    return None


def _is_mapping_of_models(annotation: Any) -> bool:
    inner = get_args(annotation)
    if get_origin(annotation) is dict:
        return next(models_in(inner[1]), None) is not None
    return any(_is_mapping_of_models(each) for each in inner)


def field_paths(root: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every field below `root`, parents first. Lists and mappings add no step."""
    for name, field in root.model_fields.items():
        yield (*above, name)
        for model in models_in(field.annotation):
            yield from field_paths(model, (*above, name))
