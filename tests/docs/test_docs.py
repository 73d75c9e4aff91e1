"""What the documents say is what the code does."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import nim_component
from docs import generate
from nim_component.args.arguments import Arguments
from nim_component.testing import record

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCHEMA = json.loads((ROOT / "stacks" / "schema.json").read_text(encoding="utf-8"))
STACKS = sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))


def test_what_is_generated_is_up_to_date():
    result = subprocess.run([sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "")


def test_the_check_finds_drift(tmp_path: Path):
    # The check itself must be able to fail.
    generated = {path: text.replace("8000", "8001") for path, text in generate.generate().items()}
    assert any(path.read_text(encoding="utf-8") != text for path, text in generated.items())


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_seed_example_runs_as_it_stands():
    seen = record(lambda: exec(blocks()[0], {}))
    assert seen.outputs["url"] == "http://llama3-8b.default.svc.cluster.local:8000"
    assert [each["name"] for each in seen.pod("llama3-8b")["initContainers"]] == ["download-loras"]


def test_the_test_example_passes_as_it_stands():
    scope: dict[str, Any] = {}
    exec(blocks()[1], scope)
    scope["test_the_model_gets_two_gpus"]()


def test_the_dev_stack_is_the_seed_example():
    stack = yaml.safe_load((ROOT / "stacks" / "Pulumi.dev.yaml").read_text(encoding="utf-8"))["config"]["nim:services"]["llama3-8b"]
    calls = [node for node in ast.walk(ast.parse(blocks()[0])) if isinstance(node, ast.Call)]
    (nim,) = (call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "NIM")
    fields = {keyword.arg: keyword.value for keyword in nim.keywords}
    secrets = fields.pop("secrets")
    assert isinstance(secrets, ast.Call)
    written = {name: ast.literal_eval(value) for name, value in fields.items()}
    written["secrets"] = {keyword.arg: ast.literal_eval(keyword.value) for keyword in secrets.keywords}
    assert stack == written


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.name)
def test_every_stack_file_fits_its_schema(path: Path):
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), SCHEMA)


@pytest.mark.parametrize(
    "wrong", [{"imag": "x"}, {"port": 80}, {"secrets": {"ngc_api_key": "plain"}}, {"cache": {"storageClass": "x"}}], ids=str
)
def test_the_schema_marks_what_is_wrong(wrong: dict[str, Any]):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"config": {"nim:services": {"a": wrong}}}, SCHEMA)


def models() -> list[type[Arguments]]:
    public = [getattr(nim_component, name) for name in nim_component.__all__]
    return [each for each in public if isinstance(each, type) and issubclass(each, Arguments)]


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_field_says_what_it_means(model: type[Arguments]):
    assert model.model_fields.keys() == generate.describe_fields(model).keys()
    assert f"### `{model.__name__}`" in README


def test_every_public_name_is_there_and_documented():
    assert [name for name in nim_component.__all__ if not getattr(nim_component, name).__doc__] == []


def test_what_is_no_module_is_packed_with_the_package():
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["nim_component"]
    package = ROOT / "nim_component"
    there = {str(file.relative_to(package)) for file in package.rglob("*") if file.is_file() and file.suffix not in (".py", ".pyc")}
    assert there == set(packed)


def test_every_path_that_the_documents_name_exists():
    named = set(
        re.findall(r"`((?:tests|examples|stacks|args|manifests|lora|docs)/[\w./-]*)`", README + (ROOT / "CONTRIBUTING.md").read_text())
    )
    missing = [path for path in named if not (ROOT / path).exists() and not (ROOT / "nim_component" / path).exists()]
    assert missing == []
