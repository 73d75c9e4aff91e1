"""Environment of the server and of the Jobs that download for it.

The order is fixed, because previews compare lists by position.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM, NIMSecrets
from ..args.cache_rules import OFFLINE_ENV, READ_ONLY_ENV
from ..args.lora_options import PEFT_SOURCE
from ..args.managed_names import CACHE_PATH
from ..args.outputs import is_output
from ..names import name_secret_variable
from .arguments import render_limit_variables
from .hub_token import prewarm_uses_hub, server_uses_hub
from .inputs import lift, lift_all
from .network import render_network_variables
from .references import References, SecretKey
from .variables import Environment, render_variable

SCRATCH_PATH = "/opt/nim/scratch"
_PORTS = ("NIM_SERVER_PORT", "NIM_HTTP_API_PORT", "NIM_HEALTH_PORT", "NIM_GRPC_API_PORT")
_SERVER_ONLY = (*_PORTS, "NIM_SERVED_MODEL_NAME", PEFT_SOURCE, *READ_ONLY_ENV)


def render_server_environment(nim: NIM, references: References) -> "pulumi.Input[Environment]":
    """Render the component's variables, then the user's.

    Kubernetes expands `$(NAME)` only for variables that come earlier in the list.
    """
    own = _own_variables(nim, references, uses_hub=server_uses_hub(nim))
    if nim.lora.refresh_interval is not None:
        own.append({"name": "NIM_PEFT_REFRESH_INTERVAL", "value": str(nim.lora.refresh_interval)})

    def join(limits: Environment, own: Environment, added: Environment) -> Environment:
        return _remove_repeats([*own, *limits, *added])

    return lift_all(join, render_limit_variables(nim), own, render_user_variables(nim.env))


def render_download_environment(nim: NIM, references: References) -> Environment:
    """Render the environment of the prewarm Job: the server's, without variables for serving.

    The Job must download with the same settings as the server.
    """
    env = _remove_repeats([*_own_variables(nim, references, uses_hub=prewarm_uses_hub(nim)), *render_user_variables(nim.env)])
    return [each for each in env if each["name"] not in _SERVER_ONLY]


def _own_variables(nim: NIM, references: References, *, uses_hub: bool) -> Environment:
    port = lift(nim.port, str)
    env: Environment = [
        {"name": "NIM_CACHE_PATH", "value": CACHE_PATH},
        {"name": "NIM_SERVER_PORT", "value": port},
        {"name": "NIM_HTTP_API_PORT", "value": port},
        *([] if nim.health_port is None else [render_variable("NIM_HEALTH_PORT", lift(nim.health_port, str))]),
        *([] if nim.grpc_port is None else [render_variable("NIM_GRPC_API_PORT", lift(nim.grpc_port, str))]),
        *_secret_variables("NGC_API_KEY", references.ngc_key, nim.secrets, nim.secrets.ngc_secret_group),
        *(render_token_variables(nim, references) if uses_hub else ()),
        *render_network_variables(nim),
        *_cache_variables(nim),
    ]
    if nim.served_model_name is not None:
        env.append({"name": "NIM_SERVED_MODEL_NAME", "value": nim.served_model_name})
    if nim.model_profile is not None:
        env.append({"name": "NIM_MODEL_PROFILE", "value": nim.model_profile})
    return env


def render_user_variables(env: Mapping[str, Any] | None) -> Environment:
    """Render the user's variables in their canonical order."""
    return [render_variable(name, value) for name, value in (env or {}).items()]


def _cache_variables(nim: NIM) -> Environment:
    read_only = dict(zip(READ_ONLY_ENV, (SCRATCH_PATH, f"{SCRATCH_PATH}/.cache", f"{SCRATCH_PATH}/runtime"), strict=True))
    values = (read_only if nim.cache.read_only else {}) | (dict.fromkeys(OFFLINE_ENV, "1") if nim.cache.offline else {})
    return [render_variable(name, value) for name, value in values.items()]


def render_token_variables(nim: NIM, references: References) -> Environment:
    """Render `HF_TOKEN`, for gated and private models and adapters."""
    return _secret_variables("HF_TOKEN", references.hf_token, nim.secrets, nim.secrets.hf_token_group)


def _secret_variables(name: str, secret: SecretKey | None, secrets: NIMSecrets, group: Any) -> Environment:
    """Render the variable of a Secret key.

    With `secrets_prefix`, the prefixed variable comes first, and this variable refers to it.
    """
    if secret is None:
        return []
    source: k8s.core.v1.EnvVarSourceArgsDict = {"secret_key_ref": {"name": secret.name, "key": secret.key}}
    if secrets.secrets_prefix is None:
        return [{"name": name, "value_from": source}]
    prefix = secrets.secrets_prefix

    def name_variable(group: str | None, key: str) -> str:
        return name_secret_variable(prefix, group, key)

    prefixed = lift_all(name_variable, group, secret.key)
    return [{"name": prefixed, "value_from": source}, {"name": name, "value": lift(prefixed, lambda text: f"$({text})")}]


def _remove_repeats(env: Environment) -> Environment:
    """Keep the first of several variables of one name.

    Two Secret keys can have the same prefixed name.
    """
    seen: set[Any] = set()
    kept: Environment = []
    for variable in env:
        name: pulumi.Input[str] = variable["name"]
        if is_output(name) or name not in seen:
            kept.append(variable)
        if not is_output(name):
            seen.add(name)
    return kept
