"""What `up` and `preview` print: the tree as `pulumi` draws it, or JSON.

The JSON's keys are stable:
`engine`, `command`, `project`, `stack`, `kubernetesVersion`, `changed`; `summary` (how many resources of each status);
`resources` (`urn`, `type`, `name`, `parent`, `status`, `formerUrn`, `changes` of `path`, `kind`, `old`, `new`, `replaces`);
`outputs`, `outputChanges`; `files` (`path`, `action`: write, same or remove); `unknown` and `secret` (paths of values that are not written,
by file); `diagnostics` (`severity`, `message`, `urn`). What failed has `engine`, `command`, `project`, `stack` (null when they were not
found) and `error`, the text that standard error has too. A secret's value is `[secret]`, an unknown one's `[unknown]`, everywhere.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from . import markers, urns
from .comparison import Change, Step
from .update import Update
from .yaml_writer import render_yaml

LONGEST_VALUE, LONGEST_BEGINNING = 120, 60

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
    """The documented JSON form."""
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
    """A resource of the JSON form."""
    return {
        "urn": step.urn,
        "type": step.type,
        "name": step.name,
        "parent": step.parent,
        "status": step.status,
        "formerUrn": step.former_urn,
        "changes": [describe_change(change) for change in step.changes],
    }


def describe_change(change: Change) -> dict[str, Any]:
    """A change of the JSON form."""
    return {"path": str(change), "kind": change.kind, "old": change.old, "new": change.new, "replaces": change.replaces}


def print_report(update: Update, command: str) -> None:
    """The tree, the outputs, the files and a summary. Colour on a terminal only, and no line cut short anywhere else."""
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    terminal = sys.stdout.isatty()
    plain = not terminal or bool(os.environ.get("NO_COLOR"))
    console = Console(file=sys.stdout, width=None if terminal else 100_000, no_color=plain, highlight=False, soft_wrap=not terminal)
    steps = update.comparison.steps
    shown = visible(steps)
    branches: dict[str, Tree] = {}
    for step in steps:
        if step.urn in shown:
            symbol, colour = SYMBOLS[step.status]
            line = Text.assemble((f"{symbol} ", colour), f"{step.type}  ", (step.name, "bold"), f"  {label(step)}".rstrip())
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
    for lines in (show_outputs(update), show_diagnostics(update), show_gaps(update), show_files(update, command)):
        if lines:
            console.print(Text("\n".join(["", *lines])))
    console.print(Text(f"\n{summary(update, command)}"))


def visible(steps: Sequence[Step]) -> set[str]:
    """What changes, and the parents it hangs from."""
    parents = {step.urn: step.parent for step in steps}
    shown: set[str] = set()
    for step in steps:
        urn = step.urn if step.status != "same" else ""
        while urn and urn not in shown:
            shown.add(urn)
            urn = parents.get(urn, "")
    return shown


def label(step: Step) -> str:
    """`update [diff: ~spec]`, with the top-level properties that differ."""
    if step.status == "same":
        return f"(was {urns.parse(step.former_urn).name})" if step.former_urn else ""
    marks = {"add": "+", "update": "~", "delete": "-"}
    tops: dict[str, str] = {}
    for change in step.changes:
        top = str(change.path[0]) if change.path else ""
        mark = marks[change.kind] if len(change.path) == 1 else "~"
        tops[top] = mark if tops.get(top, mark) == mark else "~"
    diff = f"  [diff: {','.join(mark + top for top, mark in tops.items())}]" if tops else ""
    status = "not read: no cluster is asked" if step.status == "read" else step.status
    return f"{status}{diff}"


def show_change(change: Change) -> str:
    """`~ spec.replicas: 1 => 2`."""
    forced = "  (forces replacement)" if change.replaces else ""
    match change.kind:
        case "add":
            return f"+ {change}: {show_value(change.new)}{forced}"
        case "delete":
            return f"- {change}: {show_value(change.old)}{forced}"
        case _:
            return f"~ {change}: {show_value(change.old)} => {show_value(change.new)}{forced}"


def show_value(value: Any) -> str:
    """A value on one line; the markers' texts without quotes. A long text gives its beginning and its size: `--json` has the whole."""
    if value in (markers.SECRET_TEXT, markers.UNKNOWN_TEXT):
        return value
    if isinstance(value, str) and (len(value) > LONGEST_VALUE or "\n" in value):
        beginning = json.dumps(value[:LONGEST_BEGINNING].split("\n")[0], ensure_ascii=False)
        return f'{beginning[:-1]}…" ({value.count(chr(10)) + 1} lines, {len(value)} characters)'
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 2 * LONGEST_VALUE else f"{text[: 2 * LONGEST_VALUE]}… ({len(text)} characters)"


def show_outputs(update: Update) -> list[str]:
    """The stack's outputs, with what they were where they differ."""
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
    """One output; a mapping as a block, since a stack's outputs are what people copy from."""
    if not isinstance(value, dict) or not value:
        return [f"  {mark} {key}: {show_value(value)}"]
    return [f"  {mark} {key}:", *(f"      {line}" for line in render_yaml(cast("dict[str, Any]", value)).splitlines())]


def show_diagnostics(update: Update) -> list[str]:
    """Warnings and messages, with the resource they are about."""
    lines = [
        f"  {entry.severity}: {entry.message}" + (f" ({urns.parse(entry.urn).type} {urns.parse(entry.urn).name})" if entry.urn else "")
        for entry in update.diagnostics
    ]
    return ["Diagnostics:", *lines] if lines else []


def show_gaps(update: Update) -> list[str]:
    """Values that the files do not hold."""
    lines = [f"  {manifest.path.name}: {', '.join(manifest.unknowns)}" for manifest in update.manifests if manifest.unknowns]
    hidden = [f"  {manifest.path.name}: {', '.join(manifest.secrets)}" for manifest in update.manifests if manifest.secrets]
    unknown = [f"Not known without the real engine, written as {markers.UNKNOWN_TEXT}:", *lines] if lines else []
    return unknown + ([f"Secret, written as {markers.SECRET_TEXT}:", *hidden] if hidden else [])


def show_files(update: Update, command: str) -> list[str]:
    """The folders, and the files that are (or would be) written or removed."""
    verbs = {"write": "wrote", "remove": "removed"} if command == "up" else {"write": "would write", "remove": "would remove"}
    lines = [f"  {verbs[action]} {display(path)}" for path, action in update.files if action != "same"]
    return ["Files:", *lines] if lines else []


def display(path: Path) -> str:
    """A path as the user would type it here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def summary(update: Update, command: str) -> str:
    """One line: how many resources do what, or that nothing changed."""
    counts = update.comparison.counts
    total = sum(counts.values())
    if not update.changed:
        return f"Resources: nothing changed, {total} unchanged"
    verbs = {"create": ("to create", "created"), "update": ("to update", "updated"), "replace": ("to replace", "replaced"),
             "delete": ("to delete", "deleted"), "read": ("not read", "not read"),
             "discard": ("no longer to be read", "no longer read")}  # fmt: skip
    parts = [f"{SYMBOLS[status][0].strip()} {counts[status]} {pair[command == 'up']}" for status, pair in verbs.items() if counts[status]]
    parts += [f"{counts['same']} unchanged"] if counts["same"] else []
    parts += ["files differ" if command == "preview" else "files written anew"] if not update.comparison.changed else []
    return f"Resources: {', '.join(parts)}"
