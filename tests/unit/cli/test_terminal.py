"""Output on a terminal of 80 columns."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from nim_component.cli import app

from .project import PROGRAM, Command, write

WIDTH = 80


def list_commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, child in getattr(command, "commands", {}).items():
        yield from list_commands(child, (*path, name))


COMMANDS = list(list_commands(typer.main.get_command(app)))


EACH_COMMAND = pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "nim-component")


def help_lines(path: tuple[str, ...]) -> list[str]:
    """Return the lines of a command's help below the usage line."""
    usage, *lines = CliRunner().invoke(app, [*path, "--help"], terminal_width=WIDTH).stdout.splitlines()
    assert usage.startswith("Usage: ") and lines
    return lines


@EACH_COMMAND
def test_help_fits_the_terminal(path: tuple[str, ...]) -> None:
    assert [line for line in help_lines(path) if len(line) > WIDTH] == []


@EACH_COMMAND
def test_help_is_not_cut(path: tuple[str, ...]) -> None:
    assert [line for line in help_lines(path) if "..." in line or "…" in line] == []


@EACH_COMMAND
def test_help_contains_no_path_of_this_machine(path: tuple[str, ...]) -> None:
    assert re.findall(r"(?<![\w~.])/\w\S*", "\n".join(help_lines(path))) == []


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nim_component.local.report.open_console", lambda: Console(file=sys.stdout, width=WIDTH, highlight=False))


def test_file_paths_are_not_broken(cli: Command, folder: Path, terminal: None) -> None:
    name = "n" * 60
    write(folder, "__main__.py", f"import pulumi_kubernetes as k8s\nk8s.core.v1.ConfigMap('a', metadata={{'name': '{name}'}})\n")
    lines = cli("up").out.splitlines()
    assert f"  wrote {folder}/out/1-manifest/v1-configmap-default-{name}.yaml" in lines


def test_long_change_wraps_with_hanging_indent(cli: Command, folder: Path, terminal: None) -> None:
    cli("up")
    write(folder, "__main__.py", PROGRAM.replace('"side:1"', f'"side:{"long " * 20}"'))
    lines = cli("preview").out.splitlines()
    first = next(index for index, line in enumerate(lines) if "containers[side].image" in line)
    assert lines[first].startswith("    └── ~ spec.template.spec.containers[side].image: ")
    assert lines[first + 1].startswith(" " * 8) and lines[first + 1].strip()


def test_long_warning_wraps_at_spaces(cli: Command, folder: Path, terminal: None) -> None:
    url = "https://example.com/" + "a" * 90
    write(folder, "__main__.py", f"import pulumi\npulumi.log.warn('first\\tsecond {'word ' * 20}{url}\\nanother line')\n")
    lines = cli("preview").out.splitlines()
    assert [line for line in lines if len(line) > WIDTH] == [f"  {url}"]
    assert "another line" in lines
