"""The containers that bring adapters, or look at them."""

from nim_component.lora_loader import EXIT_CODES

from ..made import ended, snapshot
from ..shown import Case, NearMiss

CASES: dict[str, list[Case]] = {
    "loader-out-of-memory": [
        (snapshot(ended("", 137, "OOMKilled", "download-loras")), "ran out of memory (2Gi). | Raise lora_adapter_mem.")
    ],
    "loader-unknown": [(snapshot(ended("pip: not found", 127, container="download-loras")), "pip: not found")],
    "disk-full": [(snapshot(ended("OSError: [Errno 28] No space left on device: '/opt/nim/.cache/blob'")), "Raise cache.size")],
    **{
        f"loader-{kind}": [
            (
                snapshot(ended("adapter one: what happened: what to do", code, container="download-loras")),
                "adapter one: what happened: what to do",
            )
        ]
        for kind, code in EXIT_CODES.items()
    },
}

NEAR_MISSES: dict[str, NearMiss] = {
    "loader-out-of-memory": snapshot(ended("", 137, "OOMKilled")),
    "loader-unknown": snapshot(ended("", 12, container="download-loras")),
    "disk-full": snapshot(ended("space shuttle")),
    **{f"loader-{kind}": snapshot(ended("", 99, container="download-loras")) for kind in EXIT_CODES},
}
