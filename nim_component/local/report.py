"""Output of `up` and `preview`: a tree like that of `pulumi`, or JSON.

The keys of the JSON are stable:

- `engine`, `command`, `project`, `stack`, `kubernetesVersion`, `changed`.
- `summary`: count of resources by status.
- `resources`: `urn`, `type`, `name`, `parent`, `status`, `formerUrn` and `changes` with `path`,
  `kind`, `old`, `new`, `replaces`.
- `outputs`, `outputChanges`.
- `files`: `path` and `action` (`write`, `same` or `remove`).
- `unknown`, `secret`: paths of values that are not written, by file.
- `diagnostics`: `severity`, `message`, `urn`.

On a failure the keys are `engine`, `command`, `project`, `stack` and `error`, the text on standard
error. `project` and `stack` are null if they were not found. A secret value is `[secret]`, an
unknown value `[unknown]`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from . import markers, urns
from .comparison import PropertyChange, Step
from .update import Update
from .yaml_writer import render_yaml

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


def to_json(update: Update, command: str) -> str:
    """Return an update as JSON."""
    comparison = update.comparison
    content = {
        "engine": "local",
        "command": command,
        "project": update.run.project,
        "stack": update.run.stack,
        "kubernetesVersion": update.kubernetes_version,
        "changed": update.changed,
        "summary": dict(sorted(comparison.counts.items())),
        "resources": [describe_step(step) for step in comparison.steps],
        "outputs": markers.mask(dict(update.run.outputs)),
        "outputChanges": [describe_change(change) for change in comparison.outputs],
        "files": [{"path": str(path), "action": action} for path, action in update.files],
        "unknown": {manifest.path.as_posix(): manifest.unknowns for manifest in update.manifests if manifest.unknowns},
        "secret": {manifest.path.as_posix(): manifest.secrets for manifest in update.manifests if manifest.secrets},
        "diagnostics": [{"severity": entry.severity, "message": entry.message, "urn": entry.urn} for entry in update.diagnostics],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def describe_step(step: Step) -> dict[str, Any]:
    """Return a step as JSON data."""
    return {
        "urn": step.urn,
        "type": step.type,
        "name": step.name,
        "parent": step.parent,
        "status": step.status,
        "formerUrn": step.former_urn,
        "changes": [describe_change(change) for change in step.changes],
    }


def describe_change(change: PropertyChange) -> dict[str, Any]:
    """Return a change as JSON data."""
    return {"path": str(change), "kind": change.kind, "old": change.old, "new": change.new, "replaces": change.replaces}


def print_report(update: Update, command: str) -> None:
    """Print the tree, the outputs, the files and a summary.

    Only a terminal gets colours and line breaks at its width.
    """
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    terminal = sys.stdout.isatty()
    plain = not terminal or bool(os.environ.get("NO_COLOR"))
    console = Console(file=sys.stdout, width=None if terminal else 100_000, no_color=plain, highlight=False, soft_wrap=not terminal)
    steps = update.comparison.steps
    visible = find_visible(steps)
    branches: dict[str, Tree] = {}
    for step in steps:
        if step.urn in visible:
            symbol, colour = SYMBOLS[step.status]
            line = Text.assemble((f"{symbol} ", colour), f"{step.type}  ", (step.name, "bold"), f"  {show_status(step)}".rstrip())
            parent = branches.get(step.parent)
            branch = parent.add(line) if parent else Tree(line)
            branches[step.urn] = branch
            for change in step.changes:
                branch.add(Text(show_change(change), SYMBOLS[step.status][1]))
    if branches:
        console.print()
    for urn, branch in branches.items():
        if not any(step.urn == urn and step.parent in branches for step in steps):
            console.print(branch)
    for lines in (show_outputs(update), show_diagnostics(update), show_unwritten_values(update), show_files(update, command)):
        if lines:
            console.print(Text("\n".join(["", *lines])))
    console.print(Text(f"\n{show_summary(update, command)}"))


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
    return [f"  {mark} {key}:", *(f"      {line}" for line in render_yaml(cast("dict[str, Any]", value)).splitlines())]


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
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def show_summary(update: Update, command: str) -> str:
    """Return one line with the count of resources by status."""
    counts = update.comparison.counts
    total = sum(counts.values())
    if not update.changed:
        return f"Resources: nothing changed, {total} unchanged"
    verbs = {"create": ("to create", "created"), "update": ("to update", "updated"), "replace": ("to replace", "replaced"),
             "delete": ("to delete", "deleted"), "read": ("not read", "not read"),
             "discard": ("no longer to be read", "no longer read")}  # fmt: skip
    counted = [f"{SYMBOLS[status][0].strip()} {counts[status]} {pair[command == 'up']}" for status, pair in verbs.items() if counts[status]]
    counted += [f"{counts['same']} unchanged"] if counts["same"] else []
    counted += ["files differ" if command == "preview" else "files written anew"] if not update.comparison.changed else []
    return f"Resources: {', '.join(counted)}"
