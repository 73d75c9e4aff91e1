"""Changes from two renders of one stack: the operations that follow from the two programs.

A render is the output of `local/renderer.py`: the resources of a stack, with a keyed hash in place
of each secret. Only renders of one comparison have the same key.
"""

from __future__ import annotations

import marshal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, cast

from ...kubernetes.generated_names import match_contents
from ...local import urns
from ...local.replacement_fields import find_replacement_paths
from ...text.field_paths import parse_path
from ..accessors import Fields, get, mapping, mappings, strings
from ..change import PROVIDER, Change, Message, Operation, Order, ResourceState, StackChange, find_reasons, group_services
from ..matching import MISSING, compare
from ..values import redact_inputs, redact_message, redact_value

SOURCE = "local renders"

Render: TypeAlias = Fields
KnownInputs: TypeAlias = dict[tuple[str, bytes], dict[str, Any]]
"""Redacted inputs by type and by the bytes of the inputs. Resources share them, unchanged."""


def compare_renders(stack: str, old: Render | None, new: Render | None, known: KnownInputs | None = None) -> StackChange:
    """Return the changes between two renders of a stack. None stands for a missing stack file.

    Args:
        stack: Name of the stack.
        old: Render of the base.
        new: Render of the head.
        known: Inputs that are redacted already. Those of this stack are added.
    """
    if new is None:
        return StackChange(stack, SOURCE, presence="removed")
    messages = _read_messages(old, new)
    if "error" in new or (old is not None and "error" in old):
        return StackChange(stack, SOURCE, messages=messages)
    known = {} if known is None else known
    before, after = _read_states(old, known), _read_states(new, known)
    former_urns = match_contents(before.values(), after.values()) | _find_former_urns(before, new)
    entries = {str(entry["urn"]): entry for entry in mappings(new.get("resources"))}
    changes = [_compare(before.get(former_urns.get(urn, urn)), state, entries[urn], former_urns) for urn, state in after.items()]
    matched = {former_urns.get(urn, urn) for urn in after}
    changes += [_delete(state) for urn, state in before.items() if urn not in matched]
    changes = _add_dependents(changes, entries)
    changes = [change for change in changes if change.subject.type != urns.STACK_TYPE]
    changes += _compare_default_provider(old, new)
    outputs = () if old is None else tuple(compare(redact_value(old.get("outputs") or {}), redact_value(new.get("outputs") or {})))
    services = group_services(sorted(changes, key=lambda change: change.subject.urn))
    return StackChange(stack, SOURCE, services, outputs, messages, "added" if old is None else "both")


def _read_messages(old: Render | None, new: Render) -> tuple[Message, ...]:
    """Return the errors of both renders, and the warnings that only the new render contains."""
    found: list[Message] = []
    unsupported = next((each for each in (new, old) if get(each, "unsupported") is True), None)
    if unsupported is not None and "error" in unsupported:
        return (Message("warning", redact_message(f"The stack is not reviewed: {unsupported['error']}"), is_unreviewed=True),)
    if old is not None and "error" in old:
        found.append(Message("error", redact_message(f"The base does not render, so nothing can be compared: {old['error']}")))
    if "error" in new:
        found.append(Message("error", redact_message(f"The head does not render: {new['error']}")))
    known = {(entry.get("message"), entry.get("urn")) for entry in mappings(get(old, "log"))}
    for entry in mappings(new.get("log")):
        severity, text, urn = entry.get("severity"), entry.get("message"), str(entry.get("urn") or "")
        if severity in ("warning", "error") and isinstance(text, str) and (text, entry.get("urn")) not in known:
            found.append(Message(severity, redact_message(text), urns.parse(urn).name if urns.is_urn(urn) else ""))
    return tuple(dict.fromkeys(found))


def _read_states(render: Render | None, known: KnownInputs) -> dict[str, ResourceState]:
    return {str(entry["urn"]): _read_state(entry, known) for entry in mappings(get(render, "resources"))}


def _read_state(entry: Fields, known: KnownInputs) -> ResourceState:
    """Return a state. Equal inputs, as of most resources of all renders, are redacted once."""
    type_ = str(entry["type"])
    key = type_, marshal.dumps(entry.get("inputs"), 2)  # not the inputs themselves: 1 and true are equal
    if key not in known:
        known[key] = redact_inputs(type_, entry.get("inputs"))
    return ResourceState(
        urn=str(entry["urn"]),
        type=type_,
        name=str(entry["name"]),
        parent=str(entry.get("parent") or ""),
        inputs=known[key],
        external=bool(entry.get("external")),
        protect=bool(entry.get("protect")),
        retain=bool(entry.get("retain")),
        ignored=tuple(strings(entry.get("ignored"))),
        timeouts={key: float(value) for key, value in mapping(entry.get("timeouts")).items()},
        provider=str(entry.get("provider") or ""),
        custom=entry.get("custom") is not False,
    )


def _find_former_urns(before: Mapping[str, ResourceState], new: Render) -> dict[str, str]:
    """Return the former URN of each resource that an alias matches.

    Parents precede their children in a render, so children inherit the aliases of their parents.
    """
    matched: dict[str, str] = {}
    for entry in mappings(new.get("resources")):
        urn, aliases = str(entry["urn"]), [urns.AliasSpec(**alias) for alias in entry.get("aliases") or ()]
        if urn not in before:
            candidates = urns.find_former_urns(urn, str(entry.get("parent") or ""), aliases, matched)
            former = next((each for each in candidates if each in before), None)
            if former is not None:
                matched[urn] = former
    return matched


def _compare(before: ResourceState | None, after: ResourceState, entry: Fields, former_urns: Mapping[str, str]) -> Change:
    if before is None:
        return Change("read" if after.external else "create", None, after)
    if before.external and not after.external:
        return Change("create", None, after)
    if after.external:
        return Change("read" if before.external else "delete", before, after if before.external else None)
    after = _keep_ignored(before, after)
    if after.custom and before.provider != former_urns.get(after.provider, after.provider):
        return Change("replace", before, after, _order_of_move(entry), ("provider",))
    differences = list(compare(dict(before.inputs), dict(after.inputs)))
    replacing = (*_replacement_paths(after, entry), *strings(entry.get("replaceOnChanges")))
    reasons = find_reasons(differences, replacing)
    same_order = dict(before.inputs) == dict(after.inputs)
    operation: Operation = "replace" if reasons else "same" if not differences and same_order else "update"
    return Change(operation, before, after, _find_order(before, after, entry) if reasons else "", reasons)


def _replacement_paths(state: ResourceState, entry: Fields) -> tuple[str, ...]:
    """Return the fields whose change replaces a resource. A component is never replaced."""
    is_mutable = entry.get("mutable") is True
    return find_replacement_paths(state.type, state.inputs, is_mutable=is_mutable) if entry.get("custom") else ()


def _find_order(before: ResourceState, after: ResourceState, entry: Fields) -> Order:
    """Return the order of a replacement. The provider first deletes an object that keeps its name.

    `delete_before_replace=True` overrides this.
    """
    if entry.get("deleteBeforeReplace") is True:
        return "delete-before-create"
    same_name = (before.object_name, before.namespace) == (after.object_name, after.namespace)
    autonamed = get(after.metadata.get("annotations"), "pulumi.com/autonamed") == "true"
    return "delete-before-create" if same_name and not autonamed and after.type.startswith("kubernetes:") else "create-before-delete"


def _order_of_move(entry: Fields) -> Order:
    """Return the order of a replacement by an object of another provider.

    https://github.com/pulumi/pulumi/blob/v3.260.0/pkg/resource/deploy/step_generator.go
    """
    return "delete-before-create" if entry.get("deleteBeforeReplace") is True else "create-before-delete"


def _compare_default_provider(old: Render | None, new: Render) -> list[Change]:
    """Return the change of the configuration that decides which cluster gets the objects."""
    root = next((str(entry["urn"]) for entry in mappings(new.get("resources"))), None)
    if old is None or root is None:
        return []
    urn = urns.make(urns.parse(root).stack, urns.parse(root).project, "", PROVIDER, "default")
    inputs = (redact_inputs(PROVIDER, mapping(render.get("defaultProvider"))) for render in (old, new))
    before, after = (ResourceState(urn, PROVIDER, "default", "", each) for each in inputs)
    return [Change("update", before, after)] if any(compare(dict(before.inputs), dict(after.inputs))) else []


def _keep_ignored(before: ResourceState, after: ResourceState) -> ResourceState:
    """Return the new state with the old values of all fields in `ignore_changes`."""
    inputs = dict(after.inputs)
    for path in after.ignored or ():
        steps = [str(step) for step in parse_path(path)]
        value: Any = before.inputs
        for step in steps:
            value = cast("dict[str, Any]", value).get(step, MISSING) if isinstance(value, dict) else MISSING
        inputs = _set_value(inputs, steps, value)
    return replace(after, inputs=inputs)


def _set_value(entries: Fields, steps: Sequence[str], value: Any) -> dict[str, Any]:
    """Return a mapping with one value set, or removed if it is `MISSING`."""
    head, *rest = steps
    child = entries.get(head)
    if not rest:
        return {key: item for key, item in entries.items() if key != head} | ({} if value is MISSING else {head: value})
    if not isinstance(child, dict):
        return dict(entries)
    return {**entries, head: _set_value(cast("dict[str, Any]", child), rest, value)}


def _delete(state: ResourceState) -> Change:
    return Change("forget" if state.external else "delete", state, None)


def _add_dependents(changes: list[Change], entries: Mapping[str, Fields]) -> list[Change]:
    """Replace the dependents of each object that is deleted first, as the engine does.

    While the object is deleted, its outputs are unknown to the engine. A dependent is replaced if
    one of its unknown properties forces a replacement, such as an unknown `spec` with its selector.
    """
    depends = {urn: mapping(entry.get("propertyDependencies")) for urn, entry in entries.items()}
    by_urn = {change.subject.urn: change for change in changes}
    queue = sorted(urn for urn, change in by_urn.items() if change.order == "delete-before-create")
    while queue:
        cause = by_urn[queue.pop(0)]
        for urn, properties in sorted(depends.items()):
            change = by_urn[urn]
            if change.order == "delete-before-create":
                continue
            unknown = {name for name, sources in properties.items() if cause.subject.urn in strings(sources)}
            replacing = {path.partition(".")[0] for path in _replacement_paths(change.subject, entries[urn])}
            if unknown & replacing and change.operation in ("same", "update", "replace"):
                by_urn[urn] = replace(
                    change,
                    operation="replace",
                    order="delete-before-create",
                    cause="" if change.reasons else f"{cause.subject.kind} {cause.subject.object_name}",
                )
                queue.append(urn)
    return list(by_urn.values())
