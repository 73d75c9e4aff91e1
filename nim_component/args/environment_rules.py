"""Rules across the environment of the server and the names of its keys."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..names import name_secret_variable
from .lora_options import PEFT_SOURCE
from .managed_names import MANAGED_ENV, TLS_MODE, TLS_MODES
from .pod import validate_managed
from .problems import Problem
from .secrets import NIMSecrets


def validate_tls(env: Mapping[str, Any] | None, health_port: Any) -> Iterator[Problem]:
    """Refuse TLS on the only port: the probes and all URLs in outputs use http."""
    mode = (env or {}).get(TLS_MODE)
    if isinstance(mode, str) and mode.upper() in TLS_MODES and health_port is None:
        message = "makes the server require TLS, while the probes use http: no pod would become ready"
        action = "Terminate TLS in ingress, http_route or a sidecar, or set health_port (NIM 2.x)."
        yield Problem(("env", TLS_MODE), message, action, repr(mode))


def validate_environment(env: Mapping[str, Any] | None) -> Iterator[Problem]:
    """Refuse the variables that the component always sets."""
    yield from validate_managed(env, MANAGED_ENV)


def validate_prefix(env: Mapping[str, Any] | None, secrets: NIMSecrets) -> Iterator[Problem]:
    """Refuse variables below `secrets_prefix`: the component manages them."""
    prefix = (secrets.secrets_prefix or "").upper()
    for name in env or {}:
        if prefix and name.startswith(prefix):
            message = f"begins with secrets_prefix {secrets.secrets_prefix!r}, and the component manages these variables"
            yield Problem(("env", name), message, "Use another name.")


def validate_key_names(
    env: Mapping[str, Any] | None,
    prefix: str | None,
    image: str | None,
    key: str | None,
    group: str | None,
    token_key: str | None,
    token_group: str | None,
    without_key: bool,
    creates_key_secret: bool,
    creates_token_secret: bool,
) -> Iterator[Problem]:
    """Refuse one variable, or one key of a Secret, for two credentials.

    One would be sent in place of the other.
    """
    key = None if without_key else key or "NGC_API_KEY"
    token_key = token_key or ("HF_TOKEN" if creates_token_secret else None)
    if creates_key_secret and creates_token_secret and key == token_key:
        yield Problem(("secrets", "hf_token_key"), "must differ from ngc_secret_key: both are in one Secret", "Use another key.", repr(key))
    if not prefix:
        return
    holder = "made" if creates_key_secret else group or image
    sources = {
        "ngc_secret_key": (holder, group, key),
        "hf_token_key": ("made" if creates_token_secret else token_group or holder, token_group, token_key),
    }
    seen: dict[str, tuple[str | None, str]] = {}
    for field, (secret, named_group, name) in sources.items():
        if name is None:
            continue
        variable = name_secret_variable(prefix, named_group, name)
        taken = seen.setdefault(variable, (secret, name))
        if variable in MANAGED_ENV or variable == PEFT_SOURCE or variable in (env or {}):
            message = f"becomes the variable {variable} with secrets_prefix, and that variable is used for something else"
            yield Problem(("secrets", field), message, "Use another prefix or key.")
        elif taken != (secret, name):
            yield Problem(("secrets", field), f"becomes the variable {variable}, as another key does", "Rename one of the keys or Secrets.")
