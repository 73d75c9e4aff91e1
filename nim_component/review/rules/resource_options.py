"""Options of resources: protection against deletion, and providers, which stand for clusters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...local import urns
from ..change import PROVIDER, Change, ResourceState, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, finding
from ..sentences import Sentence, Value, enumerate_values, name_object, plain_text, sentence
from ..settings import Setting, Settings, report_settings

MAX_OBJECTS = 4
"""Objects in the text of a finding."""
UNPROTECTED = "A later update, or `pulumi destroy`, can delete it."
NOT_RETAINED = "When it leaves the stack, it is now deleted in the cluster too."
MOVED = (
    "They are created with the new provider, and then deleted with the old one. In another cluster, PVCs start empty, GPUs and Secrets "
    "must exist, and clients need its addresses. In the same cluster, the update ends in `already exists`."
)
REPLACED = "They are created with the new provider, and then deleted with the old one."
OTHER_CLUSTER = "If it is another cluster, all objects of the provider are created there and deleted here, with their PVCs."
SAME_CLUSTER = "Another login to the same cluster changes nothing. " + OTHER_CLUSTER
OTHER_NAMESPACE = "Objects without a namespace of their own move there."
_FIELDS = {
    "cluster": (CRITICAL, OTHER_CLUSTER),
    "context": (CRITICAL, OTHER_CLUSTER),
    "kubeconfig": (WARNING, SAME_CLUSTER),
    "namespace": (WARNING, OTHER_NAMESPACE),
}
"""Fields of a provider that decide where objects are created, with the severity of a change."""


def protection(service: ServiceChange) -> Iterator[Finding]:
    """Report objects that stay, and that later updates may delete, or may no longer delete."""
    kept = [(change, old, new) for change in service.changes if (old := change.before) and (new := change.after) and new.custom]
    kept = [(change, old, new) for change, old, new in kept if not (old.external or new.external)]
    for option, consequence in (("protect", UNPROTECTED), ("retainOnDelete", NOT_RETAINED)):
        marks = [(change, _has(old, option), _has(new, option)) for change, old, new in kept]
        lost, gained = ([change for change, *pair in marks if pair == wanted] for wanted in ([True, False], [False, True]))
        if lost:
            text = sentence("`{option}` is removed from {objects}.", option=(option,), objects=_enumerate(lost))
            yield finding("unprotected", WARNING, lost[0], service.name, text, (consequence,))
        if gained:
            text = sentence("`{option}` is added to {objects}.", option=(option,), objects=_enumerate(gained))
            yield finding("other", NOTICE, gained[0], service.name, text)


def _has(state: ResourceState, option: str) -> bool:
    return state.protect if option == "protect" else state.retain


def _enumerate(changes: Sequence[Change]) -> Sentence:
    return enumerate_values((plain_text(name_object(each)) for each in changes), at_most=MAX_OBJECTS)


def moves(service: ServiceChange) -> Iterator[Finding]:
    """Report objects that another provider creates, such as that of another cluster."""
    groups: dict[tuple[str, str, bool], list[Change]] = {}
    for change in service.changes:
        if change.before is not None and change.after is not None and "provider" in change.reasons:
            is_object = change.subject.type.startswith("kubernetes:")
            groups.setdefault((change.before.provider, change.after.provider, is_object), []).append(change)
    for (old, new, is_object), changes in groups.items():
        before, after = _name(old), _name(new)
        where = (" to another cluster or login of ", *before) if old == new else (" from ", *before, " to ", *after)
        text = sentence(
            "{objects} move{ending}{where}.", objects=_enumerate(changes), ending=("s" if len(changes) == 1 else "",), where=where
        )
        severity, consequence = (CRITICAL, MOVED) if is_object else (WARNING, REPLACED)
        yield finding("provider", severity, changes[0], service.name, text, (consequence,))


def _name(provider: str) -> Sentence:
    return sentence("provider {name}", name=Value(urns.parse(provider).name)) if provider else ("the default provider",)


def providers(service: ServiceChange) -> Iterator[Finding]:
    """Report providers of Kubernetes that may use another cluster or namespace."""
    for change in service.changes:
        if change.subject.type == PROVIDER and change.before is not None and change.after is not None:
            yield from report_settings(service, change, _read_fields(change.before), _read_fields(change.after))


def _read_fields(state: ResourceState) -> Settings:
    owner = sentence(" of provider {name}", name=state.name)
    return {
        field: Setting("provider", severity, "Field", field, owner, state.inputs[field], text, None, severity, removed_consequence=text)
        for field, (severity, text) in _FIELDS.items()
        if field in state.inputs
    }


RULES = (protection, moves, providers)
