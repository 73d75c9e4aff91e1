"""Wrong arguments and their errors: servers across several nodes."""

from typing import Any

from .common import GROUP, RAY

_LABEL = "the label controller-revision-hash of its pods exceeds 63 characters, and no pod is created"

CASES: list[tuple[dict[str, Any], str]] = [
    # several nodes
    (
        {"multi_node": {}},
        "multi_node.nodes: is required. Add this field.",
    ),
    (
        {"multi_node": {"nodes": 1}},
        "multi_node.nodes: must be at least 2 (got 1). Increase it.",
    ),
    (
        {**GROUP, "gpu": 8, "multi_node": {"nodes": 2, "tensor_parallel": 4}},
        "multi_node.tensor_parallel: times pipeline_parallel (2) must be 16 (2 nodes x 8 GPUs) (got 4). Remove both, or "
        "correct one of them, nodes or gpu.",
    ),
    (
        {**GROUP, "cache": {}},
        'cache.access_mode: must be ReadWriteMany with multi_node (got \'ReadWriteOnce\'). Use `"cache": {"access_mode": '
        '"ReadWriteMany"}`, or a shared PVC in existing_claim.',
    ),
    (
        {**GROUP, "cache": {"empty_dir": True}},
        'cache.empty_dir: must not be combined with multi_node, whose nodes share one cache. Use `"cache": '
        '{"access_mode": "ReadWriteMany"}`, or a shared PVC in existing_claim.',
    ),
    (
        {**GROUP, "cache": {"host_path": "/models"}},
        'cache.host_path: must not be combined with multi_node, whose nodes share one cache. Use `"cache": '
        '{"access_mode": "ReadWriteMany"}`, or a shared PVC in existing_claim.',
    ),
    (
        {**GROUP, "autoscaling": {"max_replicas": 2, "presets": ["queue"]}},
        "autoscaling: must not be combined with multi_node. Remove it, and set replicas: a node group starts too slowly for autoscaling.",
    ),
    (
        {**GROUP, "gpu": 0, "resource_claims": [{"name": "a", "claim": "a"}]},
        "multi_node.tensor_parallel: is required with gpu: 0, because the number of GPUs is then unknown. Set it to the "
        "number of GPUs that share each layer, such as the GPUs of one node.",
    ),
    (
        {**RAY, "port": 6379},
        "multi_node.ray_port: must differ from the ports of the server and of the engine (got 6379). Change one of the two ports.",
    ),
    (
        {**RAY, "grpc_port": 6379},
        "multi_node.ray_port: must differ from the ports of the server and of the engine (got 6379). Change one of the two ports.",
    ),
    (
        {**RAY, "health_port": 6379},
        "multi_node.ray_port: must differ from the ports of the server and of the engine (got 6379). Change one of the two ports.",
    ),
    (
        {**RAY, "multi_node": {"nodes": 2, "ray_port": 8001}},
        "multi_node.ray_port: must differ from the ports of the server and of the engine (got 8001). Change one of the two ports.",
    ),
    (
        {**GROUP, "rollout": "recreate"},
        "rollout: must not be 'recreate' with multi_node: a LeaderWorkerSet replaces one node group after another. Remove"
        " it: with one replica the result is the same.",
    ),
    (
        {**GROUP, "image": "registry.example/llama:prod"},
        "generation: is required with multi_node: the image's tag does not show it. Set it to 1.x, 2.x-vllm or 2.x-sglang.",
    ),
    (
        {**GROUP, "generation": "2.x-vllm", "args": ["--max-model-len", "8192"]},
        "args: must not be combined with multi_node: the component sets the commands of leader and workers. Pass engine "
        'flags in the environment: `"env": {"NIM_PASSTHROUGH_ARGS": "--max-model-len 8192"}`.',
    ),
    (
        {**GROUP, "generation": "2.x-vllm", "command": ["sh"]},
        "command: must not be combined with multi_node: the component sets the commands of leader and workers. Pass "
        'engine flags in the environment: `"env": {"NIM_PASSTHROUGH_ARGS": "--max-model-len 8192"}`.',
    ),
    (
        {**GROUP, "generation": "2.x-vllm", "env": {"NIM_JSONL_LOGGING": "1"}},
        "env.NIM_JSONL_LOGGING: must be off with multi_node: Ray's workers lack NIM's log formatter and fail. Remove it.",
    ),
    (
        {**GROUP, "env": {"NIM_TENSOR_PARALLEL_SIZE": "8"}},
        "env.NIM_TENSOR_PARALLEL_SIZE: is managed by the component. Use the field multi_node.tensor_parallel instead.",
    ),
    (
        {**RAY, "service_name": "a" * 45},
        f"service_name: must have at most 44 characters with multi_node, or {_LABEL} (got '{'a' * 45}'). "
        f'Use a shorter name, such as `"{"a" * 44}"`.',
    ),
    (
        {**RAY, "service_name": "a" * 44, "replicas": 11},
        f"service_name: must have at most 43 characters with multi_node and 11 replicas, or {_LABEL} (got '{'a' * 44}'). "
        f'Use a shorter name, such as `"{"a" * 43}"`, or fewer replicas.',
    ),
    (
        {**RAY, "service_name": "a" * 44, "replicas": 10, "rollout": "surge"},
        f"service_name: must have at most 43 characters with multi_node and 10 replicas, or {_LABEL} (got '{'a' * 44}'). "
        f'Use a shorter name, such as `"{"a" * 43}"`, or fewer replicas.',
    ),
]
