"""Wrong inputs, and the text that each gets. Whole lines: who, field path, rule, value, remedy."""

from typing import Any

import pytest

from nim_component.args import NIM, ArgumentError, NIMSecrets
from nim_component.args.problems import Problem

REFERENCE = {"ngc_image_secret": "pull", "ngc_secret_key": "NGC_API_KEY"}
PEFT = {"NIM_PEFT_SOURCE": "/opt/nim/peft"}
RAY_TAKEN = "must not be another port of the server's, or the engine's own"
GROUP: dict[str, Any] = {"multi_node": {"nodes": 2}, "cache": {"access_mode": "ReadWriteMany"}}
RAY: dict[str, Any] = {**GROUP, "generation": "2.x-vllm"}
WARM = {"profiles": ["vllm-fp16-tp1-pp1"]}
LORA = {"lora_adapter_mem": "2Gi", "env": PEFT}

SHARED = {"access_mode": "ReadWriteMany"}
PROMETHEUS = "http://prometheus:9090"
SCALED = {"max_replicas": 4, "presets": ["queue"]}
NO_GPU = "gpu: must be at least 1 without resource_claims (got 0). Raise it, or let resource_claims bring the GPUs."
CRON = [{"type": "cron", "metadata": {"timezone": "Etc/UTC"}}]

SHUT: dict[str, Any] = {"ingress": [], "internet": False}
SHUT_OUT = (
    "is to be downloaded, and nothing else is let out. Leave it out, say in egress or proxies what is reached, "
    "or bring all of it in: existing_claim, lora.source."
)
CPU = [{"type": "cpu", "metadata": {"value": "60"}}]

QUANTITY = "must be a Kubernetes quantity"
UNIT = "Write a number and a unit without a space, such as"
WHOLE = "must be a whole number"
PORT_TAKEN = "must not be the server's, the health endpoints' or the engine's own port"
PLAIN_WHOLE = "Write it without quotes and without a fraction."
TEXT = "Quote it: in YAML, true, 8 and 1.0 are not text."
REPOSITORY = "must be a Hugging Face repository"
REPOSITORY_REMEDY = "Write organisation/name, or organisation/name@revision to pin it, such as my-org/my-lora@v1."
REVISION = "must be a branch, tag or commit"
REVISION_REMEDY = "Use letters, digits, '.', '_', '-' and '/', such as main, v1.0 or a 40-digit commit."
IMAGE = "must be a container image reference"
IMAGE_REMEDY = "Write registry/repository:tag or registry/repository@sha256:digest, such as nvcr.io/nim/meta/llama3-8b-instruct:1.0.0."
LEFT_OUT = "Give it a value or leave it out."
PEFT_REMEDY = 'Set it in env: {"NIM_PEFT_SOURCE": "/opt/nim/peft_adapters"}.'
NAME = "must be a Kubernetes object name"
NAME_REMEDY = "Use lower-case letters, digits, '-' and '.', at most 253, such as my-secret."
PROXY = (
    "must be a proxy's URL without user and password. Write http://proxy.example.com:3128; one with a password belongs into a Secret: "
    "{valueFrom: {secretKeyRef: {name: ..., key: ...}}}."
)
LABEL_REMEDY = "Use letters, digits, '-', '_' and '.', at most 63, starting and ending with a letter or digit."

FIELDS: list[tuple[dict[str, Any], str]] = [
    # image
    ({"image": ""}, f"image: must not be empty (got ''). {LEFT_OUT}"),
    ({"image": "nvcr.io/nim/a b:1"}, f"image: {IMAGE} (got 'nvcr.io/nim/a b:1'). {IMAGE_REMEDY}"),
    ({"image": "nvcr.io/NIM/x:1"}, f"image: {IMAGE} (got 'nvcr.io/NIM/x:1'). {IMAGE_REMEDY}"),
    ({"image": "nvcr.io/x:"}, f"image: {IMAGE} (got 'nvcr.io/x:'). {IMAGE_REMEDY}"),
    ({"image": "nvcr.io/x@sha256:12"}, f"image: {IMAGE} (got 'nvcr.io/x@sha256:12'). {IMAGE_REMEDY}"),
    ({"image": 3}, f"image: must be text (got 3). {TEXT}"),
    ({"lora_image": "Python 3"}, f"lora_image: {IMAGE} (got 'Python 3'). {IMAGE_REMEDY}"),
    # port and health
    ({"port": 80}, "port: must be at least 1024 (got 80). Raise it."),
    ({"port": 70000}, "port: must be at most 65535 (got 70000). Lower it."),
    ({"port": "8000"}, f"port: {WHOLE} (got '8000'). {PLAIN_WHOLE}"),
    ({"port": True}, f"port: {WHOLE} (got True). {PLAIN_WHOLE}"),
    ({"port": 8000.5}, "port: must be a whole number (got 8000.5). Write it without a fraction."),
    ({"health_endpoint": ""}, f"health_endpoint: must not be empty (got ''). {LEFT_OUT}"),
    # sizes
    ({"cpu": 0}, "cpu: must be at least 1m (got 0). Give the unit too, such as 2 or 500m: a number alone counts bytes or whole cores."),
    ({"cpu": "two"}, f"cpu: {QUANTITY} (got 'two'). {UNIT} 2 or 500m."),
    ({"cpu": -1}, "cpu: must be at least 1m (got -1). Give the unit too, such as 2 or 500m: a number alone counts bytes or whole cores."),
    ({"cpu": True}, f"cpu: {QUANTITY} (got True). {UNIT} 2 or 500m."),
    ({"gpu": 0}, NO_GPU),
    ({"gpu": 0.5}, "gpu: must be a whole number (got 0.5). Write it without a fraction."),
    ({"gpu": 2000}, "gpu: must be at most 1024 (got 2000). Lower it."),
    ({"gpu": float("inf")}, "gpu: must be a whole number (got inf). Write it without a fraction."),
    ({"gpu": "1"}, f"gpu: {WHOLE} (got '1'). {PLAIN_WHOLE}"),
    ({"mem": "20 GB"}, f"mem: {QUANTITY} (got '20 GB'). {UNIT} 20Gi."),
    ({"mem": "20GB"}, f"mem: {QUANTITY} (got '20GB'). {UNIT} 20Gi."),
    ({"mem": 32}, "mem: must be at least 1Mi (got 32). Give the unit too, such as 20Gi: a number alone counts bytes or whole cores."),
    ({"mem": "20m"}, "mem: must be at least 1Mi (got '20m'). Give the unit too, such as 20Gi: a number alone counts bytes or whole cores."),
    ({"mem": None}, f"mem: {QUANTITY} (got None). {UNIT} 20Gi."),
    ({"shm_size": ""}, f"shm_size: {QUANTITY} (got ''). {UNIT} 20Gi."),
    ({"ephemeral_storage": "much"}, f"ephemeral_storage: {QUANTITY} (got 'much'). {UNIT} 50Gi."),
    ({"lora_adapter_mem": "2 Gi"}, f"lora_adapter_mem: {QUANTITY} (got '2 Gi'). {UNIT} 20Gi."),
    ({"mem": "16Gi"}, "mem: must be above shm_size (16Gi), which counts against it (got '16Gi'). Raise mem or lower shm_size."),
    ({"shm_size": "1Ti"}, "mem: must be above shm_size (1Ti), which counts against it (got '20Gi'). Raise mem or lower shm_size."),
    # environment
    ({"env": ["A=1"]}, "env: must be a mapping of names to values. Write it as name: value pairs."),
    ({"env": {"A": 1}}, f"env.A: must be text. {TEXT}"),
    (
        {"env": {"1A": "x"}},
        "env['1A']: must be an environment variable's name. Use letters, digits, '_', '-' and '.', no digit first.",
    ),
    (
        {"env": {"A": {"valueFrom": {"secret": {}}}}},
        "env.A: must be text or one valueFrom. Write valueFrom: {secretKeyRef: {name: ..., key: ...}}, "
        "or another of secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef, fileKeyRef.",
    ),
    ({"env": {"NGC_API_KEY": "x"}}, "env.NGC_API_KEY: is managed by the component. Use the argument secrets.ngc_secret_key."),
    ({"env": {"HF_TOKEN": "x"}}, "env.HF_TOKEN: is managed by the component. Use the argument secrets.hf_token_key."),
    ({"env": {"NIM_CACHE_PATH": "/x"}}, "env.NIM_CACHE_PATH: is managed by the component. Use the argument cache."),
    ({"env": {"NIM_SERVER_PORT": "1"}}, "env.NIM_SERVER_PORT: is managed by the component. Use the argument port."),
    ({"env": {"NIM_HTTP_API_PORT": "1"}}, "env.NIM_HTTP_API_PORT: is managed by the component. Use the argument port."),
    (
        {"env": {"NIM_SERVED_MODEL_NAME": "x"}},
        "env.NIM_SERVED_MODEL_NAME: is managed by the component. Use the argument served_model_name.",
    ),
    ({"env": {"NIM_MODEL_PROFILE": "x"}}, "env.NIM_MODEL_PROFILE: is managed by the component. Use the argument model_profile."),
    # adapters
    ({"hf_repo_ids": "a/b"}, "hf_repo_ids: must be a list (got 'a/b'). Write it as a list, also for a single item."),
    ({**LORA, "hf_repo_ids": ["b"]}, f"hf_repo_ids[0].repo_id: {REPOSITORY} (got 'b'). {REPOSITORY_REMEDY}"),
    ({**LORA, "hf_repo_ids": ["a/b; touch x"]}, f"hf_repo_ids[0].repo_id: {REPOSITORY} (got 'a/b; touch x'). {REPOSITORY_REMEDY}"),
    ({**LORA, "hf_repo_ids": ["a/../b"]}, f"hf_repo_ids[0].repo_id: {REPOSITORY} (got 'a/../b'). {REPOSITORY_REMEDY}"),
    ({**LORA, "hf_repo_ids": ["а/b"]}, f"hf_repo_ids[0].repo_id: {REPOSITORY} (got 'а/b'). {REPOSITORY_REMEDY}"),
    ({**LORA, "hf_repo_ids": ["a/b@"]}, f"hf_repo_ids[0].revision: {REVISION} (got ''). {REVISION_REMEDY}"),
    ({**LORA, "hf_repo_ids": ["a/b@../x"]}, f"hf_repo_ids[0].revision: {REVISION} (got '../x'). {REVISION_REMEDY}"),
    ({**LORA, "hf_repo_ids": [7]}, "hf_repo_ids[0]: must be a mapping or a LoRAAdapter (got 7). Write it as name: value pairs."),
    (
        {**LORA, "hf_repo_ids": ["a/x", "b/x"]},
        "hf_repo_ids[1]: must not have the name of hf_repo_ids[0] (got 'x'). "
        "Give one of them another name: LoRAAdapter(repo_id=..., name=...).",
    ),
    (
        {**LORA, "hf_repo_ids": ["a/x"], "served_model_name": "x"},
        "hf_repo_ids[0]: must not have the name of the served model (got 'x'). Give the adapter another name: LoRAAdapter(repo_id=..., name=...).",
    ),
    (
        {**LORA, "hf_repo_ids": ["a/x"], "image": "registry.example/x:1"},
        "hf_repo_ids[0]: must not have the name of the served model (got 'x'). Give the adapter another name: LoRAAdapter(repo_id=..., name=...).",
    ),
    (
        {**LORA, "hf_repo_ids": [{"repo_id": "a/x", "name": "../x"}]},
        "hf_repo_ids[0].name: must be an adapter's name: it becomes a directory and the model name in requests (got '../x'). "
        "Use letters, digits, '.', '_' and '-', starting and ending with a letter or digit.",
    ),
    (
        {**LORA, "hf_repo_ids": [{"repo_id": "a/x", "files": ["adapter_config.json"]}]},
        "hf_repo_ids[0].files: must hold adapter_config.json and a file of weights. "
        "Add what is missing; weights are adapter_model.safetensors or adapter_model.bin.",
    ),
    (
        {**LORA, "hf_repo_ids": [{"repo_id": "a/x", "revison": "v1"}]},
        "hf_repo_ids[0].revison: is not a known field. Did you mean 'revision'?",
    ),
    (
        {"env": PEFT, "hf_repo_ids": ["a/x"]},
        'lora_adapter_mem: memory to download the LoRA adapters must be set with hf_repo_ids. Set lora_adapter_mem, such as "2Gi".',
    ),
    (
        {"lora_adapter_mem": "2Gi", "hf_repo_ids": ["a/x"]},
        f"env.NIM_PEFT_SOURCE: must be set with hf_repo_ids: it is where the server looks for the adapters. {PEFT_REMEDY}",
    ),
    (
        {"lora_adapter_mem": "2Gi", "hf_repo_ids": ["a/x"], "env": {"NIM_PEFT_SOURCE": "loras"}},
        f"env.NIM_PEFT_SOURCE: must be an absolute path below the root (got 'loras'). {PEFT_REMEDY}",
    ),
    (
        {"lora_adapter_mem": "2Gi", "hf_repo_ids": ["a/x"], "env": {"NIM_PEFT_SOURCE": "/"}},
        f"env.NIM_PEFT_SOURCE: must be an absolute path below the root (got '/'). {PEFT_REMEDY}",
    ),
    (
        {"lora_adapter_mem": "2Gi", "hf_repo_ids": ["a/x"], "env": {"NIM_PEFT_SOURCE": "/opt/nim/.cache/loras"}},
        f"env.NIM_PEFT_SOURCE: must not lie in or above /dev/shm or /opt/nim/.cache (got '/opt/nim/.cache/loras'). {PEFT_REMEDY}",
    ),
    (
        {"lora_adapter_mem": "2Gi", "hf_repo_ids": ["a/x"], "env": {"NIM_PEFT_SOURCE": {"valueFrom": {"fieldRef": {"fieldPath": "x"}}}}},
        f"env.NIM_PEFT_SOURCE: must be plain text with hf_repo_ids: it decides a mount. {PEFT_REMEDY}",
    ),
    # placement and names
    (
        {"namespace": "Nim_1"},
        "namespace: must be a namespace's name (got 'Nim_1'). Use lower-case letters, digits and '-', at most 63.",
    ),
    (
        {"service_name": "Llama_3"},
        "service_name: must be a DNS label of at most 48 characters (63 less the longest suffix) (got 'Llama_3'). "
        "Use lower-case letters, digits and '-', starting with a letter; set service_name when the component's name is none.",
    ),
    (
        {"service_name": "a" * 49},
        f"service_name: must be a DNS label of at most 48 characters (63 less the longest suffix) (got '{'a' * 49}'). "
        "Use lower-case letters, digits and '-', starting with a letter; set service_name when the component's name is none.",
    ),
    ({"node_selector": {"gpu": True}}, f"node_selector.gpu: must be text (got True). {TEXT}"),
    ({"node_selector": {"gpu": "a b"}}, f"node_selector.gpu: must be a label value (got 'a b'). {LABEL_REMEDY}"),
    (
        {"node_selector": {"a b": "x"}},
        "node_selector['a b']: must be a label or annotation key (got 'a b'). Write name or domain/name, such as nvidia.com/gpu.product.",
    ),
    (
        {"tolerations": [{"effect": "NoSchedule"}]},
        "tolerations[0].operator: must be Exists without a key (got 'Equal'). Give the taint's key, or operator: Exists for every taint.",
    ),
    (
        {"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]},
        "tolerations[0].value: has no meaning with operator Exists. Leave it out, or use operator: Equal.",
    ),
    (
        {"tolerations": [{"key": "a", "operator": "Exists", "toleration_seconds": 9}]},
        "tolerations[0].toleration_seconds: needs effect NoExecute (got 9). Add effect: NoExecute, or leave it out.",
    ),
    (
        {"tolerations": [{"key": "a", "operator": "Exists", "tolerationSeconds": 9}]},
        "tolerations[0].tolerationSeconds: is not a known field. Did you mean 'toleration_seconds'?",
    ),
    (
        {"gpu_resource": "gpu"},
        "gpu_resource: must be an extended resource's name (got 'gpu'). Write domain/name, such as nvidia.com/gpu or nvidia.com/mig-3g.40gb.",
    ),
    ({"runtime_class": "NVIDIA"}, f"runtime_class: {NAME} (got 'NVIDIA'). {NAME_REMEDY}"),
    ({"priority_class": "a_b"}, f"priority_class: {NAME} (got 'a_b'). {NAME_REMEDY}"),
    (
        {"pod_labels": {"app.kubernetes.io/name": "x"}},
        "pod_labels['app.kubernetes.io/name']: is a label that the component sets. Use another key. Reserved: app.kubernetes.io/name, app.kubernetes.io/instance, app.kubernetes.io/component, app.kubernetes.io/managed-by, nim-component/cache-of.",
    ),
    ({"pod_annotations": {"a": 1}}, f"pod_annotations.a: must be text (got 1). {TEXT}"),
    ({"affinity": []}, "affinity: must be a mapping of names to values. Write it as name: value pairs."),
    # counts and times
    ({"replicas": -1}, "replicas: must be at least 0 (got -1). Raise it."),
    ({"replicas": 10**20}, f"replicas: must be at most 1000 (got {10**20}). Lower it."),
    ({"replicas": "2"}, f"replicas: {WHOLE} (got '2'). {PLAIN_WHOLE}"),
    ({"startup_timeout": 5}, "startup_timeout: must be at least 30 (got 5). Raise it."),
    ({"startup_timeout": 100000}, "startup_timeout: must be at most 86400 (got 100000). Lower it."),
    ({"startup_timeout": "30m"}, f"startup_timeout: {WHOLE} (got '30m'). {PLAIN_WHOLE}"),
    ({"termination_grace": 10**6}, "termination_grace: must be at most 86400 (got 1000000). Lower it."),
    ({"termination_grace": -1}, "termination_grace: must be at least 0 (got -1). Raise it."),
    (
        {"rollout": "Recreate"},
        "rollout: must be one of 'recreate', 'rolling' or 'surge' (got 'Recreate'). Take one of these, spelt exactly so.",
    ),
    (
        {"image_pull_policy": "always"},
        "image_pull_policy: must be one of 'IfNotPresent', 'Always' or 'Never' (got 'always'). Take one of these, spelt exactly so.",
    ),
    ({"run_as_user": 0}, "run_as_user: must be at least 1 (got 0). Raise it."),
    ({"run_as_group": "nim"}, f"run_as_group: {WHOLE} (got 'nim'). {PLAIN_WHOLE}"),
    ({"fs_group": 0}, "fs_group: must be at least 1 (got 0). Raise it."),
    (
        {"image": "nvcr.io/nim/meta/llama:2.0.4", "port": 8001},
        "port: must not be 8001 with NIM 2.x-vllm, whose engine listens there (got 8001). Take another port, such as 8000.",
    ),
    # generation
    (
        {"health_port": 8100},
        "health_port: does not exist in NIM 1.x, whose health endpoints are on port (got 8100). "
        "Leave it out, or set generation when the image is no NIM 1.x.",
    ),
    (
        {"health_port": 8100, "image": "registry.example/llama:prod"},
        "health_port: needs to know the generation, which the image does not tell (got 8100). Set generation too.",
    ),
    (
        {"health_port": 8000, "generation": "2.x-vllm"},
        "health_port: must not be the server's or the engine's own port (got 8000). Take another, or leave it out.",
    ),
    (
        {"health_port": 8001, "generation": "2.x-sglang"},
        "health_port: must not be the server's or the engine's own port (got 8001). Take another, or leave it out.",
    ),
    ({"health_port": 80}, "health_port: must be at least 1024 (got 80). Raise it."),
    ({"env": {"NIM_HEALTH_PORT": "1"}}, "env.NIM_HEALTH_PORT: is managed by the component. Use the argument health_port."),
    (
        {"args": ["serve", "--max-model-len=8192"]},
        "args[1]: is an engine flag, and NIM 1.x is configured by env. Use the variable in env, such as NIM_MAX_MODEL_LEN; "
        "set generation when the image is of another, or command.",
    ),
    # cache
    (
        {"cache": {"size": "50"}},
        "cache.size: must be at least 1Mi (got '50'). Give the unit too, such as 50Gi: a number alone counts bytes or whole cores.",
    ),
    (
        {"cache": {"access_mode": "RWX"}},
        "cache.access_mode: must be one of 'ReadWriteOnce', 'ReadWriteMany' or 'ReadWriteOncePod' (got 'RWX'). "
        "Take one of these, spelt exactly so.",
    ),
    (
        {"cache": {"storage_class": "Fast SSD"}},
        "cache.storage_class: must be a StorageClass's name (got 'Fast SSD'). "
        "Use lower-case letters, digits, '-' and '.', as `kubectl get sc` lists it.",
    ),
    (
        {"cache": {"existing_claim": "a", "empty_dir": True}},
        "cache.empty_dir: must not be given together with existing_claim. Give one kind of storage.",
    ),
    (
        {"cache": {"existing_claim": "a", "storage_class": "b"}},
        "cache.storage_class: has no meaning with existing_claim. It describes a claim that the component makes: leave it out.",
    ),
    (
        {"cache": {"empty_dir": True, "retain": True}},
        "cache.retain: has no meaning without a claim of the component's own. Leave it out: what the component did not make it does not delete.",
    ),
    ({"cache": {"host_path": "data"}}, "cache.host_path: must be an absolute path (got 'data'). Start it with '/'."),
    ({"cache": {"storageClass": "b"}}, "cache.storageClass: is not a known field. Did you mean 'storage_class'?"),
    ({"cache": "50Gi"}, "cache: must be a mapping or a CacheArgs (got '50Gi'). Write it as name: value pairs."),
    (
        {"cache": {"prewarm": {"profiles": ["a"], "all_profiles": True}}},
        "cache.prewarm.all_profiles: must not be given together with profiles. Say in one way what is downloaded.",
    ),
    (
        {"cache": {"prewarm": {"profiles": ["a"], "args": ["--model-uri", "hf://a/b"]}}},
        "cache.prewarm.args: must not be given together with profiles. Say in one way what is downloaded.",
    ),
    (
        {"cache": {"prewarm": {}}},
        "cache.prewarm.profiles: is required: the Job has no GPU by which a profile could be chosen. "
        "Name one that `list-model-profiles` shows, here or as model_profile, or say all_profiles: true.",
    ),
    ({"cache": {"prewarm": {"profiles": []}}}, "cache.prewarm.profiles: must not be empty. Give it an item or leave it out."),
    ({"cache": {"prewarm": {**WARM, "timeout": 5}}}, "cache.prewarm.timeout: must be at least 60 (got 5). Raise it."),
    ({"cache": {"prewarm": {**WARM, "mem": "8 G"}}}, f"cache.prewarm.mem: {QUANTITY} (got '8 G'). {UNIT} 20Gi."),
    ({"cache": {"prewarm": {**WARM, "profile": "a"}}}, "cache.prewarm.profile: is not a known field. Did you mean 'profiles'?"),
    (
        {"cache": {"prewarm": WARM, "empty_dir": True}},
        "cache.prewarm: has no meaning with empty_dir, which the Job's pod does not share with the server's. Leave it out, or empty_dir.",
    ),
    (
        {"cache": {"prewarm": WARM, "ephemeral": True}},
        "cache.prewarm: has no meaning with ephemeral, which the Job's pod does not share with the server's. Leave it out, or ephemeral.",
    ),
    (
        {"cache": {"prewarm": WARM, "host_path": "/models"}},
        "cache.prewarm: has no meaning with host_path, which the Job's pod does not share with the server's. Leave it out, or host_path.",
    ),
    (
        {"cache": {"prewarm": WARM, "access_mode": "ReadWriteOncePod"}},
        "cache.access_mode: must let a second pod in with prewarm: the Job's, while the server runs (got 'ReadWriteOncePod'). "
        "Use ReadWriteOnce or ReadWriteMany.",
    ),
    (
        {"cache": {"read_only": True}},
        "cache.read_only: needs a cache that something else fills. "
        "Add prewarm, or name a filled volume: existing_claim, volume_name or host_path.",
    ),
    (
        {"cache": {"read_only": True, "existing_claim": "a"}, "env": {"HOME": "/x"}},
        "env.HOME: is managed by the component. Use the argument cache.read_only.",
    ),
    (
        {"cache": {"offline": True}, "secrets": {"without_key": True}},
        "cache.offline: needs a cache that is filled already. Name the filled volume: existing_claim, volume_name or host_path.",
    ),
    (
        {"cache": {"offline": True, "existing_claim": "a"}},
        "secrets: must be without a key with cache.offline: nobody could check it. "
        "Use NIMSecrets.keyless(), with ngc_image_secret=... when the image's registry asks for a login.",
    ),
    (
        {"cache": {"offline": True, "existing_claim": "a"}, "secrets": {"without_key": True}, "env": {"NIM_DISABLE_MODEL_DOWNLOAD": "0"}},
        "env.NIM_DISABLE_MODEL_DOWNLOAD: is managed by the component. Use the argument cache.offline.",
    ),
    (
        {"cache": {"offline": True, "existing_claim": "a", "prewarm": WARM}, "secrets": {"without_key": True}},
        "cache.prewarm: must not be given together with offline. A download needs a registry: leave one of them out.",
    ),
    (
        {"cache": {"sub_path": "/models"}},
        "cache.sub_path: must be a path below the volume's root (got '/models'). "
        "Write it without '..' and without a '/' at its ends, such as models/llama3-8b.",
    ),
    (
        {"cache": {"sub_path": "models/../x"}},
        "cache.sub_path: must be a path below the volume's root (got 'models/../x'). "
        "Write it without '..' and without a '/' at its ends, such as models/llama3-8b.",
    ),
    (
        {"pod_labels": {"nim-component/cache-of": "x"}},
        "pod_labels['nim-component/cache-of']: is a label that the component sets. Use another key. Reserved: app.kubernetes.io/name, app.kubernetes.io/instance, app.kubernetes.io/component, app.kubernetes.io/managed-by, nim-component/cache-of.",
    ),
    (
        {"replicas": 2},
        "cache.access_mode: must allow sharing for 2 replicas (got 'ReadWriteOnce'). Use access_mode: ReadWriteMany with a storage class "
        "that has it, or an existing_claim that can be shared, or empty_dir, or replicas: 1.",
    ),
    (
        {"rollout": "surge"},
        "cache.access_mode: must allow sharing for rollout 'surge', which runs two pods at once (got 'ReadWriteOnce'). Use access_mode: "
        "ReadWriteMany with a storage class that has it, or an existing_claim that can be shared, or empty_dir, or leave rollout out.",
    ),
    # several nodes
    ({"multi_node": {}}, "multi_node.nodes: is required. Give it a value."),
    ({"multi_node": {"nodes": 1}}, "multi_node.nodes: must be at least 2 (got 1). Raise it."),
    (
        {**GROUP, "gpu": 8, "multi_node": {"nodes": 2, "tensor_parallel": 4}},
        "multi_node.tensor_parallel: must make 16 with pipeline_parallel (2): 2 nodes x 8 GPUs (got 4). "
        "Leave both out, or correct one of them, nodes or gpu.",
    ),
    (
        {**GROUP, "cache": {}},
        "cache.access_mode: must be ReadWriteMany with multi_node (got 'ReadWriteOnce'). "
        "Use access_mode: ReadWriteMany, or an existing_claim that can be shared.",
    ),
    (
        {**GROUP, "cache": {"empty_dir": True}},
        "cache.empty_dir: must not be given together with multi_node, whose nodes share one cache. "
        "Use access_mode: ReadWriteMany, or an existing_claim that can be shared.",
    ),
    (
        {**GROUP, "cache": {"host_path": "/models"}},
        "cache.host_path: must not be given together with multi_node, whose nodes share one cache. "
        "Use access_mode: ReadWriteMany, or an existing_claim that can be shared.",
    ),
    (
        {**GROUP, "autoscaling": {"max_replicas": 2, "presets": ["queue"]}},
        "autoscaling: must not be given together with multi_node. Set replicas instead: a group of nodes is no quick help.",
    ),
    (
        {**GROUP, "gpu": 0, "resource_claims": [{"name": "a", "claim": "a"}]},
        "multi_node.tensor_parallel: is required with gpu: 0, which says no number of GPUs. "
        "Say over how many GPUs each layer is split, such as those of one node.",
    ),
    ({**RAY, "port": 6379}, f"multi_node.ray_port: {RAY_TAKEN} (got 6379). Take another for one of them."),
    ({**RAY, "grpc_port": 6379}, f"multi_node.ray_port: {RAY_TAKEN} (got 6379). Take another for one of them."),
    ({**RAY, "health_port": 6379}, f"multi_node.ray_port: {RAY_TAKEN} (got 6379). Take another for one of them."),
    (
        {**RAY, "multi_node": {"nodes": 2, "ray_port": 8001}},
        f"multi_node.ray_port: {RAY_TAKEN} (got 8001). Take another for one of them.",
    ),
    (
        {**GROUP, "rollout": "recreate"},
        "rollout: must not be 'recreate' with multi_node: a LeaderWorkerSet replaces group by group. "
        "Leave it out: with one replica it comes to the same.",
    ),
    (
        {**GROUP, "image": "registry.example/llama:prod"},
        "generation: is required with multi_node where the image does not tell it. Say which NIM it is.",
    ),
    (
        {**GROUP, "generation": "2.x-vllm", "args": ["--max-model-len", "8192"]},
        "args: must not be given with multi_node, where the component says how leader and workers start. "
        "Give engine flags in env, as NIM_PASSTHROUGH_ARGS.",
    ),
    (
        {**GROUP, "generation": "2.x-vllm", "command": ["sh"]},
        "command: must not be given with multi_node, where the component says how leader and workers start. "
        "Give engine flags in env, as NIM_PASSTHROUGH_ARGS.",
    ),
    (
        {**GROUP, "generation": "2.x-vllm", "env": {"NIM_JSONL_LOGGING": "1"}},
        "env.NIM_JSONL_LOGGING: must be off with multi_node: Ray's workers do not have NIM's log formatter and fail. Leave it out.",
    ),
    (
        {**GROUP, "env": {"NIM_TENSOR_PARALLEL_SIZE": "8"}},
        "env.NIM_TENSOR_PARALLEL_SIZE: is managed by the component. Use the argument multi_node.tensor_parallel.",
    ),
    # service
    (
        {"service": {"type": "Headless"}},
        "service.type: must be one of 'ClusterIP', 'NodePort' or 'LoadBalancer' (got 'Headless'). Take one of these, spelt exactly so.",
    ),
    ({"service": {"label": {}}}, "service.label: is not a known field. Did you mean 'labels'?"),
    # network
    ({"network": {"https_proxy": "proxy.example.com:3128"}}, f"network.https_proxy: {PROXY}"),
    ({"network": {"http_proxy": "http://me:secret@proxy.example.com:3128"}}, f"network.http_proxy: {PROXY}"),
    ({"network": {"https_proxy": "http://proxy.example.com/a b"}}, f"network.https_proxy: {PROXY}"),
    ({"network": {"https_proxy": 3128}}, f"network.https_proxy: must be text. {TEXT}"),
    (
        {"network": {"no_proxy": [".example.com"]}},
        "network.no_proxy: has no meaning without a proxy. Give https_proxy or http_proxy, or leave it out.",
    ),
    (
        {"network": {"http_proxy": "http://p:1", "no_proxy": ["a,b"]}},
        "network.no_proxy[0]: must be one host, domain or address range (got 'a,b'). Write each as an item of its own, such as .example.com.",
    ),
    ({"network": {"ca_config_map": "Corporate_CA"}}, f"network.ca_config_map: {NAME} (got 'Corporate_CA'). {NAME_REMEDY}"),
    ({"network": {"proxy": "x"}}, "network.proxy: is not a known field. Did you mean 'no_proxy'?"),
    (
        {"network": {"https_proxy": "http://p:1"}, "env": {"no_proxy": "x"}},
        "env.no_proxy: is managed by the component. Use the argument network.no_proxy.",
    ),
    (
        {"network": {"http_proxy": "http://p:1"}, "env": {"HTTPS_PROXY": "http://p:1"}},
        "env.HTTPS_PROXY: is managed by the component. Use the argument network.https_proxy.",
    ),
    (
        {"network": {"ca_config_map": "ca"}, "env": {"SSL_CERT_FILE": "/x"}},
        "env.SSL_CERT_FILE: is managed by the component. Use the argument network.ca_config_map.",
    ),
    (
        {"network": {"ca_config_map": "ca"}, "env": {"NIM_SDK_USE_NATIVE_TLS": "0"}},
        "env.NIM_SDK_USE_NATIVE_TLS: is managed by the component. Use the argument network.ca_config_map.",
    ),
    # what is passed on
    (
        {"extra_volumes": [{"emptyDir": {}}]},
        "extra_volumes[0]: must have a plain name. Add name: it is what a mount, a diff and a log refer to.",
    ),
    (
        {"extra_volumes": [{"name": "cache"}]},
        "extra_volumes[0].name: is the name of one of the component's own (got 'cache'). Choose another than dshm, cache, lora, lora-loader, lora-tmp, ca-own, ca-bundle, cache-scratch.",
    ),
    ({"extra_volumes": [{"name": "a"}, {"name": "a"}]}, "extra_volumes[1].name: must be used once (got 'a'). Choose another name."),
    (
        {"extra_mounts": [{"name": "a", "mountPath": "/x"}]},
        "extra_mounts[0].name: must be the name of one of extra_volumes (got 'a'). Known: cache, dshm.",
    ),
    ({"extra_mounts": [{"name": "cache"}]}, "extra_mounts[0]: must have a plain absolute mountPath. Add mountPath, starting with '/'."),
    (
        {"extra_mounts": [{"name": "cache", "mount_path": "/dev/shm"}]},
        "extra_mounts[0].mountPath: is the root or mounted already (got '/dev/shm'). Choose another path.",
    ),
    (
        {"extra_containers": [{"name": "nim"}]},
        "extra_containers[0].name: is the name of one of the component's own (got 'nim'). Choose another than nim, download-loras, fetch-loras, check-loras, join-authorities.",
    ),
    (
        {"extra_init_containers": [{"name": "download-loras"}]},
        "extra_init_containers[0].name: is the name of one of the component's own (got 'download-loras'). Choose another than nim, download-loras, fetch-loras, check-loras, join-authorities.",
    ),
    (
        {"extra_init_containers": [{"name": "a"}], "extra_containers": [{"name": "a"}]},
        "extra_containers[0].name: must be used once (got 'a'). Choose another name.",
    ),
    (
        {"pre_stop_sleep": 60},
        "pre_stop_sleep: must be below termination_grace (60), of which it is a part (got 60). Lower it, or raise termination_grace.",
    ),
    ({"pre_stop_sleep": -1}, "pre_stop_sleep: must be at least 0 (got -1). Raise it."),
    (
        {"env": {"NIM_SSL_MODE": "MTLS"}},
        "env.NIM_SSL_MODE: makes the server speak TLS, and the probes ask it by http: no pod would ever be ready (got 'MTLS'). "
        "Leave TLS to ingress, http_route or a sidecar, or set health_port (NIM 2.x).",
    ),
    # gRPC
    (
        {"grpc_route": {"gateway": "public", "hosts": ["a.example.com"]}},
        "grpc_port: is required with grpc_route, which leads to it. Give the server's gRPC port, such as 50051.",
    ),
    ({"grpc_port": 8000}, f"grpc_port: {PORT_TAKEN} (got 8000). Take another, such as 50051."),
    ({"grpc_port": 8001, "generation": "2.x-vllm"}, f"grpc_port: {PORT_TAKEN} (got 8001). Take another, such as 50051."),
    (
        {"grpc_port": 8100, "health_port": 8100, "generation": "2.x-vllm"},
        f"grpc_port: {PORT_TAKEN} (got 8100). Take another, such as 50051.",
    ),
    ({"env": {"NIM_GRPC_API_PORT": "1"}}, "env.NIM_GRPC_API_PORT: is managed by the component. Use the argument grpc_port."),
    (
        {"grpc_port": 50051, "grpc_route": {"gateway": "a", "hosts": ["a.example.com"], "labels": {"app.kubernetes.io/name": "x"}}},
        "grpc_route.labels['app.kubernetes.io/name']: is a label that the component sets. Use another key. Reserved: app.kubernetes.io/name, app.kubernetes.io/instance, app.kubernetes.io/component, app.kubernetes.io/managed-by, nim-component/cache-of.",
    ),
    ({"args": "--x"}, "args: must be a list. Write it as a list, also for a single item."),
    ({"command": [1]}, f"command[0]: must be text. {TEXT}"),
    ({"image": "a:b:c"}, f"image: {IMAGE} (got 'a:b:c'). {IMAGE_REMEDY}"),
    ({"image": f"a/b:{'t' * 129}"}, f"image: {IMAGE} (got 'a/b:{'t' * 75}…). {IMAGE_REMEDY}"),
    ({"cpu": "1Gi"}, "cpu: must be at most 1024 (got '1Gi'). Check the unit: 2 or 500m, for example."),
    (
        {"health_endpoint": "http://host/x y"},
        "health_endpoint: must be a path (got 'http://host/x y'). Write it without a host, such as v1/health/ready.",
    ),
    (
        {"tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute", "toleration_seconds": True}]},
        f"tolerations[0].toleration_seconds: {WHOLE} (got True). {PLAIN_WHOLE}",
    ),
    ({"cache": {"retain": "yes"}}, "cache.retain: must be true or false (got 'yes'). Write true or false."),
    ({"cache": {"empty_dir": "on"}}, "cache.empty_dir: must be true or false (got 'on'). Write true or false."),
    (
        {"cache": {"existing_claim": "a", "size": "80Gi"}},
        "cache.size: has no meaning with existing_claim. It describes a claim that the component makes: leave it out.",
    ),
    (
        {"service": {"labels": {"app.kubernetes.io/name": "x"}}},
        "service.labels['app.kubernetes.io/name']: is a label that the component sets. Use another key. Reserved: app.kubernetes.io/name, app.kubernetes.io/instance, app.kubernetes.io/component, app.kubernetes.io/managed-by, nim-component/cache-of.",
    ),
    (
        {"pod_annotations": {"checksum/secrets": "x"}},
        "pod_annotations['checksum/secrets']: is an annotation that the component sets. Use another key. Reserved: pulumi.com/waitFor, pulumi.com/skipAwait, pulumi.com/replaceUnready, checksum/secrets.",
    ),
    (
        {"cache": {"annotations": {"pulumi.com/skipAwait": "false"}}},
        "cache.annotations['pulumi.com/skipAwait']: is an annotation that the component sets. Use another key. Reserved: pulumi.com/waitFor, pulumi.com/skipAwait, pulumi.com/replaceUnready, checksum/secrets.",
    ),
    (
        {"extra_mounts": [{"name": "cache", "mountPath": "/opt/nim/.cache/"}]},
        "extra_mounts[0].mountPath: is the root or mounted already (got '/opt/nim/.cache'). Choose another path.",
    ),
    (
        {"extra_mounts": [{"name": "cache", "mountPath": "/"}]},
        "extra_mounts[0].mountPath: is the root or mounted already (got '/'). Choose another path.",
    ),
    (
        {"extra_volumes": [{"name": "a", "configMap": {1, 2}}]},
        "extra_volumes[0]: must be mappings, lists and plain values, and it holds a set. Write it as a dict, as in a manifest.",
    ),
    (
        {"env": {"A": {"valueFrom": {"secretKeyRef": None}}}},
        "env.A: must be text or one valueFrom. Write valueFrom: {secretKeyRef: {name: ..., key: ...}}, "
        "or another of secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef, fileKeyRef.",
    ),
    # autoscaling
    ({"autoscaling": {"presets": ["queue"]}}, "autoscaling.max_replicas: is required. Give it a value."),
    ({"autoscaling": True}, "autoscaling: must be a mapping or a AutoscalingArgs (got True). Write it as name: value pairs."),
    (
        {"replicas": 2, "autoscaling": SCALED, "cache": SHARED},
        "replicas: must not be given together with autoscaling (got 2). Leave it out, and write autoscaling.min_replicas.",
    ),
    (
        {"autoscaling": SCALED},
        "cache.access_mode: must allow sharing for 4 replicas (got 'ReadWriteOnce'). Use access_mode: ReadWriteMany with a storage class "
        "that has it, or an existing_claim that can be shared, or empty_dir, or autoscaling.max_replicas: 1.",
    ),
    (
        {"autoscaling": {**SCALED, "min_replicas": 5}, "cache": SHARED},
        "autoscaling.min_replicas: must not be above max_replicas (4) (got 5). Lower it or raise max_replicas.",
    ),
    (
        {"autoscaling": {"max_replicas": 4}, "cache": SHARED},
        "autoscaling.metrics: must say what to scale on when there are no presets. "
        "Add presets: [queue], which needs nothing but NIM's own metrics.",
    ),
    (
        {"autoscaling": {"max_replicas": 4, "keda": {}}, "cache": SHARED},
        "autoscaling.keda.triggers: must say what to scale on when there are no presets. "
        "Add presets: [queue], which needs nothing but NIM's own metrics.",
    ),
    (
        {"autoscaling": {**SCALED, "min_replicas": 0}, "cache": SHARED},
        "autoscaling.min_replicas: must be at least 1 without a signal from outside the pods, which say nothing when there are none "
        "(got 0). Add an object or external metric, or keda with a trigger, or use min_replicas: 1.",
    ),
    (
        {"autoscaling": {**SCALED, "min_replicas": 0, "keda": {"prometheus": PROMETHEUS}}, "cache": SHARED},
        "autoscaling.min_replicas: must be at least 1 without a signal from outside the pods, which say nothing when there are none "
        "(got 0). Add a trigger for what arrives before a pod is there, such as the gateway's requests, or use min_replicas: 1.",
    ),
    (
        {
            "autoscaling": {"max_replicas": 4, "min_replicas": 0, "keda": {"triggers": [{"type": "cpu", "metadata": {"value": "60"}}]}},
            "cache": SHARED,
        },
        "autoscaling.min_replicas: must be at least 1 without a signal from outside the pods, which say nothing when there are none "
        "(got 0). Add a trigger for what arrives before a pod is there, such as the gateway's requests, or use min_replicas: 1.",
    ),
    (
        {"autoscaling": {**SCALED, "presets": ["queue", "latency"]}, "cache": SHARED},
        "autoscaling.presets[1]: needs keda: a HorizontalPodAutoscaler cannot compute a percentile (got 'latency'). "
        "Add keda: {prometheus: ...}, or take another preset.",
    ),
    (
        {"autoscaling": {**SCALED, "presets": ["queue", "queue"]}, "cache": SHARED},
        "autoscaling.presets[1]: must be used once (got 'queue'). Leave one of them out.",
    ),
    (
        {"autoscaling": {**SCALED, "presets": ["queues"]}, "cache": SHARED},
        "autoscaling.presets[0].preset: must be one of 'queue', 'running', 'kv-cache' or 'latency' (got 'queues'). "
        "Take one of these, spelt exactly so.",
    ),
    (
        {"autoscaling": {**SCALED, "presets": [{"preset": "queue", "target": 0}]}, "cache": SHARED},
        "autoscaling.presets[0].target: must be a number or quantity above zero (got 0). Write it such as 5, 0.75 or 750m.",
    ),
    (
        {"autoscaling": {**SCALED, "presets": [{"preset": "queue", "target": True}]}, "cache": SHARED},
        "autoscaling.presets[0].target: must be a number or quantity above zero (got True). Write it such as 5, 0.75 or 750m.",
    ),
    (
        {"autoscaling": SCALED, "cache": SHARED, "image": "registry.example/llm:latest"},
        "generation: must be known for autoscaling.presets, whose metrics have another name in each. "
        "Set it: 1.x, 2.x-vllm or 2.x-sglang; or use autoscaling.keda, which asks for all of them.",
    ),
    (
        {"autoscaling": {**SCALED, "keda": {}}, "cache": SHARED},
        "autoscaling.keda.prometheus: is required with presets. Give its URL, such as http://prometheus-operated.monitoring.svc:9090.",
    ),
    (
        {"autoscaling": {**SCALED, "keda": {"prometheus": "http://user:x@prometheus:9090"}}, "cache": SHARED},
        "autoscaling.keda.prometheus: must be an http(s) URL without user, password and query. "
        "Write it such as http://prometheus-operated.monitoring.svc:9090; a login belongs into a TriggerAuthentication.",
    ),
    (
        {"autoscaling": {"max_replicas": 4, "keda": {"triggers": CRON, "authentication": "a"}}, "cache": SHARED},
        "autoscaling.keda.authentication: has no meaning without presets. Leave it out: a trigger names its own server.",
    ),
    (
        {"autoscaling": {"max_replicas": 4, "keda": {"triggers": CPU, "fallback": {"replicas": 1}}}, "cache": SHARED},
        "autoscaling.keda.fallback: has no meaning with triggers of cpu and memory alone: KEDA refuses it. "
        "Leave it out: the cluster measures these itself.",
    ),
    (
        {"autoscaling": {"max_replicas": 4, "keda": {"triggers": CRON, "fallback": {"replicas": 5}}}, "cache": SHARED},
        "autoscaling.keda.fallback.replicas: must not be above max_replicas (4) (got 5). Lower it or raise max_replicas.",
    ),
    (
        {
            "autoscaling": {"max_replicas": 4, "keda": {"triggers": CRON}, "metrics": [{"pods": {"name": "a", "average_value": 1}}]},
            "cache": SHARED,
        },
        "autoscaling.metrics: has no meaning with keda. Write it as one of keda.triggers.",
    ),
    (
        {"autoscaling": {"max_replicas": 4, "keda": {"triggers": [{"type": "cron", "metadata": {"desiredReplicas": 2}}]}}, "cache": SHARED},
        f"autoscaling.keda.triggers[0].metadata.desiredReplicas: must be text. {TEXT}",
    ),
    (
        {"autoscaling": {"max_replicas": 4, "metrics": [{}]}, "cache": SHARED},
        "autoscaling.metrics[0]: must have one of resource, pods, object, external. Write one metric an item.",
    ),
    (
        {
            "autoscaling": {
                "max_replicas": 4,
                "metrics": [{"external": {"name": "a", "value": 1}, "resource": {"name": "cpu", "utilization": 60}}],
            },
            "cache": SHARED,
        },
        "autoscaling.metrics[0].external: must not be given together with resource. Write one metric an item.",
    ),
    (
        {"autoscaling": {"max_replicas": 4, "metrics": [{"external": {"name": "a", "value": 1, "average_value": 1}}]}, "cache": SHARED},
        "autoscaling.metrics[0].external.average_value: must not be given together with value. Give one kind of target.",
    ),
    (
        {"autoscaling": {"max_replicas": 4, "metrics": [{"object": {"name": "a", "kind": "Ingress", "object": "b"}}]}, "cache": SHARED},
        "autoscaling.metrics[0].object: must have one of value, average_value. Give one kind of target.",
    ),
    (
        {"autoscaling": {**SCALED, "keda": {"prometheus": PROMETHEUS, "triggers": [{**CRON[0], "name": "queue"}]}}, "cache": SHARED},
        "autoscaling.keda.triggers[0].name: must be used once, and presets have theirs (got 'queue'). Rename it.",
    ),
    (
        {"autoscaling": {**SCALED, "scale_down": {"period": 1801}}, "cache": SHARED},
        "autoscaling.scale_down.period: must be at most 1800 (got 1801). Lower it.",
    ),
    # exposure
    (
        {"service": {"node_port": 30080}},
        "service.node_port: has no meaning with type ClusterIP. Leave it out, or use type: NodePort or LoadBalancer.",
    ),
    (
        {"service": {"external_traffic_policy": "Local"}},
        "service.external_traffic_policy: has no meaning with type ClusterIP. Leave it out, or use type: NodePort or LoadBalancer.",
    ),
    (
        {"service": {"type": "NodePort", "load_balancer_class": "service.k8s.aws/nlb"}},
        "service.load_balancer_class: has no meaning with type NodePort. Leave it out, or use type: LoadBalancer.",
    ),
    (
        {"service": {"load_balancer_source_ranges": ["10.0.0.0/8"]}},
        "service.load_balancer_source_ranges: has no meaning with type ClusterIP. Leave it out, or use type: LoadBalancer.",
    ),
    (
        {"service": {"type": "NodePort", "allocate_node_ports": False}},
        "service.allocate_node_ports: has no meaning with type NodePort. Leave it out, or use type: LoadBalancer.",
    ),
    (
        {"service": {"type": "LoadBalancer", "load_balancer_source_ranges": ["10.0.0.1/8"]}},
        "service.load_balancer_source_ranges[0]: must be a range of addresses (got '10.0.0.1/8'). "
        "Write it such as 10.0.0.0/8 or 2001:db8::/32, without bits behind the prefix.",
    ),
    (
        {"service": {"type": "LoadBalancer", "load_balancer_source_ranges": ["10.0.0.1"]}},
        "service.load_balancer_source_ranges[0]: must be a range of addresses (got '10.0.0.1'). "
        "Add the prefix's length: /32 is one IPv4 address, /128 one of IPv6.",
    ),
    (
        {"service": {"type": "LoadBalancer", "headless": True}},
        "service.headless: has no meaning with type LoadBalancer. Leave it out, or use type: ClusterIP.",
    ),
    (
        {"service": {"session_affinity_timeout": 60}},
        "service.session_affinity_timeout: needs session_affinity: ClientIP (got 60). Add that, or leave it out.",
    ),
    (
        {"ingress": {"hosts": ["a.example.com"]}, "http_route": {"gateway": "public", "hosts": ["a.example.com"]}},
        "http_route: must not be given together with ingress. Give the one that the cluster's controller serves.",
    ),
    ({"ingress": {}}, "ingress.hosts: is required. Give it a value."),
    ({"ingress": {"hosts": []}}, "ingress.hosts: must not be empty. Give it an item or leave it out."),
    (
        {"ingress": {"hosts": ["*.example.com"]}},
        "ingress.hosts[0]: must be a host name (got '*.example.com'). "
        "Write it in lower case without scheme, port and wildcard, such as llama.example.com.",
    ),
    (
        {"ingress": {"hosts": ["a.example.com"], "tls_secret": "cert"}},
        "ingress.tls_secret: needs tls: true. Add tls: true, or leave it out.",
    ),
    (
        {"ingress": {"hosts": ["a.example.com"], "path": "llama"}},
        "ingress.path: must be a path (got 'llama'). Write it such as / or /llama.",
    ),
    (
        {"ingress": {"hosts": ["a.example.com"], "annotations": {"pulumi.com/skipAwait": "false"}}},
        "ingress.annotations['pulumi.com/skipAwait']: is an annotation that the component sets. Use another key. Reserved: pulumi.com/waitFor, pulumi.com/skipAwait, pulumi.com/replaceUnready, checksum/secrets.",
    ),
    (
        {"http_route": {"gateway": "public", "hosts": ["a.example.com"], "labels": {"app.kubernetes.io/name": "x"}}},
        "http_route.labels['app.kubernetes.io/name']: is a label that the component sets. Use another key. Reserved: app.kubernetes.io/name, app.kubernetes.io/instance, app.kubernetes.io/component, app.kubernetes.io/managed-by, nim-component/cache-of.",
    ),
    (
        {"http_route": {"gateway": "public", "hosts": ["a.example.com"], "request_timeout": "10 min"}},
        "http_route.request_timeout: must be a duration (got '10 min'). Write it such as 10m or 1h30m; 0s means without end.",
    ),
    ({"http_route": {"hosts": ["a.example.com"]}}, "http_route.gateway: is required. Give it a value."),
    ({"inference_pool": {}}, "inference_pool.endpoint_picker: is required. Give it a value."),
    # disruption and placement
    (
        {"disruption_budget": {"min_available": 1, "max_unavailable": 1}, "replicas": 2, "cache": SHARED},
        "disruption_budget.min_available: must not be given together with max_unavailable. Give one of them.",
    ),
    (
        {"disruption_budget": {"max_unavailable": 0}},
        "disruption_budget.max_unavailable: lets no pod be evicted: a drain of its node would wait for ever (got 0). Use 1, or leave it out.",
    ),
    (
        {"disruption_budget": {"min_available": 1}},
        "disruption_budget.min_available: of 1 pod lets no pod be evicted: a drain of its node would wait for ever (got 1). "
        "Use max_unavailable: 1, or more replicas than that.",
    ),
    (
        {"disruption_budget": {"min_available": "100%"}, "replicas": 3, "cache": SHARED},
        "disruption_budget.min_available: of 3 pods lets no pod be evicted: a drain of its node would wait for ever (got '100%'). "
        "Use max_unavailable: 1, or more replicas than that.",
    ),
    (
        {"disruption_budget": {"min_available": 2}, "autoscaling": {**SCALED, "min_replicas": 2}, "cache": SHARED},
        "disruption_budget.min_available: of 2 pods lets no pod be evicted: a drain of its node would wait for ever (got 2). "
        "Use max_unavailable: 1, or more replicas than that.",
    ),
    (
        {"disruption_budget": {"max_unavailable": "half"}},
        "disruption_budget.max_unavailable: must be a number of pods or a percentage (got 'half'). Write it such as 1 or 25%.",
    ),
    (
        {"disruption_budget": {"max_unavailable": "101%"}},
        "disruption_budget.max_unavailable: must be a number of pods or a percentage (got '101%'). Write it such as 1 or 25%.",
    ),
    ({"scheduler_name": "My_Scheduler"}, f"scheduler_name: {NAME} (got 'My_Scheduler'). {NAME_REMEDY}"),
    (
        {"resource_claims": [{"name": "gpus"}]},
        "resource_claims[0]: must have one of claim, template, devices. Say where the devices come from once.",
    ),
    (
        {"resource_claims": [{"name": "gpus", "claim": "a", "template": "b"}]},
        "resource_claims[0].template: must not be given together with claim. Say where the devices come from once.",
    ),
    (
        {"resource_claims": [{"name": "a", "claim": "a"}, {"name": "a", "claim": "b"}]},
        "resource_claims[1].name: must be used once (got 'a'). Choose another name.",
    ),
    (
        {"resource_claims": [{"name": "a", "devices": [{"name": "x"}, {"name": "x"}]}]},
        "resource_claims[0].devices[1].name: must be used once (got 'x'). Choose another name.",
    ),
    (
        {"resource_claims": [{"name": "a", "devices": [{"name": "x"}], "request": "y"}]},
        "resource_claims[0].request: must be the name of one of devices (got 'y'). Known: x.",
    ),
    (
        {"resource_claims": [{"name": "A", "claim": "a"}]},
        "resource_claims[0].name: must be a DNS label (got 'A'). Use lower-case letters, digits and '-', at most 63.",
    ),
    *(
        (
            {"cache": {"ephemeral": True, name: value}},
            f"cache.{name}: has no meaning with ephemeral. Each pod has a volume of its own, which goes with it: leave one of both out.",
        )
        for name, value in {
            "existing_claim": "a",
            "empty_dir": True,
            "host_path": "/a",
            "volume_name": "a",
            "retain": True,
        }.items()
    ),
    # network policy
    ({"network_policy": {}}, "network_policy.ingress: is required. Give it a value."),
    ({"network_policy": {"ingress": [{}]}}, "network_policy.ingress[0]: must say who. Give pods, namespace, namespace_labels or cidr."),
    (
        {"network_policy": {"ingress": [{"cidr": "10.0.0.0/8", "pods": {}}]}},
        "network_policy.ingress[0].pods: must not be given together with cidr. Make two of it: one of pods, one of addresses.",
    ),
    (
        {"network_policy": {"ingress": [{"namespace": "a", "namespace_labels": {}}]}},
        "network_policy.ingress[0].namespace_labels: must not be given together with namespace. Give one of them.",
    ),
    (
        {"network_policy": {"ingress": [{"pods": {}, "excluding": ["10.0.0.0/8"]}]}},
        "network_policy.ingress[0].excluding: has no meaning without cidr. Give the range that it is taken from.",
    ),
    (
        {"network_policy": {"ingress": [{"cidr": "10.0.0.0/8", "excluding": ["10.0.0.0/8"]}]}},
        "network_policy.ingress[0].excluding[0]: must lie within cidr (10.0.0.0/8) and be smaller (got '10.0.0.0/8'). Leave it out.",
    ),
    (
        {"network_policy": {"ingress": [{"cidr": "huggingface.co"}]}},
        "network_policy.ingress[0].cidr: must be a range of addresses (got 'huggingface.co'). "
        "Write it such as 10.0.0.0/8 or 2001:db8::/32, without bits behind the prefix.",
    ),
    (
        {"network_policy": {"ingress": [], "proxies": [{"cidr": "10.0.0.5/32"}]}},
        "network_policy.proxies[0].ports: is required. Give the proxy's port, such as [3128].",
    ),
    (
        {"network_policy": {"ingress": []}, "network": {"https_proxy": "http://proxy.example.com:3128"}},
        "network_policy.proxies: is required with network.https_proxy: a policy knows addresses and pods, and not the proxy's name. "
        "Say where it is: proxies: [{cidr: 10.0.0.5/32, ports: [3128]}].",
    ),
    ({"network_policy": SHUT}, f"network_policy.internet: must not be false while the model {SHUT_OUT}"),
    (
        {"network_policy": SHUT, "cache": {"existing_claim": "a", "prewarm": WARM}},
        f"network_policy.internet: must not be false while what prewarm names {SHUT_OUT}",
    ),
    (
        {"network_policy": SHUT, "cache": {"existing_claim": "a"}, **LORA, "hf_repo_ids": ["a/b"]},
        f"network_policy.internet: must not be false while hf_repo_ids {SHUT_OUT}",
    ),
    # metrics
    (
        {"metrics": {"monitor": None}},
        "metrics: must ask for something. Give monitor, scrape_annotations, dashboard or alerts, or leave metrics out.",
    ),
    (
        {"metrics": {"scrape_annotations": True}},
        "metrics.scrape_annotations: must not be given together with monitor: what is scraped twice counts twice. "
        "Leave it out, or say monitor: null.",
    ),
    (
        {"metrics": {"monitor": {"interval": "30 s"}}},
        "metrics.monitor.interval: must be a duration (got '30 s'). Write it as Prometheus does, such as 30s or 1h30m.",
    ),
    (
        {"metrics": {"monitor": {"interval": "1m", "scrape_timeout": "90s"}}},
        "metrics.monitor.scrape_timeout: must not be above interval (1m) (got '90s'). Lower it, or raise interval.",
    ),
    (
        {"metrics": {"alerts": {"queue": -1}}},
        "metrics.alerts.queue: must be a number or quantity above zero (got -1). Write it such as 5, 0.75 or 750m.",
    ),
    (
        {"metrics": {"monitor": {"labels": {"app.kubernetes.io/name": "x"}}}},
        "metrics.monitor.labels['app.kubernetes.io/name']: is a label that the component sets. Use another key. Reserved: app.kubernetes.io/name, app.kubernetes.io/instance, app.kubernetes.io/component, app.kubernetes.io/managed-by, nim-component/cache-of.",
    ),
    (
        {"metrics": {"alerts": {"labels": {"app.kubernetes.io/name": "x"}}}},
        "metrics.alerts.labels['app.kubernetes.io/name']: is a label that the component sets. Use another key. Reserved: app.kubernetes.io/name, app.kubernetes.io/instance, app.kubernetes.io/component, app.kubernetes.io/managed-by, nim-component/cache-of.",
    ),
    (
        {"metrics": {"monitor": None, "scrape_annotations": True}, "pod_annotations": {"prometheus.io/port": "1"}},
        "pod_annotations['prometheus.io/port']: is managed by the component. Leave it out, or metrics.scrape_annotations.",
    ),
    # unknown
    ({"replica": 2}, "replica: is not a known field. Did you mean 'replicas'?"),
    ({"startupTimeout": 60}, "startupTimeout: is not a known field. Did you mean 'startup_timeout'?"),
]

SECRETS: list[tuple[dict[str, Any], str]] = [
    (
        {},
        "secrets.ngc_image_secret: is required. Name the Secret in the cluster, or give ngc_api_key as a Pulumi secret, "
        "or use NIMSecrets.keyless() for public images.",
    ),
    (
        {"ngc_image_secret": "pull"},
        "secrets.ngc_secret_key: is required. Name the Secret in the cluster, or give ngc_api_key as a Pulumi secret, "
        "or use NIMSecrets.keyless() for public images.",
    ),
    ({**REFERENCE, "ngc_image_secret": "My_Secret"}, f"secrets.ngc_image_secret: {NAME} (got 'My_Secret'). {NAME_REMEDY}"),
    (
        {**REFERENCE, "ngc_secret_key": "a key"},
        "secrets.ngc_secret_key: must be a key of a Secret (got 'a key'). Use letters, digits, '-', '_' and '.', at most 253, such as NGC_API_KEY.",
    ),
    (
        {**REFERENCE, "ngc_secret_key": "nvapi-abcdef"},
        "secrets.ngc_secret_key: must be a name, and this looks like a key itself. Store the key in a Secret and name the Secret and its key here.",
    ),
    (
        {**REFERENCE, "hf_token_group": "hf"},
        "secrets.hf_token_key: is required with hf_token_group. Name the key, within that Secret, that holds the token.",
    ),
    (
        {**REFERENCE, "secrets_prefix": "1-"},
        "secrets.secrets_prefix: must be the beginning of an environment variable's name (got '1-'). Use letters, digits and '_', such as _FSEC_.",
    ),
    (
        {**REFERENCE, "ngc_api_key": "nvapi-abcdef"},
        "secrets.ngc_api_key: must be a Pulumi secret, not plain text: plain text stands in the program or the stack file for everybody to read. "
        "Use pulumi.Config().require_secret(...), in a stack file {config: <key>}, set by `pulumi config set --secret <key>`.",
    ),
    (
        {"without_key": True, **REFERENCE},
        "secrets.ngc_secret_key: must not be given together with keyless(). Leave it out, or leave keyless() out.",
    ),
    (
        {"without_key": True, "hf_token_key": "t"},
        "secrets.hf_token_group: is required with hf_token_key when there is no Secret of the NGC key to look in. Name the Secret, or give hf_token.",
    ),
    (
        {**REFERENCE, "secrets_prefix": "NIM_", "ngc_secret_key": "CACHE_PATH"},
        "secrets.ngc_secret_key: makes the variable NIM_CACHE_PATH with secrets_prefix, which is another's. Choose another prefix or key.",
    ),
    (
        {**REFERENCE, "secrets_prefix": "HF_", "ngc_secret_key": "TOKEN"},
        "secrets.ngc_secret_key: makes the variable HF_TOKEN with secrets_prefix, which is another's. Choose another prefix or key.",
    ),
    (
        {**REFERENCE, "secrets_prefix": "_", "ngc_secret_group": "a.b", "hf_token_group": "a-b", "hf_token_key": "NGC_API_KEY"},
        "secrets.hf_token_key: makes the variable _A_B_NGC_API_KEY, as another key does. Rename one of the keys or groups.",
    ),
    ({**REFERENCE, "ngc_secret": "x"}, "secrets.ngc_secret: is not a known field. Did you mean 'ngc_secret_key'?"),
    ({**REFERENCE, "verify": "off"}, "secrets.verify: must be true or false (got 'off'). Write true or false."),
    ({"without_key": 1}, "secrets.without_key: must be true or false (got 1). Write true or false."),
    ({**REFERENCE, "verify": "maybe"}, "secrets.verify: must be true or false (got 'maybe'). Write true or false."),
]


def problems(**fields: Any) -> list[str]:
    with pytest.raises(ArgumentError) as caught:
        NIM.read({"secrets": REFERENCE, **fields}, "NIMService 'llama'")
    return str(caught.value).split("\n")


def test_the_tables_hold_at_least_sixty_wrong_inputs():
    assert len(FIELDS) + len(SECRETS) >= 60


@pytest.mark.parametrize(("fields", "line"), FIELDS, ids=lambda value: str(value)[:60])
def test_a_wrong_field_gets_its_text(fields: dict[str, Any], line: str):
    header, *lines = problems(**fields)
    assert header.startswith("NIMService 'llama' has ")
    assert f"  {line}" in lines


@pytest.mark.parametrize(("secrets", "line"), SECRETS, ids=lambda value: str(value)[:60])
def test_wrong_secrets_get_their_text(secrets: dict[str, Any], line: str):
    assert f"  {line}" in problems(secrets=secrets)


def test_each_wrong_field_alone_is_one_problem():
    several = {str(fields): lines for fields, _ in FIELDS if len(lines := problems(**fields)) != 2}
    assert several == {}


def test_every_managed_name_is_refused_below_a_prefix_too():
    secrets = {**REFERENCE, "secrets_prefix": "_FSEC_"}
    assert "  env._FSEC_X: stands under secrets_prefix '_FSEC_', whose names the component manages. Choose another name." in problems(
        secrets=secrets, env={"_FSEC_X": "1"}
    )


def test_all_problems_of_a_service_come_at_once_fields_and_rules_alike():
    assert problems(prot=1, gpu=-1, replicas=2, hf_repo_ids=["a/x"]) == [
        "NIMService 'llama' has 5 problems:",
        "  gpu: must be at least 0 (got -1). Raise it.",
        "  prot: is not a known field. Did you mean 'port'?",
        '  lora_adapter_mem: memory to download the LoRA adapters must be set with hf_repo_ids. Set lora_adapter_mem, such as "2Gi".',
        f"  env.NIM_PEFT_SOURCE: must be set with hf_repo_ids: it is where the server looks for the adapters. {PEFT_REMEDY}",
        "  cache.access_mode: must allow sharing for 2 replicas (got 'ReadWriteOnce'). Use access_mode: ReadWriteMany with a storage class "
        "that has it, or an existing_claim that can be shared, or empty_dir, or replicas: 1.",
    ]


def test_secrets_are_mandatory_and_the_remedy_names_the_way_without():
    with pytest.raises(
        ValueError,
        match=r"^NIM has 1 problem:\n  secrets: is required\. Give NIMSecrets\(\.\.\.\), or for public images, "
        r"which need no key, NIMSecrets\.keyless\(\), in a stack file \{without_key: true\}\.",
    ):
        NIM()  # pyright: ignore


def test_no_secrets_is_not_keyless():
    assert "  secrets: must be a mapping or a NIMSecrets (got None). Write it as name: value pairs." in problems(secrets=None)


def test_a_model_made_by_hand_is_said_under_its_own_name():
    with pytest.raises(ValueError, match="^NIMSecrets has 1 problem:\n  ngc_secret_key: is required"):
        NIMSecrets(ngc_image_secret="pull")


def test_a_model_cannot_be_changed_behind_the_checks():
    nim = NIM(secrets=NIMSecrets.keyless())
    with pytest.raises(ValueError, match="frozen"):
        nim.port = 1  # pyright: ignore


CREDENTIALS = [
    "OGZkMTIzNDU2Nzg5MGFiY2RlZjpaWVhXVlVUU1JRUE9OTUxLSklIR0ZFRENCQTA5ODc2NTQzMjEK",
    "nvapi-" + "k" * 64,
    "hf_" + "A" * 34,
    '{"auths":{"nvcr.io":{}}}',
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
]


@pytest.mark.parametrize("credential", CREDENTIALS, ids=["old-ngc", "ngc", "hugging-face", "docker-config", "jwt"])
@pytest.mark.parametrize(
    "field",
    ["image", "port", "mem", "namespace", "served_model_name", "rollout", "service_name", "gpu", "node_selector", "cache", "args", "env"],
)
def test_a_key_in_the_wrong_place_is_never_shown(field: str, credential: str):
    for value in (credential, {"x": credential}, [credential], {"ngc_api_key": credential}, {credential: credential}):
        try:
            NIM.read({"secrets": REFERENCE, field: value}, "NIMService 'llama'")
        except ArgumentError as error:
            assert credential not in str(error)


def test_a_copy_with_changes_meets_the_rules_when_it_is_read():
    good = NIM(secrets=NIMSecrets(**REFERENCE), env={"A": "b"})
    wrong = good.model_copy(update={"gpu": 0, "image": "Bad Image"})
    with pytest.raises(ArgumentError, match="NIMService 'llama' has 2 problems"):
        NIM.read(wrong, "NIMService 'llama'")
    assert good.env is not None
    good.env["NGC_API_KEY"] = "x"
    with pytest.raises(ArgumentError, match=r"env\.NGC_API_KEY: is managed"):
        NIM.read(good, "NIMService 'llama'")


def test_a_problem_reads_as_path_rule_value_remedy():
    problem = Problem(("env", "A.B", 0), "must be x", "Do y.", "'z'")
    assert str(problem) == "env['A.B'][0]: must be x (got 'z'). Do y."


IN_THE_CLEAR = [
    {"env": {"MY_KEY": CREDENTIALS[1]}},
    {"args": [f"--api-key={CREDENTIALS[1]}"]},
    {"command": ["sh", "-c", f"export X={CREDENTIALS[2]}"]},
    {"pod_annotations": {"k": CREDENTIALS[1]}},
    {"image": CREDENTIALS[1]},
    {"served_model_name": CREDENTIALS[1]},
    {"service": {"annotations": {"k": CREDENTIALS[2]}}},
]


@pytest.mark.parametrize("fields", IN_THE_CLEAR, ids=lambda fields: next(iter(fields)))
def test_a_key_in_the_clear_is_refused_in_what_reaches_the_pod(fields: dict[str, Any]):
    (line,) = problems(**fields)[1:]
    assert line.endswith(
        ": must not hold a key in the clear. Put it into a Kubernetes Secret: `secrets` names that of NGC and the hub, `valueFrom` in `env` any other. Where it was committed or shown, revoke it."
    )
