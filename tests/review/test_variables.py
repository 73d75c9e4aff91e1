"""A changed variable is a warning unless its name and value are known to be safe."""

from typing import Any

import pytest

from nim_component.review.safe_variables import is_safe
from nim_component.review.sentences import plain_text

from .changes import kubernetes_object
from .test_dangers import BASE, CRITICAL, NOTICE, WARNING, container, findings, severity, variable
from .test_disguised_dangers import SECRET

REDIRECTING = [
    ("VLLM_USE_MODELSCOPE", "1"), ("VLLM_USE_MODELSCOPE", "True"), ("SGLANG_USE_MODELSCOPE", "true"), ("MODEL_ID", "other-org/model"),
    ("MODEL_ID", "model"), ("MODEL_ID", "7"), ("HF_REVISION", "main"), ("HF_REVISION", "7"), ("NVCC_PREPEND_FLAGS", "-ccbin x"),
    ("NVCC_APPEND_FLAGS", "x"), ("JDK_JAVA_OPTIONS", "-javaagent:x.jar"), ("DOTNET_STARTUP_HOOKS", "x.dll"), ("HF_ALLOW_CODE_EVAL", "1"),
    ("CACHE", "../x"), ("WEIGHTS", "models/x"), ("SETTINGS", "./x.yaml"), ("ADAPTERS", "a,b"), ("EXTRA", "--flag x"), ("APP", "a=b"),
    ("VLLM_SKIP_P2P_CHECK", "1"), ("VLLM_PORT", "8001"), ("MASTER_PORT", "1"), ("NIM_SERVER_PORT", "9000"), ("RUN_AS_UID", "0"),
    ("API_VERSION", "2"), ("MIN_TLS_VERSION", "1.0"), ("MAX_AUTH_ATTEMPTS", "9"), ("TOKEN_TTL", "99999"), ("RATE_LIMIT_DISABLED", "1"),
    ("NIM_DISABLE_MODEL_DOWNLOAD", "1"), ("HF_HUB_OFFLINE", "0"), ("TRANSFORMERS_OFFLINE", "0"), ("MODE", "x"), ("FEATURE", "true"),
    ("SWITCH", "1"), ("LOG_LEVEL", "$(CMD)"), ("LOG_LEVEL", "/x"), ("RUST_LOG", "hyper=trace"), ("LOG_LEVEL", "off"), ("AUDIT_LOG_LEVEL", "error"),
    ("LOG_FORMAT", "%(x)s"), ("TZ", ":/x"), ("TZ", "Europe/../../x"), ("LANG", "../x"), ("PYTORCH_CUDA_ALLOC_CONF", "backend:x"),
    ("MAX_BATCH_SIZE", "1;id"), ("MAX_BATCH_SIZE", "x"), ("DISABLEAUTH", "1"), ("NCCL_ALGO", "x.so"), ("NCCL_SOCKET_IFNAME", "eth1"),
    ("NCCL_TOPO_FILE", "x"), ("CUDA_VISIBLE_DEVICES", "0"), ("CUDA_HOME", "x"), ("TRITON_BACKEND", "x"), ("VLLM_TARGET_DEVICE", "cpu"),
    ("VLLM_ATTENTION_BACKEND", "CUSTOM"), ("VLLM_API_KEY", "x"), ("NIM_SERVER_HOST", "::1"), ("PYTHONIOENCODING", "x.y"), ("GREETING", ""),
]  # fmt: skip
SAFE = [
    ("NIM_LOG_LEVEL", "DEBUG"), ("LOG_LEVEL", "info"), ("VLLM_LOGGING_LEVEL", "WARNING"), ("TRANSFORMERS_VERBOSITY", "error"),
    ("LOGLEVEL", "20"), ("NCCL_DEBUG", "INFO"), ("OMP_NUM_THREADS", "8"), ("MAX_JOBS", "4"), ("NIM_MAX_MODEL_LEN", "8192"),
    ("VLLM_RPC_TIMEOUT", "10000"), ("NIM_KVCACHE_PERCENT", "0.9"), ("HF_HUB_DOWNLOAD_TIMEOUT", "60"), ("UVICORN_WORKERS", "4"),
    ("NCCL_P2P_DISABLE", "1"), ("NCCL_ALGO", "Ring,Tree"), ("NCCL_IB_TIMEOUT", "22"), ("TOKENIZERS_PARALLELISM", "false"),
    ("HF_HUB_ENABLE_HF_TRANSFER", "1"), ("HF_HUB_DISABLE_PROGRESS_BARS", "1"), ("TZ", "Europe/Berlin"), ("TZ", "UTC"), ("LANG", "C.UTF-8"),
    ("LC_ALL", "en_US.UTF-8"), ("PYTHONUNBUFFERED", "1"), ("PYTHONHASHSEED", "0"), ("CUDA_DEVICE_ORDER", "PCI_BUS_ID"),
    ("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True"), ("LOG_FORMAT", "json"), ("VLLM_WORKER_MULTIPROC_METHOD", "spawn"),
    ("NIM_JSONL_LOGGING", "1"), ("NIM_SCHEDULER_POLICY", "max_utilization"), ("SGLANG_HEALTH_CHECK_TIMEOUT", "20"), ("maxBatchSize", "16"),
    ("LORA_DEADLINE_SECONDS", "900"), ("REQUEST_TIMEOUT", "30s"), ("SHM_SIZE", "16Gi"),
]  # fmt: skip
PLAIN = (*SAFE[:4], ("HF_HUB_DISABLE_TELEMETRY", "1"), ("DO_NOT_TRACK", "true"))


@pytest.mark.parametrize(("name", "value"), REDIRECTING)
def test_variable_without_entry_is_warning(name: str, value: str):
    assert severity(BASE, variable(name, value)) in (WARNING, CRITICAL)
    assert severity(variable(name, value), BASE) in (WARNING, CRITICAL)
    assert severity(variable(name, "before"), variable(name, value)) in (WARNING, CRITICAL)


@pytest.mark.parametrize(("name", "value"), SAFE)
def test_safe_variable_is_notice(name: str, value: str):
    assert severity(BASE, variable(name, value)) == NOTICE
    assert severity(variable(name, value), BASE) == NOTICE


def test_renamed_log_level_is_notice():
    assert severity(variable("LOG_LEVEL", "INFO"), variable("NIM_LOG_LEVEL", "INFO")) == NOTICE


@pytest.mark.parametrize("name", ["VLLM_API_KEY", "HF_TOKEN", "HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"])
def test_removed_key_or_switch_is_warning(name: str):
    assert severity(variable(name, "1"), BASE) == WARNING
    assert severity(variable(name, "1"), container(env=[])) == WARNING


@pytest.mark.parametrize(("name", "value"), PLAIN)
def test_telemetry_that_is_off_is_notice(name: str, value: str):
    assert severity(BASE, variable(name, value)) == NOTICE


def from_field(path: str, name: str = "X") -> dict[str, Any]:
    return container(env=[{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}])


def test_only_fixed_fields_of_pod_are_safe():
    assert severity(BASE, from_field("status.podIP")) == NOTICE
    assert severity(BASE, from_field("metadata.annotations['x']")) == WARNING
    assert severity(BASE, from_field("metadata.name", "ALLOW_X")) == WARNING


def test_unlisted_variable_from_secret_is_warning():
    """The rule of Secrets reports credentials only by the name of the Secret."""
    source = {"secretKeyRef": {"name": "keys", "key": "x"}}
    found = findings(BASE, container(env=[{"name": "NVCC_PREPEND_FLAGS", "valueFrom": source}]))
    assert WARNING in [each.severity.value for each in found if each.rule == "variable"]
    found = findings(BASE, container(env=[{"name": "HF_TOKEN", "valueFrom": source}]))
    assert [each for each in found if each.rule == "variable"] == []


def test_credential_in_plain_text_is_warning():
    assert severity(variable("VLLM_API_KEY", "first-value"), variable("VLLM_API_KEY", "other-value")) == WARNING
    assert severity(variable("VLLM_API_KEY", "a"), container(env=[{"name": "VLLM_API_KEY", "value": SECRET}])) == NOTICE


@pytest.mark.parametrize("kind", ["CronJob", "RayCluster"])
def test_variables_are_found_in_any_kind(kind: str):
    def of(value: str) -> dict[str, Any]:
        spec = {"containers": [{"name": "a", "image": "a", "env": [{"name": "MODEL_ID", "value": value}]}]}
        return kubernetes_object(kind, "example.com/v1", {"x": {"template": {"spec": spec}}})

    assert severity(of("a/b"), of("c/d")) == WARNING


def test_text_names_variables_and_uncertainty():
    old = container(env=[{"name": "MODE", "value": "a"}, {"name": "NIM_LOG_LEVEL", "value": "INFO"}])
    new = container(
        env=[{"name": "MODE", "value": "b"}, {"name": "MODEL_ID", "value": "org/x"}, {"name": "NIM_LOG_LEVEL", "value": "DEBUG"}]
    )
    (found,) = [each for each in findings(old, new) if each.rule == "variable"]
    assert plain_text(found.text) == "Variables of container nim: MODE changes from a to b, MODEL_ID is added with org/x."
    assert plain_text(found.consequence) == (
        "The review does not list them as safe. They may change which code, model, key or address the program uses."
    )
    assert found.paths == tuple(f"spec.template.spec.containers[nim].env[{name}]" for name in ("MODE", "MODEL_ID"))
    (found,) = [each for each in findings(new, container(env=[{"name": "MODE", "value": "b"}])) if each.rule == "variable"]
    assert plain_text(found.text) == "Variable of container nim: MODEL_ID is removed, which was org/x."


def test_only_first_variables_are_in_text():
    found = [each for each in findings(BASE, container(env=[{"name": f"V{n}", "value": "x"} for n in range(9)])) if each.rule == "variable"]
    assert plain_text(found[0].text).endswith("V4 is added with x, and 4 more.")
    assert len(found[0].paths) == 9


def test_variables_of_new_container_are_not_compared():
    added = container()
    added["spec"]["template"]["spec"]["containers"].append({"name": "x", "image": "a/x:1", "env": [{"name": "MODE", "value": "a"}]})
    assert [each for each in findings(BASE, added) if each.rule == "variable"] == []


def test_long_value_is_not_safe():
    assert not is_safe("MAX_SIZE", "1" * 300)
    assert not is_safe("NCCL_ALGO", "Ring," * 300)
