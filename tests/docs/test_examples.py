"""The code blocks of the pages: each is run or validated."""

import ast
import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from nim_component.args import NIM
from nim_component.cli import app
from nim_component.stack import deploy_stack
from nim_component.testing import Recording, record
from tools.docs.commands import commands, parameters
from tools.docs.schema import render_schema

from .pages import ROOT, Block, blocks

PYTHON = blocks("python")
YAML = blocks("yaml")
SECRET_CONFIG = {"ngcApiKey": "nvapi-placeholder", "hfToken": "placeholder"}
FOREIGN = {
    "externalRules": "configuration of prometheus-adapter",
    "relabel_configs": "configuration of Prometheus",
    "rules": "configuration of prometheus-adapter",
    "runtime": "Pulumi.yaml",
    "steps": "a GitHub workflow",
}
"""Top-level keys of YAML blocks that are not arguments."""
COMMANDS = dict(commands(app))


def run_python(block: Block) -> Recording:
    """Run a block as a program, and the test functions in it."""

    def program() -> None:
        scope: dict[str, Any] = {}
        exec(compile(block.text, str(block), "exec"), scope)
        for name, value in scope.items():
            if name.startswith("test_"):
                value()

    config = {f"project:{key}": value for key, value in SECRET_CONFIG.items()}
    return record(program, config=config, secret_keys=tuple(config))


def only(name: str, word: str = "") -> Block:
    """Return the one Python block of a page that contains a word."""
    (block,) = [block for block in PYTHON if block.page.name == name and word in block.text]
    return block


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_python_blocks_run(block: Block):
    run_python(block)


def test_there_are_python_and_yaml_blocks():
    assert len(PYTHON) >= 8
    assert len(YAML) >= 15


def test_readme_example_has_the_documented_address():
    assert run_python(only("README.md")).outputs["url"] == "http://llama3-8b.nim.svc.cluster.local:8000"


def test_quickstart_request_uses_the_served_model():
    (answer,) = [json.loads(block.text) for block in blocks("json") if block.page.name == "quickstart.md"]
    (request,) = [block.text for block in blocks("bash") if "chat/completions" in block.text]
    (served,) = run_python(only("quickstart.md")).service("llama3-8b").outputs["modelNames"]
    assert answer["model"] == served
    assert f'"model": "{served}"' in request


def test_quickstart_creates_secrets_without_the_key_in_arguments(tmp_path: Path):
    """The commands run with a `kubectl` that records its arguments and its standard input."""
    (block,) = [block for block in blocks("bash") if "NGC_API_KEY" in block.text]
    kubectl = tmp_path / "kubectl"
    kubectl.write_text('#!/bin/sh\necho "$@" >> "$RECORD/arguments"\ncat > "$RECORD/$4"\n')
    kubectl.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "RECORD": str(tmp_path)}
    subprocess.run(["bash", "-e", "-c", block.text], input="the-key\n", text=True, env=environment, check=True)
    assert "the-key" not in (tmp_path / "arguments").read_text()
    assert (tmp_path / "ngc").read_text() == "the-key"
    login = json.loads((tmp_path / "ngc-pull").read_text())["auths"]["nvcr.io"]
    assert login == {"username": "$oauthtoken", "password": "the-key"}


def test_flyte_example_downloads_the_adapters():
    recording = run_python(only("programs.md", "hf_repo_ids"))
    assert recording.outputs["url"] == "http://llama3-8b.default.svc.cluster.local:8000"
    assert [each["name"] for each in recording.pod("llama3-8b")["initContainers"]] == ["download-loras"]


def test_dev_stack_equals_the_flyte_example():
    stack = yaml.safe_load((ROOT / "stacks" / "Pulumi.dev.yaml").read_text(encoding="utf-8"))["config"]["nim:services"]["llama3-8b"]
    assert stack == fields_of(only("programs.md", "hf_repo_ids"))


def test_quickstart_program_equals_its_stack_file():
    (stack,) = [
        yaml.safe_load(block.text)["config"] for block in YAML if block.page.name == "quickstart.md" and "ngc_image_secret" in block.text
    ]
    assert stack["nim:services"]["llama3-8b"] == fields_of(only("quickstart.md"))


def fields_of(block: Block) -> dict[str, Any]:
    """Return the arguments of the one `NIM(...)` in a block."""
    calls = [node for node in ast.walk(ast.parse(block.text)) if isinstance(node, ast.Call)]
    (nim,) = (call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "NIM")
    fields = {keyword.arg: keyword.value for keyword in nim.keywords}
    secrets = fields.pop("secrets")
    assert isinstance(secrets, ast.Call)
    written: dict[str, Any] = {str(name): ast.literal_eval(value) for name, value in fields.items()}
    written["secrets"] = {keyword.arg: ast.literal_eval(keyword.value) for keyword in secrets.keywords}
    return written


@pytest.mark.parametrize("block", YAML, ids=str)
def test_yaml_blocks_are_valid(block: Block):
    content = yaml.safe_load(block.text)
    if isinstance(content, list):
        assert all({"uses", "run", "name", "source_labels"} & each.keys() for each in content)
    elif "config" in content:
        jsonschema.validate(content, render_schema())
        deploy(content["config"])
    elif not FOREIGN.keys() & content.keys():
        assert content.keys() <= NIM.model_fields.keys(), content.keys()
        config = {"nim:services": {"a": with_context(content)}}
        jsonschema.validate({"config": config}, render_schema())
        deploy(config)


def with_context(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields, with `secrets` and a cache for several pods if they are left out."""
    shared = {"cache": {"empty_dir": True}} if "autoscaling" in fields else {}
    return {"secrets": {"without_key": True}} | shared | fields


def deploy(config: dict[str, Any]) -> None:
    secrets = {f"nim:{key}": value for key, value in SECRET_CONFIG.items()}
    recording = record(deploy_stack, project="nim", config={**config, **secrets}, secret_keys=tuple(secrets))
    assert recording.find("nim:index:NIMService")


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_blocks_parse(block: Block):
    json.loads(block.text)


@pytest.mark.parametrize("block", [block for block in blocks("bash") if "nim-component" in block.text], ids=str)
def test_shell_blocks_use_existing_commands_and_options(block: Block):
    for line in block.text.replace("\\\n", " ").splitlines():
        for part in re.split(r"&&|\||;", line.partition(" #")[0]):
            words = shlex.split(part)
            if words[:1] != ["nim-component"]:
                continue
            name = next(name for name in (" ".join(words[1:3]), words[1]) if name in COMMANDS)
            known = {
                flag
                for *_, info in parameters(COMMANDS[name])
                for flag in (info.default, *(info.param_decls or ()))
                if isinstance(flag, str)
            }
            assert {word for word in words if word.startswith("--")} <= known, part


def test_documented_inputs_are_those_of_the_action():
    (block,) = [block for block in YAML if "uses:" in block.text and block.page.name == "review.md"]
    used = yaml.safe_load(block.text)[-1]["with"]
    assert {*used} <= {*yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]}
