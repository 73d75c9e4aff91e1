"""Text output of `up` and `preview`, a tree like that of `pulumi`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..text.amounts import count_of
from ..text.console import open_console, print_hanging, print_whole
from . import markers, urns
from .comparison import PropertyChange, Step
from .paths import resolve_path, show_from
from .shown_values import redact_value
from .update import Update
from .yaml_writer import render_yaml

if TYPE_CHECKING:
    from rich.console import Console

MAX_VALUE, MAX_START = 120, 60
"""Characters of a printed value, and of the start of a longer one."""

SYMBOLS: Mapping[str, tuple[str, str]] = {
    "create": ("+ ", "green"),
    "update": ("~ ", "yellow"),
    "replace": ("+-", "magenta"),
    "delete": ("- ", "red"),
    "read": ("> ", "cyan"),
    "discard": ("< ", "cyan"),
    "same": ("  ", "default"),
}


def print_report(update: Update, command: str) -> None:
    """Print the tree, the outputs, the files and a summary.

    Only a terminal gets colours and line breaks at its width.
    """
    from rich.text import Text

    console = open_console()
    print_tree(console, update.comparison.steps)
    print_lines(console, show_outputs(update), wrap=False)
    print_lines(console, show_diagnostics(update))
    print_lines(console, show_unwritten_values(update))
    print_lines(console, show_files(update, command), wrap=False)
    console.print()
    for sentence in (show_summary(update, command), *(show_result(update) if command == "up" else [])):
        print_hanging(console, Text(""), Text(sentence))


def print_lines(console: Console, lines: Sequence[str], *, wrap: bool = True) -> None:
    """Print lines after an empty line. Wrapped lines keep their indentation."""
    from rich.text import Text

    for line in ["", *"\n".join(lines).expandtabs().splitlines()] if lines else []:
        indent = len(line) - len(line.lstrip())
        if wrap and line.strip():
            print_hanging(console, Text(line[:indent]), Text(line[indent:]))
        else:
            print_whole(console, Text(line))


def print_tree(console: Console, steps: Sequence[Step]) -> None:
    """Print the changed resources below their parents."""
    visible = find_visible(steps)
    children: defaultdict[str, list[Step]] = defaultdict(list)
    for step in steps:
        if step.urn in visible:
            children[step.parent if step.parent in visible else ""].append(step)
    if children:
        console.print()
    for root in children[""]:
        print_step(console, root, children, "", "")


def print_step(console: Console, step: Step, children: Mapping[str, Sequence[Step]], first: str, further: str) -> None:
    """Print a resource, its changed properties and its children.

    Args:
        console: Console to print on.
        step: Operation on the resource.
        children: Operations by URN of the parent.
        first: Guides of the tree before the resource.
        further: Guides of the tree before the lines below it.
    """
    from rich.text import Text

    symbol, colour = SYMBOLS[step.status]
    line = Text.assemble(f"{step.type}  ", (step.name, "bold"), f"  {show_status(step)}".rstrip())
    print_hanging(console, Text.assemble(first, (f"{symbol} ", colour)), line)
    below = children.get(step.urn, ())
    count = len(step.changes) + len(below)
    for index, item in enumerate((*step.changes, *below), 1):
        guide, rest = ("└── ", "    ") if index == count else ("├── ", "│   ")
        if isinstance(item, Step):
            print_step(console, item, children, further + guide, further + rest)
        else:
            print_hanging(console, Text(further + guide), Text(show_change(item), colour))


def find_visible(steps: Sequence[Step]) -> set[str]:
    """Return the URNs of changed resources and of their parents."""
    parents = {step.urn: step.parent for step in steps}
    shown: set[str] = set()
    for step in steps:
        urn = step.urn if step.status != "same" else ""
        while urn and urn not in shown:
            shown.add(urn)
            urn = parents.get(urn, "")
    return shown


def show_status(step: Step) -> str:
    """Return `update [diff: ~spec]`, with the top-level properties that differ."""
    if step.status == "same":
        return f"(was {urns.parse(step.former_urn).name})" if step.former_urn else ""
    marks = {"add": "+", "update": "~", "delete": "-"}
    tops: dict[str, str] = {}
    for change in step.changes:
        top = str(change.path[0]) if change.path else ""
        mark = marks[change.kind] if len(change.path) == 1 else "~"
        tops[top] = mark if tops.get(top, mark) == mark else "~"
    diff = f"  [diff: {','.join(mark + top for top, mark in tops.items())}]" if tops else ""
    status = "not read: no cluster is contacted" if step.status == "read" else step.status
    return f"{status}{diff}"


def show_change(change: PropertyChange) -> str:
    """Return `~ spec.replicas: 1 => 2`."""
    suffix = "  (forces replacement)" if change.replaces else ""
    match change.kind:
        case "add":
            return f"+ {change}: {show_value(change.new)}{suffix}"
        case "delete":
            return f"- {change}: {show_value(change.old)}{suffix}"
        case _:
            return f"~ {change}: {show_value(change.old)} => {show_value(change.new)}{suffix}"


def show_value(value: Any) -> str:
    """Return a value on one line.

    Of a long text, only the start and the size are printed; `--json` prints all of it.
    """
    if value in (markers.SECRET_TEXT, markers.UNKNOWN_TEXT):
        return value
    value = redact_value(value)
    if isinstance(value, str) and (len(value) > MAX_VALUE or "\n" in value):
        start = json.dumps(value[:MAX_START].split("\n")[0], ensure_ascii=False)
        return f'{start[:-1]}…" ({value.count(chr(10)) + 1} lines, {len(value)} characters)'
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 2 * MAX_VALUE else f"{text[: 2 * MAX_VALUE]}… ({len(text)} characters)"


def show_outputs(update: Update) -> list[str]:
    """Return lines with the outputs of the stack, and their old values if they differ."""
    outputs: dict[str, Any] = markers.mask(dict(update.run.outputs))
    changes = {change.path[0]: change for change in update.comparison.outputs if len(change.path) == 1}
    nested = [change for change in update.comparison.outputs if len(change.path) != 1]
    lines: list[str] = []
    for key, value in outputs.items():
        change = changes.get(key)
        if change is None or (change.kind == "add" and isinstance(value, dict)):
            lines += show_output("+" if change else " ", key, value)
        else:
            lines.append(f"  {show_change(change)}")
    lines += [f"  {show_change(change)}" for name, change in changes.items() if name not in outputs]
    lines += [f"  {show_change(change)}" for change in nested]
    return ["Outputs:", *lines] if lines else []


def show_output(mark: str, key: str, value: Any) -> list[str]:
    """Return lines with one output. A mapping is a YAML block, which is easy to copy."""
    if not isinstance(value, dict) or not value:
        return [f"  {mark} {key}: {show_value(value)}"]
    return [f"  {mark} {key}:", *(f"      {line}" for line in render_yaml(redact_value(value)).splitlines())]


def show_diagnostics(update: Update) -> list[str]:
    """Return lines with warnings and messages, and their resources."""
    lines = [
        f"  {entry.severity}: {entry.message}" + (f" ({urns.parse(entry.urn).type} {urns.parse(entry.urn).name})" if entry.urn else "")
        for entry in update.diagnostics
    ]
    return ["Diagnostics:", *lines] if lines else []


def show_unwritten_values(update: Update) -> list[str]:
    """Return lines with the unknown and secret values, which are not in the files."""
    lines = [f"  {manifest.path.name}: {', '.join(manifest.unknowns)}" for manifest in update.manifests if manifest.unknowns]
    secret_lines = [f"  {manifest.path.name}: {', '.join(manifest.secrets)}" for manifest in update.manifests if manifest.secrets]
    unknown = [f"Unknown until an update by the Pulumi engine, written as {markers.UNKNOWN_TEXT}:", *lines] if lines else []
    return unknown + ([f"Secret, written as {markers.SECRET_TEXT}:", *secret_lines] if secret_lines else [])


def show_files(update: Update, command: str) -> list[str]:
    """Return lines with the files that are written or removed."""
    verbs = {"write": "wrote", "remove": "removed"} if command == "up" else {"write": "would write", "remove": "would remove"}
    lines = [f"  {verbs[action]} {show_file(path)}" for path, action in update.files if action != "same"]
    return ["Files:", *lines] if lines else []


def show_file(path: Path) -> str:
    """Return a path relative to the working directory if it is below it."""
    return show_from(resolve_path(Path()), path)


def show_result(update: Update) -> list[str]:
    """Return sentences with the count of files, and the way to deploy them."""
    count, stack = sum(len(plan.texts) for plan in update.plans), update.run.stack
    folders = ", ".join(show_file(plan.folder) for plan in update.plans if plan.texts)
    rendered = f"Rendered {count_of(count, 'manifest')} to {folders}." if count else "Rendered no manifests."
    deploy = (
        f"Stack {stack} only renders files (renderYamlToDirectory). To deploy, run `pulumi up` with a stack that does not set it."
        if update.renders_only
        else f"To deploy, run: pulumi up --stack {stack}"
    )
    return [f"{rendered} Nothing was deployed to a cluster.", deploy]


def show_summary(update: Update, command: str) -> str:
    """Return one line with the count of resources by status."""
    counts = update.comparison.counts
    total = sum(counts.values())
    if not update.changed:
        return f"Resources: nothing changed, {total} unchanged"
    verbs = {"create": ("to create", "added"), "update": ("to update", "changed"), "replace": ("to replace", "replaced"),
             "delete": ("to delete", "removed"), "read": ("not read", "not read"),
             "discard": ("no longer to be read", "no longer read")}  # fmt: skip
    counted = [f"{SYMBOLS[status][0].strip()} {counts[status]} {pair[command == 'up']}" for status, pair in verbs.items() if counts[status]]
    counted += [f"{counts['same']} unchanged"] if counts["same"] else []
    counted += ["files differ" if command == "preview" else "files written anew"] if not update.comparison.changed else []
    return f"Resources: {', '.join(counted)}"
