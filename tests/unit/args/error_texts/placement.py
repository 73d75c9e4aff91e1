"""Wrong arguments and their errors: names, placement, disruption and devices."""

from typing import Any

from .common import SCALED, SHARED

CASES: list[tuple[dict[str, Any], str]] = [
    # placement and names
    (
        {"namespace": "Nim_1"},
        "namespace: must be the name of a namespace (got 'Nim_1'). Use at most 63 lower-case letters, digits and '-'.",
    ),
    (
        {"service_name": "Llama_3"},
        "service_name: must be a Kubernetes name: at most 48 lower-case letters, digits and '-', starting with a letter "
        "(got 'Llama_3'). Use a name such as `\"llama-3\"`.",
    ),
    (
        {"service_name": "a" * 49},
        "service_name: must be a Kubernetes name: at most 48 lower-case letters, digits and '-', starting with a letter "
        "(got 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'). Use a name such as "
        '`"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"`.',
    ),
    (
        {"node_selector": {"gpu": True}},
        "node_selector.gpu: must be a string (got True). Pass a str.",
    ),
    (
        {"node_selector": {"gpu": "a b"}},
        "node_selector.gpu: must be a label value (got 'a b'). Use at most 63 letters, digits, '-', '_' and '.'; start "
        "and end with a letter or digit.",
    ),
    (
        {"node_selector": {"a b": "x"}},
        "node_selector['a b']: must be a label or annotation key (got 'a b'). Write name or domain/name, such as "
        '`"nvidia.com/gpu.product"`.',
    ),
    (
        {"tolerations": [{"effect": "NoSchedule"}]},
        "tolerations[0].operator: must be Exists without a key (got 'Equal'). Set the key of the taint, or tolerate every"
        ' taint: `"operator": "Exists"`.',
    ),
    (
        {"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]},
        'tolerations[0].value: has no effect with operator Exists. Remove it, or set `"operator": "Equal"`.',
    ),
    (
        {"tolerations": [{"key": "a", "operator": "Exists", "toleration_seconds": 9}]},
        'tolerations[0].toleration_seconds: requires effect NoExecute (got 9). Set `"effect": "NoExecute"`, or remove toleration_seconds.',
    ),
    (
        {"tolerations": [{"key": "a", "operator": "Exists", "tolerationSeconds": 9}]},
        "tolerations[0].tolerationSeconds: unknown field. Did you mean 'toleration_seconds'?",
    ),
    (
        {"gpu_resource": "gpu"},
        "gpu_resource: must be the name of an extended resource (got 'gpu'). Write domain/name, such as "
        '`"nvidia.com/gpu"` or `"nvidia.com/mig-3g.40gb"`.',
    ),
    (
        {"runtime_class": "NVIDIA"},
        "runtime_class: must be a Kubernetes object name (got 'NVIDIA'). Use at most 253 lower-case letters, digits, '-' "
        "and '.', such as `\"my-name\"`.",
    ),
    (
        {"priority_class": "a_b"},
        "priority_class: must be a Kubernetes object name (got 'a_b'). Use at most 253 lower-case letters, digits, '-' "
        "and '.', such as `\"my-name\"`.",
    ),
    (
        {"pod_labels": {"app.kubernetes.io/name": "x"}},
        "pod_labels['app.kubernetes.io/name']: is a label that the component sets. Use another key. Reserved: "
        "app.kubernetes.io/name, app.kubernetes.io/instance, app.kubernetes.io/component, app.kubernetes.io/managed-by, "
        "nim-component/cache-of.",
    ),
    (
        {"pod_annotations": {"a": 1}},
        "pod_annotations.a: must be a string (got 1). Pass a str.",
    ),
    (
        {"affinity": []},
        "affinity: must be a mapping. Pass a dict.",
    ),
    (
        {"topology_spread": "zone"},
        "topology_spread: must be a list (got 'zone'). Write a list, also for a single item.",
    ),
    # disruption and placement
    (
        {"disruption_budget": {"min_available": 1, "max_unavailable": 1}, "replicas": 2, "cache": SHARED},
        "disruption_budget.min_available: must not be combined with max_unavailable. Remove one of the two.",
    ),
    (
        {"disruption_budget": {"max_unavailable": 0}},
        "disruption_budget.max_unavailable: blocks every eviction, so node drains never finish (got 0). Set "
        '`"disruption_budget": {"max_unavailable": 1}`.',
    ),
    (
        {"disruption_budget": {"min_available": 1}},
        "disruption_budget.min_available: with 1 replica blocks every eviction, so node drains never finish (got 1). Set "
        '`"disruption_budget": {"max_unavailable": 1}` in place of min_available, or increase the number of replicas.',
    ),
    (
        {"disruption_budget": {"min_available": "100%"}, "replicas": 3, "cache": SHARED},
        "disruption_budget.min_available: with 3 replicas blocks every eviction, so node drains never finish (got "
        '\'100%\'). Set `"disruption_budget": {"max_unavailable": 1}` in place of min_available, or increase the number of '
        "replicas.",
    ),
    (
        {"disruption_budget": {"min_available": 2}, "autoscaling": {**SCALED, "min_replicas": 2}, "cache": SHARED},
        "disruption_budget.min_available: with 2 replicas blocks every eviction, so node drains never finish (got 2). Set"
        ' `"disruption_budget": {"max_unavailable": 1}` in place of min_available, or increase the number of replicas.',
    ),
    (
        {"disruption_budget": {"max_unavailable": "half"}},
        "disruption_budget.max_unavailable: must be a number of pods or a percentage (got 'half'). Write it such as `1` or `\"25%\"`.",
    ),
    (
        {"disruption_budget": {"max_unavailable": "101%"}},
        "disruption_budget.max_unavailable: must be a number of pods or a percentage (got '101%'). Write it such as `1` or `\"25%\"`.",
    ),
    (
        {"scheduler_name": "My_Scheduler"},
        "scheduler_name: must be a Kubernetes object name (got 'My_Scheduler'). Use at most 253 lower-case letters, "
        "digits, '-' and '.', such as `\"my-name\"`.",
    ),
    (
        {"resource_claims": [{"name": "gpus"}]},
        "resource_claims[0]: requires exactly one of claim, template, devices. Set one origin of the devices.",
    ),
    (
        {"resource_claims": [{"name": "gpus", "claim": "a", "template": "b"}]},
        "resource_claims[0].template: must not be combined with claim. Set one origin of the devices.",
    ),
    (
        {"resource_claims": [{"name": "a", "claim": "a"}, {"name": "a", "claim": "b"}]},
        "resource_claims[1].name: must be unique (got 'a'). Use another name.",
    ),
    (
        {"resource_claims": [{"name": "a", "devices": [{"name": "x"}, {"name": "x"}]}]},
        "resource_claims[0].devices[1].name: must be unique (got 'x'). Use another name.",
    ),
    (
        {"resource_claims": [{"name": "a", "devices": [{"name": "x"}], "request": "y"}]},
        "resource_claims[0].request: must be the name of a request in devices (got 'y'). Use the name of a request: x.",
    ),
    (
        {"resource_claims": [{"name": "A", "claim": "a"}]},
        "resource_claims[0].name: must be a DNS label (got 'A'). Use at most 63 lower-case letters, digits and '-'.",
    ),
    (
        {"cache": {"ephemeral": True, "existing_claim": "a"}},
        "cache.existing_claim: has no effect with ephemeral: each pod has its own volume, which is deleted with the pod. "
        "Remove one of the two.",
    ),
    (
        {"cache": {"ephemeral": True, "empty_dir": True}},
        "cache.empty_dir: has no effect with ephemeral: each pod has its own volume, which is deleted with the pod. Remove one of the two.",
    ),
    (
        {"cache": {"ephemeral": True, "host_path": "/a"}},
        "cache.host_path: has no effect with ephemeral: each pod has its own volume, which is deleted with the pod. Remove one of the two.",
    ),
    (
        {"cache": {"ephemeral": True, "volume_name": "a"}},
        "cache.volume_name: has no effect with ephemeral: each pod has its own volume, which is deleted with the pod. "
        "Remove one of the two.",
    ),
    (
        {"cache": {"ephemeral": True, "retain": True}},
        "cache.retain: has no effect with ephemeral: each pod has its own volume, which is deleted with the pod. Remove one of the two.",
    ),
    (
        {"service_account": {"name": "reader", "annotations": {"eks.amazonaws.com/role-arn": "a"}}},
        "service_account.annotations: must not be combined with name. Remove one of the two: the component annotates only a "
        "ServiceAccount that it creates.",
    ),
    (
        {"service_account": {"name": "Reader"}},
        "service_account.name: must be a Kubernetes object name (got 'Reader'). Use at most 253 lower-case letters, digits, '-' and '.', "
        'such as `"my-name"`.',
    ),
    (
        {"service_account": {"mount_token": "yes"}},
        "service_account.mount_token: must be a boolean (got 'yes'). Use True or False.",
    ),
]
