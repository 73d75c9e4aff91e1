"""Discovery of the program and the stack, compared with runs of the Pulumi CLI 3.260."""

import json
import sys
from pathlib import Path

import pytest

from nim_component.local import LocalError
from nim_component.local.program import run_project
from nim_component.local.project import StackReference, choose_stack, find_project

from .conftest import Project

SHOW = """
    import os, sys, pulumi
    pulumi.export("cwd", os.getcwd())
    pulumi.export("root", pulumi.get_root_directory())
    pulumi.export("organization", pulumi.get_organization())
    pulumi.export("stack", pulumi.get_stack())
"""


def pulumi_yaml(**fields: object) -> str:
    return json.dumps({"name": "demo", "runtime": "python", **fields})


@pytest.mark.parametrize("main", ["src", "./src/", "../project/src", "../elsewhere", "{root}/elsewhere", "link"])
def test_main_may_be_any_folder(project: Project, tmp_path: Path, main: str) -> None:
    main = main.format(root=tmp_path)
    root = project("raise SystemExit(9)", **{"Pulumi.yaml": pulumi_yaml(main=main), "src/__main__.py": SHOW})
    (tmp_path / "elsewhere").mkdir()
    (root / "src/__main__.py").rename(root / "src/kept")
    for folder in (root / "src", tmp_path / "elsewhere"):
        (folder / "__main__.py").write_text((root / "src/kept").read_text())
    (root / "link").symlink_to("src")
    found = run_project(root, "dev").outputs
    assert found["root"] == str(root)
    assert found["cwd"] == str(tmp_path / "elsewhere" if "elsewhere" in main else root / "src")


@pytest.mark.parametrize("main", ["src/app.py", "src/app"])
def test_main_may_be_a_file(project: Project, main: str) -> None:
    root = project("raise SystemExit(9)", **{"Pulumi.yaml": pulumi_yaml(main=main), main: SHOW})
    assert run_project(root, "dev").outputs["cwd"] == str(root / "src")


def test_program_in_folder_imports_siblings(project: Project) -> None:
    files = {"src/__main__.py": "import pulumi, helper\npulumi.export('a', helper.NAME)", "src/helper.py": "NAME = 'x'"}
    assert run_project(project("", **{"Pulumi.yaml": pulumi_yaml(main="src")}, **files), "dev").outputs["a"] == "x"


def test_program_file_imports_no_siblings(project: Project) -> None:
    """The CLI adds the folder of a program to `sys.path` only if `main:` is a folder."""
    files = {"src/app.py": "import sibling_of_program", "src/sibling_of_program.py": ""}
    with pytest.raises(ModuleNotFoundError) as error:
        run_project(project("", **{"Pulumi.yaml": pulumi_yaml(main="src/app.py")}, **files), "dev")
    assert "main: Pulumi does not search the folder of a program that is a file. Name the folder in `main:`" in error.value.__notes__[0]


def test_modules_beside_main_are_forgotten(project: Project) -> None:
    program = "import sys, pulumi\nsys.path.insert(0, '../lib')\nimport shared_name\npulumi.export('a', shared_name.NAME)"
    for name in ("one", "two"):
        files = {"src/__main__.py": program, "lib/shared_name.py": f"NAME = '{name}'"}
        root = project("", folder=name, **{"Pulumi.yaml": pulumi_yaml(main="src")}, **files)
        assert run_project(root, "dev").outputs["a"] == name


@pytest.mark.parametrize(
    "options", [{"virtualenv": "venv"}, {"toolchain": "uv", "virtualenv": "venv"}, {"virtualenv": "{root}/project/venv"}]
)
def test_import_error_names_other_virtualenv(project: Project, tmp_path: Path, options: dict[str, str]) -> None:
    options = {key: value.format(root=tmp_path) for key, value in options.items()}
    root = project("import package_that_is_missing", **{"Pulumi.yaml": pulumi_yaml(runtime={"name": "python", "options": options})})
    with pytest.raises(ModuleNotFoundError) as error:
        run_project(root, "dev")
    assert f"the project uses the virtual environment {root / 'venv'}, and this command runs in " in error.value.__notes__[0]
    assert f"{root / 'venv'}/bin/nim-component" in error.value.__notes__[0]


@pytest.mark.parametrize("options", [{}, {"virtualenv": sys.prefix}, {"toolchain": "pip"}])
def test_import_error_in_running_virtualenv_has_no_note(project: Project, options: dict[str, str]) -> None:
    root = project("import package_that_is_missing", **{"Pulumi.yaml": pulumi_yaml(runtime={"name": "python", "options": options})})
    with pytest.raises(ModuleNotFoundError) as error:
        run_project(root, "dev")
    assert not hasattr(error.value, "__notes__")


@pytest.mark.parametrize("end", ["sys.exit(0)", "sys.exit()", "sys.exit(None)", "exit(0)", "raise SystemExit"])
def test_successful_exit_ends_the_program(project: Project, end: str) -> None:
    program = f"import sys, pulumi, pulumi_kubernetes as k8s\nk8s.core.v1.Namespace('n')\npulumi.export('a', 1)\n{end}\n"
    found = run_project(project(program), "dev")
    assert found.outputs == {"a": 1.0}
    assert [each.name for each in found.resources if each.custom] == ["n"]


@pytest.mark.parametrize("code", ["3", "'text'", "''", "True"])
def test_failed_exit_is_a_failure(project: Project, code: str) -> None:
    with pytest.raises(SystemExit):
        run_project(project(f"import sys\nsys.exit({code})\n"), "dev")


@pytest.mark.parametrize(
    ("wanted", "name", "organization"),
    [
        ("dev", "dev", "organization"),
        ("acme/dev", "dev", "acme"),
        ("acme/demo/dev", "dev", "acme"),
        ("organization/demo/dev", "dev", "organization"),
        (".dev", ".dev", "organization"),
        ("_x.y-z_", "_x.y-z_", "organization"),
        ("x" * 100, "x" * 100, "organization"),
    ],
)
def test_stack_reference_is_split(project: Project, wanted: str, name: str, organization: str) -> None:
    assert choose_stack(find_project(project()), wanted) == StackReference(name, organization)


@pytest.mark.parametrize(
    "wanted", ["", "a b", "ä", "x" * 101, "acme/other/dev", "a/b/c/d", "acme/", "/dev", "acme//dev", "dev\n", ".", "..", "../dev"]
)
def test_name_that_cli_refuses_is_an_error(project: Project, wanted: str) -> None:
    with pytest.raises(LocalError, match="^stack "):
        choose_stack(find_project(project()), wanted)


def test_organization_reaches_the_program(project: Project) -> None:
    root = project(SHOW, **{"Pulumi.dev.yaml": "config: {}"})
    assert run_project(root, "acme/dev").outputs["organization"] == "acme"
    assert run_project(root, "acme/demo/dev").outputs["stack"] == "dev"
    assert run_project(root, "dev").outputs["organization"] == "organization"
    assert run_project(root, "acme/dev", organization="other").outputs["organization"] == "other"
