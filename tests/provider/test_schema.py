"""The package schema has every field, and each name denotes one field."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nim_component.args import NIM
from nim_component.args.reflection import reachable_models
from nim_component.provider.construction import OUTPUTS
from nim_component.provider.names import COMPONENT, enum_identifier, to_camel_case, translate_names, type_token
from nim_component.provider.provider import NIMProvider
from nim_component.provider.schema import read_schema
from nim_component.provider.translate import field_names

SCHEMA = read_schema()
RESOURCE = SCHEMA["resources"][COMPONENT]


def objects() -> dict[str, Any]:
    return {"NIM": {"properties": RESOURCE["inputProperties"], "required": RESOURCE["requiredInputs"]}, **SCHEMA["types"]}


def walk(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from walk(value)
    elif isinstance(part, list):
        for value in part:
            yield from walk(value)


@pytest.mark.parametrize("model", reachable_models(NIM), ids=lambda model: model.__name__)
def test_schema_has_every_field(model: Any):
    found = objects()["NIM" if model is NIM else type_token(model.__name__)]
    assert set(found["properties"]) == {to_camel_case(name) for name in model.model_fields}
    required = {to_camel_case(name) for name, field in model.model_fields.items() if field.is_required()}
    assert set(found.get("required", ())) == required
    assert all(each["description"] for each in found["properties"].values())


def test_names_are_one_to_one():
    names = {name for model in reachable_models(NIM) for name in model.model_fields}
    assert len(field_names()) == len(names)
    assert {to_camel_case(python): python for python in names} == field_names()


def test_every_reference_has_a_type():
    references = {part["$ref"] for part in walk(SCHEMA) if "$ref" in part} - {"pulumi.json#/Any"}
    assert len(references) > 50
    assert references == {f"#/types/{token}" for token in SCHEMA["types"]}


def test_no_default_is_frozen_into_an_sdk():
    properties = [each for part in objects().values() for each in part.get("properties", {}).values()]
    assert len(properties) > 200
    assert not [each for each in properties if "default" in each or "const" in each]


def test_enum_identifiers_are_unique():
    for each in SCHEMA["types"].values():
        names = [value["name"] for value in each.get("enum", ())]
        assert len(set(names)) == len(names)
        assert all(name.isidentifier() for name in names)
    assert [enum_identifier(each) for each in ("1.x", "kv-cache", "node_identity")] == ["V1X", "KvCache", "NodeIdentity"]


def test_keys_are_secret():
    secret = {name for part in objects().values() for name, each in part.get("properties", {}).items() if each.get("secret")}
    assert secret == {"ngcApiKey", "hfToken", "kubeconfig"}


@pytest.mark.parametrize(
    ("name", "plain"),
    [("replicas", True), ("generation", True), ("image", False), ("secrets", False), ("env", False), ("tolerations", False)],
)
def test_only_fields_without_outputs_are_plain(name: str, plain: bool):
    assert RESOURCE["inputProperties"][name].get("plain", False) is plain


def test_outputs_are_those_of_the_component():
    assert set(RESOURCE["properties"]) == {to_camel_case(name) for name in OUTPUTS}
    assert RESOURCE["isComponent"] is True


def test_descriptions_use_names_of_the_schema():
    names = {name for name in field_names().values() if "_" in name}
    words = {word for part in walk(SCHEMA) for word in str(part.get("description", "")).replace("`", " ").split()}
    assert names & words == set()
    assert "hfRepoIds" not in translate_names("my_hf_repo_ids other_name", names.__contains__)


def test_plugin_has_the_version_of_the_project():
    """The release workflow compares this version with the tag."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    assert NIMProvider().version == project["version"]
    assert "version" not in SCHEMA


def test_schema_names_the_sdks():
    """Without a namespace, the CLI takes it from the URL of the plugin."""
    assert (SCHEMA["namespace"], SCHEMA["name"]) == ("nim-component", "nim")


def test_provider_adds_the_installed_version():
    schema = json.loads(NIMProvider().schema or "")
    assert schema["version"] == NIMProvider().version
    assert {key: value for key, value in schema.items() if key != "version"} == SCHEMA
