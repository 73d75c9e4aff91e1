"""Causes that time alone does not remove: the input of `diagnosis.fail_fast`.

A cause is permanent if the state of the cluster proves it, and only a change of the program or of
an object removes it. An outage, a rate limit, a full cluster and a node that starts are not
permanent.
"""

import re
from dataclasses import replace

from ..cluster.node_autoscalers import has_node_autoscaler
from ..cluster.objects import Container, Object, containers_of, is_ready, mapping_at, phase_of, text_at, texts_at
from ..cluster.scheduling import capacity, gpu_resource_of, requests_of
from .diagnosis import Diagnosis
from .rules import diagnose
from .rules.images import find_pull_message
from .snapshot import Snapshot

_CONFIG_CAUSES = ("secret-missing", "secret-key-missing", "config-map-missing", "config-map-key-missing")
"""Causes that the kubelet reports as the state of a container. It retries every few seconds."""
_PULLING = ("ErrImagePull", "ImagePullBackOff")
_NOT_FOUND = re.compile(r"manifest[_ ]unknown|name[_ ]unknown|: not found\b", re.IGNORECASE)
"""Text of a registry's answer that an image does not exist."""
_OUTAGE = re.compile(
    r"time-?out|timed out|deadline|connection|no such host|lookup |dial |unreachable|x509|tls:|proxy|misbehaving|unavailable"
    r"|\b5\d\d\b|\bEOF\b",
    re.IGNORECASE,
)
"""Text of an outage, during which a mirror can answer "not found" too."""
_GROUP_TEMPLATE = "leaderworkerset.sigs.k8s.io/template-revision-hash"
_POD_TEMPLATE = "pod-template-hash"


def find_permanent_cause(snapshot: Snapshot) -> Diagnosis | None:
    """Return the cause if every new pod has a permanent one, and none is ready.

    Pods of an earlier template are left out: the rollout replaces them.
    """
    pods = [pod for pod in _list_new_pods(snapshot) if phase_of(pod) != "Failed"]
    if not pods or any(is_ready(pod) for pod in pods):
        return None
    causes = [_find_cause(snapshot, pod) for pod in pods]
    return causes[0] if all(causes) else None


def _list_new_pods(snapshot: Snapshot) -> list[Object]:
    """Return the pods with the newest template."""
    if snapshot.deployment is not None:
        return _select(snapshot, _POD_TEMPLATE, _find_template_hash(snapshot, snapshot.deployment))
    if snapshot.leader_worker_set is not None and snapshot.pods:
        return _select(snapshot, _GROUP_TEMPLATE, text_at(snapshot.pods[0], "metadata", "labels", _GROUP_TEMPLATE))
    return snapshot.pods


def _select(snapshot: Snapshot, label: str, value: str | None) -> list[Object]:
    return [pod for pod in snapshot.pods if value is not None and text_at(pod, "metadata", "labels", label) == value]


def _find_template_hash(snapshot: Snapshot, deployment: Object) -> str | None:
    """Return the hash of the ReplicaSet with the Deployment's template, as its controller finds it.

    After a change back, this is an old ReplicaSet.
    """
    wanted = mapping_at(deployment, "spec", "template")
    for each in snapshot.all("replicasets"):
        template = mapping_at(each, "spec", "template")
        labels = {**texts_at(template, "metadata", "labels")}
        value = labels.pop(_POD_TEMPLATE, None)
        if value and {**template, "metadata": {**mapping_at(template, "metadata"), "labels": labels}} == wanted:
            return value
    return None


def _find_cause(snapshot: Snapshot, pod: Object) -> Diagnosis | None:
    alone = replace(snapshot, kinds={**snapshot.kinds, "pods": [pod]})
    return next((each for each in diagnose(alone) if each.confidence == "certain" and _is_permanent(alone, pod, each)), None)


def _is_permanent(snapshot: Snapshot, pod: Object, diagnosis: Diagnosis) -> bool:
    if diagnosis.cause in _CONFIG_CAUSES:
        return any(each.waiting == "CreateContainerConfigError" for each in containers_of(pod))
    if diagnosis.cause == "image-not-found":
        return all(_is_not_found(snapshot, pod, each) for each in containers_of(pod) if each.waiting in _PULLING)
    return diagnosis.cause == "image-name-invalid" or (diagnosis.cause == "gpu-too-many" and _exceeds_every_node(snapshot, pod))


def _is_not_found(snapshot: Snapshot, pod: Object, waiting: Container) -> bool:
    image = text_at(waiting.spec, "image")
    message = find_pull_message(snapshot, pod, waiting).replace(image or "\0", "<image>")  # a name can contain any text
    return bool(_NOT_FOUND.search(message)) and not _OUTAGE.search(message)


def _exceeds_every_node(snapshot: Snapshot, pod: Object) -> bool:
    """Return True if no node has the GPUs, also with all devices healthy, and none can be added.

    An unhealthy GPU is in the capacity of its node, and not in its allocatable resources.
    """
    resource = gpu_resource_of(pod)
    if resource is None or not snapshot.is_known("nodes") or not snapshot.is_known("events"):
        return False
    nodes = snapshot.all("nodes")
    largest = max((capacity(node, resource) for node in nodes), default=0)
    return requests_of(pod, resource) > largest and not has_node_autoscaler(nodes, snapshot.events(pod))
