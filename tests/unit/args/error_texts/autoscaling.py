"""Wrong arguments and their errors: autoscaling."""

from typing import Any

from .common import CPU, CRON, PROMETHEUS, SCALED, SHARED

CASES: list[tuple[dict[str, Any], str]] = [
    # autoscaling
    (
        {"autoscaling": {"presets": ["queue"]}},
        "autoscaling.max_replicas: is required. Add this field.",
    ),
    (
        {"autoscaling": True},
        "autoscaling: must be a mapping of fields (got True). Pass AutoscalingArgs(...) or a dict.",
    ),
    (
        {"replicas": 2, "autoscaling": SCALED, "cache": SHARED},
        'replicas: must not be combined with autoscaling (got 2). Remove it, and set `"autoscaling": {"min_replicas": 2}`.',
    ),
    (
        {"autoscaling": SCALED},
        'cache.access_mode: must allow sharing for 4 replicas (got \'ReadWriteOnce\'). Use `"cache": {"access_mode": '
        '"ReadWriteMany"}` with a storage class that supports it, or a shared PVC in cache.existing_claim, or `"cache": '
        '{"empty_dir": True}`, or `"autoscaling": {"max_replicas": 1}`.',
    ),
    (
        {"autoscaling": {**SCALED, "min_replicas": 5}, "cache": SHARED},
        "autoscaling.min_replicas: must be at most max_replicas (4) (got 5). Decrease it, or increase max_replicas.",
    ),
    (
        {"autoscaling": {"max_replicas": 4}, "cache": SHARED},
        'autoscaling.metrics: must not be empty without presets. Set `"autoscaling": {"presets": ["queue"]}`, which uses '
        "NIM's own metrics.",
    ),
    (
        {"autoscaling": {"max_replicas": 4, "keda": {}}, "cache": SHARED},
        'autoscaling.keda.triggers: must not be empty without presets. Set `"autoscaling": {"presets": ["queue"]}`, which'
        " uses NIM's own metrics.",
    ),
    (
        {"autoscaling": {**SCALED, "min_replicas": 0}, "cache": SHARED},
        "autoscaling.min_replicas: must be at least 1 without a signal from outside the pods: without pods, their own "
        'metrics do not exist (got 0). Add an object or external metric, or keda with a trigger, or set `"autoscaling": '
        '{"min_replicas": 1}`.',
    ),
    (
        {"autoscaling": {**SCALED, "min_replicas": 0, "keda": {"prometheus": PROMETHEUS}}, "cache": SHARED},
        "autoscaling.min_replicas: must be at least 1 without a signal from outside the pods: without pods, their own "
        "metrics do not exist (got 0). Add a trigger that needs no pod, such as the requests at the gateway, or set "
        '`"autoscaling": {"min_replicas": 1}`.',
    ),
    (
        {
            "autoscaling": {"max_replicas": 4, "min_replicas": 0, "keda": {"triggers": [{"type": "cpu", "metadata": {"value": "60"}}]}},
            "cache": SHARED,
        },
        "autoscaling.min_replicas: must be at least 1 without a signal from outside the pods: without pods, their own "
        "metrics do not exist (got 0). Add a trigger that needs no pod, such as the requests at the gateway, or set "
        '`"autoscaling": {"min_replicas": 1}`.',
    ),
    (
        {"autoscaling": {**SCALED, "presets": ["queue", "latency"]}, "cache": SHARED},
        "autoscaling.presets[1]: requires keda: a HorizontalPodAutoscaler cannot compute a percentile (got 'latency'). "
        'Set `"autoscaling": {"keda": {"prometheus": "http://prometheus-operated.monitoring.svc:9090"}}`, or use another '
        "preset.",
    ),
    (
        {"autoscaling": {**SCALED, "presets": ["queue", "queue"]}, "cache": SHARED},
        "autoscaling.presets[1]: must be unique (got 'queue'). Remove one of them.",
    ),
    (
        {"autoscaling": {**SCALED, "presets": ["queues"]}, "cache": SHARED},
        "autoscaling.presets[0].preset: must be one of 'queue', 'running', 'kv-cache' or 'latency' (got 'queues'). Did you mean 'queue'?",
    ),
    (
        {"autoscaling": {**SCALED, "presets": [{"preset": "queue", "target": 0}]}, "cache": SHARED},
        'autoscaling.presets[0].target: must be a number or quantity above zero (got 0). Write it such as `5`, `0.75` or `"750m"`.',
    ),
    (
        {"autoscaling": {**SCALED, "presets": [{"preset": "queue", "target": True}]}, "cache": SHARED},
        'autoscaling.presets[0].target: must be a number or quantity above zero (got True). Write it such as `5`, `0.75` or `"750m"`.',
    ),
    (
        {"autoscaling": SCALED, "cache": SHARED, "image": "registry.example/llm:latest"},
        "generation: is required with autoscaling.presets: metrics are named by generation, and the image's tag does not "
        "show it. Set it to 1.x, 2.x-vllm or 2.x-sglang, or use autoscaling.keda, which queries all of the names.",
    ),
    (
        {"autoscaling": {**SCALED, "keda": {}}, "cache": SHARED},
        'autoscaling.keda.prometheus: is required with presets. Set its URL, such as `"autoscaling": {"keda": '
        '{"prometheus": "http://prometheus-operated.monitoring.svc:9090"}}`.',
    ),
    (
        {"autoscaling": {**SCALED, "keda": {"prometheus": "http://user:x@prometheus:9090"}}, "cache": SHARED},
        "autoscaling.keda.prometheus: must be an http(s) URL without user, password and query. Write it such as "
        '`"http://prometheus-operated.monitoring.svc:9090"`; credentials belong in a TriggerAuthentication.',
    ),
    (
        {"autoscaling": {"max_replicas": 4, "keda": {"triggers": CRON, "authentication": "a"}}, "cache": SHARED},
        "autoscaling.keda.authentication: has no effect without presets. Remove it: each trigger names its own server.",
    ),
    (
        {"autoscaling": {"max_replicas": 4, "keda": {"triggers": CPU, "fallback": {"replicas": 1}}}, "cache": SHARED},
        "autoscaling.keda.fallback: is refused by KEDA if all triggers are of type cpu or memory. Remove it: the cluster "
        "measures cpu and memory itself.",
    ),
    (
        {"autoscaling": {"max_replicas": 4, "keda": {"triggers": CRON, "fallback": {"replicas": 5}}}, "cache": SHARED},
        "autoscaling.keda.fallback.replicas: must be at most max_replicas (4) (got 5). Decrease it, or increase max_replicas.",
    ),
    (
        {
            "autoscaling": {"max_replicas": 4, "keda": {"triggers": CRON}, "metrics": [{"pods": {"name": "a", "average_value": 1}}]},
            "cache": SHARED,
        },
        "autoscaling.metrics: has no effect with keda. Write each metric as a trigger in keda.triggers.",
    ),
    (
        {"autoscaling": {"max_replicas": 4, "keda": {"triggers": [{"type": "cron", "metadata": {"desiredReplicas": 2}}]}}, "cache": SHARED},
        "autoscaling.keda.triggers[0].metadata.desiredReplicas: must be a string. Pass a str.",
    ),
    (
        {"autoscaling": {"max_replicas": 4, "metrics": [{}]}, "cache": SHARED},
        "autoscaling.metrics[0]: requires exactly one of resource, pods, object, external. Write each metric as an item of its own.",
    ),
    (
        {
            "autoscaling": {
                "max_replicas": 4,
                "metrics": [{"external": {"name": "a", "value": 1}, "resource": {"name": "cpu", "utilization": 60}}],
            },
            "cache": SHARED,
        },
        "autoscaling.metrics[0].external: must not be combined with resource. Write each metric as an item of its own.",
    ),
    (
        {"autoscaling": {"max_replicas": 4, "metrics": [{"external": {"name": "a", "value": 1, "average_value": 1}}]}, "cache": SHARED},
        "autoscaling.metrics[0].external.average_value: must not be combined with value. Set one of the two targets.",
    ),
    (
        {"autoscaling": {"max_replicas": 4, "metrics": [{"object": {"name": "a", "kind": "Ingress", "object": "b"}}]}, "cache": SHARED},
        "autoscaling.metrics[0].object: requires exactly one of value, average_value. Set one of the two targets.",
    ),
    (
        {"autoscaling": {**SCALED, "keda": {"prometheus": PROMETHEUS, "triggers": [{**CRON[0], "name": "queue"}]}}, "cache": SHARED},
        "autoscaling.keda.triggers[0].name: must be unique, also among the presets (got 'queue'). Use another name.",
    ),
    (
        {"autoscaling": {**SCALED, "scale_down": {"period": 1801}}, "cache": SHARED},
        "autoscaling.scale_down.period: must be at most 1800 (got 1801). Decrease it.",
    ),
    # versions of KEDA
    (
        {"autoscaling": {**SCALED, "keda": {"prometheus": PROMETHEUS, "version": 2.18}}, "cache": SHARED},
        "autoscaling.keda.version: must be a string (got 2.18). Pass a str.",
    ),
    (
        {"autoscaling": {**SCALED, "keda": {"prometheus": PROMETHEUS, "version": "2.12"}}, "cache": SHARED},
        "autoscaling.keda.version: must be a version of KEDA from 2.13 on, which introduced initialCooldownPeriod (got '2.12'). "
        'Write the version of the cluster\'s KEDA, such as `"2.18"`.',
    ),
    (
        {"autoscaling": {**SCALED, "keda": {"prometheus": PROMETHEUS, "version": "2.16.1"}}, "cache": SHARED},
        "autoscaling.keda.fallback: requires KEDA 2.17 with the default behavior: earlier versions ignore it, so an outage of the "
        'monitoring removes pods. Upgrade KEDA, or set `"autoscaling": {"keda": {"fallback": {"replicas": 1, "behavior": "static"}}}`.',
    ),
    (
        {
            "autoscaling": {"max_replicas": 4, "presets": ["latency"], "keda": {"prometheus": PROMETHEUS, "version": "2.17"}},
            "cache": SHARED,
        },
        "autoscaling.keda.fallback: requires KEDA 2.18 if all triggers have a metric type other than AverageValue, as latency has: "
        "KEDA 2.17 refuses the ScaledObject, and earlier versions ignore the fallback. Upgrade KEDA, or add a trigger with a whole number "
        'of requests per pod, such as the preset `"queue"`.',
    ),
    (
        {
            "autoscaling": {"max_replicas": 4, "presets": ["kv-cache"], "keda": {"prometheus": PROMETHEUS, "version": "2.17"}},
            "cache": SHARED,
        },
        "autoscaling.keda.fallback: requires KEDA 2.18 if all targets are below 1 or have a fraction: earlier versions round them down, "
        "so an outage of the monitoring removes pods. Upgrade KEDA, or add a trigger with a whole number of requests per pod, such as the "
        'preset `"queue"`.',
    ),
]
