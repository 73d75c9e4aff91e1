"""Strict schema validation: same result as kubernetes-validate, with path and nearest name."""

from typing import Any

import kubernetes_validate
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nim_component.kubernetes.version import KUBERNETES_VERSION
from nim_component.local import UNKNOWN, LocalError, Secret
from nim_component.local.schema import UnknownKindError, validate_object
from nim_component.local.schema_files import bundled_versions, resolve_version


def deployment(**container: Any) -> dict[str, Any]:
    pod = {"containers": [{"name": "a", "image": "b", **container}]}
    spec = {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": pod}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec}


def violations(value: dict[str, Any], version: str = KUBERNETES_VERSION) -> list[str]:
    return [f"{found.path}: {found.problem}" for found in validate_object(value, version)]


def test_valid_object_has_no_violations() -> None:
    assert violations(deployment(ports=[{"containerPort": 80}], resources={"limits": {"cpu": 2, "memory": "1Gi"}})) == []


@pytest.mark.parametrize(
    ("container", "problem"),
    [
        ({"imge": "x"}, "spec.template.spec.containers[0].imge: unknown field. Did you mean 'image'?"),
        ({"image": 1}, "spec.template.spec.containers[0].image: must be a string, not 1"),
        ({"ports": [{"containerPort": "80"}]}, "spec.template.spec.containers[0].ports[0].containerPort: must be an integer, not '80'"),
        ({"ports": [{}]}, "spec.template.spec.containers[0].ports[0].containerPort: is required"),
        (
            {"resources": {"limits": {"cpu": True}}},
            "spec.template.spec.containers[0].resources.limits.cpu: must be a number or a string, not true",
        ),
        ({"args": "x"}, "spec.template.spec.containers[0].args: must be a list, not 'x'"),
        ({"securityContext": [1]}, "spec.template.spec.containers[0].securityContext: must be a map, not a list"),
    ],
)
def test_violation_has_path_and_problem(container: dict[str, Any], problem: str) -> None:
    assert violations(deployment(**container)) == [problem]


junk = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.just(2.5)
    | st.just("x")
    | st.just([])
    | st.just({})
    | st.just(["x"])
    | st.just({"x": "y"})
)
fields = st.sampled_from(
    [
        "image",
        "command",
        "ports",
        "env",
        "resources",
        "livenessProbe",
        "lifecycle",
        "stdin",
        "imge",
        "volumeMounts",
        "securityContext",
        "name",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(fields, junk, max_size=3), st.sampled_from(["1.30", bundled_versions()[-1]]))
def test_result_equals_kubernetes_validate(container: dict[str, Any], version: str) -> None:
    value = deployment(**container)
    try:
        kubernetes_validate.validate(value, version, strict=True)
        valid = True
    except kubernetes_validate.ValidationError:
        valid = False
    assert (violations(value, version) == []) == valid


def test_unknown_value_is_valid_in_every_field() -> None:
    assert violations(deployment(image=UNKNOWN, ports=UNKNOWN, resources={"limits": {"cpu": UNKNOWN}})) == []


def test_secret_value_is_validated_but_not_printed() -> None:
    [violation] = violations(deployment(ports=[{"containerPort": Secret("hunter2")}]))
    assert violation == "spec.template.spec.containers[0].ports[0].containerPort: the secret value does not match the schema"


def test_custom_resource_has_no_schema() -> None:
    with pytest.raises(UnknownKindError):
        validate_object({"apiVersion": "example.com/v1", "kind": "Thing"}, KUBERNETES_VERSION)


def test_api_group_like_built_in_has_no_schema() -> None:
    """`apps.example.com/v1` and `apps/v1` have the same file name in kubernetes-validate."""
    with pytest.raises(UnknownKindError):
        validate_object({"apiVersion": "apps.example.com/v1", "kind": "Deployment"}, KUBERNETES_VERSION)


def test_misspelt_built_in_kind_is_a_violation() -> None:
    assert violations({"apiVersion": "apps/v1", "kind": "Deploymnt"}) == [
        f"kind: Kubernetes {KUBERNETES_VERSION} has no Deploymnt in apps/v1. Did you mean 'Deployment'?"
    ]


def test_removed_api_version_is_a_violation() -> None:
    value = {"apiVersion": "autoscaling/v2beta2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "a"}}
    assert violations(value, "1.30") == ["kind: Kubernetes 1.30 has no HorizontalPodAutoscaler in autoscaling/v2beta2"]


def test_default_version_is_the_newest() -> None:
    assert resolve_version(None) == bundled_versions()[-1] == kubernetes_validate.latest_version().rpartition(".")[0]


@pytest.mark.parametrize("wanted", [KUBERNETES_VERSION, f"v{KUBERNETES_VERSION}", f"{KUBERNETES_VERSION}.2"])
def test_version_forms_are_equal(wanted: str) -> None:
    assert resolve_version(wanted) == KUBERNETES_VERSION


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("1.3", "YAML reads an unquoted 1.30 as the number 1.3"),
        ("1.99", "kubernetes-validate contains 1.25 to"),
        ("new", "is not a version"),
    ],
)
def test_unsupported_version_lists_supported_versions(wanted: str, text: str) -> None:
    with pytest.raises(LocalError, match=text):
        resolve_version(wanted)
