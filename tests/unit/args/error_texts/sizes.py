"""Wrong arguments and their errors: CPU, memory, GPUs, numbers and times."""

from typing import Any

CASES: list[tuple[dict[str, Any], str]] = [
    # sizes
    (
        {"cpu": 0},
        'cpu: must be at least 1m (got 0). Use a larger value with a unit, such as `"500m"`: a number alone is bytes or whole cores.',
    ),
    (
        {"cpu": "two"},
        "cpu: must be a Kubernetes quantity (got 'two'). Write a number and a unit without a space, such as `\"500m\"`.",
    ),
    (
        {"cpu": -1},
        'cpu: must be at least 1m (got -1). Use a larger value with a unit, such as `"500m"`: a number alone is bytes or whole cores.',
    ),
    (
        {"cpu": True},
        'cpu: must be a Kubernetes quantity (got True). Write a number and a unit without a space, such as `"500m"`.',
    ),
    (
        {"gpu": 0},
        'gpu: must be at least 1 without another source of a GPU (got 0). Set `"gpu": 1`, or request GPUs in resource_claims or '
        'extra_resources, or set `"gpu_source": "scheduler"` if a scheduler reads annotations.',
    ),
    (
        {"gpu": 2, "gpu_source": "scheduler"},
        "gpu_source: has no effect with gpu: 2, which requests whole GPUs (got 'scheduler'). Set `\"gpu\": 0`, or remove gpu_source.",
    ),
    (
        {"extra_resources": {"nvidia.com/gpu": 1}},
        "extra_resources['nvidia.com/gpu']: is the resource that gpu counts. Remove it, and set gpu.",
    ),
    (
        {"extra_resources": {"gpumem": 1}},
        "extra_resources.gpumem: must be the name of an extended resource (got 'gpumem'). Write domain/name, such as `\"nvidia.com/gpu\"` "
        'or `"nvidia.com/mig-3g.40gb"`.',
    ),
    (
        {"extra_resources": {"nvidia.com/gpumem": 0}},
        "extra_resources['nvidia.com/gpumem']: must be at least 1 (got 0). Increase it.",
    ),
    (
        {"gpu": 0.5},
        "gpu: must be an integer (got 0.5). Write it without quotes and without a fraction.",
    ),
    (
        {"gpu": 2000},
        "gpu: must be at most 1024 (got 2000). Decrease it.",
    ),
    (
        {"gpu": float("inf")},
        "gpu: must be an integer (got inf). Write it without quotes and without a fraction.",
    ),
    (
        {"gpu": "1"},
        "gpu: must be an integer (got '1'). Write it without quotes and without a fraction.",
    ),
    (
        {"mem": "20 GB"},
        "mem: must be a Kubernetes quantity (got '20 GB'). Write a number and a unit without a space, such as `\"20Gi\"`.",
    ),
    (
        {"mem": "20GB"},
        "mem: must be a Kubernetes quantity (got '20GB'). Write a number and a unit without a space, such as `\"20Gi\"`.",
    ),
    (
        {"mem": 32},
        'mem: must be at least 1Mi (got 32). Use a larger value with a unit, such as `"20Gi"`: a number alone is bytes or whole cores.',
    ),
    (
        {"mem": "20m"},
        "mem: must be at least 1Mi (got '20m'). Use a larger value with a unit, such as `\"20Gi\"`: a number alone is bytes"
        " or whole cores.",
    ),
    (
        {"mem": None},
        'mem: must be a Kubernetes quantity (got None). Write a number and a unit without a space, such as `"20Gi"`.',
    ),
    (
        {"shm_size": ""},
        "shm_size: must be a Kubernetes quantity (got ''). Write a number and a unit without a space, such as `\"20Gi\"`.",
    ),
    (
        {"ephemeral_storage": "much"},
        "ephemeral_storage: must be a Kubernetes quantity (got 'much'). Write a number and a unit without a space, such as `\"50Gi\"`.",
    ),
    (
        {"lora_adapter_mem": "2 Gi"},
        "lora_adapter_mem: must be a Kubernetes quantity (got '2 Gi'). Write a number and a unit without a space, such as `\"20Gi\"`.",
    ),
    (
        {"mem": "16Gi"},
        "mem: must be larger than shm_size (16Gi), which counts against it (got '16Gi'). Increase mem or decrease shm_size.",
    ),
    (
        {"shm_size": "1Ti"},
        "mem: must be larger than shm_size (1Ti), which counts against it (got '20Gi'). Increase mem or decrease shm_size.",
    ),
    # counts and times
    (
        {"replicas": -1},
        "replicas: must be at least 0 (got -1). Increase it.",
    ),
    (
        {"replicas": 10**20},
        "replicas: must be at most 1000 (got 100000000000000000000). Decrease it.",
    ),
    (
        {"replicas": "2"},
        "replicas: must be an integer (got '2'). Write it without quotes and without a fraction.",
    ),
    (
        {"startup_timeout": 5},
        "startup_timeout: must be at least 30 (got 5). Increase it.",
    ),
    (
        {"startup_timeout": 100000},
        "startup_timeout: must be at most 86400 (got 100000). Decrease it.",
    ),
    (
        {"startup_timeout": "30m"},
        "startup_timeout: must be an integer (got '30m'). Write it without quotes and without a fraction.",
    ),
    (
        {"termination_grace": 10**6},
        "termination_grace: must be at most 86400 (got 1000000). Decrease it.",
    ),
    (
        {"termination_grace": -1},
        "termination_grace: must be at least 0 (got -1). Increase it.",
    ),
    (
        {"rollout": "Recreate"},
        "rollout: must be one of 'recreate', 'rolling' or 'surge' (got 'Recreate'). Did you mean 'recreate'?",
    ),
    (
        {"image_pull_policy": "always"},
        "image_pull_policy: must be one of 'IfNotPresent', 'Always' or 'Never' (got 'always'). Did you mean 'Always'?",
    ),
    (
        {"run_as_user": 0},
        "run_as_user: must be at least 1 (got 0). Increase it.",
    ),
    (
        {"run_as_group": "nim"},
        "run_as_group: must be an integer (got 'nim'). Write it without quotes and without a fraction.",
    ),
    (
        {"fs_group": 0},
        "fs_group: must be at least 1 (got 0). Increase it.",
    ),
    (
        {"image": "nvcr.io/nim/meta/llama:2.0.4", "port": 8001},
        'port: must not be 8001 with NIM 2.x-vllm, whose engine uses it (got 8001). Use another port, such as `"port": 8000`.',
    ),
]
