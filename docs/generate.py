"""Writes what is generated from the argument models: the tables in README.md and the schema of the stack files. `--check` only compares."""

import ast
import inspect
import json
import re
import sys
from pathlib import Path
from typing import Any

import nim_component
from nim_component.args import NIM
from nim_component.args.arguments import Arguments
from nim_component.args.field_types import OrOutput
from nim_component.args.secrets import SECRET_VALUE_FIELDS

ROOT = Path(__file__).parents[1]
PUBLIC = [getattr(nim_component, name) for name in nim_component.__all__]
MODELS: tuple[type[Arguments], ...] = tuple(each for each in PUBLIC if isinstance(each, type) and issubclass(each, Arguments))
TABLES = re.compile(r"(<!-- arguments: written by `make docs` -->\n).*?(<!-- /arguments -->)", re.DOTALL)


def describe_fields(model: type[Arguments]) -> dict[str, str]:
    """The text literal under each field. Read here and not by pydantic, which would read the sources at every import."""
    described: dict[str, str] = {}
    for base in model.__bases__:
        if issubclass(base, Arguments):
            described |= describe_fields(base)
    (definition,) = ast.parse(inspect.getsource(model)).body
    assert isinstance(definition, ast.ClassDef)
    for field, text in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            described[field.target.id] = _one_line(ast.literal_eval(text.value))
    return described


def render_tables() -> str:
    """One table a model."""
    return "\n".join(render_table(model) for model in MODELS)


def render_table(model: type[Arguments]) -> str:
    """Field, default, whether it takes an Output, meaning."""
    rows = [
        f"### `{model.__name__}`",
        "",
        _one_line(model.__doc__ or ""),
        "",
        "| field | default | Output | meaning |",
        "|---|---|---|---|",
    ]
    described = describe_fields(model)
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else f"`{_show(field.get_default(call_default_factory=True))}`"
        output = (
            "a secret"
            if name in SECRET_VALUE_FIELDS
            else "yes"
            if any(isinstance(each, OrOutput) for each in field.metadata)
            else _takes_output(field.annotation)
        )
        rows.append(f"| `{name}` | {default} | {output} | {described.get(name, '').replace('|', '&#124;')} |")
    return "\n".join([*rows, ""])


def _takes_output(annotation: Any) -> str:
    """Itself, its items, or anything inside a structure that is passed on; nothing for what decides which children there are."""
    text = repr(annotation)
    if "OrOutput" in text:
        return "values" if "dict[" in text or "list[" in text else "yes"
    return "inside" if "dict[str, typing.Any]" in text else ""


def _show(value: Any) -> str:
    if isinstance(value, Arguments):
        said = {name: getattr(value, name) for name in type(value).model_fields if name in value.model_fields_set}
        return f"{type(value).__name__}({', '.join(f'{name}={_show(each)}' for name, each in said.items())})"
    if isinstance(value, list):
        return f"[{', '.join(_show(each) for each in value)}]"
    return json.dumps(value) if isinstance(value, str) else str(value)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def render_schema() -> dict[str, Any]:
    """JSON Schema of a stack file, for editors: unknown fields and wrong kinds are marked while typing."""
    schema = NIM.model_json_schema(ref_template="#/$defs/{model}")
    definitions = schema.pop("$defs")
    for model in MODELS:
        properties = (schema if model is NIM else definitions[model.__name__])["properties"]
        for name, text in describe_fields(model).items():
            properties[name]["description"] = text
    key = {"type": "object", "properties": {"config": {"type": "string"}}, "required": ["config"], "additionalProperties": False}
    for name in SECRET_VALUE_FIELDS:
        field = definitions["NIMSecrets"]["properties"][name]
        definitions["NIMSecrets"]["properties"][name] = {**key, "description": field["description"]}
    # What is required may stand in the defaults.
    schema.pop("required", None)
    definitions["NIM"] = schema
    service: dict[str, Any] = {"anyOf": [{"$ref": "#/$defs/NIM"}, {"type": "null"}]}
    config = {
        "nim:services": {"type": "object", "additionalProperties": service, "minProperties": 1},
        "nim:defaults": {"$ref": "#/$defs/NIM"},
        "nim:kubernetesVersion": {"type": "string"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A stack of NIM services",
        "type": "object",
        "properties": {"config": {"type": "object", "properties": config, "required": ["nim:services"]}},
        "$defs": definitions,
    }


def generate() -> dict[Path, str]:
    """Each generated file and what must stand in it."""
    readme = ROOT / "README.md"
    tables = TABLES.sub(lambda match: f"{match[1]}{render_tables()}{match[2]}", readme.read_text(encoding="utf-8"))
    return {readme: tables, ROOT / "stacks" / "schema.json": json.dumps(render_schema(), indent=2, sort_keys=True) + "\n"}


def main() -> int:
    """Writes, or with `--check` names what differs."""
    stale = [path for path, text in generate().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not what the models say: run make docs")
        return 1 if stale else 0
    for path in stale:
        path.write_text(generate()[path], encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
