"""Environment variables whose change is safe, by name and value. All others are reported.

Sources of the table:

- https://docs.nvidia.com/nim/large-language-models/latest/configuration.html
- https://docs.vllm.ai/en/stable/configuration/env_vars/
- https://docs.sglang.io/references/environment_variables.html
- https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html
- https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
- https://docs.pytorch.org/docs/stable/notes/cuda.html#optimizing-memory-usage-with-pytorch-alloc-conf
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from ..text.secret_names import is_probably_secret_variable
from .accessors import mapping
from .matching import MISSING
from .setting_names import is_amount_name, is_risky_name
from .values import is_unreadable

_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,10})?(e-?\d{1,2})?([kmgt]i?b?|b|ms|s|sec|min|m|h|d|%)?", re.IGNORECASE)
_LOG_NAME = re.compile(r"(\w+_)?(LOG(GING|GER)?_?(LEVEL|VERBOSITY)|VERBOSITY)|NCCL_DEBUG|TF_CPP_MIN_LOG_LEVEL")
_LOG_VALUE = re.compile(r"trace|debug|verbose|info|notice|warn|warning|error|critical|fatal|default|version|[0-9]|[1-5]0", re.IGNORECASE)
"""Levels that leave the log on."""
_SWITCHES = (
    # Libraries of the Hugging Face hub: appearance, and how files are transferred.
    "HF_HUB_(DISABLE_PROGRESS_BARS|ENABLE_HF_TRANSFER|DISABLE_XET|DISABLE_SYMLINKS_WARNING|DISABLE_EXPERIMENTAL_WARNING)",
    "HF_XET_HIGH_PERFORMANCE", "TOKENIZERS_PARALLELISM", "TQDM_DISABLE", "TRANSFORMERS_NO_ADVISORY_WARNINGS",
    # NIM, vLLM and SGLang: memory, scheduling and the form of logs.
    "NIM_(JSONL_LOGGING|LOW_MEMORY_MODE|ENABLE_KV_CACHE_REUSE|ENABLE_KV_CACHE_HOST_OFFLOAD|DISABLE_OVERLAP_SCHEDULING|"
    "FORCE_DETERMINISTIC|PER_REQ_METRICS_ENABLE|RELAX_MEM_CONSTRAINTS)",
    "NIM_(MULTI_NODE|LEADER_ROLE)", "VLLM_ENABLE_V1_MULTIPROCESSING",
    "SGLANG_(SET_CPU_AFFINITY|ENABLE_TORCH_COMPILE|ENABLE_TORCH_INFERENCE_MODE)",
    # NCCL and CUDA: transports between the GPUs of a node, and waiting.
    "NCCL_((P2P|SHM|NVB|PXN|IB|P2P_DIRECT)_DISABLE|(NVLS|CUMEM|CUMEM_HOST|COLLNET|DMABUF)_ENABLE|IB_PCI_RELAXED_ORDERING|COMM_BLOCKING|"
    "IGNORE_CPU_AFFINITY|ASYNC_ERROR_HANDLING)",
    "TORCH_NCCL_(ASYNC_ERROR_HANDLING|AVOID_RECORD_STREAMS|BLOCKING_WAIT)", "CUDA_LAUNCH_BLOCKING", "CUDA_CACHE_DISABLE",
    # Python, pip and terminals: buffers and colors.
    "PYTHON(UNBUFFERED|DONTWRITEBYTECODE|FAULTHANDLER|UTF8)", "LD_BIND_NOW", "PIP_(NO_CACHE_DIR|DISABLE_PIP_VERSION_CHECK|NO_INPUT)",
    "NO_COLOR|FORCE_COLOR|CLICOLOR(_FORCE)?|PY_COLORS",
)  # fmt: skip
_ASSIGNMENTS = (
    rf"({'|'.join(_SWITCHES)})=(0|1|true|false|yes|no|on|off)?",
    r"PYTHONHASHSEED=(\d{1,10}|random)|PYTHONIOENCODING=utf-?8(:\w{1,20})?|PIP_ROOT_USER_ACTION=ignore",
    r"(LANG|LANGUAGE|LC_[A-Z]+)=(C|POSIX|[a-z]{2,3}(_[A-Z]{2})?)(\.utf-?8)?|TERM=(dumb|linux|vt100|screen|xterm)(-256color)?",
    r"TZ=(UTC|GMT|(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc|US|Canada)(/[A-Za-z][\w+-]{1,30}){1,2})",
    r"(\w+_)?LOG_FORMAT=(json|jsonl|text|plain|console|logfmt|pretty)|(COLUMNS|LINES)=\d{1,4}",
    r"SHELL=(/usr)?/bin/(ba|da|z)?sh|NIM_(SERVER|HTTP|HTTP_API|GRPC|GRPC_API)_HOST=(0\.0\.0\.0|::)",
    r"NCCL_ALGO=(\^?(Tree|Ring|CollnetDirect|CollnetChain|NVLS|NVLSTree|PAT),?){1,7}|NCCL_PROTO=(\^?(Simple|LL|LL128),?){1,3}",
    r"NCCL_(P2P|NET_GDR|P2P_PXN|IB_GDR)_LEVEL=(LOC|NVL|PIX|PXB|PHB|SYS|\d)|NCCL_NET=(IB|Socket)|NCCL_CROSS_NIC=[012]",
    r"NCCL_LAUNCH_MODE=(PARALLEL|GROUP)|NCCL_IB_(TIMEOUT|RETRY_CNT|SL|TC|QPS_PER_CONNECTION|AR_THRESHOLD)=\d{1,6}",
    r"NCCL_DEBUG_SUBSYS=(\^?(INIT|COLL|P2P|SHM|NET|GRAPH|TUNING|ENV|ALLOC|CALL|PROXY|NVLS|BOOTSTRAP|REG|PROFILE|RAS|ALL),?){1,17}",
    r"NCCL_(BUFFSIZE|NTHREADS|SOCKET_NTHREADS|NSOCKS_PERTHREAD)=\d{1,10}",
    r"CUDA_MODULE_LOADING=(LAZY|EAGER)|CUDA_DEVICE_ORDER=(PCI_BUS_ID|FASTEST_FIRST)",
    r"OMP_PROC_BIND=(true|false|close|spread|master|primary)|TORCH_CUDA_ARCH_LIST=[\d.]{1,4}(\+PTX)?([ ;][\d.]{1,4}(\+PTX)?){0,9}",
    r"PYTORCH_(CUDA_)?ALLOC_CONF=((expandable_segments:(True|False)|backend:(native|cudaMallocAsync)|"
    r"(max_split_size_mb|garbage_collection_threshold|roundup_power2_divisions|max_non_split_rounding_mb):[\d.]{1,10}),?){1,6}",
    r"VLLM_WORKER_MULTIPROC_METHOD=(spawn|fork|forkserver)|VLLM_FLASH_ATTN_VERSION=[234]",
    r"VLLM_ATTENTION_BACKEND=(FLASH_ATTN|FLASHINFER|XFORMERS|TORCH_SDPA|FLASHMLA|CUTLASS_MLA|TRITON_MLA|TRITON_ATTN|FLEX_ATTENTION)",
    r"NIM_SCHEDULER_POLICY=(guaranteed_no_evict|max_utilization|lpm|random|fcfs|dfs-weight|lof|priority)",
)  # fmt: skip
_TELEMETRY_OFF = r"(HF_HUB_DISABLE_TELEMETRY|VLLM_NO_USAGE_STATS|(VLLM_)?DO_NOT_TRACK)=(1|true|yes|on)"
"""Assignments that are safe, unlike their removal."""
_LISTED = re.compile("|".join((*_ASSIGNMENTS, _TELEMETRY_OFF)), re.IGNORECASE)
_NO_TELEMETRY = re.compile(_TELEMETRY_OFF, re.IGNORECASE)
_MAX_LENGTH = 200
_RANK = re.compile(r"NIM_(TENSOR|PIPELINE)_PARALLEL_SIZE|NIM_KVCACHE_PERCENT|NIM_NUM_KV_CACHE_SEQ_LENS")
_OF_POD = frozenset(
    {
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.nodeName",
        "status.podIP",
        "status.hostIP",
        "metadata.labels['leaderworkerset.sigs.k8s.io/worker-index']",
    }
)
"""Fields of a pod whose values the cluster sets."""
_LOG_RISK = re.compile(r"AUDIT|SECURITY|ACCESS|AUTH", re.IGNORECASE)


def is_safe_change(name: str, old: Any, new: Any) -> bool:
    """Return true if the change of a variable cannot redirect code, models, keys or requests.

    Args:
        name: Name of the variable.
        old: Value before, or its `valueFrom`; `MISSING` for a new variable.
        new: Value after the change, or its `valueFrom`; `MISSING` for a removed one.
    """
    if new is MISSING:
        return is_safe(name, old)
    if is_unreadable(new):
        return is_probably_secret_variable(name)
    return is_safe(name, new) or (isinstance(new, str) and is_listed(name, new))


def is_number(text: str) -> bool:
    """Return true for a number, also with a unit."""
    return _NUMBER.fullmatch(text) is not None


def is_safe(name: str, value: Any) -> bool:
    """Return true for a variable that is safe with a value, and without it."""
    if isinstance(value, dict):
        fields = mapping(value)
        is_of_pod = mapping(fields.get("fieldRef")).get("fieldPath") in _OF_POD or "resourceFieldRef" in fields
        return is_of_pod and len(fields) == 1 and name.isidentifier() and (name == "NIM_NODE_RANK" or not is_risky_name(name))
    if not isinstance(value, str) or len(value) > _MAX_LENGTH:
        return False
    upper = name.upper()
    if _LOG_NAME.fullmatch(upper):
        return _LOG_VALUE.fullmatch(value) is not None and not _LOG_RISK.search(name)
    if is_number(value) and (is_amount_name(name) or _RANK.fullmatch(upper)):
        return True
    return is_listed(name, value) and not _NO_TELEMETRY.fullmatch(f"{name}={value}")


@lru_cache(maxsize=4096)  # the services of a stack repeat most of their variables
def is_listed(name: str, value: str) -> bool:
    """Return true for an assignment of the table, among them those whose removal is not safe."""
    return len(value) <= _MAX_LENGTH and _LISTED.fullmatch(f"{name}={value}") is not None
