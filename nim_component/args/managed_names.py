"""Names that the component manages: environment variables, volumes and paths."""

from .lora_options import LORA_ENV

TLS_MODE = "NIM_SSL_MODE"
"""Environment variable that makes the server require TLS."""
TLS_MODES = ("TLS", "MTLS")
"""Values of `TLS_MODE` that require TLS; `MTLS` also requires a certificate of the client."""
SHM_PATH = "/dev/shm"
CACHE_PATH = "/opt/nim/.cache"

MANAGED_ENV = {
    "NIM_CACHE_PATH": "cache",
    "NIM_SERVER_PORT": "port",
    "NIM_HTTP_API_PORT": "port",
    "NIM_HEALTH_PORT": "health_port",
    "NIM_GRPC_API_PORT": "grpc_port",
    "NGC_API_KEY": "secrets.ngc_secret_key",
    "HF_TOKEN": "secrets.hf_token_key",
    "NIM_SERVED_MODEL_NAME": "served_model_name",
    "NIM_MODEL_PROFILE": "model_profile",
    **LORA_ENV,
}
"""Environment variables that the component sets, each with the field that decides its value."""

DEFAULT_PORT = 8000
SHM_VOLUME = "dshm"
CACHE_PVC_VOLUME, CACHE_EMPTY_DIR_VOLUME, CACHE_EPHEMERAL_VOLUME, CACHE_HOST_VOLUME = CACHE_VOLUMES = (
    "cache",
    "cache-empty-dir",
    "cache-ephemeral",
    "cache-host-path",
)
LORA_EMPTY_DIR_VOLUME, LORA_PVC_VOLUME = LORA_VOLUMES = ("lora", "lora-pvc")
"""Volumes of adapters, and above of the model cache: one name for each type of volume.

The API server merges volumes by name. In the preview of the first update of an object, the provider
merges the old fields with the new ones. A volume of two types is then invalid.
"""
MANAGED_VOLUMES = (SHM_VOLUME, *CACHE_VOLUMES, *LORA_VOLUMES, "lora-loader", "lora-tmp", "ca-own", "ca-bundle", "cache-scratch")
"""Names of the component's volumes."""
