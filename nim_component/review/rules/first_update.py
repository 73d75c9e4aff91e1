"""Changes that fail in the preview of the first update after the creation.

The Kubernetes provider creates objects by client-side apply. The dry run of the first update
applies the new fields server-side beside the old ones. Two fields that exclude each other are then
both set, and the API server refuses the dry run. The update itself first takes over the old fields.

docs/guides/rollouts.md
"""

from __future__ import annotations

from collections.abc import Iterator

from ..accessors import get, mappings
from ..change import Change, ServiceChange
from ..findings import NOTICE, Finding, finding
from ..object_fields import containers
from ..sentences import sentence

KINDS = ("Deployment", "StatefulSet", "DaemonSet")
"""Kinds whose pod templates the API server validates in a dry run."""


def first_preview(service: ServiceChange) -> Iterator[Finding]:
    """Report fields that exclude each other before and after the change."""
    for change in service.of(*KINDS):
        paths = [*_strategy(change), *_variables(change)] if change.operation == "update" else []
        if paths:
            message = sentence("If nothing was updated since the creation, `pulumi up` fails in its own preview.")
            consequence = sentence("In that case, `pulumi up --skip-preview` completes this change.")
            yield finding("first-preview", NOTICE, change, service.name, message, consequence, *paths)


def _strategy(change: Change) -> Iterator[str]:
    old, new = (state and get(state.inputs, "spec", "strategy", "type") for state in (change.before, change.after))
    # The API server adds `rollingUpdate` to a Deployment without a strategy.
    if old in (None, "RollingUpdate") and new == "Recreate":
        yield "spec.strategy"


def _variables(change: Change) -> Iterator[str]:
    before = dict(containers(change.before))
    for path, container in containers(change.after):
        sources = {str(each.get("name")): "valueFrom" in each for each in mappings(get(before.get(path), "env"))}
        for each in mappings(container.get("env")):
            name = str(each.get("name"))
            if sources.get(name, "valueFrom" in each) != ("valueFrom" in each):
                yield f"{path}.env[{name}]"


RULES = (first_preview,)
