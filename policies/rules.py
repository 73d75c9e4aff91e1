"""The rules: pure functions of objects, which yield what they find in words. They know nothing of Pulumi, and of NIM only its images."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from redaction import contains_key, is_secret_variable
from workloads import Pod, Props, count_gpus, find_containers, find_pods, mapping, whole

_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"}


def check_restricted(kind: str, props: Props) -> Iterator[str]:
    """Pod Security Standard `restricted`, as Kubernetes' own documentation lists it."""
    for pod in find_pods(kind, props):
        yield from _check_pod(pod)
        own = mapping(pod.spec.get("securityContext"))
        for path, container in find_containers(pod):
            yield from _check_container(path, mapping(container.get("securityContext")), own)
            if any(mapping(port).get("hostPort") for port in container.get("ports") or ()):
                yield f"{path}.ports: must not use a port of the node. Leave hostPort out."


def _check_pod(pod: Pod) -> Iterator[str]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(field):
            yield f"{pod.path}.{field}: must not be set. The pod would share it with the node: leave it out."
    for volume in pod.spec.get("volumes") or ():
        others = sorted(set(mapping(volume)) - _VOLUMES - {"name"})
        if others:
            where = f"{pod.path}.volumes[{mapping(volume).get('name', '?')}]"
            yield f"{where}: must not be a {others[0]}. Use a persistentVolumeClaim or an emptyDir."


def _check_container(path: str, own: Props, pods: Props) -> Iterator[str]:
    where = f"{path}.securityContext"

    def said(field: str) -> Any:
        return own.get(field, pods.get(field))

    capabilities = mapping(own.get("capabilities"))
    if own.get("privileged"):
        yield f"{where}.privileged: must not be set. Leave it out."
    if own.get("allowPrivilegeEscalation") is not False:
        yield f"{where}.allowPrivilegeEscalation: must be false. Set it."
    if "ALL" not in (capabilities.get("drop") or ()):
        yield f"{where}.capabilities.drop: must hold ALL. Add it."
    if set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}:
        yield f"{where}.capabilities.add: must hold NET_BIND_SERVICE at most. Take the others away."
    if said("runAsNonRoot") is not True:
        yield f"{where}.runAsNonRoot: must be true, here or of the pod. Set it, and runAsUser."
    if said("runAsUser") == 0:
        yield f"{where}.runAsUser: must not be 0. Give another user."
    if mapping(said("seccompProfile")).get("type") not in ("RuntimeDefault", "Localhost"):
        yield f"{where}.seccompProfile.type: must be RuntimeDefault or Localhost, here or of the pod. Set it."


def check_images(kind: str, props: Props) -> Iterator[str]:
    """A moving tag serves another model after a restart, and nobody has changed anything."""
    for pod in find_pods(kind, props):
        for path, container in find_containers(pod):
            image = container.get("image")
            if not isinstance(image, str) or "@sha256:" in image:
                continue
            tag = image.rpartition("/")[2].partition(":")[2]
            if tag in ("", "latest"):
                yield f"{path}.image: {image} must have a fixed tag or a digest. Name a version, or @sha256:..."


def check_secrets(kind: str, props: Props) -> Iterator[str]:
    """A key in the clear stands in the state, in every diff and for everybody who may read pods. Values are never repeated."""
    for pod in find_pods(kind, props):
        for path, container in find_containers(pod):
            for variable in container.get("env") or ():
                name, value = str(mapping(variable).get("name", "?")), mapping(variable).get("value")
                if isinstance(value, str) and _is_key(name, value):
                    yield f"{path}.env[{name}]: must not hold a key in the clear. Use valueFrom.secretKeyRef."
            for field in ("command", "args"):
                if any(isinstance(each, str) and contains_key(each) for each in container.get(field) or ()):
                    yield f"{path}.{field}: must not hold a key in the clear. Read it from a variable that comes from a Secret."
    where = {"metadata.annotations": mapping(props.get("metadata")).get("annotations")}
    if kind == "ConfigMap":
        where["data"] = props.get("data")
    for path, values in where.items():
        for name, value in mapping(values).items():
            if isinstance(value, str) and contains_key(value):
                yield f"{path}[{name}]: must not hold a key in the clear. Put it into a Secret."


def _is_key(name: str, value: str) -> bool:
    """By its form, or by the name it has; `$(NAME)` refers to another variable."""
    return bool(value) and not value.startswith("$(") and (is_secret_variable(name) or contains_key(value))


class Object(NamedTuple):
    """One object of a stack."""

    kind: str
    name: str
    props: Props


def count_stack(objects: Iterable[Object]) -> dict[str, int]:
    """GPUs that each object may hold at most, by kind and name: under an autoscaler, at its most."""
    listed = list(objects)
    most = _most_replicas(listed)
    counted: dict[str, int] = {}
    for each in listed:
        metadata = mapping(each.props.get("metadata"))
        props: Mapping[str, Any] = each.props
        replicas = most.get((metadata.get("namespace") or "default", each.kind, metadata.get("name")))
        if replicas is not None:
            props = {**props, "spec": {**mapping(props.get("spec")), "replicas": replicas}}
        gpus = sum(count_gpus(pod) for pod in find_pods(each.kind, props))
        if gpus:
            counted[f"{each.kind} {each.name}"] = gpus
    return counted


def _most_replicas(objects: Iterable[Object]) -> dict[tuple[Any, Any, Any], int]:
    most: dict[tuple[Any, Any, Any], int] = {}
    for each in objects:
        spec = mapping(each.props.get("spec"))
        target, field = mapping(spec.get("scaleTargetRef")), "maxReplicaCount" if each.kind == "ScaledObject" else "maxReplicas"
        if target and field in spec:
            namespace = mapping(each.props.get("metadata")).get("namespace") or "default"
            most[(namespace, target.get("kind", "Deployment"), target.get("name"))] = whole(spec[field], 0)
    return most


def check_quota(objects: Iterable[Object], most: int) -> Iterator[str]:
    """The GPUs of a whole stack."""
    counted = count_stack(objects)
    total = sum(counted.values())
    if total > most:
        shares = ", ".join(f"{name} {gpus}" for name, gpus in sorted(counted.items(), key=lambda each: (-each[1], each[0])))
        yield f"the stack may hold {total} GPUs, and its quota is {most}: {shares}. Lower replicas or GPUs, or raise maxGpus of the policy."
