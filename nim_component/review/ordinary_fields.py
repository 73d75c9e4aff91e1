"""Fields whose change concerns neither keys nor traffic, code or rights, by kind.

Everything else is sensitive. So a new kind or a new field of Kubernetes is reported with too much
severity, not with too little. Dangerous values of the fields here have rules of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

POD = frozenset({
    "affinity", "enableServiceLinks", "nodeSelector", "overhead", "resources", "restartPolicy", "serviceAccount",
    "terminationGracePeriodSeconds", "tolerations", "topologySpreadConstraints",
})  # fmt: skip
"""Fields of a pod spec. `serviceAccount` is an alias with a rule.

A host name is an address of the pod, and a gate keeps it from running.
"""
CONTAINER = frozenset({
    "resizePolicy", "resources", "stdin", "stdinOnce", "terminationMessagePolicy", "tty", "volumeMounts", "lifecycle.stopSignal",
    "lifecycle.preStop.sleep",
})  # fmt: skip
"""Fields of a container. A rule reports mounts; variables, ports and probes depend on values."""
VOLUME = re.compile(r"volumes\[[^\]]*\]\.(emptyDir|downwardAPI)\b.*")
_ITEM = r"\[[^\]]*\]"
_JOB = (
    "activeDeadlineSeconds", "backoffLimit", "completionMode", "completions", "parallelism", "podFailurePolicy", "podReplacementPolicy",
    "ttlSecondsAfterFinished",
)  # fmt: skip
_ROLLOUT = ("minReadySeconds", "progressDeadlineSeconds", "replicas", "revisionHistoryLimit", "strategy", "updateStrategy")
_SCRAPE = (
    "attachMetadata", "jobLabel", "keepDroppedTargets", "labelLimit", "podTargetLabels", "sampleLimit", "targetLabels",
    rf"(endpoints|podMetricsEndpoints){_ITEM}\.(honorTimestamps|interval|scrapeTimeout)",
)  # fmt: skip
_TRIGGER = r"(\w*[tT]hreshold|\w*[vV]alue|desiredReplicas|end|ignoreNullValues|metricName|query|start|timezone)"
_SPEC: Mapping[str, tuple[str, ...]] = {
    "CronJob": (
        "concurrencyPolicy", "failedJobsHistoryLimit", "schedule", "startingDeadlineSeconds", "successfulJobsHistoryLimit",
        "timeZone", *(rf"jobTemplate\.spec\.{field}" for field in _JOB),
    ),
    "DaemonSet": _ROLLOUT,
    "Deployment": _ROLLOUT,
    "HorizontalPodAutoscaler": ("behavior", "maxReplicas", "metrics", "minReplicas"),
    "Job": _JOB,
    "LeaderWorkerSet": (
        *_ROLLOUT, r"leaderWorkerTemplate\.(restartPolicy|size)", "networkConfig", "rolloutStrategy", "startupPolicy",
    ),
    "PersistentVolumeClaim": ("resources",),
    "PodDisruptionBudget": ("maxUnavailable", "minAvailable", "unhealthyPodEvictionPolicy"),
    "PodMonitor": _SCRAPE,
    "PrometheusRule": ("groups",),
    "ScaledObject": (
        "advanced", "cooldownPeriod", "fallback", "idleReplicaCount", "initialCooldownPeriod", "maxReplicaCount", "minReplicaCount",
        "pollingInterval", rf"triggers{_ITEM}\.(metricType|name|useCachedMetrics|metadata\.{_TRIGGER})",
    ),
    "Service": (
        "allocateLoadBalancerNodePorts", "healthCheckNodePort", "internalTrafficPolicy", "ipFamilies", "ipFamilyPolicy",
        rf"ports{_ITEM}\.port", "sessionAffinity", "sessionAffinityConfig", "trafficDistribution",
    ),
    "ServiceMonitor": _SCRAPE,
    "StatefulSet": (*_ROLLOUT, "ordinals", "podManagementPolicy"),
    "VerticalPodAutoscaler": ("resourcePolicy",),
}  # fmt: skip
"""Patterns of fields below `spec`, by kind."""
_OUTSIDE_SPEC = {"ConfigMap": ("immutable",), "Secret": ("data", "stringData", "immutable")}
_PATTERNS = {
    kind: re.compile(rf"({'|'.join(fields)})([.\[].*)?")
    for kind, fields in {**{kind: tuple(rf"spec\.{each}" for each in fields) for kind, fields in _SPEC.items()}, **_OUTSIDE_SPEC}.items()
}
_UNORDERED = frozenset({
    "Ingress", "NetworkPolicy", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ServiceAccount", "Namespace", "Pod",
})  # fmt: skip
_PLAIN = re.compile(
    r"app\.kubernetes\.io/(name|instance|version|component|part-of|managed-by|created-by)|helm\.sh/chart|"
    r"kubectl\.kubernetes\.io/(restartedAt|last-applied-configuration|default-container)|deployment\.kubernetes\.io/revision|"
    r"kubernetes\.io/(change-cause|description|metadata\.name)|prometheus\.io/(scrape|port|path|scheme|interval)|"
    r"(karpenter\.sh/do-not-(disrupt|evict)|cluster-autoscaler\.kubernetes\.io/safe-to-evict)|backstage\.io/[\w.-]+|"
    r"tags\.datadoghq\.com/(env|service|version)|app\.gitlab\.com/(app|env)|nim-component\b.*|pulumi\.com/(autonamed|waitFor|patchForce)|"
    r"(docs?|documentation)\.[\w.-]+/(page|url|link|runbook|description|guide|manual|readme|title|summary)s?"
)
"""Labels and annotations with a domain that describe an object, or that are of the component.

Keys of other domains belong to controllers, which act on them.
"""
_ACTING = re.compile(
    "inject|mesh|sidecar|ignore|exempt|webhook|identity|binding|policy|admission|proxy|vault|reload|role|sync", re.IGNORECASE
)
"""Parts of keys without a domain that controllers read, such as `aadpodidbinding`."""
_DESCRIPTIVE = frozenset({
    "app.kubernetes.io/version", "app.kubernetes.io/managed-by", "app.kubernetes.io/part-of", "app.kubernetes.io/created-by",
    "helm.sh/chart",
})  # fmt: skip


PLAIN_PROVIDERS = ("random:", "time:", "pulumi:")
"""Beginnings of the types of other providers without an effect outside the state."""


def is_ordinary(kind: str, where: str) -> bool:
    """Return true for a listed field of an object, outside its metadata and its pods."""
    return where in ("apiVersion", "kind") or (kind in _PATTERNS and _PATTERNS[kind].fullmatch(where) is not None)


def ignores_order(kind: str) -> bool:
    """Return true for a kind whose lists, outside its pods, mean the same in any order."""
    return kind in _PATTERNS or kind in _UNORDERED


def is_plain_key(key: str) -> bool:
    """Return true for a label or an annotation that no controller reads for keys or rights."""
    if re.search(r"[/.]", key) is None:
        return _ACTING.search(key) is None
    return _PLAIN.fullmatch(key) is not None


def is_descriptive(label: str) -> bool:
    """Return true for a label of pods that describes them, and that selectors do not name."""
    return label in _DESCRIPTIVE
