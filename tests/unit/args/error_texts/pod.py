"""Wrong arguments and their errors: volumes, mounts and containers in Kubernetes' form."""

from typing import Any

CASES: list[tuple[dict[str, Any], str]] = [
    # what is passed on
    (
        {"extra_volumes": [{"emptyDir": {}}]},
        "extra_volumes[0]: must have a plain name. Add `name`: mounts, diffs and logs refer to it.",
    ),
    (
        {"extra_volumes": [{"name": "cache"}]},
        "extra_volumes[0].name: is a name that the component uses (got 'cache'). Use another name. Reserved: dshm, cache,"
        " cache-empty-dir, cache-ephemeral, cache-host-path, lora, lora-pvc, lora-loader, lora-tmp, ca-own, ca-bundle, cache-scratch.",
    ),
    (
        {"extra_volumes": [{"name": "a"}, {"name": "a"}]},
        "extra_volumes[1].name: must be unique (got 'a'). Use another name.",
    ),
    (
        {"extra_mounts": [{"name": "a", "mountPath": "/x"}]},
        "extra_mounts[0].name: must be the name of a volume in extra_volumes (got 'a'). Use the name of a volume: cache, dshm.",
    ),
    (
        {"extra_mounts": [{"name": "cache"}]},
        "extra_mounts[0]: must have a plain absolute mountPath. Add `mountPath`, and start it with '/'.",
    ),
    (
        {"extra_mounts": [{"name": "cache", "mount_path": "/dev/shm"}]},
        "extra_mounts[0].mountPath: is the root directory or already a mount path (got '/dev/shm'). Use another path.",
    ),
    (
        {"extra_containers": [{"name": "nim"}]},
        "extra_containers[0].name: is a name that the component uses (got 'nim'). Use another name. Reserved: nim, "
        "download-loras, fetch-loras, check-loras, join-authorities.",
    ),
    (
        {"extra_init_containers": [{"name": "download-loras"}]},
        "extra_init_containers[0].name: is a name that the component uses (got 'download-loras'). Use another name. "
        "Reserved: nim, download-loras, fetch-loras, check-loras, join-authorities.",
    ),
    (
        {"extra_init_containers": [{"name": "a"}], "extra_containers": [{"name": "a"}]},
        "extra_containers[0].name: must be unique (got 'a'). Use another name.",
    ),
    (
        {"pre_stop_sleep": 60},
        "pre_stop_sleep: must be less than termination_grace (60), which includes it (got 60). Decrease it, or increase termination_grace.",
    ),
    (
        {"pre_stop_sleep": -1},
        "pre_stop_sleep: must be at least 0 (got -1). Increase it.",
    ),
    (
        {"env": {"NIM_SSL_MODE": "MTLS"}},
        "env.NIM_SSL_MODE: makes the server require TLS, while the probes use http: no pod would become ready (got "
        "'MTLS'). Terminate TLS in ingress, http_route or a sidecar, or set health_port (NIM 2.x).",
    ),
]
