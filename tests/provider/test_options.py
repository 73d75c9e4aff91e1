"""Options of a component in another language act as in Python, on it and on its children."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pulumi
import pytest
from pulumi.resource import DependencyResource
from pulumi.runtime.proto import alias_pb2, resource_pb2

from nim_component import NIMService
from nim_component.local.resources import Options, Resource
from nim_component.testing import record

from .engine import Plugin, output_value, serve_monitor, start_plugin
from .inputs import to_inputs

KEYLESS: dict[str, Any] = {"secrets": {"without_key": True}}
OTHER = "urn:pulumi:dev::project::kubernetes:core/v1:ConfigMap::other"
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "protect": ({"protect": True}, {"protect": True}),
    "ignore_changes": ({"ignoreChanges": ["spec.replicas"]}, {"ignore_changes": ["spec.replicas"]}),
    "replace_on_changes": ({"replaceOnChanges": ["spec"]}, {"replace_on_changes": ["spec"]}),
    "retain_on_delete": ({"retainOnDelete": True}, {"retain_on_delete": True}),
    "deleted_with": ({"deletedWith": OTHER}, {"deleted_with": DependencyResource(OTHER)}),
    "alias_urn": ({"aliases": [alias_pb2.Alias(urn=OTHER)]}, {"aliases": [OTHER]}),
    "alias_name": (
        {"aliases": [alias_pb2.Alias(spec=alias_pb2.Alias.Spec(name="former"))]},
        {"aliases": [pulumi.Alias(name="former")]},
    ),
    "depends_on": ({"dependencies": [OTHER]}, {"depends_on": [DependencyResource(OTHER)]}),
}


@pytest.fixture(scope="module")
def plugin() -> Iterator[Plugin]:
    with start_plugin(KUBECONFIG="/dev/null") as started:
        yield started


def construct(plugin: Plugin, inputs: dict[str, Any], **options: Any) -> list[Resource]:
    with serve_monitor() as (address, monitor):
        plugin.construct(address, "llama", inputs, preview=True, **options)
        return monitor.resources


def options_of(resources: Iterable[Resource]) -> dict[str, Options]:
    """Return the options by name. The engine passes false where Python passes nothing."""
    return {
        each.name: replace(each.options, protect=bool(each.options.protect), retain_on_delete=bool(each.options.retain_on_delete))
        for each in resources
        if each.type != "pulumi:pulumi:Stack"
    }


@pytest.mark.parametrize("option", CASES)
def test_option_acts_as_in_python(option: str, plugin: Plugin):
    given, python = CASES[option]
    found = options_of(construct(plugin, to_inputs(KEYLESS), **given))
    run = record(lambda: NIMService("llama", KEYLESS, pulumi.ResourceOptions(**python)), project="project", stack="dev", preview=True).run
    assert found == options_of(run.resources)
    assert found != options_of(construct(plugin, to_inputs(KEYLESS)))


def test_first_construct_resolves_the_explicit_provider():
    """Without its arguments, the cluster is unknown, and no progress is reported."""
    request = resource_pb2.RegisterResourceRequest(type="pulumi:providers:kubernetes", name="cluster", custom=True)
    with start_plugin(KUBECONFIG="/dev/null") as started, serve_monitor() as (address, monitor):
        urn = monitor.local.RegisterResource(request).urn
        started.construct(address, "llama", to_inputs(KEYLESS), preview=True, providers={"kubernetes": f"{urn}::id"})
        children = [each for each in monitor.resources if each.type.startswith("kubernetes:")]
    assert len(children) == 3
    assert {each.provider for each in children} == {urn}
    assert "pulumi:pulumi:getResource" in monitor.invoked


def test_dependencies_of_inputs_reach_the_workload(plugin: Plugin):
    inputs = {**to_inputs(KEYLESS), "env": {"NIM_LOG_LEVEL": {**output_value("INFO"), "dependencies": [OTHER]}}}
    found = {each.type: each.options.dependencies for each in construct(plugin, inputs)}
    assert OTHER in found["kubernetes:apps/v1:Deployment"]
    assert OTHER not in found["kubernetes:core/v1:Service"]
