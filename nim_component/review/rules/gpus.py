"""GPUs and replicas: what the change costs, and what no longer runs."""

from __future__ import annotations

from collections.abc import Iterator

from ..change import Change, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, finding, listed, sentence
from ..matching import MISSING
from ..objects import WORKLOADS, changed_under, claims, count_of, get, gpus, number, replicas, targets


def sizes(service: ServiceChange) -> Iterator[Finding]:
    """GPUs of a replica, and how many replicas."""
    for change in service.of(*WORKLOADS):
        before, after = change.before, change.after
        if change.operation not in ("update", "replace") or before is None or after is None:
            continue
        had, has, old, new = gpus(before), gpus(after), replicas(before), replicas(after)
        dropped = get(before.inputs, "spec", "replicas") is not None and get(after.inputs, "spec", "replicas") is None
        paths = [path for path in changed_under(change, "spec") if ".resources." in path and any(name in path for name in {*had, *has})]
        total = (
            f"in all {count_of(new * sum(has.values()), 'GPU')} instead of {old * sum(had.values())}"
            if old is not None and new is not None and {*had, *has} and not claims(before) and not claims(after)
            else ""
        )
        if had != has:
            yield _gpus(service, change, had, has, total, paths)
        if dropped and change.subject.kind != "DaemonSet":
            yield _dropped(service, change, old)
        elif old != new and old is not None and new is not None:
            yield _replicas(service, change, old, new, "" if had != has else total)


def _gpus(service: ServiceChange, change: Change, had: dict[str, int], has: dict[str, int], total: str, paths: list[str]) -> Finding:
    if {*had} == {*has} and len(had) == 1:
        (name,) = had
        text = sentence("{name} of a replica: {new} instead of {old}", name=name, old=had[name], new=has[name])
    else:
        sides = ((had, change.before), (has, change.after))
        old, new = ([*(f"{count} {name}" for name, count in sorted(side.items())), *claims(of)] or ["no GPU"] for side, of in sides)
        text = sentence("A replica has {new}, before {old}", old=listed(old), new=listed(new))
    ending = sentence("; {total}.", total=(total,)) if total else sentence(".")
    if claims(change.after) and not has:
        need = sentence("Without devices that meet its claims, the new pods stay Pending.")
        return finding("gpus", WARNING, change, service.name, text + ending, need, *paths)
    more = sum(has.values()) > sum(had.values()) or {*had} != {*has}
    consequence = (
        sentence("Without a node that has as many free, the new pods stay Pending.")
        if more
        else sentence("The model must fit into the memory of fewer GPUs, with a profile for that number.")
    )
    return finding("gpus", WARNING, change, service.name, text + ending, consequence, *paths)


def _dropped(service: ServiceChange, change: Change, old: int | None) -> Finding:
    ignored = change.after is not None and change.after.ignored and "spec.replicas" in change.after.ignored
    text = sentence("`replicas` is no longer said; it was {old}.", old=(str(old) if old is not None else "not known",))
    if ignored:
        return finding(
            "replicas-dropped", NOTICE, change, service.name, text, sentence("It is ignored on update: the number stays."), "spec.replicas"
        )
    consequence = sentence(
        "Kubernetes makes it 1 at once: of a service that runs more, all but one stop, and an autoscaler starts from there."
    )
    severity = WARNING if old == 1 and not _scaled(service, change) else CRITICAL
    return finding("replicas-dropped", severity, change, service.name, text, consequence, "spec.replicas")


def _scaled(service: ServiceChange, change: Change) -> bool:
    """Whether an autoscaler was there before: the number that runs may be larger than what was said."""
    scalers = service.of("HorizontalPodAutoscaler", "ScaledObject")
    return any(each.before and targets(each.before)[1] in ("", change.subject.object_name) for each in scalers)


def _replicas(service: ServiceChange, change: Change, old: int, new: int, total: str) -> Finding:
    text = sentence("Replicas: {new} instead of {old}", old=old, new=new) + (
        sentence("; {total}.", total=(total,)) if total else sentence(".")
    )
    if not new:
        consequence = sentence("Nothing answers any more; the GPUs are free for others.")
        return finding("scaled-to-zero", CRITICAL, change, service.name, text, consequence, "spec.replicas")
    if new > old:
        consequence = sentence("Each new replica needs free GPUs and loads the model before it answers; the others go on.")
        return finding("replicas", NOTICE, change, service.name, text, consequence, "spec.replicas")
    consequence = sentence(
        "{gone} at once, whatever it is answering when its grace period ends.", gone=(count_of(old - new, "replica goes", "replicas go"),)
    )
    return finding("replicas", WARNING, change, service.name, text, consequence, "spec.replicas")


def component(service: ServiceChange) -> Iterator[Finding]:
    """What only the component says, since the preview ended before it came to the Deployment."""
    change = service.component()
    if change is None or change.operation != "update" or service.of(*WORKLOADS):
        return
    for field, rule in (("gpu", "gpus"), ("replicas", "replicas")):
        for each in change.differences:
            if each.path == (field,) and each.old is not MISSING and each.new is not MISSING:
                old, new = number(each.old), number(each.new)
                severity = (
                    CRITICAL if rule == "replicas" and new == 0 else NOTICE if rule == "replicas" and (new or 0) > (old or 0) else WARNING
                )
                form = "GPUs of a replica: {new} instead of {old}." if rule == "gpus" else "Replicas: {new} instead of {old}."
                yield finding("scaled-to-zero" if severity is CRITICAL else rule, severity, change, service.name,
                              sentence(form, old=each.old, new=each.new), (), field)  # fmt: skip


RULES = (sizes, component)
