"""Names that one resource gives up while another one takes them."""

from typing import Any

import pytest

from nim_component.local.held_names import ObjectKey, find_held_names, read_object_key


def key(name: str, provider: str = "", namespace: str = "a") -> ObjectKey:
    return ObjectKey(provider, "apps", "Deployment", namespace, name)


@pytest.mark.parametrize(
    ("before", "after", "held"),
    [
        ({"old": key("x")}, {"new": key("x")}, [("new", "old")]),
        ({"a": key("x"), "b": key("y")}, {"a": key("y"), "b": key("x")}, [("a", "b"), ("b", "a")]),
        ({"a": key("x"), "b": key("y")}, {"a": key("y"), "b": key("z")}, [("a", "b")]),
        ({"a": key("x")}, {"a": key("x")}, []),
        ({"a": key("x")}, {"a": key("y"), "b": key("z")}, []),
        ({"a": key("x")}, {"a": key("x"), "b": key("x")}, []),
        ({"old": key("x")}, {"new": key("x", provider="east")}, []),
        ({"old": key("x")}, {"new": key("x", namespace="b")}, []),
        ({}, {"new": key("x")}, []),
    ],
    ids=["renamed", "swapped", "chained", "same", "other", "kept", "provider", "namespace", "new"],
)
def test_held_names_are_found(before: dict[str, ObjectKey], after: dict[str, ObjectKey], held: list[tuple[str, str]]):
    assert list(find_held_names(before, after, {})) == held


def test_alias_keeps_name():
    assert list(find_held_names({"old": key("x")}, {"new": key("x")}, {"new": "old"})) == []


@pytest.mark.parametrize(
    ("type_", "inputs", "text"),
    [
        ("kubernetes:apps/v1:Deployment", {"metadata": {"name": "x", "namespace": "a"}}, "Deployment a/x"),
        ("kubernetes:core/v1:Namespace", {"metadata": {"name": "x"}}, "Namespace x"),
        ("kubernetes:apps/v1:DeploymentPatch", {"metadata": {"name": "x"}}, "None"),
        ("kubernetes:apps/v1:Deployment", {"metadata": {}}, "None"),
        ("kubernetes:apps/v1:Deployment", {}, "None"),
        ("nim:index:NIMService", {"metadata": {"name": "x"}}, "None"),
    ],
    ids=str,
)
def test_object_key_is_read(type_: str, inputs: dict[str, Any], text: str):
    assert str(read_object_key(type_, inputs)) == text


def test_api_versions_share_object_keys():
    metadata = {"metadata": {"name": "x", "namespace": "a"}}
    first, second = (read_object_key(f"kubernetes:autoscaling/{version}:HorizontalPodAutoscaler", metadata) for version in ("v1", "v2"))
    assert first == second is not None
