"""Settings in fixes of server logs: those of the container's generation."""

from typing import Any

import pytest

from nim_component.diagnose.rules import diagnose

from .kubernetes_objects import crashed, node, snapshot

BUSY = "ValueError: Free memory on device (3.2/79.1 GiB) on startup is less than desired GPU memory utilization (0.9, 71.19 GiB)."
REMOTE = "ValueError: Please pass the argument `trust_remote_code=True` to allow custom code to be run."


@pytest.mark.parametrize(
    ("tag", "log", "setting", "other"),
    [
        ("1.0.0", BUSY, "NIM_KVCACHE_PERCENT in env", "NIM_GPU_MEM_FRACTION"),
        ("2.1.5", BUSY, "NIM_GPU_MEM_FRACTION in env", "NIM_KVCACHE_PERCENT"),
        ("latest", BUSY, "the server's share of GPU memory", "NIM_"),
        ("1.0.0", REMOTE, "NIM_FORCE_TRUST_REMOTE_CODE in env", "--trust-remote-code"),
        ("2.1.5", REMOTE, "`--trust-remote-code` in args", "NIM_FORCE_TRUST_REMOTE_CODE"),
    ],
)
def test_fix_names_setting_of_generation(tag: str, log: str, setting: str, other: str):
    failed = crashed(log)
    failed["spec"]["containers"][0]["image"] = f"nvcr.io/nim/meta/llama3-8b-instruct:{tag}"
    (found,) = diagnose(snapshot(failed, nodes=[node()]))
    assert setting in found.fix
    assert other not in found.fix


FULL = "OSError: [Errno 28] No space left on device: '/opt/nim/.cache/model-00001-of-00004.safetensors'"
CACHE_PVC = {"name": "cache", "persistentVolumeClaim": {"claimName": "llama-cache"}}
LORA_PVC = {"name": "lora-pvc", "persistentVolumeClaim": {"claimName": "llama-loras"}}
CLAIMS = [
    {"metadata": {"name": name}, "status": {"phase": "Bound", "capacity": {"storage": size}}}
    for name, size in (("llama-loras", "7Gi"), ("llama-cache", "50Gi"), ("llama-5d9-x-cache-ephemeral", "60Gi"))
]


@pytest.mark.parametrize(
    ("volumes", "size"),
    [
        ([LORA_PVC, CACHE_PVC], "(the cache has 50Gi)"),
        ([LORA_PVC, {"name": "cache-empty-dir", "emptyDir": {"sizeLimit": "40Gi"}}], "(the cache has 40Gi)"),
        ([LORA_PVC, {"name": "cache-ephemeral", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}], "(the cache has 60Gi)"),
        ([LORA_PVC, {"name": "cache-host-path", "hostPath": {"path": "/data"}}], ""),
    ],
)
def test_size_is_that_of_cache_volume(volumes: list[dict[str, Any]], size: str):
    """The PVC of the adapters is not the cache."""
    failed = crashed(FULL, spec={"volumes": volumes})
    (found,) = diagnose(snapshot(failed, nodes=[node()], persistentvolumeclaims=CLAIMS))
    assert found.cause == "disk-full"
    output = f"{found.text} {found.fix}"
    assert size in output
    assert "7Gi" not in output
    assert ("the cache has" in output) == bool(size)
