"""Settings in fixes of server logs: those of the container's generation."""

from typing import Any

import pytest

from nim_component.diagnose.rules import diagnose

from .kubernetes_objects import crashed, deployment, failed_job_pod, job, leader_worker_set, node, snapshot

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


GATED = (
    "huggingface_hub.errors.GatedRepoError: 401 Client Error. (Request ID: Root=1-6)\n\n"
    "Cannot access gated repo for url https://huggingface.co/meta-llama/Llama-3.1-8B/resolve/main/config.json."
)
TOKEN = [{"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hf", "key": "token"}}}]


def template_of(container: str, **fields: Any) -> dict[str, Any]:
    """Return a pod template with one container."""
    return {"spec": {"containers": [{"name": container, **fields}]}}


@pytest.mark.parametrize(
    ("fields", "fix"),
    [
        ({"env": []}, "The server has no token. Accept the model's terms on the hub, and set secrets.hf_token_key"),
        ({"env": TOKEN}, "Accept its terms on the hub with the account of the token in secrets.hf_token_key."),
        ({"envFrom": [{"secretRef": {"name": "all"}}]}, "set secrets.hf_token_key to a token of the same account, unless it is set."),
        (None, "set secrets.hf_token_key to a token of the same account, unless it is set."),
    ],
)
def test_fix_depends_on_token_of_server(fields: dict[str, Any] | None, fix: str):
    """The pod template shows whether the server has a token for the hub."""
    template = {} if fields is None else {"template": template_of("nim", **fields)}
    for kinds in (
        {"deployments": [deployment(**template)]},
        {"leaderworkersets": [leader_worker_set(leaderWorkerTemplate={"leaderTemplate": template.get("template", {})})]},
    ):
        (found,) = diagnose(snapshot(crashed(GATED), nodes=[node()], **kinds))
        assert (found.cause, fix in found.fix) == ("model-gated", True), found.fix


def test_fix_of_prewarm_job_depends_on_its_token():
    given = snapshot(failed_job_pod(GATED), jobs=[job(template=template_of("prewarm", env=[]))], deployments=[deployment()])
    found = {each.cause: each for each in diagnose(given)}
    assert found["model-gated"].fix.startswith("The server has no token.")


def test_token_of_loader_alone_needs_named_model():
    """The component gives the token only to containers that download from the hub."""
    template = {"spec": {"initContainers": [{"name": "download-loras", "env": TOKEN}], "containers": [{"name": "nim", "env": []}]}}
    (found,) = diagnose(snapshot(crashed(GATED), nodes=[node()], deployments=[deployment(template=template)]))
    assert "another container has one. Name the model by hf:// in env or args" in found.fix
    assert "set secrets.hf_token_key" not in found.fix


def test_no_token_is_advised_beside_present_one():
    """The server has a token, so that the fix advises none."""
    limited = crashed("requests.exceptions.HTTPError: 429 Client Error: Too Many Requests for url: https://huggingface.co/api/models/m")
    (found,) = diagnose(snapshot(limited, nodes=[node()], deployments=[deployment(template=template_of("nim", env=TOKEN))]))
    assert found.cause == "download-rate-limited"
    assert "the limit is that of the account" in found.fix
    assert "set secrets.hf_token_key" not in found.fix
