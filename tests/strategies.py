"""Hypothesis strategies that draw valid arguments."""

from typing import Any

from hypothesis import strategies as st

from nim_component import NIM, CacheArgs, NetworkArgs, NIMSecrets, PrewarmArgs, ServiceArgs, Toleration

from .adapter_strategies import NAMES, lora_fields

LABEL_VALUES = st.sampled_from(["", "true", "8", "null", "1e3", "yes", "NVIDIA-H100", "a.b_c-d"])
LABEL_KEYS = st.sampled_from(["pool", "nvidia.com/gpu.present", "cloud.google.com/gke-nodepool"])
LABELS = st.dictionaries(LABEL_KEYS, LABEL_VALUES, max_size=2)
TEXTS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=20)
MEMORY = st.sampled_from(["20Gi", "21474836480", "20480Mi", "22G", "2.5e10", "0.03Ti", "33.5Gi"])
SHM = st.sampled_from(["16Gi", "64Mi", "1G", "500000k", "1e9"])
IMAGES = st.sampled_from(
    [
        "nvcr.io/nim/meta/llama3-8b-instruct:1.0.3",
        f"nvcr.io/nim/meta/llama3-8b-instruct@sha256:{'0' * 64}",
        f"registry.example:5000/nim/llama:1.0.0@sha256:{'a' * 64}",
    ]
)
AFFINITY = {
    "nodeAffinity": {
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 1, "preference": {"matchExpressions": [{"key": "pool", "operator": "In", "values": ["true", "8"]}]}}
        ]
    },
    "podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [
            {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app.kubernetes.io/instance": "other"}}}
        ]
    },
}
SPREAD = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {"matchLabels": {"a": "b"}}}
SCRATCH = {"name": "scratch", "emptyDir": {}}
SOURCES = st.sampled_from(
    [
        {"valueFrom": {"secretKeyRef": {"name": "proxy", "key": "url", "optional": True}}},
        {"valueFrom": {"configMapKeyRef": {"name": "proxy", "key": "url"}}},
        {"valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}},
        {"valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}},
    ]
)
PRIORITY_CLASS = "inference"
RUNTIME_CLASS = "nvidia"
"""Classes that must exist in a cluster before a pod can use them."""
EXISTING_ACCOUNT = "existing"
"""ServiceAccount that must exist before a pod can use it."""
CORES = st.sampled_from([1, 2, 0.5, "500m", "1.5", "8", "1e1"])


def secrets() -> st.SearchStrategy[NIMSecrets]:
    """Return Secrets by reference in all forms, and keyless."""
    reference = st.fixed_dictionaries(
        {"ngc_image_secret": NAMES, "ngc_secret_key": st.sampled_from(["NGC_API_KEY", "ngc-key", "a.b_c"])},
        optional={"ngc_secret_group": NAMES, "secrets_prefix": st.sampled_from(["_FSEC_", "_UNION_"]), "hf_token_key": st.just("hf-token")},
    )
    return st.one_of(reference.map(lambda fields: NIMSecrets(**fields)), st.builds(NIMSecrets.keyless))


def _allows_prewarm_job(fields: dict[str, Any]) -> bool:
    return not ("prewarm" in fields and fields["access_mode"] == "ReadWriteOncePod")


def caches(shared: bool) -> st.SearchStrategy[CacheArgs]:
    """Return every kind of cache that Pod Security `restricted` allows.

    With `shared`, only those that several pods may use.
    """
    modes = ["ReadWriteMany"] if shared else ["ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]
    pvc = st.fixed_dictionaries(
        {"access_mode": st.sampled_from(modes), "size": st.sampled_from(["50Gi", "1Ti", "1e11"])},
        optional={
            "storage_class": st.just("kwok-volume"),
            "annotations": st.dictionaries(LABEL_KEYS, TEXTS, max_size=1),
            "retain": st.booleans(),
            "sub_path": st.just("models/llama"),
            "prewarm": st.builds(PrewarmArgs, profiles=st.just(["vllm-fp16-tp1-pp1"]), node_selector=st.none() | LABELS),
        },
    )
    return st.one_of(
        pvc.filter(_allows_prewarm_job).map(lambda fields: CacheArgs(**fields)),
        st.builds(lambda name, read_only: CacheArgs(existing_claim=name, read_only=read_only), NAMES, st.booleans()),
        st.builds(lambda size: CacheArgs(empty_dir=True, size=size), st.sampled_from(["50Gi", "80G"])),
        st.builds(lambda name: CacheArgs(ephemeral=True, storage_class=name), st.sampled_from([None, "kwok-volume"])),
    )


TOLERATIONS = st.lists(
    st.sampled_from(
        [
            Toleration(operator="Exists"),
            Toleration(key="nvidia.com/gpu", operator="Exists", effect="NoSchedule"),
            Toleration(key="dedicated", value="inference", effect="PreferNoSchedule"),
            Toleration(key="spot", operator="Exists", effect="NoExecute", toleration_seconds=300),
            Toleration(key="spot", operator="Exists", effect="NoExecute", toleration_seconds=0),
        ]
    ),
    max_size=3,
    unique_by=repr,
)

SCALINGS: list[dict[str, Any]] = [
    {"max_replicas": 4, "metrics": [{"resource": {"name": "cpu", "utilization": 60}}, {"external": {"name": "a", "average_value": 0.5}}]},
    {"max_replicas": 3, "min_replicas": 2, "presets": ["queue", "kv-cache"], "scale_up": {"pods": 2}},
    {"max_replicas": 2, "metrics": [{"object": {"name": "a", "kind": "Service", "object": "b", "value": "750m"}}]},
]
INGRESSES: list[dict[str, Any]] = [
    {"hosts": ["a.example.com"]},
    {"hosts": ["a.example.com", "b"], "class_name": "nginx", "path": "/a/b", "tls": True, "tls_secret": "cert"},
]
POLICIES: list[dict[str, Any]] = [
    {"ingress": []},
    {"ingress": [{"pods": {}}, {"namespace": "a", "pods": {"a": "b"}}], "proxies": [{"cidr": "10.0.0.5/32", "ports": [3128]}]},
    {
        "ingress": [{"cidr": "::/0", "excluding": ["fc00::/7"], "ports": [1]}],
        "internet": False,
        "dns": [],
        "egress": [{"namespace_labels": {}}],
    },
]
RESOURCE_CLAIMS: list[list[dict[str, Any]]] = [
    [{"name": "gpus", "devices": [{"name": "gpu", "count": 2, "selectors": ["device.driver == 'gpu.nvidia.com'"]}], "request": "gpu"}],
    [{"name": "a", "claim": "a"}, {"name": "b", "template": "b"}],
]


GATEWAY = {"gateway": "public", "gateway_namespace": "gateways", "section": "https", "hosts": ["a.example.com"]}
KEDA = {
    "prometheus": "http://prometheus.monitoring.svc:9090",
    "triggers": [{"type": "cron", "metadata": {"timezone": "UTC", "start": "0 8 * * *", "end": "0 18 * * *", "desiredReplicas": "1"}}],
}
CUSTOM: dict[str, st.SearchStrategy[Any]] = {
    "vertical_autoscaling": st.sampled_from([{}, {"min_cpu": 1, "max_cpu": 16, "min_mem": "20Gi", "max_mem": "64Gi"}]),
    "http_route": st.sampled_from([GATEWAY, {**GATEWAY, "path": "/a", "tls": True, "request_timeout": "10m"}]),
    "grpc_route": st.just(GATEWAY),
    "inference_pool": st.sampled_from([{"endpoint_picker": "picker"}, {"endpoint_picker": "picker", "failure_mode": "FailOpen"}]),
    "metrics": st.sampled_from(
        [
            {"monitor": {"labels": {"release": "kps"}}, "alerts": {"labels": {"release": "kps"}, "queue": 20}},
            {"monitor": {"kind": "PodMonitor", "interval": "15s"}},
        ]
    ),
    "autoscaling": st.just({"min_replicas": 0, "max_replicas": 4, "presets": ["queue"], "keda": KEDA}),
    "overrides": st.sampled_from(
        [
            {"deployment": {"spec": {"template": {"spec": {"hostname": "a"}}}}},
            {"service": {"spec": {"publishNotReadyAddresses": True}}},
        ]
    ),
}
"""Option sets that create custom resources, and overrides."""


BUILT_IN: dict[str, st.SearchStrategy[Any]] = {
    "autoscaling": st.sampled_from(SCALINGS),
    "ingress": st.sampled_from(INGRESSES),
    "disruption_budget": st.sampled_from([{}, {"max_unavailable": "50%"}]),
    "network_policy": st.sampled_from(POLICIES),
    "resource_claims": st.sampled_from(RESOURCE_CLAIMS),
    "metrics": st.just({"monitor": None, "dashboard": {"folder": "Models"}, "scrape_annotations": True}),
    "scheduler_name": st.just("kai-scheduler"),
    "service_account": st.sampled_from(
        [{}, {"name": EXISTING_ACCOUNT, "mount_token": True}, {"annotations": {"eks.amazonaws.com/role-arn": "a"}}]
    ),
}
"""Option sets whose objects are of Kubernetes' own kinds."""
OPTION_SETS = {*BUILT_IN, *CUSTOM}
"""Fields of `NIM` that `nims` draws."""


@st.composite
def nims(draw: st.DrawFn, custom: bool = False) -> NIM:
    """Return a valid `NIM`; with `custom` also with the option sets of `CUSTOM`."""
    optional: dict[str, st.SearchStrategy[Any]] = {
        "cpu": CORES,
        "gpu": st.integers(1, 8),
        "gpu_resource": st.sampled_from(["nvidia.com/gpu", "nvidia.com/mig-1g.10gb"]),
        "ephemeral_storage": st.sampled_from(["10Gi", "1e10"]),
        "port": st.sampled_from([8000, 1024, 65535]),
        "health_endpoint": st.sampled_from(["/v1/health/ready", "ready"]),
        "replicas": st.integers(0, 3),
        "rollout": st.sampled_from(["recreate", "rolling", "surge"]),
        "startup_timeout": st.integers(30, 7200),
        "termination_grace": st.integers(0, 600),
        "node_selector": LABELS,
        "tolerations": TOLERATIONS,
        "pod_labels": st.dictionaries(st.sampled_from(["team", "example.com/cost"]), LABEL_VALUES, max_size=2),
        "pod_annotations": st.dictionaries(st.sampled_from(["note", "example.com/note"]), TEXTS, max_size=2),
        "served_model_name": st.sampled_from(["chat", "meta/llama"]),
        "model_profile": st.just("vllm-fp16-tp1-pp1"),
        "args": st.lists(TEXTS, max_size=3),
        "network": st.builds(
            NetworkArgs,
            https_proxy=st.sampled_from(["http://proxy:3128", {"valueFrom": {"secretKeyRef": {"name": "proxy", "key": "url"}}}]),
            no_proxy=st.none() | st.just([".example.com", "10.0.0.0/8"]),
            ca_config_map=st.none() | st.just("corporate"),
        ),
        "command": st.just(["nim-serve"]),
        "image_pull_policy": st.sampled_from(["Always", "IfNotPresent", "Never"]),
        "run_as_user": st.integers(1, 65535),
        "run_as_group": st.integers(1, 65535),
        "fs_group": st.integers(1, 65535),
        "service": st.builds(
            ServiceArgs,
            type=st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer"]),
            annotations=st.none() | st.dictionaries(LABEL_KEYS, TEXTS, max_size=1),
            labels=st.none() | st.dictionaries(st.just("example.com/cost"), LABEL_VALUES, max_size=1),
        ),
        "image": IMAGES,
        "affinity": st.just(AFFINITY),
        "topology_spread": st.just([SPREAD]),
        "runtime_class": st.just(RUNTIME_CLASS),
        "priority_class": st.just(PRIORITY_CLASS),
        "grpc_port": st.just(50051),
        "pre_stop_sleep": st.just(0),
        "extra_init_containers": st.just([{"name": "first", "image": "registry.example/first:1", "restartPolicy": "Always"}]),
        "extra_containers": st.just([{"name": "proxy", "image": "registry.example/proxy:1"}]),
        "extra_volumes": st.just([SCRATCH]),
    }
    option_sets = dict(BUILT_IN)
    if custom:
        option_sets |= {name: CUSTOM[name] | BUILT_IN.get(name, st.nothing()) for name in CUSTOM}
    fields = draw(st.fixed_dictionaries({}, optional=optional | option_sets))
    if "http_route" in fields:
        fields.pop("ingress", None)
    if "grpc_route" in fields:
        fields["grpc_port"] = 50051
    if "autoscaling" in fields:
        fields.pop("replicas", None)
        fields["generation"] = draw(st.sampled_from(["1.x", "2.x-vllm", "2.x-sglang"]))
    if "network_policy" in fields and "network" in fields:
        fields["network_policy"] = {**fields["network_policy"], "proxies": [{"cidr": "10.0.0.5/32", "ports": [3128]}]}
    if fields.get("args") or draw(st.booleans()):
        fields |= draw(st.sampled_from([{"generation": "2.x-sglang", "health_port": 8100}, {"generation": "2.x-vllm"}]))
    env: dict[str, Any] = draw(st.dictionaries(st.sampled_from(["NIM_LOG_LEVEL", "A.B-C", "EMPTY"]), TEXTS | SOURCES, max_size=2))
    if "extra_volumes" in fields and draw(st.booleans()):
        fields["extra_mounts"] = [{"name": SCRATCH["name"], "mountPath": "/scratch", "readOnly": True}]
    shared = fields.get("replicas", 1) > 1 or fields.get("rollout") == "surge" or "autoscaling" in fields
    generation = fields.get("generation", "1.x" if ":1." in fields.get("image", "nim:1.0.0") else None)
    lora = draw(lora_fields(generation, shared, [each["name"] for each in fields.get("extra_volumes", ())]))
    env |= lora.pop("env", {})
    fields |= lora
    return NIM(secrets=draw(secrets()), mem=draw(MEMORY), shm_size=draw(SHM), cache=draw(caches(shared)), env=env, **fields)
