"""Contract of argument models: each is exported, documented and part of the JSON schema."""

import ast
import inspect
import json
import textwrap

import pytest

import nim_component
from nim_component import NIM
from nim_component.args.arguments import Arguments

from ..schema.test_schema import ROOT
from .models import MODELS

EACH = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
SCHEMA = json.loads((ROOT / "stacks" / "schema.json").read_text(encoding="utf-8"))["$defs"]


def undocumented_fields(model: type[Arguments]) -> list[str]:
    """Return the fields that a model declares without a docstring below."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(definition, ast.ClassDef)
    missing = []
    for field, following in zip(definition.body, [*definition.body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.target.id in model.model_fields:
            is_text = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
            if not (is_text and isinstance(following.value.value, str)):
                missing.append(field.target.id)
    return missing


@EACH
def test_model_is_exported(model: type[Arguments]):
    assert model.__name__ in nim_component.__all__, "add it to the exports of nim_component"
    assert getattr(nim_component, model.__name__) is model


@EACH
def test_model_has_docstring(model: type[Arguments]):
    assert "__doc__" in vars(model) and (model.__doc__ or "").strip(), "add a docstring to the class"


@EACH
def test_every_field_has_docstring(model: type[Arguments]):
    assert undocumented_fields(model) == [], "add a docstring below each field"


@EACH
def test_model_is_in_schema_with_every_field(model: type[Arguments]):
    assert model.__name__ in SCHEMA, "run `make generate`"
    assert SCHEMA[model.__name__]["properties"].keys() == model.model_fields.keys(), "run `make generate`"


def test_schema_has_no_unreachable_model():
    """Stack files have two of their own: a namespace, and a service with `aliases`."""
    models = {model.__name__ for model in MODELS} | {"NamespaceArgs", "Service"}
    assert {name for name, each in SCHEMA.items() if "properties" in each} == models


def test_walk_reaches_nested_models():
    reached = {model.__name__ for model in MODELS}
    assert NIM in MODELS and reached >= {"KedaFallback", "NetworkPeer", "LockedFile", "AlertsArgs", "DeviceRequest"}
