"""Changes from the output of `pulumi preview --json`: the steps that the engine plans.

Properties of the format:

- A replacement is one step or three steps. Three steps are in the order of execution.
- The step of a component has no detailed diff.
- Unchanged resources have steps only with `--show-sames`.

Missing keys and values of other types are skipped; the rest of the preview is still read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from ...kubernetes.generated_names import match_contents
from ...local import urns
from ...local.replacement_fields import find_replacement_paths
from ..accessors import Fields, get, mapping, mappings, strings
from ..change import Change, Message, Operation, Order, ResourceState, StackChange, find_reasons, group_services
from ..matching import Difference, compare
from ..values import redact_inputs, redact_message, redact_value
from .engine_diff import find_engine_differences
from .preview_text import find_preview

SOURCE = "pulumi preview"
CREATE_FIRST, DELETE_FIRST = "create-before-delete", "delete-before-create"
OPERATIONS: Mapping[str, Operation] = {
    "create": "create", "import": "create", "update": "update", "delete": "delete", "same": "same", "refresh": "update",
    "replace": "replace", "create-replacement": "replace", "delete-replaced": "replace", "import-replacement": "replace",
    "read": "read", "read-replacement": "read", "discard": "forget", "discard-replaced": "read", "remove-pending-replace": "replace",
}  # fmt: skip


class PreviewError(ValueError):
    """A file that is not output of `pulumi preview --json`."""


def read_preview(text: str, name: str = "the preview") -> StackChange:
    """Return the changes in a preview. Errors contain `name`."""
    preview = parse(text, name)
    steps_by_urn: dict[str, list[Fields]] = {}
    for step in mappings(preview.get("steps")):
        urn = step.get("urn")
        if isinstance(urn, str) and urns.is_urn(urn):
            steps_by_urn.setdefault(urn, []).append(step)
    merged = join_contents([merge_steps(urn, steps) for urn, steps in steps_by_urn.items()])
    stack = next((change for change in merged if change.subject.type == urns.STACK_TYPE), None)
    changes = add_causes([change for change in merged if change is not stack], steps_by_urn)
    first_urn = next(iter(steps_by_urn), "")
    messages = read_messages(preview.get("diagnostics"))
    is_partial = any(each.severity == "error" for each in messages)
    return StackChange(
        stack=(urns.parse(first_urn).stack if first_urn else "") or name,
        source=SOURCE,
        services=group_services(sorted(changes, key=lambda change: change.subject.urn), is_partial=is_partial),
        outputs=compare_outputs(steps_by_urn.get(stack.subject.urn, []) if stack else []),
        messages=messages,
    )


def parse(text: str, name: str) -> Fields:
    """Parse the JSON of a preview.

    The error for another format names the command that writes the right one.
    """
    fix = "Run: pulumi preview --json > FILE"
    try:
        content = find_preview(text)
    except ValueError:
        raise PreviewError(f"{name}: not JSON. {fix}") from None
    except RecursionError:
        raise PreviewError(f"{name}: nested too deeply for a preview. {fix}") from None
    if isinstance(content, dict) and "events" in content:
        raise PreviewError(f"{name}: the stream of engine events ends before its summary, so the preview did not finish. {fix}")
    if isinstance(content, dict) and "steps" not in content and "resources" in content:
        raise PreviewError(f"{name}: written with --output json, which contains no properties. {fix}")
    if not isinstance(content, dict) or not ("steps" in content or "diagnostics" in content or "changeSummary" in content):
        raise PreviewError(f"{name}: not a preview, because it contains no steps. {fix}")
    return cast("Fields", content)


def merge_steps(urn: str, steps: Sequence[Fields]) -> Change:
    """Merge all steps of one resource into one change."""
    old = next((state for step in steps if (state := step.get("oldState"))), None)
    new = next((state for step in steps if (state := step.get("newState"))), None)
    before, after = (read_state(urn, cast("Fields", state)) if isinstance(state, dict) else None for state in (old, new))
    if before is None and after is None:
        before = ResourceState(urn, urns.parse(urn).type, urns.parse(urn).name, "")
    operations = [str(step.get("op")) for step in steps]
    planned = OPERATIONS.get(next((op for op in operations if op in OPERATIONS and OPERATIONS[op] == "replace"), operations[0]))
    operation = effective_operation(planned, before, after)
    if operation in ("create", "delete", "forget"):
        before, after = (None, after or before) if operation == "create" else (before or after, None)
    order = find_order(operations, mapping(old), before, after) if operation == "replace" else ""
    reasons = [reason for step in steps for reason in strings(step.get("replaceReasons"))]
    details = {path: detail for step in steps for path, detail in mapping(step.get("detailedDiff")).items()}
    reasons += [path for path, detail in details.items() if str(get(detail, "kind")).endswith("-replace")]
    differences = find_engine_differences(before, after, list(details)) if before and after else ()
    return Change(operation, before, after, order, tuple(sorted(dict.fromkeys(reasons))), "", differences)


def join_contents(changes: Sequence[Change]) -> list[Change]:
    """Return the changes with one replacement for each new content of an object.

    The engine plans a create and a delete, because each content is a resource of its own.
    """
    deleted, created = (
        {change.subject.urn: change.subject for change in changes if change.operation == operation} for operation in ("delete", "create")
    )
    contents = match_contents(deleted.values(), created.values())
    joined = {new: replace_content(deleted[old], created[new]) for new, old in contents.items()}
    former = set(contents.values())
    return [joined.get(change.subject.urn, change) for change in changes if change.subject.urn not in former]


def replace_content(before: ResourceState, after: ResourceState) -> Change:
    """Return the replacement of a former content by a new one."""
    differences = compare(dict(before.inputs), dict(after.inputs))
    return Change("replace", before, after, CREATE_FIRST, find_reasons(differences, find_replacement_paths(after.type, after.inputs)))


def effective_operation(planned: Operation | None, before: ResourceState | None, after: ResourceState | None) -> Operation:
    """Return the operation on the cluster.

    A resource that is only read is neither created nor deleted.
    """
    external_before, external_after = before is not None and before.external, after is not None and after.external
    if after is None and before is not None:
        return "forget" if external_before else "delete"
    if before is None:
        return "read" if external_after else "create"
    if external_before and not external_after:
        return "create"
    if external_after:
        return "read" if external_before else "delete"
    # Operations of a future engine: their effect is an update.
    return planned or "update"


def find_order(operations: Sequence[str], old: Fields, before: ResourceState | None, after: ResourceState | None) -> Order:
    """Return the order of a replacement.

    It is that of the steps, else that of the marks in the old state, else that of the provider.
    """
    created = next((place for place, op in enumerate(operations) if op in ("create-replacement", "import-replacement")), None)
    deleted = next((place for place, op in enumerate(operations) if op == "delete-replaced"), None)
    if created is not None and deleted is not None:
        return CREATE_FIRST if created < deleted else DELETE_FIRST
    if old.get("pendingReplacement"):
        return DELETE_FIRST
    if old.get("delete"):
        return CREATE_FIRST
    same_name = before is not None and after is not None and before.object_name == after.object_name
    return DELETE_FIRST if same_name and before and after and before.namespace == after.namespace else CREATE_FIRST


def add_causes(changes: Sequence[Change], steps_by_urn: Mapping[str, Sequence[Fields]]) -> list[Change]:
    """Add the replaced dependency to each replacement without a reason of its own."""
    replaced = {change.subject.urn: change for change in changes if change.operation == "replace"}
    found: list[Change] = []
    for change in changes:
        if change.operation == "replace" and not change.reasons:
            depends = dependencies(steps_by_urn[change.subject.urn])
            causes = [replaced[urn] for urn in depends if urn in replaced and urn != change.subject.urn]
            causes.sort(key=lambda cause: (not cause.reasons, cause.subject.urn))
            if causes:
                change = replace(change, reasons=(), cause=f"{causes[0].subject.kind} {causes[0].subject.object_name}")
        found.append(change)
    return found


def dependencies(steps: Sequence[Fields]) -> set[str]:
    """Return the URNs that a resource depends on before or after the change."""
    found: set[str] = set()
    for step in steps:
        for state in (step.get("oldState"), step.get("newState")):
            found.update(strings(get(state, "dependencies")))
            for sources in mapping(get(state, "propertyDependencies")).values():
                found.update(strings(sources))
    return found


def read_state(urn: str, state: Fields) -> ResourceState:
    """Return one state of a resource."""
    type_, name = urns.parse(urn).type, urns.parse(urn).name
    ignored = state.get("ignoreChanges")
    timeouts = mapping(state.get("customTimeouts")).items()
    return ResourceState(
        urn=urn,
        type=type_,
        name=name,
        parent=str(state.get("parent") or ""),
        inputs=redact_inputs(type_, state.get("inputs")),
        external=bool(state.get("external")),
        protect=bool(state.get("protect")),
        retain=bool(state.get("retainOnDelete")),
        ignored=tuple(strings(ignored)) if ignored is not None else None,
        timeouts={key: float(value) for key, value in timeouts if isinstance(value, int | float) and value},
        provider=read_provider(state.get("provider")),
        custom=bool(state.get("custom")),  # events omit it for components
    )


def read_provider(reference: Any) -> str:
    """Return the URN of an explicit provider from `<urn>::<id>`, or an empty string."""
    urn = urns.parse_provider(str(reference or ""))
    return urn if urns.is_urn(urn) and not urns.parse(urn).name.startswith("default") else ""


def compare_outputs(steps: Sequence[Fields]) -> tuple[Difference, ...]:
    """Return the differences between the outputs of the stack, if both states contain outputs."""
    for step in steps:
        old, new = get(step.get("oldState"), "outputs"), get(step.get("newState"), "outputs")
        if isinstance(old, dict) and isinstance(new, dict):
            return tuple(compare(redact_value(old), redact_value(new)))
    return ()


def read_messages(diagnostics: Any) -> tuple[Message, ...]:
    """Return errors and warnings. Output of the program and tracebacks are left out."""
    found: list[Message] = []
    for entry in mappings(diagnostics):
        severity, text = entry.get("severity"), entry.get("message")
        if severity in ("error", "warning") and isinstance(text, str) and text.strip():
            urn = entry.get("urn")
            name = urns.parse(urn).name if isinstance(urn, str) and urns.is_urn(urn) else ""
            without_colours = re.sub(r"<\{%.*?%\}>", "", text)
            message = redact_message(re.sub(r"^(?:error|warning): ", "", without_colours).strip())
            if message != "preview failed" or not found:
                found.append(Message(severity, message, name))
    return tuple(dict.fromkeys(found))
