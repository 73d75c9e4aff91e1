"""JSON output of `up` and `preview`. Its keys are stable.

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
from typing import Any

from . import markers
from .comparison import PropertyChange, Step
from .shown_values import redact_value
from .update import Update


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
        "outputs": redact_value(markers.mask(dict(update.run.outputs))),
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
    return {
        "path": str(change),
        "kind": change.kind,
        "old": redact_value(change.old),
        "new": redact_value(change.new),
        "replaces": change.replaces,
    }
