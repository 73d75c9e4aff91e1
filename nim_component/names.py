"""Names and labels of the objects. What may be replaced carries a digest, so that its successor stands beside it and nothing is deleted
first."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pulumi_kubernetes as k8s

DIGEST_LENGTH = 8
PARTS = ("cache", "warm", "lora", "loras", "list", "fetch", "pull", "keys")
"""Parts whose names carry a digest: `<service_name>-<part>-<digest>`."""

LONGEST_SUFFIX = max(len(part) for part in PARTS) + DIGEST_LENGTH + 2

SELECTOR_LABELS = ("app.kubernetes.io/name", "app.kubernetes.io/instance")
"""The selector: minimal and frozen, since a Deployment's cannot change."""
STANDARD_LABELS = ("app.kubernetes.io/component", "app.kubernetes.io/managed-by")
PREWARM_JOB, LORA_JOB = JOBS = ("nim-prewarm", "nim-lora-loader")
"""Names by which the pods of the Jobs go, so that the Service sends them nothing."""
SERVER, WORKER = "nim", "nim-worker"
"""Names by which the pods go: what answers requests, and of a group over several nodes what only works for its leader. A Service, a monitor
or a pool of endpoints takes the first, so that it need not change when a server becomes a group."""
SERVER_CONTAINER, PREWARM_CONTAINER = "nim", "prewarm"
LOADER_CONTAINER, FETCHER_CONTAINER, CHECKER_CONTAINER = "download-loras", "fetch-loras", "check-loras"
AUTHORITIES_CONTAINER = "join-authorities"
MANAGED_CONTAINERS = (SERVER_CONTAINER, LOADER_CONTAINER, FETCHER_CONTAINER, CHECKER_CONTAINER, AUTHORITIES_CONTAINER)
"""Names of the component's containers in the server's pods."""
WORKER_INDEX = "leaderworkerset.sigs.k8s.io/worker-index"
"""Label that the LeaderWorkerSet controller puts on each pod of a group; 0 is the leader."""
CACHE_LABEL = "nim-component/cache-of"
"""On the pods that mount a service's cache, where they must find one another."""
MANAGED_LABELS = (*SELECTOR_LABELS, *STANDARD_LABELS, CACHE_LABEL)
"""Labels that the component sets; a user's labels must not have these keys."""

PULL_SECRET_TYPE = "kubernetes.io/dockerconfigjson"
WAIT_FOR = "pulumi.com/waitFor"
"""Annotation with the conditions for which the Kubernetes provider waits, in place of its own."""
SKIP_AWAIT = "pulumi.com/skipAwait"
"""Annotation of objects for which the Kubernetes provider does not wait."""
REPLACE_FAILED = "pulumi.com/replaceUnready"
"""Annotation of Jobs: the provider replaces a failed Job. Without it, the provider waits for the failed Job again."""
SECRETS_DIGEST = "checksum/secrets"
"""Annotation of the pods: a rotated Secret changes it and so rolls the pods, also where Secrets change in place."""
MANAGED_ANNOTATIONS = (WAIT_FOR, SKIP_AWAIT, REPLACE_FAILED, SECRETS_DIGEST)
"""Annotations that the component sets; a user's annotations must not have these keys."""


def digest(fields: Mapping[str, Any]) -> str:
    """A short digest of plain fields, the same on every machine and run."""
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


def name_with_digest(service_name: str, part: str, fields: Mapping[str, Any]) -> str:
    """The name of a part that a change of `fields` replaces."""
    return f"{service_name}-{part}-{digest(fields)}"


def selector(service_name: str) -> dict[str, str]:
    """The selector labels of a service's pods that answer requests."""
    return {"app.kubernetes.io/name": SERVER, "app.kubernetes.io/instance": service_name}


def group_name(service_name: str) -> str:
    """Name of the LeaderWorkerSet, and so of the headless Service and the StatefulSet of leaders that its controller makes: it must not be
    the name of our Service."""
    return f"{service_name}-group"


def worker_labels(service_name: str) -> dict[str, str]:
    """The selector labels of the pods that only work for a leader."""
    return {**selector(service_name), "app.kubernetes.io/name": WORKER}


def named_selector(service_name: str, names: Sequence[str]) -> "k8s.meta.v1.LabelSelectorArgsDict":
    """A selector of the pods of a service that go by one of these names."""
    name, instance = SELECTOR_LABELS
    return {"match_labels": {instance: service_name}, "match_expressions": [{"key": name, "operator": "In", "values": list(names)}]}


def job_selector(service_name: str, job: str) -> dict[str, str]:
    """The labels by which the pods of a service's Job are found."""
    name, instance = SELECTOR_LABELS
    return {name: job, instance: service_name}


def labels(service_name: str) -> dict[str, str]:
    """The labels of every object of a service."""
    return {**selector(service_name), "app.kubernetes.io/component": "model-server", "app.kubernetes.io/managed-by": "pulumi"}


def prefixed_name(prefix: str, group: str | None, key: str) -> str:
    """`<PREFIX><GROUP>_<KEY>` in upper case, as Flyte names it, with `_` for what a shell's variable cannot hold: `hf-key` was never seen
    there."""
    parts = f"{group}_{key}" if group else key
    return re.sub(r"[^A-Z0-9_]", "_", f"{prefix}{parts}".upper())
