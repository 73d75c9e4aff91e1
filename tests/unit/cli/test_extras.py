"""Missing extras: every command prints the extra to install in place of a traceback."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path
from textwrap import dedent

import pytest

from nim_component.extras import EXTRAS, explain_import_error

from .project import write

ROOT = Path(__file__).parents[3]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CLI = "typer", "rich", "yaml", "kubernetes_validate", "deepdiff"
START = """
    import sys

    class Finder:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in {missing!r}:
                raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

    sys.meta_path.insert(0, Finder())
    sys.argv = ["nim-component", *sys.argv[1:]]
    {start}
"""
STARTS: Mapping[str, str] = {
    "console script": "from nim_component.__main__ import main; main()",
    "module": "import runpy; runpy.run_module('nim_component', run_name='__main__')",
}


def run(folder: Path, missing: tuple[str, ...], *arguments: str, start: str = STARTS["module"]) -> subprocess.CompletedProcess[str]:
    script = dedent(START).format(missing=missing, start=start)
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def read_name(requirement: str) -> str:
    """Return the normalised name of a package."""
    return re.split(r"[<>=]", requirement)[0].lower().replace("_", "-")


def test_console_script_starts_the_main_module() -> None:
    assert PYPROJECT["project"]["scripts"] == {"nim-component": "nim_component.__main__:main"}


def test_extras_contain_the_declared_packages() -> None:
    """PyYAML is in two extras; the extra `cli` is the one that is printed."""
    distributions = packages_distributions()
    declared = PYPROJECT["project"]["optional-dependencies"]
    assert declared.keys() == EXTRAS.keys()
    for extra, modules in EXTRAS.items():
        required = set(map(read_name, declared[extra])) - ({"pyyaml"} if extra != "cli" else set())
        installed = {read_name(name) for module in modules for name in distributions[module]}
        assert required <= installed, extra
        assert len(required) == len(modules), extra


def test_make_up_installs_every_extra() -> None:
    pinned = set(map(read_name, re.findall(r"^[\w-]+==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)))
    declared = {*PYPROJECT["project"]["dependencies"], *chain(*PYPROJECT["project"]["optional-dependencies"].values())}
    assert set(map(read_name, declared)) <= pinned


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_missing_cli_extra_is_printed(tmp_path: Path, start: str) -> None:
    """The package alone, as `pip install nim-component` installs it."""
    done = run(tmp_path, (*CLI, "lightkube", "huggingface_hub"), start=start)
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        "error: typer is not installed. Run: pip install 'nim-component[cli]'\n",
    )


@pytest.mark.parametrize(
    ("arguments", "extras"),
    [(("explain", "--stack", "a"), "cli,diagnose"), (("check",), "cli,diagnose"), (("adapters", "lock"), "cli,adapters"), (("up",), "cli")],
)
def test_missing_cli_extra_names_all_of_command(tmp_path: Path, arguments: tuple[str, ...], extras: str) -> None:
    done = run(tmp_path, (*CLI, "lightkube", "huggingface_hub"), *arguments)
    assert (done.returncode, done.stderr) == (1, f"error: typer is not installed. Run: pip install 'nim-component[{extras}]'\n")


@pytest.mark.parametrize("name", ["click", "", None])
def test_other_missing_modules_are_not_explained(name: str | None) -> None:
    assert explain_import_error(ModuleNotFoundError(name=name)) is None


COMMANDS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "check": (("check",), "diagnose"),
    "explain": (("explain", "--namespace", "serving"), "diagnose"),
    "adapters lock": (("adapters", "lock"), "adapters"),
}


@pytest.mark.parametrize(("arguments", "extra"), COMMANDS.values(), ids=COMMANDS)
def test_missing_extra_of_command_is_printed(tmp_path: Path, arguments: tuple[str, ...], extra: str) -> None:
    write(tmp_path, "Pulumi.yaml", "name: nim\nruntime: python\n")
    adapters = "hf_repo_ids: [org/one]" if extra == "adapters" else ""
    write(tmp_path, "Pulumi.dev.yaml", f"config: {{nim:services: {{llama: {{secrets: {{without_key: true}}, {adapters}}}}}}}\n")
    write(tmp_path, "__main__.py", "from nim_component.stack import deploy_stack\ndeploy_stack()\n")
    done = run(tmp_path, ("lightkube", "huggingface_hub"), *arguments)
    assert done.returncode == 1, done
    assert f"pip install 'nim-component[{extra}]'" in done.stderr, done
    assert "Traceback" not in done.stderr
