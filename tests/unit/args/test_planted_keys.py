"""A key in any field, as text, in a list or in a mapping, is refused and not printed."""

from typing import Any

import pytest

from nim_component.args import NIM, ArgumentError
from nim_component.args.reflection import field_paths

KEY = "nvapi-PLANTEDplantedPLANTED0123456789"
SECRETS = {"ngc_image_secret": "pull", "ngc_secret_key": "NGC_API_KEY"}
SHAPES: list[Any] = [KEY, [KEY], {"a": KEY}, {KEY: "a"}, [{"name": "a", "mountPath": "/a", "value": KEY}]]
PATHS = sorted(set(field_paths(NIM)))


def place(path: tuple[str, ...], shape: Any) -> dict[str, Any]:
    """Return arguments with a shape at a path, without the lists at parent paths."""
    value: Any = shape
    for name in reversed(path[1:]):
        value = {name: value}
    return {"secrets": SECRETS, path[0]: {**SECRETS, **value} if path[0] == "secrets" and isinstance(value, dict) else value}


def test_walk_reaches_nested_fields():
    assert {("cache", "annotations"), ("secrets", "hf_token"), ("hf_repo_ids", "revision"), ("tolerations", "value")} <= set(PATHS)


@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_key_in_field_is_refused_and_not_printed(path: tuple[str, ...]):
    """Each shape is also placed inside a list, because a parent field may be one."""
    for shape in SHAPES:
        for data in (place(path, shape), {**place(path, shape), path[0]: [place(path, shape)[path[0]]]}):
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
def test_key_of_valid_form_is_refused_as_credential(fields: dict[str, Any]):
    with pytest.raises(ArgumentError) as caught:
        NIM.read({"secrets": SECRETS, **fields}, "NIMService 'llama'")
    assert "must not contain a credential. Store it in a Kubernetes Secret" in str(caught.value)
    assert "PLANTED" not in str(caught.value)
