"""Names that the component manages: environment variables, volumes and paths."""

from ..names import AUTHORITIES_VOLUME, CACHE_VOLUMES, LORA_VOLUMES, SHM_VOLUME
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
MANAGED_VOLUMES = (SHM_VOLUME, *CACHE_VOLUMES, *LORA_VOLUMES, "lora-loader", "lora-tmp", AUTHORITIES_VOLUME, "ca-bundle", "cache-scratch")
"""Names of the component's volumes."""
