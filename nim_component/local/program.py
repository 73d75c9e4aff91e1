"""Runs of the program of a project."""

from __future__ import annotations

import contextlib
import os
import runpy
import sys
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from pathlib import Path

from .engine import execute
from .project import Project, Stack, choose_stack, find_project, load_stack
from .resource_monitor import Call, Read
from .resources import LogEntry, Run

PACKAGE = Path(__file__).parents[1]
"""Folder of this package."""


def run_project(
    folder: Path | str,
    stack: str | None = None,
    *,
    config: Mapping[str, object] | None = None,
    organization: str = "organization",
    read: Read | None = None,
    call: Call | None = None,
    preview: bool = True,
) -> Run:
    """Run the program of a project for a stack.

    The arguments are those of `execute`; `config` overrides values of the stack. Warnings about the
    project and stack files come first in the log.
    """
    project = find_project(Path(folder))
    loaded = load_stack(project, choose_stack(project, stack))
    return run_stack(project, loaded, config=config, organization=organization, read=read, call=call, preview=preview)


def run_stack(
    project: Project,
    stack: Stack,
    *,
    config: Mapping[str, object] | None = None,
    organization: str = "organization",
    read: Read | None = None,
    call: Call | None = None,
    preview: bool = True,
    on_failure: Callable[[Run], None] | None = None,
) -> Run:
    """Run the program of a project with a loaded configuration. See `run_project`."""
    with enter_program(project) as program:
        run = execute(
            program,
            project=project.name,
            stack=stack.name,
            config={**stack.config, **(config or {})},
            secret_keys=stack.secret_keys,
            organization=organization,
            root_directory=str(project.folder),
            read=read,
            call=call,
            preview=preview,
            capture=True,
            on_failure=on_failure,
        )
    return replace(run, log=[*(LogEntry("warning", warning) for warning in stack.warnings), *run.log])


@contextlib.contextmanager
def enter_program(project: Project) -> Generator[Callable[[], object]]:
    """Yield the program as the language host runs it: in its folder, as `__main__`.

    Working directory, `sys.path`, `sys.argv` and `sys.modules` are restored on exit.
    """
    folder = project.main if project.main.is_dir() else project.main.parent
    modules, path, arguments, working = set(sys.modules), list(sys.path), sys.argv, Path.cwd()
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.argv = [str(project.main)]
    try:
        yield lambda: runpy.run_path(str(project.main), run_name="__main__")
    finally:
        sys.argv = arguments
        sys.path[:] = path
        os.chdir(working)
        forget_modules(folder, modules)


def forget_modules(folder: Path, known: set[str]) -> None:
    """Remove modules of the program. The next project may have modules of the same names."""
    for name in set(sys.modules) - known:
        file = getattr(sys.modules[name], "__file__", None)
        if file and is_program_file(Path(file), folder):
            del sys.modules[name]


def is_program_file(file: Path, folder: Path) -> bool:
    """Return true if a file belongs to the program in a folder.

    Packages in a virtual environment in that folder do not, nor does this package.
    """
    return file.is_relative_to(folder) and "site-packages" not in file.parts and not file.is_relative_to(PACKAGE)
