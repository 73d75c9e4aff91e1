"""Fields of Flyte's NIM plugin, with its names, defaults and meaning.

https://github.com/flyteorg/flytekit/tree/master/plugins/flytekit-inference
"""

from .arguments import Arguments
from .field_types import Cores, Count, Image, ListOf, Memory, Port, Storage, UrlPath
from .lora_adapter import Adapter
from .managed_names import DEFAULT_PORT
from .pod import Environment
from .secrets import NIMSecrets


class FlyteNIM(Arguments):
    """The fields that `NIM` has in common with Flyte's plugin."""

    secrets: NIMSecrets
    """Keys for NGC and Hugging Face: `NIMSecrets(...)`, or `NIMSecrets.keyless()` for public images
    (in a stack file `{without_key: true}`)."""

    image: Image = "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0"
    """Container image of the server, with a tag or a digest (`@sha256:...`). `:latest` and a
    missing tag print a warning: a restarted pod may then serve another model."""

    health_endpoint: UrlPath = "v1/health/ready"
    """URL path of the startup and readiness probes, with or without a leading slash. The default
    path answers when the model is loaded."""

    port: Port = DEFAULT_PORT
    """Port of the server, the Service and every probe, from 1024 to 65535. The server reads it from
    `NIM_SERVER_PORT` and `NIM_HTTP_API_PORT`."""

    cpu: Cores = 1
    """CPU cores of the server, as request and limit: a number or a quantity such as `500m`. For an
    8B model, NVIDIA's support matrix recommends 8."""

    gpu: Count = 1
    """GPUs of the server, as request and limit of `gpu_resource`. Must be 0 if `resource_claims`,
    `extra_resources` or `gpu_source` provide the GPUs."""

    mem: Memory = "20Gi"
    """Memory of the server, as request and limit. Must be larger than `shm_size`, which counts
    against it."""

    ephemeral_storage: Storage | None = None
    """Local disk of the node that the server may use, as request and limit. Unset: no limit."""

    shm_size: Memory = "16Gi"
    """Size of the memory-backed volume at `/dev/shm`, which GPU workers use to exchange tensors.
    GPUs without NVLink need the default of 16Gi."""

    env: Environment | None = None
    """Environment variables of the server, by name: a string, an Output, or a mapping
    `{"valueFrom": ...}`. Variables that the component manages are refused. They are set by name,
    each after the variables to which it refers with `$(NAME)`; Outputs come last."""

    hf_repo_ids: ListOf[Adapter] | None = None
    """LoRA adapters on the Hugging Face hub: `org/name`, `org/name@revision` or `LoRAAdapter(...)`.
    Their order has no meaning. Requires `lora_adapter_mem`, and `NIM_PEFT_SOURCE` in `env`."""

    lora_adapter_mem: Memory | None = None
    """Memory, as request and limit, of the init container that downloads the adapters. Required
    with `hf_repo_ids`."""
