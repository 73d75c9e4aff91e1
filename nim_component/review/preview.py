"""`pulumi preview --json` becomes changes: what the engine itself says it will do.

A replacement comes as one step or as three, whose order is the order of things; a component's step has no detailed diff; steps of what
stays the same are there only with `--show-sames`. Whatever key is missing or strange, the rest is still shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from ..local import urns
from ..local.markers import Unknown
from ..text.field_paths import ItemName, Path
from .change import Change, Message, Operation, Order, ResourceState, StackChange, group_services
from .matching import MISSING, Difference, compare, match
from .values import Redacted, redact_inputs, redact_message, redact_value

SOURCE = "pulumi preview"
CREATE_FIRST, DELETE_FIRST = "create-before-delete", "delete-before-create"
OPERATIONS: Mapping[str, Operation] = {
    "create": "create", "import": "create", "update": "update", "delete": "delete", "same": "same", "refresh": "update",
    "replace": "replace", "create-replacement": "replace", "delete-replaced": "replace", "import-replacement": "replace",
    "read": "read", "read-replacement": "read", "discard": "forget", "discard-replaced": "read", "remove-pending-replace": "replace",
}  # fmt: skip


class PreviewError(ValueError):
    """The file is not what `pulumi preview --json` prints. The text says what it is, and what to do."""


def read_preview(text: str, name: str = "the preview") -> StackChange:
    """The changes of one preview. `name` is what errors call it."""
    digest = parse(text, name)
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for step in maps(digest.get("steps")):
        urn = step.get("urn")
        if isinstance(urn, str) and urns.is_urn(urn):
            groups.setdefault(urn, []).append(step)
    merged = [merge_steps(urn, steps) for urn, steps in groups.items()]
    stack = next((change for change in merged if change.subject.type == urns.STACK_TYPE), None)
    changes = carry_causes([change for change in merged if change is not stack], groups)
    some = next(iter(groups), "")
    messages = read_messages(digest.get("diagnostics"))
    return StackChange(
        stack=(urns.parse(some).stack if some else "") or name,
        source=SOURCE,
        services=group_services(sorted(changes, key=lambda change: change.subject.urn)),
        outputs=read_outputs(groups.get(stack.subject.urn, []) if stack else []),
        messages=messages,
    )


def parse(text: str, name: str) -> Mapping[str, Any]:
    """The digest in a file. Other forms of preview are named, with the way to the right one."""
    remedy = "make it with: pulumi preview --json > FILE"
    try:
        digest = json.loads(text)
    except ValueError:
        lines = text.lstrip().splitlines()
        if lines and lines[0].startswith("{") and '"sequence"' in lines[0]:
            raise PreviewError(
                f"{name}: holds a stream of engine events; unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW, and {remedy}"
            ) from None
        raise PreviewError(f"{name}: is not JSON; {remedy}") from None
    except RecursionError:
        raise PreviewError(f"{name}: is nested too deeply to be a preview; {remedy}") from None
    if isinstance(digest, dict) and "steps" not in digest and "resources" in digest:
        raise PreviewError(f"{name}: was made with --output json, which says no properties; {remedy}")
    if not isinstance(digest, dict) or not ("steps" in digest or "diagnostics" in digest or "changeSummary" in digest):
        raise PreviewError(f"{name}: is no preview: it has no steps; {remedy}")
    return cast("Mapping[str, Any]", digest)


def merge_steps(urn: str, steps: Sequence[Mapping[str, Any]]) -> Change:
    """All steps of one resource as one change."""
    old = next((state for step in steps if (state := step.get("oldState"))), None)
    new = next((state for step in steps if (state := step.get("newState"))), None)
    before, after = (read_state(urn, cast("dict[str, Any]", state)) if isinstance(state, dict) else None for state in (old, new))
    if before is None and after is None:
        before = ResourceState(urn, urns.parse(urn).type, urns.parse(urn).name, "")
    operations = [str(step.get("op")) for step in steps]
    operation = OPERATIONS.get(next((op for op in operations if op in OPERATIONS and OPERATIONS[op] == "replace"), operations[0]))
    operation = settle(operation, before, after)
    if operation in ("create", "delete", "forget"):
        before, after = (None, after or before) if operation == "create" else (before or after, None)
    order = find_order(operations, cast("dict[str, Any]", old or {}), before, after) if operation == "replace" else ""
    reasons = [reason for step in steps for reason in texts(step.get("replaceReasons"))]
    details = {path: detail for step in steps for path, detail in pairs(step.get("detailedDiff"))}
    reasons += [path for path, detail in details.items() if str(get(detail, "kind")).endswith("-replace")]
    hidden = find_engine_differences(before, after, list(details)) if before and after else ()
    return Change(operation, before, after, order, tuple(sorted(dict.fromkeys(reasons))), "", hidden)


def settle(operation: Operation | None, before: ResourceState | None, after: ResourceState | None) -> Operation:
    """The operation as far as the cluster is concerned: what is only read is never made or deleted."""
    external_before, external_after = before is not None and before.external, after is not None and after.external
    if after is None and before is not None:
        return "forget" if external_before else "delete"
    if before is None:
        return "read" if external_after else "create"
    if external_before and not external_after:
        return "create"
    if external_after:
        return "read" if external_before else "delete"
    # An operation this has never heard of is shown by what it does.
    return operation or "update"


def find_order(operations: Sequence[str], old: Mapping[str, Any], before: ResourceState | None, after: ResourceState | None) -> Order:
    """Which comes first, the deletion or the creation: as the steps stand, as the old state is marked, else as the provider decides."""
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


def carry_causes(changes: Sequence[Change], groups: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Change]:
    """For each replacement without a reason of its own, the replaced resource it depends on."""
    replaced = {change.subject.urn: change for change in changes if change.operation == "replace"}
    carried: list[Change] = []
    for change in changes:
        if change.operation == "replace" and not change.reasons:
            depends = dependencies(groups[change.subject.urn])
            causes = [replaced[urn] for urn in depends if urn in replaced and urn != change.subject.urn]
            causes.sort(key=lambda cause: (not cause.reasons, cause.subject.urn))
            if causes:
                cause = f"{causes[0].subject.kind} {causes[0].subject.object_name}"
                change = Change(change.operation, change.before, change.after, change.order, (), cause, change.engine_differences)
        carried.append(change)
    return carried


def dependencies(steps: Sequence[Mapping[str, Any]]) -> set[str]:
    """The URNs a resource depends on, by either side."""
    found: set[str] = set()
    for step in steps:
        for side in ("oldState", "newState"):
            state = step.get(side)
            found.update(texts(get(state, "dependencies")))
            for _, sources in pairs(get(state, "propertyDependencies")):
                found.update(texts(sources))
    return found


def read_state(urn: str, state: Mapping[str, Any]) -> ResourceState:
    """One side."""
    type_, name = urns.parse(urn).type, urns.parse(urn).name
    ignored = state.get("ignoreChanges")
    timeouts = {key: float(value) for key, value in pairs(state.get("customTimeouts")) if isinstance(value, int | float) and value}
    return ResourceState(
        urn=urn,
        type=type_,
        name=name,
        parent=str(state.get("parent") or ""),
        inputs=redact_inputs(type_, state.get("inputs")),
        external=bool(state.get("external")),
        protect=bool(state.get("protect")),
        retain=bool(state.get("retainOnDelete")),
        ignored=tuple(texts(ignored)) if ignored is not None else None,
        timeouts=timeouts,
    )


def find_engine_differences(before: ResourceState, after: ResourceState, details: Sequence[str]) -> tuple[Difference, ...]:
    """What the engine's diff names and the inputs do not show: a secret's new value, or a cluster that has drifted.

    The engine counts list items by position; below a list that differs by name its paths are noise, and so they are where nothing but the
    order differs.
    """
    seen = [difference.path for difference in compare(dict(before.inputs), dict(after.inputs))]
    hidden: list[Difference] = []
    for detail in sorted(details):
        path, noise = place(parse_path(detail), before.inputs, after.inputs)
        covered = any(other[: len(path)] == path or path[: len(other)] == other for other in seen)
        if not covered and not noise and all(path != other.path for other in hidden):
            old, new = dig(before.inputs, path), dig(after.inputs, path)
            hidden.append(Difference(path, old if old is not MISSING else Redacted(), new if new is not MISSING else Redacted()))
    return tuple(hidden)


def parse_path(text: str) -> Path:
    """`spec.containers[0]["a.b"]` as steps."""
    steps: list[str | int] = []
    for index, quoted, plain in re.findall(r'\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.\[\]]+)', text):
        steps.append(int(index) if index else quoted.replace('\\"', '"') if quoted else plain)
    return tuple(steps)


def place(path: Path, before: Any, after: Any) -> tuple[Path, bool]:
    """The path with names for positions, and whether it is only an item that stands in another place now."""
    named: list[str | int] = []
    for depth, step in enumerate(path):
        if isinstance(before, Redacted | Unknown) or isinstance(after, Redacted | Unknown):
            return (*named, *path[depth:]), False
        if isinstance(step, int) and isinstance(before, list) and isinstance(after, list):
            first, second = cast("list[Any]", before), cast("list[Any]", after)
            field = next((each for each in reversed(named) if isinstance(each, str) and not isinstance(each, ItemName)), "")
            keyed = match(first, second, field)
            names = [list(side) for side in keyed or ({}, {})]
            if names[0] != names[1] or step >= len(names[0]):
                return tuple(named), first != second
            named.append(ItemName(names[0][step]))
            before, after = first[step], second[step]
            continue
        named.append(step)
        before, after = get(before, step), get(after, step)
    return tuple(named), False


def dig(value: Any, path: Path) -> Any:
    """What stands at a path of plain keys and names; the marker itself below one."""
    for step in path:
        if isinstance(value, Redacted | Unknown):
            return value
        if isinstance(value, Mapping) and step in cast("Mapping[Any, Any]", value):
            value = cast("Mapping[Any, Any]", value)[step]
        elif isinstance(value, list):
            value = next((item for item in maps(cast("list[Any]", value)) if item.get("name") == step), MISSING)
        else:
            return MISSING
    return value


def read_outputs(steps: Sequence[Mapping[str, Any]]) -> tuple[Difference, ...]:
    """The stack's outputs that differ, if both sides are there."""
    for step in steps:
        old, new = get(step.get("oldState"), "outputs"), get(step.get("newState"), "outputs")
        if isinstance(old, dict) and isinstance(new, dict):
            return tuple(compare(redact_value(old), redact_value(new)))
    return ()


def read_messages(diagnostics: Any) -> tuple[Message, ...]:
    """Errors and warnings; the rest (what a program prints, tracebacks) is dropped."""
    found: list[Message] = []
    for entry in maps(diagnostics):
        severity, text = entry.get("severity"), entry.get("message")
        if severity in ("error", "warning") and isinstance(text, str) and text.strip():
            urn = entry.get("urn")
            name = urns.parse(urn).name if isinstance(urn, str) and urns.is_urn(urn) else ""
            words = redact_message(re.sub(r"^(?:error|warning): ", "", re.sub(r"<\{%.*?%\}>", "", text)).strip())
            if words != "preview failed" or not found:
                found.append(Message(severity, words, name))
    return tuple(dict.fromkeys(found))


def get(value: Any, key: Any) -> Any:
    """A mapping's value, None for anything else."""
    return cast("Mapping[Any, Any]", value).get(key) if isinstance(value, Mapping) else None


def maps(value: Any) -> list[Mapping[str, Any]]:
    """The mappings of a list, an empty list for anything else."""
    return [item for item in cast("list[Any]", value) if isinstance(item, dict)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """The texts of a list."""
    return [item for item in cast("list[Any]", value) if isinstance(item, str)] if isinstance(value, list) else []


def pairs(value: Any) -> list[tuple[str, Any]]:
    """The entries of a mapping."""
    return list(cast("dict[str, Any]", value).items()) if isinstance(value, dict) else []
