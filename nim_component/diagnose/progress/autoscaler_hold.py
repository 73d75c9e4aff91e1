"""Hold of an autoscaler that the same update deletes.

Pulumi deletes an autoscaler after the Deployment is rolled out. Until then, the autoscaler would
move `replicas` back between its own limits. Therefore it is held at the new number before the
Deployment is updated. If the update fails, it gets its former values back.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...cluster.client import ClusterClient
from ...cluster.connection import Connection
from ...cluster.errors import GoneError, MissingError, RefusedError, UnreachableError
from ...cluster.kinds import OURS
from ...cluster.objects import Object, at, mapping_at, name_of, text_at, texts_at
from ...cluster.writing_client import WritingClient
from ...names import HELD_REPLICAS, REPLICAS_OWNER, SELECTOR_LABELS, SERVER
from ...text.sanitizing import sanitize

FIELD_MANAGER = "pulumi-kubernetes"
"""Field manager whose fields the Kubernetes provider takes over with its next update.

Its function fixCSAFieldManagers:
https://github.com/pulumi/pulumi-kubernetes/blob/v4.32.0/provider/pkg/await/await.go
"""
PAUSED_REPLICAS = "autoscaling.keda.sh/paused-replicas"
"""Annotation of a ScaledObject: KEDA sets this number of replicas and then stops scaling.

https://keda.sh/docs/2.17/concepts/scaling-deployments/#pause-autoscaling
"""
HOLD_SECONDS = 5.0
"""Time limit to hold or release an autoscaler."""
HOLD_ERRORS = (TimeoutError, RefusedError, UnreachableError, GoneError)
_LISTS = (
    "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers",
    "/apis/keda.sh/v1alpha1/namespaces/{}/scaledobjects",
)
"""Paths of the autoscalers of a namespace."""


@dataclass(frozen=True)
class Hold:
    """An autoscaler that is held, and the patch that ends it."""

    path: str
    release: Object


async def hold(connection: Connection, deployment: Object) -> Hold | None:
    """Hold the autoscaler of a Deployment, as `hold_autoscaler` does."""
    async with WritingClient.connect(connection.kubeconfig, connection.context) as client:
        return await hold_autoscaler(client, deployment)


async def release(connection: Connection, held: Hold) -> None:
    """Give a held autoscaler its former values back."""
    async with WritingClient.connect(connection.kubeconfig, connection.context) as client:
        await client.patch(held.path, held.release, FIELD_MANAGER)


def describe_failed_hold(name: str, error: Exception) -> str:
    """Return the warning for an autoscaler that could not be held."""
    reason = sanitize(str(error), 100) or "no answer"
    return (
        f"{name}: it is unknown whether an autoscaler still sets the number of replicas ({reason}). "
        "Until Pulumi deletes the autoscaler at the end of this update, it may change that number."
    )


async def hold_autoscaler(client: WritingClient, deployment: Object) -> Hold | None:
    """Hold the autoscaler of a Deployment at the Deployment's number of replicas.

    Args:
        client: Client of the cluster.
        deployment: The new inputs of the Deployment.

    Returns:
        The hold; None if the Deployment keeps its autoscaler, or the component made none for it.

    Raises:
        RefusedError: The credentials do not allow it.
        UnreachableError: The server does not answer, or rejects the change.
    """
    name, namespace = (text_at(deployment, "metadata", key) for key in ("name", "namespace"))
    replicas = at(deployment, "spec", "replicas")
    if REPLICAS_OWNER in texts_at(deployment, "metadata", "annotations") or not isinstance(replicas, int | float):
        return None
    found = await _find(client, namespace or "default", name)
    if found is None:
        return None
    path, autoscaler = found
    held, released = _make_patches(autoscaler, int(replicas))
    await client.patch(path, held, FIELD_MANAGER)
    return Hold(path, released)


async def find_held_replicas(client: ClusterClient, namespace: str) -> dict[str, str]:
    """Return the numbers at which an interrupted update holds autoscalers, by name of the service.

    Args:
        client: Client of the cluster.
        namespace: Namespace of the services.
    """
    held: dict[str, str] = {}
    for path in _LISTS:
        try:
            items, _ = await client.list(path.format(namespace), slim=dict, **OURS)
        except MissingError:
            continue
        numbers = {name_of(each): texts_at(each, "metadata", "annotations").get(HELD_REPLICAS) for each in items if _is_ours(each)}
        held |= {name: number for name, number in numbers.items() if number is not None}
    return held


async def _find(client: ClusterClient, namespace: str, name: str) -> tuple[str, Object] | None:
    """Return path and object of the autoscaler that the component made for a Deployment."""
    for each in _LISTS:
        path = f"{each.format(namespace)}/{name}"
        try:
            found = await client.get(path)
        except MissingError:
            continue
        if name_of(found) == name and _is_ours(found):
            return path, found
    return None


def _is_ours(autoscaler: Object) -> bool:
    """Return True if the component made the autoscaler for the Deployment of the same name."""
    name, labels = name_of(autoscaler), texts_at(autoscaler, "metadata", "labels")
    return [labels.get(key) for key in SELECTOR_LABELS] == [SERVER, name] and text_at(autoscaler, "spec", "scaleTargetRef", "name") == name


def _make_patches(autoscaler: Object, replicas: int) -> tuple[Object, Object]:
    """Return the merge patches that hold and release an autoscaler."""
    if "maxReplicas" not in mapping_at(autoscaler, "spec"):
        keys = (HELD_REPLICAS, PAUSED_REPLICAS)
        return _annotate(dict.fromkeys(keys, str(replicas))), _annotate(dict.fromkeys(keys))
    limits = {key: at(autoscaler, "spec", key) for key in ("minReplicas", "maxReplicas")}
    # A HorizontalPodAutoscaler does nothing while its target has zero replicas.
    held = dict.fromkeys(limits, replicas) if replicas else limits
    return {**_annotate({HELD_REPLICAS: str(replicas)}), "spec": held}, {**_annotate({HELD_REPLICAS: None}), "spec": limits}


def _annotate(annotations: dict[str, str | None]) -> Object:
    return {"metadata": {"annotations": annotations}}
