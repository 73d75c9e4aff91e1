"""`nim_component/provider/schema.json`: the Pulumi package schema, from the argument models."""

from collections.abc import Mapping
from typing import Any, cast

from nim_component.args import NIM
from nim_component.args.arguments import Arguments
from nim_component.args.reflection import reachable_models
from nim_component.args.secrets import SECRET_VALUE_FIELDS
from nim_component.component.service import NIMService
from nim_component.provider.names import COMPONENT, NAMESPACE, PACKAGE, enum_identifier, to_camel_case, translate_names, type_token

from .models import all_models, describe_fields, output_support

ANY: dict[str, Any] = {"$ref": "pulumi.json#/Any"}
SECRETS = (*SECRET_VALUE_FIELDS, "kubeconfig")
OUTPUTS: dict[str, dict[str, Any]] = {
    "url": {"type": "string"},
    "external_url": {"type": "string"},
    "host": {"type": "string"},
    "port": {"type": "integer"},
    "model_names": {"type": "array", "items": {"type": "string"}},
    "cache_claim": {"type": "string"},
}
"""Types of the outputs, by the property of `NIMService` that documents them."""
REQUIRED_OUTPUTS = ("url", "host", "port")


def render_package_schema() -> dict[str, Any]:
    """Return the schema without a version: the plugin adds that of the installed package."""
    schemas = NIM.model_json_schema(ref_template="{model}")
    schemas = {**schemas.pop("$defs"), NIM.__name__: schemas}
    types: dict[str, Any] = {}
    objects = {model: _Object(model, schemas[model.__name__], types) for model in all_models()}
    rendered = {model: each.render() for model, each in objects.items()}
    types |= {type_token(model.__name__): {"type": "object", **each} for model, each in rendered.items() if model is not NIM}
    inputs = rendered[NIM]
    outputs = {to_camel_case(name): {**each, "description": _document(NIMService, name)} for name, each in OUTPUTS.items()}
    return {
        "name": PACKAGE,
        "namespace": NAMESPACE,
        "displayName": "NVIDIA NIM on Kubernetes",
        "description": "Components for NVIDIA NIM inference on Kubernetes.",
        "keywords": ["pulumi", "kubernetes", "nvidia", "nim", "category/infrastructure", "kind/component"],
        "license": "Apache-2.0",
        "language": {"python": {"respectSchemaVersion": True}, "nodejs": {"respectSchemaVersion": True}},
        "types": dict(sorted(types.items())),
        "resources": {
            COMPONENT: {
                "isComponent": True,
                "description": inputs["description"],
                "inputProperties": inputs["properties"],
                "requiredInputs": inputs.get("required", []),
                "properties": outputs,
                "required": [to_camel_case(name) for name in REQUIRED_OUTPUTS],
            }
        },
    }


def is_field(name: str) -> bool:
    """Return True for the name of a field of an argument model."""
    return any(name in model.model_fields for model in all_models())


def is_plain(model: type[Arguments], name: str) -> bool:
    """Return True for a field with no Output in it. SDKs make plain types plain at every depth."""
    below = [each for each in reachable_models(model.model_fields[name].annotation) if issubclass(each, Arguments)]
    fields = [(model, name), *((each, field) for each in below for field in each.model_fields)]
    return not any(output_support(*each) for each in fields)


class _Object:
    """Object type of one model. Enums of its fields are added to the types of the package."""

    def __init__(self, model: type[Arguments], schema: Mapping[str, Any], types: dict[str, Any]) -> None:
        self.model, self.schema, self.types = model, schema, types

    def render(self) -> dict[str, Any]:
        """Return properties, required properties and description."""
        texts = describe_fields(self.model)
        properties: dict[str, Any] = {}
        for name, schema in self.schema["properties"].items():
            found = self._property(name, schema)
            if name in SECRETS:
                found["secret"] = True
            properties[to_camel_case(name)] = {**found, "description": translate_names(texts[name], is_field)}
        required = sorted(to_camel_case(name) for name in self.schema.get("required", []))
        text = translate_names((self.model.__doc__ or "").strip().partition("\n\n")[0], is_field)
        return {"description": text, "properties": properties, **({"required": required} if required else {})}

    def _property(self, name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        found = self._type(name, schema)
        return {**found, "plain": True} if is_plain(self.model, name) else found

    def _type(self, name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        choices = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
        if len(choices) > 1:
            return {"oneOf": [self._type(name, each) for each in choices]}
        (only,) = choices
        kind = only.get("type", "string")
        if "$ref" in only:
            return {"$ref": f"#/types/{type_token(only['$ref'])}"}
        if "enum" in only:
            return {"$ref": f"#/types/{self._enum(name, only['enum'])}"}
        if isinstance(kind, list):
            return {"oneOf": [{"type": each} for each in cast("list[str]", kind)]}
        if kind == "array":
            return {"type": "array", "items": self._type(name, only["items"])}
        if kind == "object":
            values = only.get("additionalProperties", True)
            return {"type": "object", "additionalProperties": ANY if values is True else self._type(name, values)}
        return {"type": kind}

    def _enum(self, name: str, values: list[str]) -> str:
        token = f"{PACKAGE}:index:{self.model.__name__.removesuffix('Args')}{to_camel_case(name)[0].upper()}{to_camel_case(name)[1:]}"
        self.types[token] = {"type": "string", "enum": [{"name": enum_identifier(each), "value": each} for each in values]}
        return token


def _document(owner: type, name: str) -> str:
    text = (getattr(owner, name).__doc__ or "").strip()
    return " ".join(translate_names(text, is_field).split())
