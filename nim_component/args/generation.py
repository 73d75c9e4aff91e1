"""What differs between the generations of the NIM container, said once: whoever needs to know asks a `Generation`.

1.x      one image with several engines, configured by environment (`nim-run`)
2.x      one engine an image, vLLM or (from 2.1 on) SGLang; arguments go through to it (`nim-serve`). 3.0 is of this kind too.
Sources: NVIDIA's NIM LLM documentation, "1.x migration guide", "Fine-tuning with LoRA" (2.1.4) and "Observability" (1.5.0); the metric
names of the 2.x engines are those of the Gateway API inference extension's model server protocol.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from .problems import Problem

GenerationName = Literal["1.x", "2.x-vllm", "2.x-sglang"]
"""How a generation is written in a stack file."""


@dataclass(frozen=True)
class Metrics:
    """Names of the server's metrics. More than one where the generation is not known: then either may be there."""

    path: str
    """Where they are scraped, on the server's port."""
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


@dataclass(frozen=True)
class LoRALimits:
    """How the server is told its limits for adapters: each an environment variable or an argument, by `by_argument`."""

    by_argument: bool
    max_gpu: str
    max_cpu: str
    max_rank: str
    switch: str | None = None
    """Argument that turns LoRA on; where there is none, `NIM_PEFT_SOURCE` does."""
    default_rank: int = 16
    """Highest rank that the server takes when it is told nothing; vLLM's own."""


@dataclass(frozen=True)
class Generation:
    """One generation of the container."""

    name: GenerationName | None
    """As in a stack file; `None` when it is not known."""
    metrics: Metrics
    takes_engine_arguments: bool
    """Whether the container's arguments reach the engine."""
    lora: LoRALimits | None
    """`None` when not known: who needs it must then say which generation it is."""
    live_path: str = "/v1/health/live"
    """Liveness. In 2.x the front end answers it at once; readiness is what knows the model."""
    ready_path: str = "/v1/health/ready"
    health_port_env: str | None = None
    """Variable that moves the health endpoints to a port of their own; `None` where they stay on the server's."""
    backend_port: int | None = None
    """Port inside the pod that is the engine's own."""
    renamed_env: Mapping[str, str] = field(default_factory=dict[str, str])
    """Variables of another generation, which this one does not read, and what they are called here."""


_RENAMED = {"NIM_KVCACHE_PERCENT": "NIM_GPU_MEM_FRACTION", "NIM_MODEL_NAME": "NIM_MODEL_PATH"}
"""Of 1.x, as 2.x calls it."""
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
    lora=LoRALimits(False, "NIM_MAX_GPU_LORAS", "NIM_MAX_CPU_LORAS", "NIM_MAX_LORA_RANK", default_rank=32),
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
    # NIM's own shared arguments, the same for both engines.
    lora=_ARGUMENTS,
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


UNKNOWN = Generation(
    name=None,
    metrics=Metrics("/v1/metrics", **{each.name: _either(each.name) for each in fields(Metrics) if each.name != "path"}),
    takes_engine_arguments=False,
    lora=None,
    backend_port=8001,
)
"""Nothing is guessed: what is the same everywhere holds, metrics go by any of their names, and what must be known is asked for."""


def find_generation(name: GenerationName | None, image: str) -> Generation:
    """The generation that was said, else the one that the image's tag says.

    A tag that begins with 1 (or 0, or a year such as `24.05`, as before 1.0) is 1.x; 2 and above is 2.x on vLLM, or on SGLang where
    repository or tag say `sglang`. Only 2.1 and later have images with SGLang, and not each says so: name those. Any other tag, none,
    or a digest alone says nothing: `UNKNOWN`.
    """
    if name is not None:
        return _KNOWN[name]
    tagged = re.search(r":v?(\d+)(?:[.-][^:/]*)?$", image.partition("@")[0])
    if tagged is None:
        return UNKNOWN
    major = int(tagged[1])
    if major < 2 or 20 <= major < 100:
        return ONE
    if major >= 100:
        return UNKNOWN
    return TWO_SGLANG if "sglang" in image.partition("@")[0] else TWO_VLLM


def validate_backend_port(name: GenerationName | None, image: str, port: int) -> Iterator[Problem]:
    """NIM 2.x keeps a port for the engine behind its front end."""
    generation = find_generation(name, image)
    if generation.name is not None and port == generation.backend_port:
        rule = f"must not be {port} with NIM {generation.name}, whose engine listens there"
        yield Problem(("port",), rule, "Take another port, such as 8000.", repr(port))


def validate_generation_env(name: GenerationName | None, image: str, env: Mapping[str, Any] | None) -> Iterator[Problem]:
    """A variable that this generation does not read would be ignored without a word. Both names at once serve both generations."""
    generation = find_generation(name, image)
    for old, new in generation.renamed_env.items():
        if old in (env or {}) and new not in (env or {}):
            rule = f"is not read by NIM {generation.name}, where it is called {new}"
            yield Problem(("env", old), rule, f"Rename it, or set generation when the image is no NIM {generation.name}.")


def validate_health_port(name: GenerationName | None, image: str, health_port: int | None, port: int) -> Iterator[Problem]:
    """Only 2.x can answer for its health on a port of its own, and that port must be free."""
    if health_port is None:
        return
    generation, value = find_generation(name, image), repr(health_port)
    if generation.name is None:
        yield Problem(("health_port",), "needs to know the generation, which the image does not tell", "Set generation too.", value)
    elif generation.health_port_env is None:
        rule = f"does not exist in NIM {generation.name}, whose health endpoints are on port"
        yield Problem(("health_port",), rule, f"Leave it out, or set generation when the image is no NIM {generation.name}.", value)
    elif health_port in (port, generation.backend_port):
        yield Problem(("health_port",), "must not be the server's or the engine's own port", "Take another, or leave it out.", value)


def validate_arguments(name: GenerationName | None, image: str, args: Sequence[Any] | None, command: Any) -> Iterator[Problem]:
    """Where the launcher takes no engine arguments, a flag ends the container, after an image of 15 GB was pulled."""
    generation = find_generation(name, image)
    if generation.name is None or generation.takes_engine_arguments or command is not None:
        return
    for index, argument in enumerate(args or ()):
        if isinstance(argument, str) and argument.startswith("-"):
            rule = f"is an engine flag, and NIM {generation.name} is configured by env"
            remedy = "Use the variable in env, such as NIM_MAX_MODEL_LEN; set generation when the image is of another, or command."
            yield Problem(("args", index), rule, remedy)
