"""Wrong arguments and their errors: the cache and the prewarm Job."""

from typing import Any

from .common import WARM

CASES: list[tuple[dict[str, Any], str]] = [
    # cache
    (
        {"cache": {"size": "50"}},
        "cache.size: must be at least 1Mi (got '50'). Use a larger value with a unit, such as `\"50Gi\"`: a number alone is"
        " bytes or whole cores.",
    ),
    (
        {"cache": {"access_mode": "RWX"}},
        "cache.access_mode: must be one of 'ReadWriteOnce', 'ReadWriteMany' or 'ReadWriteOncePod' (got 'RWX'). Use one of these values.",
    ),
    (
        {"cache": {"storage_class": "Fast SSD"}},
        "cache.storage_class: must be the name of a StorageClass (got 'Fast SSD'). Use a name that `kubectl get "
        "storageclass` prints: lower-case letters, digits, '-' and '.'.",
    ),
    (
        {"cache": {"existing_claim": "a", "empty_dir": True}},
        "cache.empty_dir: must not be combined with existing_claim. Keep one kind of storage.",
    ),
    (
        {"cache": {"existing_claim": "a", "storage_class": "b"}},
        "cache.storage_class: has no effect with existing_claim. Remove it: it is for a PVC that the component creates.",
    ),
    (
        {"cache": {"empty_dir": True, "retain": True}},
        "cache.retain: has no effect without a PVC that the component creates. Remove it: the component only deletes what it created.",
    ),
    (
        {"cache": {"host_path": "data"}},
        "cache.host_path: must be an absolute path (got 'data'). Start it with '/'.",
    ),
    (
        {"cache": {"storageClass": "b"}},
        "cache.storageClass: unknown field. Did you mean 'storage_class'?",
    ),
    (
        {"cache": "50Gi"},
        "cache: must be a mapping of fields (got '50Gi'). Pass CacheArgs(...) or a dict.",
    ),
    (
        {"cache": {"prewarm": {"profiles": ["a"], "all_profiles": True}}},
        "cache.prewarm.all_profiles: must not be combined with profiles. Keep one of the two.",
    ),
    (
        {"cache": {"prewarm": {"profiles": ["a"], "args": ["--model-uri", "hf://a/b"]}}},
        "cache.prewarm.args: must not be combined with profiles. Keep one of the two.",
    ),
    (
        {"cache": {"prewarm": {}}},
        "cache.prewarm.profiles: is required: the Job has no GPU from which a profile could be chosen. Set a profile that"
        ' `list-model-profiles` prints, here or in model_profile, or set `"cache": {"prewarm": {"all_profiles": True}}`.',
    ),
    (
        {"cache": {"prewarm": {"profiles": []}}},
        "cache.prewarm.profiles: must not be empty. Add an item, or remove the field.",
    ),
    (
        {"cache": {"prewarm": {**WARM, "timeout": 5}}},
        "cache.prewarm.timeout: must be at least 60 (got 5). Increase it.",
    ),
    (
        {"cache": {"prewarm": {**WARM, "mem": "8 G"}}},
        "cache.prewarm.mem: must be a Kubernetes quantity (got '8 G'). Write a number and a unit without a space, such as `\"20Gi\"`.",
    ),
    (
        {"cache": {"prewarm": {**WARM, "profile": "a"}}},
        "cache.prewarm.profile: unknown field. Did you mean 'profiles'?",
    ),
    (
        {"cache": {"prewarm": WARM, "empty_dir": True}},
        "cache.prewarm: has no effect with empty_dir: the Job's pod and the server's pod do not share that storage. "
        "Remove prewarm or empty_dir.",
    ),
    (
        {"cache": {"prewarm": WARM, "ephemeral": True}},
        "cache.prewarm: has no effect with ephemeral: the Job's pod and the server's pod do not share that storage. "
        "Remove prewarm or ephemeral.",
    ),
    (
        {"cache": {"prewarm": WARM, "host_path": "/models"}},
        "cache.prewarm: has no effect with host_path: the Job's pod and the server's pod do not share that storage. "
        "Remove prewarm or host_path.",
    ),
    (
        {"cache": {"prewarm": WARM, "access_mode": "ReadWriteOncePod"}},
        "cache.access_mode: must allow a second pod with prewarm: the Job's, while the server runs (got "
        '\'ReadWriteOncePod\'). Use `"cache": {"access_mode": "ReadWriteOnce"}` or `"cache": {"access_mode": '
        '"ReadWriteMany"}`.',
    ),
    (
        {"cache": {"read_only": True}},
        "cache.read_only: requires a cache that is filled by something other than the server. Add prewarm, or name a "
        "filled volume: existing_claim, volume_name or host_path.",
    ),
    (
        {"cache": {"read_only": True, "existing_claim": "a"}, "env": {"HOME": "/x"}},
        "env.HOME: is managed by the component. Use the field cache.read_only instead.",
    ),
    (
        {"cache": {"offline": True}, "secrets": {"without_key": True}},
        "cache.offline: requires a filled cache. Name the filled volume: existing_claim, volume_name or host_path.",
    ),
    (
        {"cache": {"offline": True, "existing_claim": "a"}},
        'secrets: must be without a key with cache.offline: a server with a key connects to NGC. Use `"secrets": '
        '{"without_key": True}`, or for an image registry with a login `"secrets": {"without_key": True, '
        '"ngc_image_secret": "my-registry"}`.',
    ),
    (
        {"cache": {"offline": True, "existing_claim": "a"}, "secrets": {"without_key": True}, "env": {"NIM_DISABLE_MODEL_DOWNLOAD": "0"}},
        "env.NIM_DISABLE_MODEL_DOWNLOAD: is managed by the component. Use the field cache.offline instead.",
    ),
    (
        {"cache": {"offline": True, "existing_claim": "a", "prewarm": WARM}, "secrets": {"without_key": True}},
        "cache.prewarm: must not be combined with offline: the download needs a registry. Remove one of the two.",
    ),
    (
        {"cache": {"sub_path": "/models"}},
        "cache.sub_path: must be a path below the volume's root (got '/models'). Write it without '..' and without '/' at"
        ' its ends, such as `"models/llama3-8b"`.',
    ),
    (
        {"cache": {"sub_path": "models/../x"}},
        "cache.sub_path: must be a path below the volume's root (got 'models/../x'). Write it without '..' and without "
        "'/' at its ends, such as `\"models/llama3-8b\"`.",
    ),
    (
        {"pod_labels": {"nim-component/cache-of": "x"}},
        "pod_labels['nim-component/cache-of']: is a label that the component sets. Use another key. Reserved: "
        "app.kubernetes.io/name, app.kubernetes.io/instance, app.kubernetes.io/component, app.kubernetes.io/managed-by, "
        "nim-component/cache-of.",
    ),
    (
        {"replicas": 2},
        'cache.access_mode: must allow sharing for 2 replicas (got \'ReadWriteOnce\'). Use `"cache": {"access_mode": '
        '"ReadWriteMany"}` with a storage class that supports it, or a shared PVC in cache.existing_claim, or `"cache": '
        '{"empty_dir": True}`, or `"replicas": 1`.',
    ),
    (
        {"rollout": "surge"},
        "cache.access_mode: must allow sharing for rollout 'surge', which runs two pods at once (got 'ReadWriteOnce'). "
        'Use `"cache": {"access_mode": "ReadWriteMany"}` with a storage class that supports it, or a shared PVC in '
        'cache.existing_claim, or `"cache": {"empty_dir": True}`, or remove rollout.',
    ),
]
