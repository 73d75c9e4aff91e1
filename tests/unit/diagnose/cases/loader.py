"""Containers that download or check adapters."""

from nim_component.diagnose.snapshot import Snapshot
from nim_component.lora_loader import EXIT_CODES

from ..kubernetes_objects import crashed, deployment, snapshot
from ..snapshots import Case, NearMiss

CASES: dict[str, list[Case]] = {
    "loader-out-of-memory": [
        (snapshot(crashed("", 137, "OOMKilled", "download-loras")), "ran out of memory (2Gi). | Raise lora_adapter_mem.")
    ],
    "loader-unknown": [(snapshot(crashed("pip: not found", 127, container="download-loras")), "pip: not found")],
    "disk-full": [(snapshot(crashed("OSError: [Errno 28] No space left on device: '/opt/nim/.cache/blob'")), "Raise cache.size")],
    **{
        f"loader-{kind}": [
            (
                snapshot(crashed("adapter one: what happened: what to do", code, container="download-loras")),
                "adapter one: what happened: what to do",
            )
        ]
        for kind, code in EXIT_CODES.items()
    },
}


def gated_adapter(env: list[dict[str, str]]) -> Snapshot:
    """Return a pod whose adapter loader has an environment, and a gated adapter."""
    template = {"spec": {"containers": [], "initContainers": [{"name": "download-loras", "env": env}]}}
    failed = crashed("adapter one: gated", EXIT_CODES["gated"], container="download-loras")
    return snapshot(failed, deployments=[deployment(template=template)])


CASES["loader-gated"] += [
    (gated_adapter([]), "the adapter loader has no token. | Accept its terms on its page, and set secrets.hf_token_key"),
    (gated_adapter([{"name": "HF_TOKEN", "value": "$(T)"}]), "is gated, and the token has no access. | Accept its terms with the account"),
]

NEAR_MISSES: dict[str, NearMiss] = {
    "loader-out-of-memory": snapshot(crashed("", 137, "OOMKilled")),
    "loader-unknown": snapshot(crashed("", 12, container="download-loras")),
    "disk-full": snapshot(crashed("space shuttle")),
    **{f"loader-{kind}": snapshot(crashed("", 99, container="download-loras")) for kind in EXIT_CODES},
}
