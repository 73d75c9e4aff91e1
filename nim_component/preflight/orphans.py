"""Check for orphans: objects of the component that no state contains."""

from collections.abc import Iterator

from ..cluster.objects import Object, at, mapping_at, number_at
from ..cluster.scheduling import gpu_resource_of, requests_of
from ..text.links import AFTER_KILLED_RUN
from .facts import Facts
from .requirements import StackRequirements
from .result import CheckResult
from .stack_state import StackState


def check_orphans(requirements: StackRequirements, facts: Facts, state: StackState | None) -> Iterator[CheckResult]:
    """Report objects with the component's labels that the stack's state does not contain.

    An object that the stack creates makes the next update fail. Other objects only occupy GPUs, and
    can belong to another stack: nothing in the cluster names the stack of an object.
    """
    if state is None:
        return
    for kind, namespace, name in sorted(set(facts.own_objects) - state.objects):
        about = f"{kind} {namespace}/{name}"
        if (kind, namespace, name) in requirements.objects:
            text = 'exists in the cluster, but not in the stack\'s state: an update was killed, and the next would end in "already exists"'
            fix = "Adopt it, with unchanged arguments:"
            yield CheckResult("fail", about, text, fix, "PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true pulumi up", AFTER_KILLED_RUN)
        elif kind in ("Deployment", "LeaderWorkerSet"):
            gpus = _gpus_of(kind, facts.own_objects[kind, namespace, name])
            occupied = f"; it occupies {gpus}" if gpus else ""
            text = f"belongs to another stack, or is left over from a killed update; it is not in this stack's state{occupied}"
            yield CheckResult("skip", about, text)


def _gpus_of(kind: str, object_: Object) -> str:
    multi_node = mapping_at(object_, "spec", "leaderWorkerTemplate")
    template = mapping_at(multi_node, "leaderTemplate") if kind == "LeaderWorkerSet" else mapping_at(object_, "spec", "template")
    pod: Object = {"spec": mapping_at(template, "spec")}
    resource = gpu_resource_of(pod)
    replicas = at(object_, "spec", "replicas")
    number = (replicas if isinstance(replicas, int) else 1) * (number_at(multi_node, "size") or 1)
    return f"{requests_of(pod, resource) * number} {resource}" if resource else ""
