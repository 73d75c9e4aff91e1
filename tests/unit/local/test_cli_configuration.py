"""Configuration of stacks, compared with records of the Pulumi CLI.

`cli_configuration/` was recorded with the Go packages of the CLI 3.260.0: `LoadProjectBytes`,
`LoadProjectStackBytes`, `ValidateStackConfigAndApplyProjectConfig` and `config.Map.Decrypt`.
Documents with `environment:` are left out, because the local engine refuses them.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from nim_component.local import LocalError
from nim_component.local.project import Stack, find_project, load_stack

PROJECT = "name: demo\nruntime: python\n"
RECORDS = Path(__file__).parent / "cli_configuration"
SCALARS: list[dict[str, Any]] = json.loads((RECORDS / "scalars.json").read_text())
DOCUMENTS: list[dict[str, Any]] = json.loads((RECORDS / "documents.json").read_text())


def load(folder: Path, stack: str, project: str = PROJECT, suffix: str = "yaml") -> Stack:
    (folder / "__main__.py").touch()
    (folder / f"Pulumi.{suffix}").write_text(project, newline="")
    (folder / f"Pulumi.dev.{suffix}").write_text(stack, newline="")
    return load_stack(find_project(folder), "dev")


def test_records_are_complete() -> None:
    assert len(SCALARS) >= 200
    assert len(DOCUMENTS) >= 60


@pytest.mark.parametrize("record", SCALARS, ids=lambda record: record["written"])
def test_scalar_equals_cli(tmp_path: Path, record: dict[str, Any]) -> None:
    written = record["written"]
    stack = f"config:\n  demo:k:\n    v: {written}\n  demo:t: {written}\n"
    if "error" in record:
        with pytest.raises(LocalError):
            load(tmp_path, stack)
    else:
        assert load(tmp_path, stack).config == {"demo:k": record["nested"], "demo:t": record["text"]}


@pytest.mark.parametrize("record", DOCUMENTS, ids=lambda record: repr(record["stack"])[1:40])
def test_document_equals_cli(tmp_path: Path, record: dict[str, Any]) -> None:
    is_json = record.get("json", False)
    project = json.dumps({"name": "demo", "runtime": "python"}) if is_json else record.get("project", PROJECT)
    suffix = "json" if is_json else "yaml"
    if "values" not in record:
        with pytest.raises(LocalError):
            load(tmp_path, record["stack"], project, suffix)
        return
    stack = load(tmp_path, record["stack"], project, suffix)
    assert {key: re.sub(r"\[secret:[0-9a-f]{12}\]", "[secret]", value) for key, value in stack.config.items()} == record["values"]
    assert sorted(stack.secret_keys) == record.get("secure", [])
    assert any("has no value" in warning for warning in stack.warnings) == record.get("warning", False)


def test_alias_bomb_fails_fast(tmp_path: Path) -> None:
    levels = [f"a{level}: &a{level} [{','.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 40)]
    with pytest.raises(LocalError, match="document contains excessive aliasing"):
        load(tmp_path, f"a0: &a0 [x]\n{''.join(levels)}config: {{demo:k: *a39}}\n")


@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 5000, "- " * 5000])
def test_deep_nesting_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(LocalError, match="not YAML: "):
        load(tmp_path, f"config:\n  demo:k:\n    {text}\n")


@pytest.mark.parametrize(
    ("stack", "text"),
    [
        ("config:\n  k: 1\n  demo:k: 2\n", "Pulumi.dev.yaml: config: 'k' and 'demo:k' are one key. Remove one of them."),
        ("config:\n  8080: 1\n", "Pulumi.dev.yaml: config: expected only string keys. Write a key such as `true` or `8080` in quotes."),
        ("true: 1\n", "Pulumi.dev.yaml: expected only string keys. Write a key such as `true` or `8080` in quotes."),
        ("config:\n  demo:k: .inf\n", "Pulumi.dev.yaml: demo:k: json: unsupported value: +Inf. Write it in quotes."),
        ("config:\n  demo:k: !!bool yes\n", "line 2: not YAML: cannot decode !!str `yes` as a !!bool"),
        ("config:\n  demo:k: !!binary x*\n", "line 2: not YAML: !!binary value contains invalid base64 data"),
        ("config:\n  demo:k: &a [*a]\n", "line 2: not YAML: anchor 'a' value contains itself"),
    ],
)
def test_error_names_line_or_key(tmp_path: Path, stack: str, text: str) -> None:
    with pytest.raises(LocalError) as error:
        load(tmp_path, stack)
    assert text in str(error.value)


@pytest.mark.parametrize(("project", "stack"), [("yaml", "yml"), ("yml", "yaml"), ("json", "yaml"), ("yaml", "json")])
def test_stack_file_has_ending_of_project(tmp_path: Path, project: str, stack: str) -> None:
    (tmp_path / "__main__.py").touch()
    (tmp_path / f"Pulumi.{project}").write_text('{"name": "demo", "runtime": "python"}')
    (tmp_path / f"Pulumi.dev.{stack}").write_text("{}")
    with pytest.raises(LocalError) as error:
        load_stack(find_project(tmp_path), "dev")
    assert f"Pulumi.dev.{stack}: is not read beside Pulumi.{project}. Rename it to Pulumi.dev.{project}." in str(error.value)


@pytest.mark.parametrize("suffix", ["yaml", "yml", "json"])
def test_every_ending_is_read(tmp_path: Path, suffix: str) -> None:
    stack = load(tmp_path, '{"config": {"demo:k": "x"}}', '{"name": "demo", "runtime": "python"}', suffix)
    assert stack.config == {"demo:k": "x"}


def test_json_project_comes_first(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").touch()
    for suffix in ("yml", "yaml", "json"):
        (tmp_path / f"Pulumi.{suffix}").write_text(f'{{"name": "{suffix}", "runtime": "python"}}')
        assert find_project(tmp_path).name == suffix
