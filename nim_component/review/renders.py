"""Two local renders become changes: what the engine would do, as far as that follows from the two programs alone.

A render is what `local.renderer` writes: the resources of one stack, with secrets as digests that only the renders of one comparison share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from ..local import urns
from ..local.replacement_fields import find_replacement_paths, is_under
from .change import Change, Message, Operation, Order, ResourceState, StackChange, group_services
from .matching import MISSING, compare
from .preview import get, maps, pairs, texts
from .values import redact_inputs, redact_message, redact_value

SOURCE = "local renders"

Render = Mapping[str, Any]


def compare_renders(stack: str, old: Render | None, new: Render | None) -> StackChange:
    """What turns the one render of a stack into the other. None on a side that has no such stack."""
    if new is None:
        return StackChange(stack, SOURCE, presence="removed")
    messages = _messages(old, new)
    if "error" in new or (old is not None and "error" in old):
        return StackChange(stack, SOURCE, messages=messages)
    before, after = _resources(old), _resources(new)
    former = _former(before, new)
    entries = {str(entry["urn"]): entry for entry in maps(new.get("resources"))}
    changes = [_change(before.get(former.get(urn, urn)), resource, entries[urn]) for urn, resource in after.items()]
    taken = {former.get(urn, urn) for urn in after}
    changes += [_gone(resource) for urn, resource in before.items() if urn not in taken]
    changes = _carry(changes, entries)
    changes = [change for change in changes if change.subject.type != urns.STACK_TYPE]
    outputs = () if old is None else tuple(compare(redact_value(old.get("outputs") or {}), redact_value(new.get("outputs") or {})))
    services = group_services(sorted(changes, key=lambda change: change.subject.urn))
    return StackChange(stack, SOURCE, services, outputs, messages, "added" if old is None else "both")


def _messages(old: Render | None, new: Render) -> tuple[Message, ...]:
    """What ended a render, and the warnings that are new."""
    found: list[Message] = []
    if old is not None and "error" in old:
        found.append(Message("error", redact_message(f"the base does not render, so nothing can be compared: {old['error']}")))
    if "error" in new:
        found.append(Message("error", redact_message(f"does not render: {new['error']}")))
    known = {(entry.get("message"), entry.get("urn")) for entry in maps(get(old, "log"))}
    for entry in maps(new.get("log")):
        severity, text, urn = entry.get("severity"), entry.get("message"), str(entry.get("urn") or "")
        if severity in ("warning", "error") and isinstance(text, str) and (text, entry.get("urn")) not in known:
            found.append(Message(severity, redact_message(text), urns.parse(urn).name if urns.is_urn(urn) else ""))
    return tuple(dict.fromkeys(found))


def _resources(render: Render | None) -> dict[str, ResourceState]:
    return {str(entry["urn"]): _resource(entry) for entry in maps(get(render, "resources"))}


def _resource(entry: Mapping[str, Any]) -> ResourceState:
    type_ = str(entry["type"])
    return ResourceState(
        urn=str(entry["urn"]),
        type=type_,
        name=str(entry["name"]),
        parent=str(entry.get("parent") or ""),
        inputs=redact_inputs(type_, entry.get("inputs")),
        external=bool(entry.get("external")),
        protect=bool(entry.get("protect")),
        retain=bool(entry.get("retain")),
        ignored=tuple(texts(entry.get("ignored"))),
        timeouts={key: float(value) for key, value in pairs(entry.get("timeouts"))},
    )


def _former(before: Mapping[str, ResourceState], new: Render) -> dict[str, str]:
    """For each resource that was found under an alias, the URN it had. Parents come first, so that children can inherit theirs."""
    taken: dict[str, str] = {}
    for entry in maps(new.get("resources")):
        urn, aliases = str(entry["urn"]), [urns.AliasSpec(**alias) for alias in entry.get("aliases") or ()]
        if urn not in before:
            was = next(
                (each for each in urns.find_former_urns(urn, str(entry.get("parent") or ""), aliases, taken) if each in before), None
            )
            if was is not None:
                taken[urn] = was
    return taken


def _change(before: ResourceState | None, after: ResourceState, entry: Mapping[str, Any]) -> Change:
    if before is None:
        return Change("read" if after.external else "create", None, after)
    if before.external and not after.external:
        return Change("create", None, after)
    if after.external:
        return Change("read" if before.external else "delete", before, after if before.external else None)
    after = _ignore(before, after)
    differences = list(compare(dict(before.inputs), dict(after.inputs)))
    forced = (*_forcing(after, entry), *texts(entry.get("replaceOnChanges")))
    reasons = tuple(sorted({each.where for each in differences if any(is_under(each.path, path) for path in forced)}))
    same_order = dict(before.inputs) == dict(after.inputs)
    operation: Operation = "replace" if reasons else "same" if not differences and same_order else "update"
    return Change(operation, before, after, _order(before, after, entry) if reasons else "", reasons)


def _forcing(resource: ResourceState, entry: Mapping[str, Any]) -> tuple[str, ...]:
    """What cannot change in place; a component only groups what can."""
    return find_replacement_paths(resource.type, resource.inputs) if entry.get("custom") else ()


def _order(before: ResourceState, after: ResourceState, entry: Mapping[str, Any]) -> Order:
    """The provider deletes first what must keep its name; `delete_before_replace` decides where it is said."""
    wanted = entry.get("deleteBeforeReplace")
    if isinstance(wanted, bool) and wanted:
        return "delete-before-create"
    same = (before.object_name, before.namespace) == (after.object_name, after.namespace)
    autonamed = get(after.metadata.get("annotations"), "pulumi.com/autonamed") == "true"
    return "delete-before-create" if same and not autonamed and after.type.startswith("kubernetes:") else "create-before-delete"


def _ignore(before: ResourceState, after: ResourceState) -> ResourceState:
    """The new inputs with what is ignored as it was."""
    inputs = dict(after.inputs)
    for path in after.ignored or ():
        steps = path.split(".")
        value: Any = before.inputs
        for step in steps:
            value = cast("dict[str, Any]", value).get(step, MISSING) if isinstance(value, dict) else MISSING
        inputs = _put(inputs, steps, value)
    return replace(after, inputs=inputs)


def _put(entries: Mapping[str, Any], steps: Sequence[str], value: Any) -> dict[str, Any]:
    head, *rest = steps
    below = entries.get(head)
    if not rest:
        return {key: item for key, item in entries.items() if key != head} | ({} if value is MISSING else {head: value})
    if not isinstance(below, dict):
        return dict(entries)
    return {**entries, head: _put(cast("dict[str, Any]", below), rest, value)}


def _gone(resource: ResourceState) -> Change:
    return Change("forget" if resource.external else "delete", resource, None)


def _carry(changes: list[Change], entries: Mapping[str, Mapping[str, Any]]) -> list[Change]:
    """What is deleted first takes its dependents with it: those whose name, or whatever else forces a replacement, may then differ.

    While the deleted object is away, the properties that come from it are unknown to the engine: an unknown `spec`, an unknown selector.
    """
    depends = {urn: dict(pairs(entry.get("propertyDependencies"))) for urn, entry in entries.items()}
    by_urn = {change.subject.urn: change for change in changes}
    queue = sorted(urn for urn, change in by_urn.items() if change.order == "delete-before-create")
    while queue:
        cause = by_urn[queue.pop(0)]
        for urn, properties in sorted(depends.items()):
            change = by_urn[urn]
            if change.order == "delete-before-create":
                continue
            unknown = {name for name, sources in properties.items() if cause.subject.urn in texts(sources)}
            tops = {path.partition(".")[0] for path in _forcing(change.subject, entries[urn])}
            if unknown & tops and change.operation in ("same", "update", "replace"):
                by_urn[urn] = replace(
                    change,
                    operation="replace",
                    order="delete-before-create",
                    cause="" if change.reasons else f"{cause.subject.kind} {cause.subject.object_name}",
                )
                queue.append(urn)
    return list(by_urn.values())
