"""Rules of the policies: pure functions from Kubernetes objects to violations, without Pulumi.

A violation is `<path>: <problem>. <fix>`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from workloads import Pod, Props, count_gpus, find_containers, find_pods, integer, mapping

_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"}


def check_restricted(kind: str, props: Props) -> Iterator[str]:
    """Yield violations of the Pod Security Standard `restricted`.

    Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
    """
    for pod in find_pods(kind, props):
        yield from _check_pod(pod)
        shared = mapping(pod.spec.get("securityContext"))
        for path, container in find_containers(pod):
            yield from _check_container(path, mapping(container.get("securityContext")), shared)
            if any(mapping(port).get("hostPort") for port in container.get("ports") or ()):
                yield f"{path}.ports: must not use a port of the node. Remove hostPort."


def _check_pod(pod: Pod) -> Iterator[str]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(field):
            yield f"{pod.path}.{field}: must not be set. Remove it: the pod would share it with the node."
    for volume in pod.spec.get("volumes") or ():
        others = sorted(set(mapping(volume)) - _VOLUMES - {"name"})
        if others:
            path = f"{pod.path}.volumes[{mapping(volume).get('name', '?')}]"
            yield f"{path}: must not be a {others[0]}. Use a persistentVolumeClaim or an emptyDir."


def _check_container(path: str, own: Props, shared: Props) -> Iterator[str]:
    context = f"{path}.securityContext"

    def effective(field: str) -> Any:
        return own.get(field, shared.get(field))

    capabilities = mapping(own.get("capabilities"))
    if own.get("privileged"):
        yield f"{context}.privileged: must not be set. Remove it."
    if own.get("allowPrivilegeEscalation") is not False:
        yield f"{context}.allowPrivilegeEscalation: must be false. Set it."
    if "ALL" not in (capabilities.get("drop") or ()):
        yield f"{context}.capabilities.drop: must contain ALL. Add it."
    if set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}:
        yield f"{context}.capabilities.add: must contain nothing but NET_BIND_SERVICE. Remove the others."
    if effective("runAsNonRoot") is not True:
        yield f"{context}.runAsNonRoot: must be true, here or in the pod. Set it, and runAsUser."
    if effective("runAsUser") == 0:
        yield f"{context}.runAsUser: must not be 0. Set another user."
    if mapping(effective("seccompProfile")).get("type") not in ("RuntimeDefault", "Localhost"):
        yield f"{context}.seccompProfile.type: must be RuntimeDefault or Localhost, here or in the pod. Set it."


def check_images(kind: str, props: Props) -> Iterator[str]:
    """Yield images without a fixed tag: after a restart, a pod may serve another model."""
    for pod in find_pods(kind, props):
        for path, container in find_containers(pod):
            image = container.get("image")
            if not isinstance(image, str) or "@sha256:" in image:
                continue
            tag = image.rpartition("/")[2].partition(":")[2]
            if tag in ("", "latest"):
                yield f"{path}.image: {image} must have a fixed tag or a digest. Add a version, or @sha256:..."


class Object(NamedTuple):
    """Kubernetes object of a stack."""

    kind: str
    name: str
    """Logical name."""
    props: Props


def count_stack(objects: Iterable[Object]) -> dict[str, int]:
    """Return the GPUs of each object, by kind and name, with all autoscalers at their maximum."""
    listed = list(objects)
    maximum = _maximum_replicas(listed)
    counted: dict[str, int] = {}
    for each in listed:
        metadata = mapping(each.props.get("metadata"))
        props: Mapping[str, Any] = each.props
        replicas = maximum.get((metadata.get("namespace") or "default", each.kind, metadata.get("name")))
        if replicas is not None:
            props = {**props, "spec": {**mapping(props.get("spec")), "replicas": replicas}}
        gpus = sum(count_gpus(pod) for pod in find_pods(each.kind, props))
        if gpus:
            counted[f"{each.kind} {each.name}"] = gpus
    return counted


def _maximum_replicas(objects: Iterable[Object]) -> dict[tuple[Any, Any, Any], int]:
    """Return the upper bounds of all autoscalers, by namespace, kind and name of the workload."""
    maximum: dict[tuple[Any, Any, Any], int] = {}
    for each in objects:
        spec = mapping(each.props.get("spec"))
        target, field = mapping(spec.get("scaleTargetRef")), "maxReplicaCount" if each.kind == "ScaledObject" else "maxReplicas"
        if target and field in spec:
            namespace = mapping(each.props.get("metadata")).get("namespace") or "default"
            maximum[(namespace, target.get("kind", "Deployment"), target.get("name"))] = integer(spec[field], 0)
    return maximum


def check_quota(objects: Iterable[Object], max_gpus: int) -> Iterator[str]:
    """Yield a violation if the objects of a stack may use more GPUs than the quota."""
    counted = count_stack(objects)
    total = sum(counted.values())
    if total > max_gpus:
        shares = ", ".join(f"{name} {gpus}" for name, gpus in sorted(counted.items(), key=lambda each: (-each[1], each[0])))
        fix = "Reduce replicas or GPUs, or raise maxGpus of the policy."
        yield f"the stack may use {total} GPUs, but its quota is {max_gpus}: {shares}. {fix}"
