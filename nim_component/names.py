"""Names, labels and annotations of the objects of a service."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .kubernetes.generated_names import HASH_LENGTH

if TYPE_CHECKING:
    import pulumi_kubernetes as k8s

GENERATED_SUFFIXES = ("cache", "warm", "lora", "loras", "list", "fetch", "pull", "keys")
"""Suffixes of generated names: `<service_name>-<suffix>-<content hash>`."""

LONGEST_SUFFIX = max(len(suffix) for suffix in GENERATED_SUFFIXES) + HASH_LENGTH + 2

SELECTOR_LABELS = ("app.kubernetes.io/name", "app.kubernetes.io/instance")
"""Labels of the selector.

They are few and never change, because a Deployment's selector is immutable.
"""
STANDARD_LABELS = ("app.kubernetes.io/component", "app.kubernetes.io/managed-by")
PREWARM_JOB, LORA_JOB = JOBS = ("nim-prewarm", "nim-lora-loader")
"""Values of the name label of the Jobs' pods.

They differ from the server's, so the Service selects none of them.
"""
SERVER, WORKER = "nim", "nim-worker"
"""Values of the name label of the server's pods.

With `multi_node`, the leader of each node group answers requests and is a server; the other pods
are workers. A Service, a monitor and an InferencePool select servers, so they stay the same when a
service becomes a multi-node service.
"""
SERVER_CONTAINER, PREWARM_CONTAINER = "nim", "prewarm"
LOADER_CONTAINER, FETCHER_CONTAINER, CHECKER_CONTAINER = "download-loras", "fetch-loras", "check-loras"
AUTHORITIES_CONTAINER = "join-authorities"
MANAGED_CONTAINERS = (SERVER_CONTAINER, LOADER_CONTAINER, FETCHER_CONTAINER, CHECKER_CONTAINER, AUTHORITIES_CONTAINER)
"""Names of the component's containers in the server's pods."""
CACHE_PVC_VOLUME, CACHE_EMPTY_DIR_VOLUME, CACHE_EPHEMERAL_VOLUME, CACHE_HOST_VOLUME = CACHE_VOLUMES = (
    "cache",
    "cache-empty-dir",
    "cache-ephemeral",
    "cache-host-path",
)
LORA_EMPTY_DIR_VOLUME, LORA_PVC_VOLUME = LORA_VOLUMES = ("lora", "lora-pvc")
"""Volumes of adapters, and above of the model cache: one name for each type of volume.

The API server merges volumes by name. In the preview of the first update of an object, the provider
merges the old fields with the new ones. A volume of two types is then invalid.
"""
LORA_LISTS = ("lora-next", "lora-current")
"""Suffixes of the ConfigMaps with the lists of adapters before and after a Job."""
SHM_VOLUME, AUTHORITIES_VOLUME = "dshm", "ca-own"
"""Volumes of `/dev/shm`, and of the certificates in `network.ca_config_map`."""
WORKER_INDEX = "leaderworkerset.sigs.k8s.io/worker-index"
"""Label that the LeaderWorkerSet controller sets on each pod of a node group; the leader has 0."""
CACHE_LABEL = "nim-component/cache-of"
"""Label of the pods that mount a service's cache: the server's, and those of the prewarm Job.

Pod affinity uses it to place them on one node.
"""
MANAGED_LABELS = (*SELECTOR_LABELS, *STANDARD_LABELS, CACHE_LABEL)
"""Labels that the component sets; a user's labels must not have these keys."""

PULL_SECRET_TYPE = "kubernetes.io/dockerconfigjson"
WAIT_FOR = "pulumi.com/waitFor"
"""Annotation with the conditions for which the Kubernetes provider waits, in place of its own."""
APPLIED, HAS_ADDRESS = "jsonpath={.metadata.uid}", "jsonpath={.status.loadBalancer.ingress}"
"""Values of that annotation with `diagnosis.fail_fast`: the provider waits until the object is
applied, or until a Service of type LoadBalancer has an address. The component waits for the pods.
"""
SKIP_AWAIT = "pulumi.com/skipAwait"
"""Annotation of objects for which the Kubernetes provider does not wait."""
REPLACE_FAILED = "pulumi.com/replaceUnready"
"""Annotation of Jobs: the provider replaces a failed Job.

Without it, the provider waits for the failed Job again.
"""
SECRETS_DIGEST = "checksum/secrets"
"""Annotation of the pods: a rotated Secret changes it and so rolls the pods, also where Secrets
change in place."""
PATCH_FORCE = "pulumi.com/patchForce"
"""Annotation of a Deployment that has or had an autoscaler: the Kubernetes provider takes over
fields of other owners."""
REPLICAS_OWNER = "nim-component/replicas-owner"
"""Annotation of a Deployment with an autoscaler.

Its removal changes the Deployment, so that the provider applies `spec.replicas` again, also if the
number in the program is the same as before.
"""
HELD_REPLICAS = "nim-component/held-replicas"
"""Annotation of an autoscaler while an update that deletes it rolls the Deployment out.

Its value is the number of replicas at which it is held.
"""
MANAGED_ANNOTATIONS = (WAIT_FOR, SKIP_AWAIT, REPLACE_FAILED, SECRETS_DIGEST, REPLICAS_OWNER)
"""Annotations that the component sets; a user's annotations must not have these keys."""


def make_selector(service_name: str) -> dict[str, str]:
    """Return the labels that select the pods that answer requests."""
    return {"app.kubernetes.io/name": SERVER, "app.kubernetes.io/instance": service_name}


def name_leader_worker_set(service_name: str) -> str:
    """Return the name of the LeaderWorkerSet.

    Its controller gives the same name to a headless Service and to the leaders' StatefulSet, so it
    must differ from the name of the component's Service.
    """
    return f"{service_name}-group"


def make_worker_labels(service_name: str) -> dict[str, str]:
    """Return the labels that select the workers of a multi-node service."""
    return {**make_selector(service_name), "app.kubernetes.io/name": WORKER}


def make_name_selector(service_name: str, names: Sequence[str]) -> "k8s.meta.v1.LabelSelectorArgsDict":
    """Return a selector of the service's pods whose name label is one of `names`."""
    name, instance = SELECTOR_LABELS
    return {"match_labels": {instance: service_name}, "match_expressions": [{"key": name, "operator": "In", "values": list(names)}]}


def make_job_labels(service_name: str, job: str) -> dict[str, str]:
    """Return the labels that select the pods of one of the service's Jobs."""
    name, instance = SELECTOR_LABELS
    return {name: job, instance: service_name}


def make_labels(service_name: str) -> dict[str, str]:
    """Return the labels of every object of a service."""
    return {**make_selector(service_name), "app.kubernetes.io/component": "model-server", "app.kubernetes.io/managed-by": "pulumi"}


def name_secret_variable(prefix: str, group: str | None, key: str) -> str:
    """Return the variable of a Secret key: `<PREFIX><GROUP>_<KEY>` in upper case, as in Flyte.

    A character that a shell variable cannot contain becomes `_`: the key `hf-key` would otherwise
    never reach the shell.
    """
    parts = f"{group}_{key}" if group else key
    return re.sub(r"[^A-Z0-9_]", "_", f"{prefix}{parts}".upper())


def model_of_image(image: str) -> str:
    """Return the last two segments of an image's repository, without registry, tag and digest."""
    path = image.partition("@")[0].split("/")
    path[-1] = path[-1].partition(":")[0]
    return "/".join(path[-2:] if len(path) > 2 else path[-1:])
