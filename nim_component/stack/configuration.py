"""Values of a stack's configuration: mappings, and references to its secrets."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi

from ..args.problems import Problem
from ..args.secrets import SECRET_VALUE_FIELDS
from ..text.redaction import looks_like_credential


def read_mapping(config: pulumi.Config, key: str) -> dict[str, Any] | None:
    """Return a mapping from the configuration, or None if the key is not set.

    Raises:
        RunError: If the value is not a mapping, or contains a secure value.
    """
    full = f"{config.name}:{key}"
    # One `secure:` value inside makes Pulumi pass the whole mapping as plain text without a mark,
    # and the state would contain the secret.
    if pulumi.runtime.is_config_secret(full):  # pyright: ignore
        raise pulumi.RunError(
            f"{full}: must not contain a secure value. Move the value to a key of its own: pulumi config set --secret ngcApiKey, "
            "and refer to it: secrets: {ngc_api_key: {config: ngcApiKey}}."
        )
    try:
        value: Any = config.get_object(key)
    except pulumi.ConfigTypeError:
        value = config.get(key)
    if value is not None and not isinstance(value, dict):
        raise pulumi.RunError(f"{full}: must be a mapping. Write it as name: value pairs.")
    return cast("dict[str, Any] | None", value)


def resolve_secrets(config: pulumi.Config, secrets: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Replace each `{config: <key>}` in the fields of `NIMSecrets` with that secret of the stack.

    Plain text is kept: `NIMSecrets` refuses it.
    """
    resolved, problems = dict(secrets), list[Problem]()
    for field in SECRET_VALUE_FIELDS:
        reference: Any = resolved.get(field)
        if isinstance(reference, Mapping):
            # A placeholder, so that validation can go on and find other problems.
            resolved[field] = pulumi.Output.secret("")
            found = _resolve_secret(config, field, cast("Mapping[str, Any]", reference))
            if isinstance(found, Problem):
                problems.append(found)
            else:
                resolved[field] = found
    return resolved, problems


def _resolve_secret(config: pulumi.Config, field: str, reference: Mapping[str, Any]) -> "pulumi.Output[str] | Problem":
    path = ("secrets", field)
    key = reference["config"] if list(reference) == ["config"] else None
    if not isinstance(key, str) or looks_like_credential(key):
        fix = f"Write {field}: {{config: ngcApiKey}}, and set the key: pulumi config set --secret ngcApiKey."
        return Problem(path, "must refer to a secret of the stack's configuration", fix)
    full = f"{config.name}:{key}"
    if config.get(key) is None:
        return Problem(path, f"refers to {full}, which is not set", f"Set it: pulumi config set --secret {key}.")
    if not pulumi.runtime.is_config_secret(full):  # pyright: ignore
        fix = f"Revoke the key, and set a new one: pulumi config set --secret {key}."
        return Problem(path, f"refers to {full}, which is plain text in the stack file", fix)
    return config.require_secret(key)
