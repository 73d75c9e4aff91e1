"""Page of the command line: commands, options and exit codes, from the typer application."""

import enum
import inspect
from collections.abc import Callable, Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo

from nim_component.cli import app
from nim_component.cli.exit_codes import PER_COMMAND, SHARED

from .markdown import code, page, table
from .models import one_line

Command = Callable[..., Any]
Parameter = tuple[str, Any, Any, ArgumentInfo | OptionInfo]
"""Name, type, default, and the declaration for typer."""

INTRO = """`nim-component` is installed with the extra `cli`: `pip install 'nim-component[cli]'`. The commands that read a cluster also
need the extra `diagnose`; `adapters lock` needs the extra `adapters`."""


def render() -> dict[str, str]:
    """Return the page by its path below `docs/reference`."""
    blocks: list[str] = []
    for name, command in commands(app):
        blocks += [f"## `{name}`", *_describe(name, command)]
    shared = table(["Code", "Meaning"], [[code(str(number)), meaning] for number, meaning in SHARED.items()])
    return {"cli.md": page("Command line", INTRO, *blocks, "## Exit codes", "Codes of every command:", shared)}


def commands(application: typer.Typer, prefix: str = "") -> Iterator[tuple[str, Command]]:
    """Yield each command with its name, such as `adapters lock`."""
    for info in application.registered_commands:
        assert info.callback is not None
        yield f"{prefix}{info.name or info.callback.__name__.replace('_', '-')}", info.callback
    for group in application.registered_groups:
        assert group.typer_instance is not None
        yield from commands(group.typer_instance, f"{group.typer_instance.info.name} ")


def parameters(command: Command) -> Iterator[Parameter]:
    """Yield the arguments and options of a command."""
    hints = get_type_hints(command, include_extras=True)
    for name, parameter in inspect.signature(command).parameters.items():
        annotation, *declared = get_args(hints[name])
        info = next(each for each in declared if isinstance(each, ArgumentInfo | OptionInfo))
        yield name, annotation, parameter.default, info


def _describe(name: str, command: Command) -> Iterator[str]:
    yield from (one_line(paragraph) for paragraph in inspect.getdoc(command).split("\n\n"))  # pyright: ignore
    given = list(parameters(command))
    arguments = [each for each in given if isinstance(each[3], ArgumentInfo)]
    usage = " ".join(["nim-component", name, *(f"[{argument.upper()}]" for argument, *_ in arguments), "[OPTIONS]"])
    yield f"```text\n{usage}\n```"
    if arguments:
        rows = [[code(argument.upper()), info.help or ""] for argument, _, _, info in arguments]
        yield table(["Argument", "Meaning"], rows)
    yield table(["Option", "Value", "Default", "Meaning"], [_row(each) for each in given if isinstance(each[3], OptionInfo)])
    if codes := PER_COMMAND.get(name):
        rows = [[code(str(number)), meaning] for number, meaning in codes.items()]
        yield f"Exit codes, in addition to the [shared ones](#exit-codes):\n\n{table(['Code', 'Meaning'], rows)}"


def _row(option: Parameter) -> list[str]:
    name, annotation, default, info = option
    # In an `Annotated`, typer keeps the first flag in `default`.
    flags = [each for each in (info.default, *(info.param_decls or ())) if isinstance(each, str) and each.startswith("-")]
    return [
        ", ".join(map(code, flags or [f"--{name.replace('_', '-')}"])),
        _value(annotation, info.metavar),
        _default(default, info.show_default),
        info.help or "",
    ]


def _value(annotation: Any, metavar: str | None) -> str:
    kinds = [each for each in (get_args(annotation) or [annotation]) if each is not type(None)]
    kind = kinds[0]
    if kind is bool:
        return ""
    if metavar:
        return code(metavar)
    if get_origin(kind) is Literal:
        return " or ".join(map(code, get_args(kind)))
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return " or ".join(code(str(each.value)) for each in kind)
    return code("NUMBER" if kind is int else "TEXT")


def _default(value: Any, shown: Any) -> str:
    """Return the default as code, or an empty text."""
    if value is None or value is False or shown is False:
        return ""
    return code(str(getattr(value, "value", value)))
