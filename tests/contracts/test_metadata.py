"""Contract of metadata fields: their type refuses the labels and annotations of the component."""

import re
from typing import Any, get_args, get_origin

import pytest

from nim_component import NIM
from nim_component.args.field_types import AnnotationValue, LabelKey
from nim_component.args.metadata import METADATA_TYPES, LabelSelector
from nim_component.args.reflection import types_in
from nim_component.names import MANAGED_ANNOTATIONS, MANAGED_LABELS

from .models import list_fields

SELECTORS = ("namespace_labels", "match_labels")
"""Fields that select other objects by label; their labels are not written to an object."""


def contains(annotation: Any, *types: Any) -> bool:
    return any(each in types for each in types_in(annotation))


def is_keyed_by_label(annotation: Any) -> bool:
    """Return whether a mapping in the annotation has label keys, or values of annotations."""
    mappings = [each for each in types_in(annotation) if get_origin(each) is dict]
    return any(get_args(each)[0] == LabelKey or get_args(each)[1] == AnnotationValue for each in mappings)


@pytest.mark.parametrize(("model", "name", "annotation"), list_fields(), ids=lambda value: getattr(value, "__name__", str(value))[:40])
def test_field_named_like_metadata_has_guarded_type(model: type, name: str, annotation: Any):
    """A mapping named `labels`, `annotations`, `*_labels`, `*_annotations` has a metadata type."""
    is_mapping = any(get_origin(each) is dict for each in types_in(annotation))
    if re.fullmatch(r"(\w+_)?(labels|annotations)", name) and is_mapping:
        assert contains(annotation, *((LabelSelector,) if name in SELECTORS else METADATA_TYPES)), f"{model.__name__}.{name}"


@pytest.mark.parametrize(("model", "name", "annotation"), list_fields(), ids=lambda value: getattr(value, "__name__", str(value))[:40])
def test_label_keys_occur_only_in_known_types(model: type, name: str, annotation: Any):
    """A mapping with label keys has a metadata type or is a selector, also under another name."""
    if is_keyed_by_label(annotation):
        assert contains(annotation, *METADATA_TYPES, LabelSelector), f"{model.__name__}.{name}: use a type of args/metadata.py"


def test_walk_reaches_nested_metadata_fields():
    reached = {(model.__name__, name) for model, name, annotation in list_fields() if contains(annotation, *METADATA_TYPES)}
    assert reached >= {("NIM", "pod_labels"), ("ServiceArgs", "annotations"), ("AlertsArgs", "labels"), ("HTTPRouteArgs", "annotations")}


ROUTE = {"gateway": "gw", "hosts": ["a.example.com"]}


@pytest.mark.parametrize("key", [*MANAGED_LABELS, *MANAGED_ANNOTATIONS])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda field, given: {"service": {field: given}},
        lambda field, given: {"http_route": {**ROUTE, field: given}},
        lambda field, given: {"metrics": {"monitor": {field: given}}},
        lambda field, given: {f"pod_{field}": given},
    ],
    ids=["service", "http_route", "monitor", "pod"],
)
def test_managed_key_is_refused_with_reserved_keys(key: str, wrap: Any):
    field, managed = ("labels", MANAGED_LABELS) if key in MANAGED_LABELS else ("annotations", MANAGED_ANNOTATIONS)
    with pytest.raises(ValueError, match=rf"{field}\['{key}'\]: is an? {field[:-1]} that the component sets") as caught:
        NIM(secrets={"without_key": True}, **wrap(field, {key: "mine"}))  # pyright: ignore[reportArgumentType]
    assert f"Use another key. Reserved: {', '.join(managed)}." in str(caught.value)


def test_selector_accepts_labels_of_the_component():
    policy = {"ingress": [{"pods": {MANAGED_LABELS[0]: "nim"}}]}
    assert NIM(secrets={"without_key": True}, network_policy=policy)  # pyright: ignore[reportArgumentType]
