"""Generations of the NIM container: all differences between them, in one place.

| generation | container |
|------------|-----------|
| 1.x        | one image with several engines, configured by environment (`nim-run`) |
| 2.x        | one engine per image, vLLM or (from 2.1) SGLang, with its arguments (`nim-serve`) |

3.0 is of generation 2.x. Sources:

- NVIDIA's NIM LLM documentation, https://docs.nvidia.com/nim/large-language-models/: "1.x migration
  guide", "Fine-tuning with LoRA" (2.1.4) and "Observability" (1.5.0).
- Metric names of the 2.x engines: "Model Server Protocol" of the Gateway API inference extension,
  https://github.com/kubernetes-sigs/gateway-api-inference-extension.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from .fixes import fix
from .problems import Problem

GenerationName = Literal["1.x", "2.x-vllm", "2.x-sglang"]
"""Name of a generation in arguments."""


@dataclass(frozen=True)
class Metrics:
    """Names of the server's metrics. An unknown generation has several: any of them may exist."""

    path: str
    """URL path of the metrics, on the server's port."""
    waiting: tuple[str, ...]
    """Gauge: requests in the queue."""
    running: tuple[str, ...]
    """Gauge: requests in the engine."""
    kv_cache: tuple[str, ...]
    """Gauge: used share of the KV cache, 0 to 1."""
    first_token: tuple[str, ...]
    """Histogram: seconds to the first token."""
    latency: tuple[str, ...]
    """Histogram: seconds of a whole request."""
    prompt_tokens: tuple[str, ...]
    """Counter: tokens read."""
    generation_tokens: tuple[str, ...]
    """Counter: tokens written."""


SINGLE_MODULE = "module"
"""Feature of an adapter: a module that the base model does not have, as in the loader."""


@dataclass(frozen=True)
class LoRALimits:
    """Names under which the server reads its limits for adapters."""

    by_argument: bool
    """Kind of the names: arguments if true, environment variables if false."""
    max_gpu: str
    max_cpu: str
    max_rank: str
    switch: str | None = None
    """Argument that enables LoRA. None: `NIM_PEFT_SOURCE` alone enables it."""
    default_rank: int = 16
    """Highest rank without a limit. The default is that of vLLM."""
    engine: str = ""
    """Name of the engine that loads adapters; empty if an image contains several."""
    refused: tuple[str, ...] = ()
    """Features of adapters that the engine refuses, as `adapters lock` records them. Support of
    others is unknown. `SINGLE_MODULE` is a module that the base model does not have, beside others
    that it has."""
    documented: tuple[str, ...] = ()
    """Modules for which LoRA is documented; empty if there is no such list."""


@dataclass(frozen=True)
class Generation:
    """One generation of the container."""

    name: GenerationName | None
    """Name in arguments; None for the unknown generation."""
    metrics: Metrics
    takes_engine_arguments: bool
    """True if the container passes its arguments to the engine."""
    lora: LoRALimits | None
    """Limits for adapters; None if the generation is unknown."""
    live_path: str = "/v1/health/live"
    """URL path of liveness. In 2.x the front end answers at once; only readiness depends on the
    model."""
    ready_path: str = "/v1/health/ready"
    """URL path of readiness."""
    health_port_env: str | None = None
    """Environment variable with a separate port of the health endpoints; None if there is no such
    port."""
    backend_port: int | None = None
    """Port inside the pod that the engine uses."""
    renamed_env: Mapping[str, str] = field(default_factory=dict[str, str])
    """Environment variables of another generation, each with its name in this one."""


_RENAMED = {"NIM_KVCACHE_PERCENT": "NIM_GPU_MEM_FRACTION", "NIM_MODEL_NAME": "NIM_MODEL_PATH"}
"""Environment variables of 1.x, each with its name in 2.x."""
_ARGUMENTS = LoRALimits(True, "--max-loras", "--max-cpu-loras", "--max-lora-rank", "--enable-lora")

ONE = Generation(
    name="1.x",
    metrics=Metrics(
        "/v1/metrics",
        waiting=("num_requests_waiting",),
        running=("num_requests_running",),
        kv_cache=("gpu_cache_usage_perc",),
        first_token=("time_to_first_token_seconds",),
        latency=("e2e_request_latency_seconds",),
        prompt_tokens=("prompt_tokens_total",),
        generation_tokens=("generation_tokens_total",),
    ),
    takes_engine_arguments=False,
    # https://docs.nvidia.com/nim/large-language-models/1.2.0/peft.html
    lora=LoRALimits(
        False,
        "NIM_MAX_GPU_LORAS",
        "NIM_MAX_CPU_LORAS",
        "NIM_MAX_LORA_RANK",
        default_rank=32,
        engine="NIM 1.x",
        documented=("gate_proj", "o_proj", "up_proj", "down_proj", "k_proj", "q_proj", "v_proj"),
    ),
    renamed_env={"NIM_GPU_MEM_FRACTION": "NIM_KVCACHE_PERCENT"},
)
TWO_VLLM = Generation(
    name="2.x-vllm",
    metrics=Metrics(
        "/v1/metrics",
        waiting=("vllm:num_requests_waiting",),
        running=("vllm:num_requests_running",),
        kv_cache=("vllm:kv_cache_usage_perc",),
        first_token=("vllm:time_to_first_token_seconds",),
        latency=("vllm:e2e_request_latency_seconds",),
        prompt_tokens=("vllm:prompt_tokens_total",),
        generation_tokens=("vllm:generation_tokens_total",),
    ),
    takes_engine_arguments=True,
    # Arguments of NIM itself, the same for both engines.
    # 2.0.1 has vLLM 0.17.1, and 2.1.5 has 0.31.0:
    # https://docs.nvidia.com/nim/large-language-models/2.1.5/about-nim-llm/release-notes.html
    # https://github.com/vllm-project/vllm/blob/main/vllm/lora/peft_helper.py (features)
    # https://github.com/vllm-project/vllm/blob/main/vllm/lora/lora_model.py (modules)
    lora=replace(_ARGUMENTS, engine="vLLM (NIM 2.x)", refused=("method", "DoRA", "modules_to_save", "bias", SINGLE_MODULE)),
    health_port_env="NIM_HEALTH_PORT",
    backend_port=8001,
    renamed_env=_RENAMED,
)
TWO_SGLANG = Generation(
    name="2.x-sglang",
    metrics=Metrics(
        "/v1/metrics",
        waiting=("sglang:num_queue_reqs",),
        running=("sglang:num_running_reqs",),
        kv_cache=("sglang:token_usage",),
        first_token=("sglang:time_to_first_token_seconds",),
        latency=("sglang:e2e_request_latency_seconds",),
        prompt_tokens=("sglang:prompt_tokens_total",),
        generation_tokens=("sglang:generation_tokens_total",),
    ),
    takes_engine_arguments=True,
    lora=_ARGUMENTS,
    health_port_env="NIM_HEALTH_PORT",
    backend_port=8001,
    renamed_env=_RENAMED,
)
_KNOWN = {"1.x": ONE, "2.x-vllm": TWO_VLLM, "2.x-sglang": TWO_SGLANG}


def _either(name: str) -> tuple[str, ...]:
    return tuple(metric for each in _KNOWN.values() for metric in getattr(each.metrics, name))


UNKNOWN_GENERATION = Generation(
    name=None,
    metrics=Metrics("/v1/metrics", **{each.name: _either(each.name) for each in fields(Metrics) if each.name != "path"}),
    takes_engine_arguments=False,
    lora=None,
    backend_port=8001,
)
"""Generation of an image whose tag does not show it: common facts, and metrics by any of their
names."""


def find_generation(name: GenerationName | None, image: str) -> Generation:
    """Return the generation with a name, or without a name that of an image's tag.

    - 1.x: tags that begin with 0 or 1, or with a year such as `24.05`, as before 1.0.
    - 2.x: tags from 2 to 19; on SGLang if repository or tag contain `sglang`, otherwise on vLLM.
      SGLang images exist from 2.1 on, and not all have it in their name: name those explicitly.
    - `UNKNOWN_GENERATION`: every other tag, no tag, or only a digest.
    """
    if name is not None:
        return _KNOWN[name]
    tagged = re.search(r":v?(\d+)(?:[.-][^:/]*)?$", image.partition("@")[0])
    if tagged is None:
        return UNKNOWN_GENERATION
    major = int(tagged[1])
    if major < 2 or 20 <= major < 100:
        return ONE
    if major >= 100:
        return UNKNOWN_GENERATION
    return TWO_SGLANG if "sglang" in image.partition("@")[0] else TWO_VLLM


def validate_backend_port(name: GenerationName | None, image: str, port: int) -> Iterator[Problem]:
    """Refuse the port that NIM 2.x uses for the engine behind its front end."""
    generation = find_generation(name, image)
    if generation.name is not None and port == generation.backend_port:
        message = f"must not be {port} with NIM {generation.name}, whose engine uses it"
        yield Problem(("port",), message, fix("Use another port, such as {}.", {"port": 8000}), repr(port))


def validate_generation_env(name: GenerationName | None, image: str, env: Mapping[str, Any] | None) -> Iterator[Problem]:
    """Refuse variables that the generation ignores silently.

    Both names together serve both generations.
    """
    generation = find_generation(name, image)
    for old, new in generation.renamed_env.items():
        if old in (env or {}) and new not in (env or {}):
            message = f"is ignored by NIM {generation.name}, where its name is {new}"
            yield Problem(("env", old), message, f"Rename it, or set generation if the image is not NIM {generation.name}.")


def validate_health_port(name: GenerationName | None, image: str, health_port: int | None, port: int) -> Iterator[Problem]:
    """Allow a health port in 2.x only, and only a free one."""
    if health_port is None:
        return
    generation, value = find_generation(name, image), repr(health_port)
    if generation.name is None:
        action = fix("Set the generation of the image, such as {}.", {"generation": "2.x-vllm"})
        yield Problem(("health_port",), "requires a known generation, and the image's tag does not show it", action, value)
    elif generation.health_port_env is None:
        message = f"does not exist in NIM {generation.name}, whose health endpoints are on port"
        yield Problem(("health_port",), message, f"Remove it, or set generation if the image is not NIM {generation.name}.", value)
    elif health_port in (port, generation.backend_port):
        yield Problem(("health_port",), "must not be the port of the server or of the engine", "Use another port, or remove it.", value)


def validate_arguments(name: GenerationName | None, image: str, args: Sequence[Any] | None, command: Any) -> Iterator[Problem]:
    """Refuse engine flags for a launcher that exits on them, after a pull of 15 GB."""
    generation = find_generation(name, image)
    if generation.name is None or generation.takes_engine_arguments or command is not None:
        return
    for index, argument in enumerate(args or ()):
        if isinstance(argument, str) and argument.startswith("-"):
            message = f"is an engine flag, and NIM {generation.name} is configured by environment variables"
            action = fix(
                "Use the variable, such as {}; or set generation if the image is of another generation, or command.",
                {"env": {"NIM_MAX_MODEL_LEN": "8192"}},
            )
            yield Problem(("args", index), message, action)
