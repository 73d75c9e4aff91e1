"""A key pasted into any field, as text, in a list or in a mapping, is refused and not repeated."""

import types
from collections.abc import Iterator
from itertools import product
from typing import Any, get_args

import pytest

from nim_component.args import NIM, ArgumentError
from nim_component.args.arguments import Arguments

KEY = "nvapi-PLANTEDplantedPLANTED0123456789"
SECRETS = {"ngc_image_secret": "pull", "ngc_secret_key": "NGC_API_KEY"}
SHAPES: list[Any] = [KEY, [KEY], {"a": KEY}, {KEY: "a"}, [{"name": "a", "mountPath": "/a", "value": KEY}]]


def models_in(annotation: Any) -> Iterator[type[Arguments]]:
    """The argument models that a field's annotation names."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias) and issubclass(annotation, Arguments):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def fields_below(model: type[Arguments], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        yield (*path, name)
        for nested in models_in(field.annotation):
            yield from fields_below(nested, (*path, name))


def planted(path: tuple[str, ...], shape: Any) -> dict[str, Any]:
    """Arguments with the shape at one place; whether a list stands on the way does not matter: one of both is right."""
    value: Any = shape
    for name in reversed(path[1:]):
        value = {name: value}
    return {"secrets": SECRETS, path[0]: {**SECRETS, **value} if path[0] == "secrets" and isinstance(value, dict) else value}


PATHS = sorted(set(fields_below(NIM)))


def test_the_walk_reaches_the_groups():
    assert {("cache", "annotations"), ("secrets", "hf_token"), ("hf_repo_ids", "revision"), ("tolerations", "value")} <= set(PATHS)


@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_a_key_in_a_field_is_refused_and_not_shown(path: tuple[str, ...]):
    for shape in SHAPES:
        for data in (planted(path, shape), {**planted(path, shape), path[0]: [planted(path, shape)[path[0]]]}):
            with pytest.raises(ArgumentError) as caught:
                NIM.read(data, "NIMService 'llama'")
            assert "PLANTED" not in str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"extra_containers": [{"name": "a", "env": [{"name": "A", "value": KEY}]}]},
        {"extra_containers": [{"name": "a", "args": [f"--key={KEY}"]}]},
        {"extra_volumes": [{"name": "a", "csi": {"driver": "d", "volumeAttributes": {"k": KEY}}}]},
        {"extra_volumes": [{"name": "a", "csi": {"driver": "d", "volumeAttributes": {KEY: "k"}}}]},
        {"env": {"A": {"valueFrom": {"secretKeyRef": {"name": "keys", "key": KEY}}}}},
        {"env": {KEY: "a"}},
        {"pod_labels": {"a": KEY}},
        {"node_selector": {KEY: "a"}},
        {"health_endpoint": f"v1/{KEY}"},
        {"hf_repo_ids": [f"org/{KEY}"]},
        {"hf_repo_ids": [f"org/name@{KEY}"]},
        {"hf_repo_ids": [{"repo_id": "org/name", "name": KEY}]},
        {"hf_repo_ids": [{"repo_id": "org/name", "files": [KEY]}]},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_key_that_fits_the_field_is_refused_as_a_key(fields: dict[str, Any]):
    with pytest.raises(ArgumentError) as caught:
        NIM.read({"secrets": SECRETS, **fields}, "NIMService 'llama'")
    assert "must not hold a key in the clear. Put it into a Kubernetes Secret" in str(caught.value)
    assert "PLANTED" not in str(caught.value)


@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_a_misspelt_field_is_named_with_the_nearest(path: tuple[str, ...]):
    """In every group, however deep: a letter lost and camel case."""
    *above, name = path
    siblings = {path[-1] for path in PATHS if path[:-1] == tuple(above)}
    for wrong in {name[:-1], "".join(part.title() if at else part for at, part in enumerate(name.split("_")))} - siblings:
        for wraps in product((lambda value: value, lambda value: [value], lambda value: {"x": value}), repeat=len(above)):
            data: Any = {wrong: "x"}
            for step, wrap in zip(reversed(above), wraps, strict=True):
                data = {step: wrap(data)}
            with pytest.raises(ArgumentError) as caught:
                NIM.read(data, "NIMService 'llama'")
            if f"{wrong}: is not a known field. Did you mean {name!r}?" in str(caught.value):
                break
        else:
            pytest.fail(f"{'.'.join((*above, wrong))}: {caught.value}")
