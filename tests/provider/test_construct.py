"""A component that the provider constructs has the children of one in Python."""

from pathlib import Path
from typing import Any, cast

import pulumi
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from pulumi.errors import InputPropertiesError
from pulumi.output import Unknown

from nim_component import NIM, NIMService
from nim_component.local.resources import Run
from nim_component.provider.names import COMPONENT
from nim_component.provider.provider import NIMProvider
from nim_component.testing import record

from ..strategies import nims
from .inputs import to_inputs

ROOT = Path(__file__).parents[2]
KEYLESS: dict[str, Any] = {"secrets": {"without_key": True}}


def services() -> dict[str, dict[str, Any]]:
    """Return the services of all stack files of this repository without secrets of a stack."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted([*ROOT.glob("stacks/Pulumi.*.yaml"), *ROOT.glob("examples/*/**/Pulumi.*.yaml")]):
        config = cast("dict[str, Any]", (yaml.safe_load(file.read_text("utf-8")) or {}).get("config") or {})
        for name, fields in (config.get("nim:services") or {}).items():
            merged = {**(config.get("nim:defaults") or {}), **(fields or {})}
            merged.pop("aliases", None)
            if "{'config'" not in str(merged):
                found[f"{file.relative_to(ROOT)}:{name}"] = {**KEYLESS, **merged}
    return found


SERVICES = services()


def construct(name: str, inputs: dict[str, Any], options: pulumi.ResourceOptions | None = None) -> Any:
    return NIMProvider().construct(name, COMPONENT, inputs, options)


def resources(run: Run) -> list[tuple[str, str, Any]]:
    return [(each.type, each.name, each.inputs) for each in run.resources]


@pytest.mark.parametrize("key", SERVICES)
def test_children_equal_those_of_python(key: str):
    fields = SERVICES[key]
    expected = record(lambda: NIMService("llama", cast("Any", fields))).run
    assert len(expected.resources) > 4
    assert resources(record(lambda: construct("llama", to_inputs(fields))).run) == resources(expected)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(nims())
def test_generated_services_equal_those_of_python(nim: NIM):
    fields = nim.model_dump(exclude_unset=True)
    expected = record(lambda: NIMService("llama", cast("Any", fields)))
    assert resources(record(lambda: construct("llama", to_inputs(fields))).run) == resources(expected.run)


def test_result_has_the_outputs():
    state: dict[str, Any] = {}
    record(lambda: state.update(construct("llama", to_inputs(KEYLESS)).state))
    assert set(state) == {"url", "externalUrl", "host", "port", "modelNames", "cacheClaim"}


def test_names_inside_structures_stay():
    structure = {"metadata": {"annotations": {"hf_repo_ids": "kept"}}}
    inputs = to_inputs(
        {**KEYLESS, "env": {"gpu_resource": "kept"}, "pod_labels": {"shm_size": "kept"}, "overrides": {"service": structure}}
    )
    assert inputs["env"] == {"gpu_resource": "kept"}
    run = record(lambda: construct("llama", inputs))
    assert run.env("llama")["gpu_resource"] == "kept"
    assert run.deployment("llama")["spec"]["template"]["metadata"]["labels"]["shm_size"] == "kept"
    assert run.child("llama", "kubernetes:core/v1:Service").inputs["metadata"]["annotations"]["hf_repo_ids"] == "kept"


def test_outputs_and_unknown_values_are_passed_on():
    unknown: Any = Unknown()
    mapping = to_inputs(KEYLESS)
    run = record(lambda: construct("llama", {**mapping, "image": unknown, "mem": pulumi.Output.from_input("40Gi")}), preview=True)
    container = run.container("llama")
    assert container["resources"]["limits"]["memory"] == "40Gi"
    assert type(container["image"]).__name__ == "Unknown"


def test_secret_creates_a_secret_without_plain_text():
    key = "nvapi-" + "a1B2" * 16
    run = record(lambda: construct("llama", {"secrets": {"ngcApiKey": pulumi.Output.secret(key)}})).run
    assert any(each.type == "kubernetes:core/v1:Secret" for each in run.resources)
    assert key not in repr([(each.name, each.inputs) for each in run.resources if each.type != "kubernetes:core/v1:Secret"])


def test_entry_of_lock_file_pins_an_adapter():
    """A program reads the lock file, whose names are in snake_case, and passes the entry."""
    file = {"size": 10, "sha256": "a" * 64}
    entry = {"commit": "b" * 40, "files": {"adapter_model.safetensors": file}, "rank": 8.0, "base_model": "org/base"}
    lora: dict[str, Any] = {**KEYLESS, "lora_adapter_mem": "1Gi", "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"}}
    python = {**lora, "hf_repo_ids": [{"repo_id": "org/one", "locked": {**entry, "rank": 8}}]}
    expected = record(lambda: NIMService("llama", cast("Any", python))).run
    assert resources(
        record(lambda: construct("llama", {**to_inputs(lora), "hfRepoIds": [{"repoId": "org/one", "locked": entry}]})).run
    ) == (resources(expected))
    assert "b" * 40 in repr(resources(expected))


@pytest.mark.parametrize(
    ("inputs", "texts"),
    [
        ({"secrets": {"withoutKey": True}, "gpuu": 1.0}, ["gpuu: unknown field", "Did you mean 'gpu'?"]),
        ({"secrets": {"withoutKey": True}, "replicas": 3.0}, ["accessMode", "ReadWriteMany"]),
        ({"secrets": {"withoutKey": "yes"}}, ["secrets.withoutKey: must be a boolean", "Use true or false."]),
        ({"secrets": {"withoutKey": True}, "cache": {"existingClaim": 5.0}}, ["cache.existingClaim: must be a string", "Pass a string."]),
        ({}, ["secrets: is required", '"ngcImageSecret": "ngc-pull"']),
        ({"secrets": {"withoutKey": True}, "gpu": 1.5, "port": 1.0}, ["gpu: must be", "port: must be", "has 2 problems"]),
    ],
)
def test_problems_have_the_names_of_the_schema(inputs: dict[str, Any], texts: list[str]):
    with pytest.raises(InputPropertiesError) as raised:
        record(lambda: construct("llama", inputs))
    assert raised.value.errors == []
    for text in texts:
        assert text in raised.value.message
    for word in ("access_mode", "existing_claim", "without_key", "NIM(", "Args(", "True", "dict"):
        assert word not in raised.value.message


def test_output_for_plain_field_is_a_problem():
    with pytest.raises(InputPropertiesError, match="replicas: must be a plain value"):
        record(lambda: construct("llama", {**to_inputs(KEYLESS), "replicas": pulumi.Output.from_input(2.0)}))


def test_output_for_structure_is_a_problem():
    with pytest.raises(InputPropertiesError) as raised:
        record(lambda: construct("llama", {**to_inputs(KEYLESS), "env": pulumi.Output.from_input({"A": "b"})}))
    assert raised.value.message.endswith("(got an Output). Pass an object. Its values may be Outputs.")


TEMPLATE_LITERAL = "http://Calling [toString] on an [Output<T>] is not supported.\n\nTo get the value of an Output<T>:80"


@pytest.mark.parametrize(
    ("field", "fix"),
    [
        ("image", "image: contains the text of an Output in place of its value. Use pulumi.interpolate in TypeScript, or pulumi.Sprintf"),
        ("serviceName", "Use a value that is known while the program runs, such as one from the configuration."),
    ],
)
def test_text_of_typescript_output_is_a_problem(field: str, fix: str):
    with pytest.raises(InputPropertiesError) as raised:
        record(lambda: construct("llama", {**to_inputs(KEYLESS), field: TEMPLATE_LITERAL}))
    assert fix in raised.value.message
    assert "pulumi.Config()" not in raised.value.message


def test_unknown_component_is_refused():
    with pytest.raises(InputPropertiesError, match="nim:index:Other: package nim has no such component"):
        NIMProvider().construct("llama", "nim:index:Other", {}, None)
