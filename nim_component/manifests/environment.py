"""The environment of server and loader, in a fixed order: previews compare lists by position."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM, NIMSecrets
from ..args.checks import CACHE_PATH
from ..args.outputs import is_output
from ..names import prefixed_name
from .arguments import limit_variables
from .inputs import lift, lift_all
from .network import network_variables
from .references import References, SecretKey
from .variables import Environment, render_variable


def server_environment(nim: NIM, references: References) -> "pulumi.Input[Environment]":
    """What the component sets, then what the user adds: Kubernetes expands `$(NAME)` only backwards."""
    port = lift(nim.port, str)
    env: Environment = [
        {"name": "NIM_CACHE_PATH", "value": CACHE_PATH},
        {"name": "NIM_SERVER_PORT", "value": port},
        {"name": "NIM_HTTP_API_PORT", "value": port},
        *_secret_variables("NGC_API_KEY", references.ngc_key, nim.secrets, nim.secrets.ngc_secret_group),
        *token_variables(nim, references),
        *network_variables(nim),
    ]
    if nim.served_model_name is not None:
        env.append({"name": "NIM_SERVED_MODEL_NAME", "value": nim.served_model_name})
    if nim.model_profile is not None:
        env.append({"name": "NIM_MODEL_PROFILE", "value": nim.model_profile})
    if nim.lora.refresh_interval is not None:
        env.append({"name": "NIM_PEFT_REFRESH_INTERVAL", "value": lift(nim.lora.refresh_interval, str)})

    def join(limits: Environment, own: Environment, users: Environment) -> Environment:
        return _without_repeats([*own, *limits, *users])

    return lift_all(join, limit_variables(nim), env, user_variables(nim.env))


def user_variables(env: Mapping[str, Any] | None) -> Environment:
    """What the user adds, in the user's order."""
    return [render_variable(name, value) for name, value in (env or {}).items()]


def token_variables(nim: NIM, references: References) -> Environment:
    """`HF_TOKEN`, for adapters and models that are gated or private."""
    return _secret_variables("HF_TOKEN", references.hf_token, nim.secrets, nim.secrets.hf_token_group)


def _secret_variables(name: str, secret: SecretKey | None, secrets: NIMSecrets, group: Any) -> Environment:
    """The variable, read from its Secret; with a prefix, the prefixed variable first and this one as a reference to it."""
    if secret is None:
        return []
    source: k8s.core.v1.EnvVarSourceArgsDict = {"secret_key_ref": {"name": secret.name, "key": secret.key}}
    if secrets.secrets_prefix is None:
        return [{"name": name, "value_from": source}]
    prefix = secrets.secrets_prefix

    def name_it(group: str | None, key: str) -> str:
        return prefixed_name(prefix, group, key)

    prefixed = lift_all(name_it, group, secret.key)
    return [{"name": prefixed, "value_from": source}, {"name": name, "value": lift(prefixed, lambda text: f"$({text})")}]


def _without_repeats(env: Environment) -> Environment:
    """Two secrets under one prefixed name are one variable."""
    seen: set[Any] = set()
    kept: Environment = []
    for variable in env:
        name: pulumi.Input[str] = variable["name"]
        if is_output(name) or name not in seen:
            kept.append(variable)
        if not is_output(name):
            seen.add(name)
    return kept
