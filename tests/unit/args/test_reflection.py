"""Reflection over argument models."""

from pydantic import BaseModel

from nim_component.args.reflection import models_in, reachable_models, types_in


class Leaf(BaseModel):
    """Model without models below it."""

    again: "Branch | None" = None


class Branch(BaseModel):
    """Model with a mapping of models."""

    leaves: dict[str, list[Leaf]] | None = None


Leaf.model_rebuild()


def test_types_inside_an_annotation_follow_it():
    assert list(types_in(list[int] | None)) == [list[int] | None, list[int], int, type(None)]


def test_models_inside_containers_are_found():
    assert list(models_in(dict[str, list[Leaf]] | Branch | None)) == [Leaf, Branch]
    assert list(models_in(dict[str, int])) == []


def test_circle_of_models_is_walked_once():
    assert reachable_models(list[Branch]) == [Branch, Leaf]
    assert reachable_models(Leaf) == [Leaf, Branch]
