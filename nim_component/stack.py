"""A stack's configuration becomes services: the whole of what `__main__.py` calls.

nim:defaults   fields that every service starts from
nim:services   name -> fields of `NIM`
nim:<any>      a key, set with `pulumi config set --secret`, that a service names as `secrets: {ngc_api_key: {config: <any>}}`
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, cast

import pulumi

from .args import NIM
from .args.error import ArgumentError, ArgumentValueError
from .args.late import SECRET_VALUES
from .args.problems import Problem
from .secrets import owner_of
from .service import NIMService

SERVICES = "services"
DEFAULTS = "defaults"


def deploy_stack() -> dict[str, NIMService]:
    """Creates the services of the current stack and exports `services`: url, host, port and models of each.

    Every service is checked before the first one is created; what is wrong with all of them comes in one error.
    """
    config = pulumi.Config()
    services = {name: NIMService(name, nim) for name, nim in read_services(config).items()}
    pulumi.export(
        "services",
        {
            name: {"url": service.url, "host": service.host, "port": service.port, "models": service.model_names}
            for name, service in services.items()
        },
    )
    return services


def read_services(config: pulumi.Config) -> dict[str, NIM]:
    """The services of a stack, by name, each over the shared defaults."""
    defaults = _read_mapping(config, DEFAULTS) or {}
    services = _read_mapping(config, SERVICES)
    if not services:
        raise pulumi.RunError(
            f"{config.name}:{SERVICES}: must name at least one service. "
            f"Add it to the stack file: {config.name}:{SERVICES}: {{llama: {{secrets: ...}}}}."
        )
    read: dict[str, NIM] = {}
    errors: list[str] = []
    for name, fields in services.items():
        try:
            read[name] = _read_service(config, name, defaults, fields)
        except ArgumentError as error:
            errors.append(str(error))
    if errors:
        raise pulumi.RunError("\n".join(errors))
    return read


def _read_service(config: pulumi.Config, name: str, defaults: Mapping[str, Any], fields: Any) -> NIM:
    if not isinstance(fields, Mapping | None):
        raise ArgumentValueError(owner_of(name), [Problem((), "must be a mapping", "Write the fields of NIM below the service's name.")])
    merged = merge(defaults, cast("Mapping[str, Any]", fields or {}))
    secrets = merged.get("secrets")
    if isinstance(secrets, Mapping):
        merged["secrets"] = _resolve_keys(config, name, cast("Mapping[str, Any]", secrets))
    return NIM.read(merged, owner_of(name))


def merge(defaults: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """`fields` over `defaults`: mappings merge by key, everything else replaces. An explicit null takes a default away."""
    merged: dict[str, Any] = deepcopy(dict(defaults))
    for key, value in fields.items():
        below = merged.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            merged[key] = merge(cast("Mapping[str, Any]", below), cast("Mapping[str, Any]", value))
        elif value is None:
            merged.pop(key, None)
        else:
            merged[key] = value
    return merged


def _resolve_keys(config: pulumi.Config, name: str, secrets: Mapping[str, Any]) -> dict[str, Any]:
    """`ngc_api_key: {config: ngcApiKey}` becomes that secret of the stack. Plain text stays, and is refused by the model."""
    resolved = dict(secrets)
    for field in SECRET_VALUES & resolved.keys():
        reference: Any = resolved[field]
        if not isinstance(reference, Mapping):
            continue
        keys = list(cast("Mapping[str, Any]", reference).items())
        if len(keys) != 1 or keys[0][0] != "config" or not isinstance(keys[0][1], str):
            remedy = f"Write {field}: {{config: ngcApiKey}} and set it: pulumi config set --secret ngcApiKey."
            raise ArgumentValueError(
                owner_of(name), [Problem(("secrets", field), "must name a secret of the stack's configuration", remedy)]
            )
        key = keys[0][1]
        if config.get(key) is None:
            remedy = f"Set it: pulumi config set --secret {key}."
            rule = f"names {config.name}:{key}, which the stack does not have"
            raise ArgumentValueError(owner_of(name), [Problem(("secrets", field), rule, remedy)])
        resolved[field] = config.require_secret(key)
    return resolved


def _read_mapping(config: pulumi.Config, key: str) -> dict[str, Any] | None:
    full = f"{config.name}:{key}"
    # One `secure:` leaf makes the whole object arrive as plaintext, unmarked: it would end in the state in the clear.
    if pulumi.runtime.is_config_secret(full):  # pyright: ignore
        raise pulumi.RunError(
            f"{full}: must not hold a secure value. Move it out: pulumi config set --secret ngcApiKey, "
            "and name it in the service: secrets: {ngc_api_key: {config: ngcApiKey}}."
        )
    try:
        value: Any = config.get_object(key)
    except pulumi.ConfigTypeError:
        value = config.get(key)
    if value is not None and not isinstance(value, dict):
        raise pulumi.RunError(f"{full}: must be a mapping. Write it as name: value pairs.")
    return cast("dict[str, Any] | None", value)
