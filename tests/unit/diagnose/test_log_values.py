"""Settings in fixes of server logs: those of the container's generation."""

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
