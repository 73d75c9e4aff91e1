"""Contract of optional children: what each entry of `OPTIONAL_CHILDREN` needs elsewhere."""

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args, get_type_hints

import pulumi
import pytest

from nim_component import NIM, NIMSecrets, NIMService, testing
from nim_component.component.children import TypedChildren
from nim_component.component.optional_children import OPTIONAL_CHILDREN, CreationOrder, OptionalChild
from nim_component.local.resources import Resource
from nim_component.manifests.child_objects import CHILD_OBJECTS, find_child_object
from nim_component.testing import record, record_project

from ..child_arguments import ARGUMENTS, combine_children
from ..schema.test_schema import PROJECTS, ROOT
from ..strategies import OPTION_SETS
from ..unit.seed import recorded

EACH = pytest.mark.parametrize("child", OPTIONAL_CHILDREN, ids=lambda child: child.suffix)
MULTI_NODE = {"multi_node": {"nodes": 2}, "gpu": 8, "generation": "2.x-vllm", "cache": {"access_mode": "ReadWriteMany"}}


def children(**fields: Any) -> dict[str, Resource]:
    """Return the children of a service by suffix."""
    return {name.removeprefix("llama-"): child for name, child in recorded(**fields).children("llama").items()}


def without(fields: dict[str, Any], path: str) -> dict[str, Any]:
    """Return fields without the option set at a dotted path."""
    head, _, rest = path.partition(".")
    if not rest:
        return {key: value for key, value in fields.items() if key != head}
    return {**fields, head: without(fields[head], rest)}


@EACH
def test_child_has_arguments_for_tests(child: OptionalChild):
    """The deletion test on the cluster creates and deletes what these arguments create."""
    assert child.suffix in ARGUMENTS, "add its arguments to tests/child_arguments.py"


@EACH
def test_child_has_kind(child: OptionalChild):
    assert child.suffix in CHILD_OBJECTS, "add its kind to nim_component/manifests/child_objects.py"


@EACH
def test_child_is_absent_by_default(child: OptionalChild):
    assert child.suffix not in children()


@EACH
def test_child_exists_only_with_its_option_set(child: OptionalChild):
    fields = ARGUMENTS[child.suffix]
    assert child.suffix in children(**fields)
    if child.option_set != "autoscaling.keda":  # without it, the same option set creates another child
        root = child.option_set.partition(".")[0]
        assert child.suffix not in children(**without(fields, root))


@EACH
def test_child_has_constant_in_testing(child: OptionalChild):
    type_ = children(**ARGUMENTS[child.suffix])[child.suffix].type
    constants = {getattr(testing, name) for name in testing.__all__ if name.isupper()}
    assert type_ in constants, f"add a constant for {type_} to nim_component/testing.py"


@EACH
def test_child_depends_on_rollout_only_after_it(child: OptionalChild):
    dependencies = {urn.rpartition("::")[2] for urn in children(**ARGUMENTS[child.suffix])[child.suffix].options.dependencies}
    assert ({"llama-deployment", "llama-service"} <= dependencies) == (child.order is CreationOrder.AFTER_ROLLOUT)


def test_arguments_name_existing_children_only():
    assert ARGUMENTS.keys() == {child.suffix for child in OPTIONAL_CHILDREN}


def test_combinations_have_every_child():
    """`test_deletion.py` on the cluster uses these combinations."""
    assert {suffix for fields in combine_children() for suffix in children(**fields)} >= ARGUMENTS.keys()


@cache
def suffixes_in_examples() -> set[str]:
    stacks = [(project, stack) for project, stack in PROJECTS if project == "examples/option_sets"]
    resources = [each for project, stack in stacks for each in record_project(ROOT / project, stack).run.resources]
    services = {each.urn: each.name for each in resources if each.type == testing.NIM_SERVICE}
    return {each.name.removeprefix(f"{services[each.parent]}-") for each in resources if each.parent in services}


@EACH
def test_child_has_example(child: OptionalChild):
    """The cluster tests apply every example in a namespace with Pod Security `restricted`."""
    assert child.suffix in suffixes_in_examples(), "add it to a stack in examples/option_sets"


@EACH
def test_child_is_drawn_by_strategies(child: OptionalChild):
    """The schema tests and the admission test on the cluster use these strategies."""
    assert child.option_set.partition(".")[0] in OPTION_SETS, "add its option set to tests/strategies.py"


def find_values(value: Any, *keys: str) -> Iterator[Any]:
    """Yield the values of mappings under one of the keys, at any depth."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in keys:
                yield item
            yield from find_values(item, *keys)
    elif isinstance(value, list):
        for item in value:
            yield from find_values(item, *keys)


def matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    expressions = selector.get("matchExpressions", [])
    return (selector.get("matchLabels", {}).items() <= labels.items()) and all(
        labels.get(each["key"]) in each["values"] for each in expressions if each["operator"] == "In"
    )


@EACH
@pytest.mark.parametrize("more", [{}, MULTI_NODE], ids=["Deployment", "LeaderWorkerSet"])
def test_references_match_workload(child: OptionalChild, more: dict[str, Any]):
    """References by name point at the workload; selectors of the service's pods match its pods."""
    fields = {**ARGUMENTS[child.suffix], **more}
    if more and "autoscaling" in fields:
        pytest.skip("a multi-node service has no autoscaling")
    made = children(**fields)
    if child.suffix not in made:
        pytest.skip("the child needs an option that a multi-node service does not have")
    workload = made.get("deployment") or made["group"]
    inputs = made[child.suffix].inputs
    for reference in find_values(inputs, "scaleTargetRef", "targetRef"):
        assert reference == {
            "apiVersion": workload.type.split(":")[1],
            "kind": workload.type.split(":")[2],
            "name": workload.inputs["metadata"]["name"],
        }
    pods = [template["metadata"]["labels"] for template in find_values(workload.inputs, "template", "leaderTemplate", "workerTemplate")]
    jobs = [each.inputs["spec"]["template"]["metadata"]["labels"] for name, each in made.items() if name in ("warm", "lora-job")]
    for selector in find_values(inputs, "selector", "podSelector"):
        if "app.kubernetes.io/instance" in selector.get("matchLabels", {}):
            assert any(matches(selector, labels) for labels in [*pods, *jobs])


ATTRIBUTES = {child.suffix: child.suffix.replace("-", "_") for child in OPTIONAL_CHILDREN}


@EACH
def test_child_is_typed_attribute(child: OptionalChild):
    """The attribute is the child that was created, of the declared type; without it, None."""
    fields, name = ARGUMENTS[child.suffix], ATTRIBUTES[child.suffix]
    seen: list[Any] = []

    def program() -> None:
        services = [NIMService("a", NIM(secrets=NIMSecrets.keyless(), **fields)), NIMService("b", NIM(secrets=NIMSecrets.keyless()))]
        seen.extend(getattr(each, name) for each in services)
        assert seen[0] is services[0].optional_children[f"a-{child.suffix}"]

    record(program)
    declared = get_type_hints(getattr(TypedChildren, name).fget)["return"]
    assert get_args(declared) == (find_child_object(child.suffix).resource, type(None))
    assert [type(each) for each in seen] == list(get_args(declared))


def test_attributes_of_children_clash_with_no_other():
    """A property of the same name would override a method or property of Pulumi's class."""
    names = {name for name, value in vars(TypedChildren).items() if isinstance(value, property)}
    assert names == {"deployment", "leader_worker_set", *ATTRIBUTES.values()}
    assert not names & {*dir(pulumi.ComponentResource), *vars(NIMService)}
