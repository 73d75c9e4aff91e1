"""Project and stack files, read by the CLI's rules. Errors have file, key, problem and fix."""

import sys
from pathlib import Path
from typing import Any

import pytest

from nim_component.local import LocalError, Secret
from nim_component.local.program import run_project

from .conftest import Project

SHOW = """
    import json, pulumi
    config = pulumi.Config()
    pulumi.export("a", config.get("a", "absent"))
"""


def output(folder: Path, stack: str | None = "dev", **options: Any) -> Any:
    return run_project(folder, stack, **options).outputs["a"]


def test_program_reads_stack_value(project: Project) -> None:
    assert output(project(SHOW, **{"Pulumi.dev.yaml": "config: {demo:a: x}"})) == "x"


def test_key_without_namespace_belongs_to_the_project(project: Project) -> None:
    assert output(project(SHOW, **{"Pulumi.dev.yaml": "config: {a: x}"})) == "x"


def test_stack_files_in_a_folder(project: Project) -> None:
    root = project(
        SHOW, **{"Pulumi.yaml": "name: demo\nruntime: python\nstackConfigDir: stacks\n", "stacks/Pulumi.dev.yaml": "config: {a: x}"}
    )
    assert output(root) == "x"


def test_program_in_a_folder(project: Project) -> None:
    files = {
        "Pulumi.yaml": "name: demo\nruntime: {name: python}\nmain: src\n",
        "src/__main__.py": "import pulumi, os\npulumi.export('a', os.getcwd())",
    }
    root = project("raise SystemExit(9)", **files)
    assert output(root) == str(root / "src")


def test_missing_value_uses_the_default(project: Project) -> None:
    assert output(project(SHOW, **{"Pulumi.yaml": "name: demo\nruntime: python\nconfig: {a: {type: string, default: x}}\n"})) == "x"


def test_plain_value_in_project_file_is_a_default(project: Project) -> None:
    assert output(project(SHOW, **{"Pulumi.yaml": "name: demo\nruntime: python\nconfig: {a: x}\n"})) == "x"


def test_plain_value_of_another_namespace_is_a_value(project: Project) -> None:
    program = "import pulumi\npulumi.export('a', pulumi.Config('aws').get('region'))"
    assert output(project(program, **{"Pulumi.yaml": "name: demo\nruntime: python\nconfig: {aws:region: x}\n"})) == "x"


@pytest.mark.parametrize(
    ("written", "received"), [("yes", "yes"), ("true", "true"), ("5", "5"), ("0.5", "0.5"), ("[1, b]", '[1,"b"]'), ("'05'", "05")]
)
def test_values_have_the_texts_of_the_cli(project: Project, written: str, received: str) -> None:
    assert output(project(SHOW, **{"Pulumi.dev.yaml": f"config: {{a: {written}}}"})) == received


def test_encrypted_value_is_a_secret_placeholder(project: Project) -> None:
    program = "import pulumi\npulumi.export('a', pulumi.Config().require_secret('a'))"
    value = output(project(program, **{"Pulumi.dev.yaml": "config: {a: {secure: v1:abc}}"}))
    assert isinstance(value, Secret)
    assert value.value.startswith("[secret:")


def test_changed_ciphertext_changes_the_placeholder(project: Project) -> None:
    values = [
        output(project(SHOW, **{"Pulumi.dev.yaml": f"config: {{a: {{secure: {cipher}}}}}"})) for cipher in ("v1:abc", "v1:abd", "v1:abc")
    ]
    assert values[0] == values[2] != values[1]


def test_encrypted_leaf_makes_the_key_secret(project: Project) -> None:
    program = "import pulumi\npulumi.export('a', pulumi.Config().require_secret_object('a')['b'])"
    root = project(program, **{"Pulumi.dev.yaml": "config: {a: {b: {secure: v1:abc}, c: 1}}"})
    from nim_component.local.project import find_project, load_stack

    stack = load_stack(find_project(root), "dev")
    assert stack.secret_keys == {"demo:a"}
    assert "v1:abc" not in str(output(root))


def test_environment_is_refused(project: Project) -> None:
    with pytest.raises(LocalError) as error:
        run_project(project(SHOW, **{"Pulumi.dev.yaml": "environment: [acme/dev]\n"}), "dev")
    text = "Pulumi.dev.yaml: environment: contains values of Pulumi ESC, which the local engine cannot read. "
    assert text in str(error.value)
    assert "nim-component diff --preview-json FILE" in str(error.value)


def test_empty_environment_is_accepted(project: Project) -> None:
    assert output(project(SHOW, **{"Pulumi.dev.yaml": "environment: []\nconfig: {a: x}\n"})) == "x"


def test_projects_do_not_share_modules(project: Project) -> None:
    program = "import pulumi, helper\npulumi.export('a', helper.NAME)"
    folders = [project(program, folder=name, **{"helper.py": f"NAME = '{name}'"}) for name in ("one", "two")]
    assert [output(folder) for folder in folders] == ["one", "two"]
    assert "helper" not in sys.modules


def test_process_state_is_restored(project: Project) -> None:
    before = (Path.cwd(), list(sys.path), sys.argv)
    with pytest.raises(ZeroDivisionError):
        run_project(project("1 / 0"), "dev")
    assert (Path.cwd(), list(sys.path), sys.argv) == before


def test_only_stack_is_the_default(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    assert output(project(SHOW, **{"Pulumi.prod.yaml": "config: {a: prod}"}), None) == "prod"


def test_environment_variable_selects_the_stack(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_STACK", "prod")
    assert output(project(SHOW, **{"Pulumi.prod.yaml": "config: {a: prod}", "Pulumi.dev.yaml": ""}), None) == "prod"


def declared(text: str) -> dict[str, str]:
    return {"Pulumi.yaml": f"name: demo\nruntime: python\nconfig:\n  {text}\n"}


ERRORS: list[tuple[str, dict[str, str], str]] = [
    (
        "missing key",
        declared("image: {type: string}"),
        "Stack 'dev' is missing configuration value 'image'. Add `demo:image: …` below `config:` in ",
    ),
    (
        "missing keys",
        declared("{c: {type: string}, a: {type: string}, b: {type: string}}"),
        "missing configuration values 'a', 'b' and 'c'. ",
    ),
    (
        "a misspelt config block",
        {**declared("image: {type: string}"), "Pulumi.dev.yaml": "confg: {image: x}"},
        "Pulumi.dev.yaml: 'confg' is not a key of a stack file. Did you mean 'config'?",
    ),
    ("not an integer", {**declared("n: {type: integer}"), "Pulumi.dev.yaml": "config: {n: x}"}, "key 'n' must be of type 'integer'"),
    (
        "a boolean in place of an integer",
        {**declared("n: {type: integer}"), "Pulumi.dev.yaml": "config: {n: true}"},
        "must be of type 'integer'",
    ),
    ("not a boolean", {**declared("n: {type: boolean}"), "Pulumi.dev.yaml": "config: {n: yes}"}, "must be of type 'boolean'"),
    ("not an object", {**declared("n: {type: object}"), "Pulumi.dev.yaml": "config: {n: [1]}"}, "must be of type 'object'"),
    (
        "not a list of strings",
        {**declared("n: {type: array, items: {type: string}}"), "Pulumi.dev.yaml": "config: {n: [1]}"},
        "of type 'array<string>'",
    ),
    (
        "an object in place of a string",
        {**declared("n: {type: string}"), "Pulumi.dev.yaml": "config: {n: {a: b}}"},
        "must be of type 'string'",
    ),
    (
        "a secret in plain text",
        {**declared("n: {type: string, secret: true}"), "Pulumi.dev.yaml": "config: {n: s3cret}"},
        "must be encrypted as it's secret",
    ),
    ("a list without items", declared("n: {type: array}"), "declares an array but does not specify the underlying type"),
    ("a wrong default", declared("n: {type: integer, default: x}"), "is not of the expected type 'integer'"),
    ("default and value", declared("n: {default: x, value: y}"), "cannot have both a 'default' and 'value' attribute"),
    ("an unknown type", declared("n: {type: strng}"), "type 'strng' is unknown. Did you mean 'string'?"),
    ("an unknown attribute", declared("n: {defualt: x}"), "'defualt' not allowed. Did you mean 'default'?"),
    ("a typed foreign key", declared("aws:region: {type: string}"), "should not define a type"),
    ("a foreign default", declared("aws:region: {default: x}"), "Did you mean to use the 'value' attribute"),
    ("a foreign key without value", declared("aws:region: {description: x}"), "must provide an attribute 'value'"),
    ("no name", {"Pulumi.yaml": "runtime: python"}, "project is missing a 'name' attribute"),
    ("a misspelt name", {"Pulumi.yaml": "nmae: x\nruntime: python"}, "Rename the key 'nmae' to 'name'."),
    ("another language", {"Pulumi.yaml": "name: x\nruntime: nodejs"}, "runs python programs, not 'nodejs'"),
    ("two stack folders", {"Pulumi.yaml": "name: x\nruntime: python\nconfig: a\nstackConfigDir: b"}, "Use only stackConfigDir instead"),
    ("no program", {"Pulumi.yaml": "name: x\nruntime: python\nmain: src"}, "unable to find main python program `__main__.py`"),
    ("a program elsewhere", {"Pulumi.yaml": "name: x\nruntime: python\nmain: ../x"}, "unable to find main python program `__main__.py`"),
    ("a project name with a space", {"Pulumi.yaml": "name: a b\nruntime: python"}, "name: project names may only contain alphanumerics"),
    ("a project name with a line break", {"Pulumi.yaml": 'name: "a\\nb"\nruntime: python'}, "name: project names may only contain"),
    ("a long project name", {"Pulumi.yaml": f"name: {'x' * 101}\nruntime: python"}, "name: project names are limited to 100 characters"),
    ("not YAML", {"Pulumi.dev.yaml": "config:\n  a: [1\n"}, "Pulumi.dev.yaml, line 3: not YAML"),
    (
        "a repeated key",
        {"Pulumi.dev.yaml": "config:\n  a: 1\n  a: 2\n"},
        "Pulumi.dev.yaml, line 3: not YAML: key 'a' is repeated, first in line 2. Remove one of them.",
    ),
    (
        "not a mapping",
        {"Pulumi.dev.yaml": "- a\n"},
        "Pulumi.dev.yaml: must be a mapping of keys to values, not a list. Write lines of the form",
    ),
    ("config not a mapping", {"Pulumi.dev.yaml": "config: [a]\n"}, "config: must be a mapping"),
    ("a key of four parts", {"Pulumi.dev.yaml": "config: {'a:b:c:d': 1}\n"}, "could not parse a:b:c:d as a configuration key"),
    ("no such stack", {"Pulumi.devel.yaml": "", "Pulumi.prod.yaml": ""}, "Did you mean 'devel'? Choose a stack with --stack."),
]


@pytest.mark.parametrize(("files", "text"), [case[1:] for case in ERRORS], ids=[case[0] for case in ERRORS])
def test_error_is_raised_before_the_program_runs(project: Project, files: dict[str, str], text: str) -> None:
    with pytest.raises(LocalError) as raised:
        run_project(project("raise AssertionError('ran')", **files), "dev")
    assert text in str(raised.value)


def test_plain_text_secret_is_not_printed(project: Project) -> None:
    files = {**declared("n: {type: string, secret: true}"), "Pulumi.dev.yaml": "config: {n: s3cret}"}
    with pytest.raises(LocalError) as raised:
        run_project(project("", **files), "dev")
    assert "s3cret" not in str(raised.value)


def test_missing_project_raises(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="no Pulumi.yaml project file found in"):
        run_project(tmp_path)
