"""Runs of the program of a project."""

from __future__ import annotations

import contextlib
import os
import runpy
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from .engine import execute
from .paths import resolve_path
from .project import Project, Stack, find_project, find_stack
from .resource_monitor import Call, Read
from .resources import LogEntry, Run

PACKAGE = resolve_path(__file__).parents[1]
"""Folder of this package."""


def run_project(
    folder: Path | str,
    stack: str | None = None,
    *,
    config: Mapping[str, object] | None = None,
    organization: str | None = None,
    read: Read | None = None,
    call: Call | None = None,
    preview: bool = True,
) -> Run:
    """Run the program of a project for a stack.

    The arguments are those of `execute`; `config` overrides values of the stack, and `organization`
    that of the name of the stack. Warnings about the project and stack files come first in the log.
    """
    project = find_project(Path(folder))
    loaded = find_stack(project, stack)
    return run_stack(project, loaded, config=config, organization=organization, read=read, call=call, preview=preview)


def run_stack(
    project: Project,
    stack: Stack,
    *,
    config: Mapping[str, object] | None = None,
    organization: str | None = None,
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
            organization=organization or stack.organization,
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
    folder = project.program_folder
    modules, path, arguments, working = set(sys.modules), list(sys.path), sys.argv, Path.cwd()
    os.chdir(folder)
    if project.main.is_dir():  # The CLI adds no folder for a program that is a file.
        sys.path.insert(0, str(folder))
    sys.argv = [str(project.main)]
    try:
        yield lambda: run_main(project)
    finally:
        sys.argv = arguments
        sys.path[:] = path
        os.chdir(working)
        forget_modules((folder, project.folder), modules)


def run_main(project: Project) -> None:
    """Run the program. An ImportError gets a note with the probable cause."""
    try:
        runpy.run_path(str(project.main), run_name="__main__")
    except ImportError as error:
        if note := describe_import_error(project, error):
            error.add_note(note)
        raise


def describe_import_error(project: Project, error: ImportError) -> str:
    """Return the cause of an ImportError and its fix, or an empty text."""
    name = (error.name or "").partition(".")[0]
    beside = [project.program_folder / name / "__init__.py", project.program_folder / f"{name}.py"]
    if name and project.main.is_file() and any(file.is_file() for file in beside):
        fix = "Name the folder in `main:`, with the program as its __main__.py."
        return f"{project.file}: main: Pulumi does not search the folder of a program that is a file. {fix}"
    running, wanted = resolve_path(sys.prefix), project.virtualenv and resolve_path(project.virtualenv)
    if wanted is None or wanted == running:
        return ""
    fix = f"Install nim-component there and run it from there: {wanted / 'bin' / 'nim-component'}."
    return f"{project.file}: the project uses the virtual environment {wanted}, and this command runs in {running}. {fix}"


def forget_modules(folders: Sequence[Path], known: set[str]) -> None:
    """Remove modules of the program. The next project may have modules of the same names."""
    for name in set(sys.modules) - known:
        file = getattr(sys.modules[name], "__file__", None)
        if file and any(is_program_file(Path(os.path.realpath(file)), folder) for folder in folders):
            del sys.modules[name]
    for entry in [entry for entry in sys.path_importer_cache if not Path(entry).is_absolute()]:
        del sys.path_importer_cache[entry]  # Python keeps the folder that `../lib` named in this program.


def is_program_file(file: Path, folder: Path) -> bool:
    """Return true if a file belongs to the program in a folder.

    Packages in a virtual environment in that folder do not, nor does this package.
    """
    return file.is_relative_to(folder) and "site-packages" not in file.parts and not file.is_relative_to(PACKAGE)
