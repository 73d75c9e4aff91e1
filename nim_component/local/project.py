"""Project and stack files, found and read by the rules of the Pulumi CLI."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from ..text.nearest_names import add_suggestion, did_you_mean, suggest
from .configuration import (
    Declaration,
    complete_values,
    find_misspelt_keys,
    full_key,
    parse_declarations,
    refuse_equal_keys,
    refuse_unusable_numbers,
    to_text,
    warn_of_nulls,
)
from .documents import SUFFIXES, read_mapping, refuse_mixed_keys
from .errors import LocalError, UnsupportedError
from .paths import resolve_path
from .sealed_values import has_sealed, replace_sealed

PROJECT_FILES = ("Pulumi.json", "Pulumi.yaml", "Pulumi.yml")
"""Names of project files, in the order of the CLI. Stack files have the ending of the project file.

https://github.com/pulumi/pulumi/blob/v3.260.0/sdk/go/common/workspace/paths.go
"""
MAX_NAME: Final = 100
NAME: Final = re.compile(r"[A-Za-z0-9_.-]+")
STACK_KEYS = ("config", "environment", "secretsprovider", "encryptedkey", "encryptionsalt")


@dataclass(frozen=True)
class Project:
    """Fields of Pulumi.yaml that a run needs."""

    file: Path
    name: str
    main: Path
    """Program: a folder with a `__main__.py`, or a file."""
    stack_folder: Path
    declared: list[Declaration]
    virtualenv: Path | None = None
    """Virtual environment in which the CLI runs the program."""

    @property
    def folder(self) -> Path:
        """Folder of Pulumi.yaml."""
        return self.file.parent

    @property
    def program_folder(self) -> Path:
        """Working directory of the program and of its providers.

        https://github.com/pulumi/pulumi/blob/v3.260.0/pkg/engine/project.go
        """
        return self.main if self.main.is_dir() else self.main.parent

    def find_stack_file(self, name: str) -> Path:
        """Return the path of the file of a stack."""
        return self.stack_folder / f"Pulumi.{name}{self.file.suffix}"


@dataclass(frozen=True)
class Stack:
    """Configuration of a stack, completed and validated."""

    name: str
    file: Path | None
    config: Mapping[str, str]
    secret_keys: frozenset[str] = frozenset()
    warnings: list[str] = field(default_factory=list[str])
    organization: str = "organization"


class StackReference(NamedTuple):
    """Name of a stack, such as `dev` or `acme/demo/dev`, in its parts."""

    name: str
    organization: str = "organization"


def find_project(start: Path) -> Project:
    """Return the project in a folder or in one of its parents."""
    folder = resolve_path(start)
    if not folder.is_dir():
        raise LocalError(f"{start}: no such folder. Set --cwd to the folder of the project.")
    for candidate in (folder, *folder.parents):
        for name in PROJECT_FILES:
            if (candidate / name).is_file():
                return load_project(candidate / name)
    raise LocalError(f"no Pulumi.yaml project file found in {start} or its parents. Set --cwd to the folder of the project.")


def load_project(file: Path) -> Project:
    """Return the project of a project file."""
    content = read_mapping(file, "project file")
    name = content.get("name")
    if "name" not in content:
        misspelt = next((key for key in content if did_you_mean(key, ["name"])), None)
        fix = f"Rename the key '{misspelt}' to 'name'." if misspelt else "Write `name: my-project`."
        raise LocalError(f"{file}: project is missing a 'name' attribute. {fix}")
    if not isinstance(name, str) or not name:
        raise LocalError(f"{file}: project is missing a non-empty string 'name' attribute. Write `name: my-project`.")
    if len(name) > MAX_NAME:
        raise LocalError(f"{file}: name: project names are limited to {MAX_NAME} characters. Shorten it.")
    if not NAME.fullmatch(name):
        text = "project names may only contain alphanumerics, hyphens, underscores, and periods"
        raise LocalError(f"{file}: name: {text}, not '{name}'. Write `name: my-project`.")
    validate_runtime(file, content.get("runtime"))
    config, folder = content.get("config"), content.get("stackConfigDir")
    if isinstance(config, str):  # the former field for the folder
        if folder is not None:
            text = "Should not use both config and stackConfigDir to define the stack directory. Use only stackConfigDir instead."
            raise LocalError(f"{file}: {text}")
        config, folder = None, config
    if folder is not None and not isinstance(folder, str):
        raise LocalError(f"{file}: stackConfigDir: must be a string. Write the folder of the stack files.")
    if config is not None and not isinstance(config, dict):
        raise LocalError(f"{file}: config: must be a mapping. Write lines of the form `key: value`.")
    entries = cast("dict[str, Any]", config or {})
    return Project(
        file,
        name,
        find_main(file, content.get("main")),
        file.parent / (folder or "."),
        parse_declarations(name, entries, str(file)),
        find_virtualenv(file, content.get("runtime")),
    )


def validate_runtime(file: Path, runtime: Any) -> None:
    """Raise LocalError for programs that are not Python."""
    name: Any = runtime.get("name") if isinstance(runtime, dict) else runtime  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if name != "python":
        raise LocalError(f"{file}: runtime: the local engine runs python programs, not '{name}'. Run this project with the Pulumi CLI.")


def find_main(file: Path, main: Any) -> Path:
    """Return the folder or file of the program: `main:`, by default the folder of the project."""
    if main is not None and not isinstance(main, str):
        raise LocalError(f"{file}: main: must be a string. Write the folder or file of the program.")
    program = resolve_path(main or ".", file.parent)
    if not (program / "__main__.py" if program.is_dir() else program).is_file():
        raise LocalError(f"{file}: unable to find main python program `__main__.py` in `{program}`. Create it, or set `main:`.")
    return program


def find_virtualenv(file: Path, runtime: Any) -> Path | None:
    """Return the virtual environment of a project: `runtime.options.virtualenv`, or that of uv."""
    fields = cast("dict[str, Any]", runtime) if isinstance(runtime, dict) else {}
    given: Any = fields.get("options")
    options = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    folder = options.get("virtualenv") or (".venv" if options.get("toolchain") == "uv" else None)
    return file.parent / folder if isinstance(folder, str) else None


def list_stacks(project: Project) -> list[str]:
    """Return the names of the stacks that have a file."""
    files = project.stack_folder.glob(f"Pulumi.*{project.file.suffix}")
    return sorted(file.name.removeprefix("Pulumi.").removesuffix(project.file.suffix) for file in files)


def find_stack(project: Project, wanted: str | None) -> Stack:
    """Return a stack: `wanted`, else PULUMI_STACK, else the only stack, else `dev`."""
    reference = choose_stack(project, wanted)
    return replace(load_stack(project, reference.name), organization=reference.organization)


def choose_stack(project: Project, wanted: str | None) -> StackReference:
    """Return the reference of a stack. See `find_stack`.

    The rules for names are those of the CLI:
    https://github.com/pulumi/pulumi/blob/v3.260.0/sdk/go/common/tokens/stack_name.go
    """
    name = os.environ.get("PULUMI_STACK", "") if wanted is None else wanted
    *owner, short = name.split("/")
    if wanted == "" or (name and not all(NAME.fullmatch(piece) and piece.strip(".") for piece in (*owner, short))):
        raise LocalError(f"stack '{name}': not a valid name. Write `dev`, or `organization/{project.name}/dev`.")
    if len(short) > MAX_NAME:
        raise LocalError(f"stack '{name}': a stack name cannot exceed {MAX_NAME} characters. Shorten it.")
    if len(owner) > 2 or (len(owner) == 2 and owner[1] != project.name):
        raise LocalError(f"stack '{name}': belongs to another project than {project.name}. Write `organization/{project.name}/{short}`.")
    if name:
        return StackReference(short, *owner[:1])
    names = list_stacks(project)
    return StackReference(names[0] if len(names) == 1 else "dev")


def refuse_other_ending(project: Project, name: str) -> None:
    """Raise LocalError for a stack file that the CLI ignores because of its ending."""
    for ending in SUFFIXES:
        other = project.stack_folder / f"Pulumi.{name}.{ending}"
        if other.is_file():
            raise LocalError(f"{other}: is not read beside {project.file.name}. Rename it to {project.find_stack_file(name).name}.")


def load_stack(project: Project, name: str) -> Stack:
    """Return the configuration of a stack. A project without stack files runs with its defaults."""
    expected, names = project.find_stack_file(name), list_stacks(project)
    file = expected if expected.is_file() else None
    if file is None:
        refuse_other_ending(project, name)
    if file is None and names:
        raise LocalError(f"no stack named '{name}' found: {expected} does not exist. {suggest(name, names)} Choose a stack with --stack.")
    content = read_mapping(file, "stack file") if file else {}
    warnings = [
        add_suggestion(f"{file}: '{key}' is not a key of a stack file", key, STACK_KEYS) for key in content if key not in STACK_KEYS
    ]
    if content.get("environment"):
        text = "contains values of Pulumi ESC, which the local engine cannot read"
        fix = "Run `pulumi preview --json > FILE`, and review it with `nim-component diff --preview-json FILE`."
        raise UnsupportedError(f"{file}: environment: {text}. {fix}")
    config = content.get("config")
    if config is not None and not isinstance(config, dict):
        raise LocalError(f"{file}: config: must be a mapping. Write lines of the form `key: value`.")
    entries = cast("dict[str, Any]", config or {})
    shown = str(expected)
    refuse_mixed_keys(entries, f"{shown}: config")
    refuse_equal_keys(project.name, entries, shown)
    given = {full_key(project.name, key, shown): replace_sealed(value) for key, value in entries.items()}
    refuse_unusable_numbers(given, shown)
    warnings += warn_of_nulls(given, shown)
    empty = None if expected.suffix == ".json" else ""  # The CLI passes `null` from JSON, and an empty text from YAML.
    given = {key: empty if value is None else value for key, value in given.items()}
    warnings += find_misspelt_keys(project.name, given, project.declared, shown)
    try:
        values = complete_values(project.name, name, given, project.declared, shown)
    except LocalError as error:  # a missing key may be misspelt
        raise LocalError("\n".join([str(error), *warnings])) from None
    sealed = frozenset(key for key, value in values.items() if has_sealed(value))
    return Stack(name, file, {key: to_text(value) for key, value in values.items()}, sealed, warnings)
