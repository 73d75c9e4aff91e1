"""Project and command line for each test."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from nim_component.cli import app

from .project import PROGRAM, Command, Result, write


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    write(tmp_path, "Pulumi.yaml", "name: demo\nruntime: python\n")
    write(tmp_path, "Pulumi.dev.yaml", "config: {image: 'web:1', kubernetes:renderYamlToDirectory: out}\n")
    write(tmp_path, "__main__.py", PROGRAM)
    return tmp_path


@pytest.fixture
def cli(folder: Path) -> Command:
    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(app, [*arguments, "--cwd", str(folder)])
        return Result(result.exit_code, result.stdout, result.stderr)

    return run
