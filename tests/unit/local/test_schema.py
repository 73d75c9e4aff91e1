"""The strict check says what kubernetes-validate says, with path and remedy."""

from typing import Any

import kubernetes_validate
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nim_component.local import UNKNOWN, LocalError, Secret
from nim_component.local.schema import UnknownKindError, bundled_versions, resolve_version, validate_object


def deployment(**container: Any) -> dict[str, Any]:
    pod = {"containers": [{"name": "a", "image": "b", **container}]}
    spec = {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": pod}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec}


def problems(value: dict[str, Any], version: str = "1.36") -> list[str]:
    return [f"{problem.path}: {problem.rule}" for problem in validate_object(value, version)]


def test_a_valid_object_has_no_problems() -> None:
    assert problems(deployment(ports=[{"containerPort": 80}], resources={"limits": {"cpu": 2, "memory": "1Gi"}})) == []


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
def test_a_problem_names_path_and_rule(container: dict[str, Any], problem: str) -> None:
    assert problems(deployment(**container)) == [problem]


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
@given(st.dictionaries(fields, junk, max_size=3), st.sampled_from(["1.30", "1.37"]))
def test_it_agrees_with_kubernetes_validate(container: dict[str, Any], version: str) -> None:
    value = deployment(**container)
    try:
        kubernetes_validate.validate(value, version, strict=True)
        valid = True
    except kubernetes_validate.ValidationError:
        valid = False
    assert (problems(value, version) == []) == valid


def test_an_unknown_value_fits_everywhere() -> None:
    assert problems(deployment(image=UNKNOWN, ports=UNKNOWN, resources={"limits": {"cpu": UNKNOWN}})) == []


def test_a_secret_value_is_checked_but_not_shown() -> None:
    [problem] = problems(deployment(ports=[{"containerPort": Secret("hunter2")}]))
    assert problem == "spec.template.spec.containers[0].ports[0].containerPort: the secret value does not fit the field"


def test_a_custom_resource_has_no_schema() -> None:
    with pytest.raises(UnknownKindError):
        validate_object({"apiVersion": "example.com/v1", "kind": "Thing"}, "1.36")


def test_a_custom_group_that_begins_like_a_built_in_one_has_no_schema() -> None:
    with pytest.raises(UnknownKindError):
        validate_object({"apiVersion": "apps.example.com/v1", "kind": "Deployment"}, "1.36")


def test_a_misspelt_built_in_kind_is_a_problem() -> None:
    assert problems({"apiVersion": "apps/v1", "kind": "Deploymnt"}) == [
        "kind: Kubernetes 1.36 has no Deploymnt in apps/v1. Did you mean 'Deployment'?"
    ]


def test_a_kind_that_a_version_lost_is_a_problem() -> None:
    value = {"apiVersion": "autoscaling/v2beta2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "a"}}
    assert problems(value, "1.30") == ["kind: Kubernetes 1.30 has no HorizontalPodAutoscaler in autoscaling/v2beta2"]


def test_the_newest_version_is_the_default() -> None:
    assert resolve_version(None) == bundled_versions()[-1] == kubernetes_validate.latest_version().rpartition(".")[0]


@pytest.mark.parametrize("wanted", ["1.36", "v1.36", "1.36.2"])
def test_a_version_may_be_written_in_several_ways(wanted: str) -> None:
    assert resolve_version(wanted) == "1.36"


@pytest.mark.parametrize(
    ("wanted", "text"),
    [("1.3", "an unquoted 1.30 is the number 1.3"), ("1.99", "kubernetes-validate carries 1.25 to"), ("new", "is not a version")],
)
def test_a_version_that_cannot_be_checked_says_what_can(wanted: str, text: str) -> None:
    with pytest.raises(LocalError, match=text):
        resolve_version(wanted)
