"""Rules across the fields of a `NIM`: pure functions that yield what they find."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..kubernetes.quantities import parse_quantity
from ..names import LONGEST_SUFFIX, MANAGED_CONTAINERS, prefixed_name
from .adapters import LORA_ENV, PEFT_SOURCE, LoRAArgs, adapter_names
from .lora import LoRAAdapter
from .pod import check_managed
from .problems import Problem, rule_error
from .secrets import NIMSecrets

TLS_MODE = "NIM_SSL_MODE"
TLS_MODES = ("TLS", "MTLS")
"""Variable that makes the server speak TLS, and with which values; the second asks for a certificate of the client too."""
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
"""Environment that the component sets, and the argument that decides it."""

_MANAGED_VOLUMES = ("dshm", "cache", "lora", "lora-loader", "lora-tmp", "ca-own", "ca-bundle", "cache-scratch")
_LONGEST_LABEL = 63


def check_service_name(value: str) -> str:
    """A DNS-1035 label that still is one with the longest suffix behind it."""
    longest = _LONGEST_LABEL - LONGEST_SUFFIX
    if not re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", value, re.ASCII) or len(value) > longest:
        raise rule_error(
            f"must be a DNS label of at most {longest} characters (63 less the longest suffix)",
            "Use lower-case letters, digits and '-', starting with a letter; set service_name when the component's name is none.",
        )
    return value


def check_lora(adapters: Sequence[LoRAAdapter] | None, lora: LoRAArgs, memory: Any, env: Mapping[str, Any] | None) -> Iterator[Problem]:
    """Adapters need memory to be downloaded in and a directory that the server reads."""
    if not adapter_names(adapters, lora):
        return
    given = "hf_repo_ids" if adapters else "lora.source"
    if adapters and memory is None:
        yield Problem(
            ("lora_adapter_mem",),
            "memory to download the LoRA adapters must be set with hf_repo_ids",
            'Set lora_adapter_mem, such as "2Gi".',
        )
    source = (env or {}).get(PEFT_SOURCE)
    remedy = f'Set it in env: {{"{PEFT_SOURCE}": "/opt/nim/peft_adapters"}}.'
    path = ("env", PEFT_SOURCE)
    if source is None:
        yield Problem(path, f"must be set with {given}: it is where the server looks for the adapters", remedy)
    elif not isinstance(source, str):
        yield Problem(path, f"must be plain text with {given}: it decides a mount", remedy)
    elif not re.fullmatch(r"(/[A-Za-z0-9._-]+)+", source, re.ASCII) or any(part in (".", "..") for part in source.split("/")):
        yield Problem(path, "must be an absolute path below the root", remedy, repr(source))
    elif any(_overlap(source, taken) for taken in (SHM_PATH, CACHE_PATH)):
        yield Problem(path, f"must not lie in or above {SHM_PATH} or {CACHE_PATH}", remedy, repr(source))


def check_memory(mem: str, shm_size: str) -> Iterator[Problem]:
    """What is written to /dev/shm is charged to the container: a limit below it ends in an OOM kill under load."""
    if parse_quantity(mem) <= parse_quantity(shm_size):
        yield Problem(("mem",), f"must be above shm_size ({shm_size}), which counts against it", "Raise mem or lower shm_size.", repr(mem))


def check_grace(pre_stop_sleep: int | None, termination_grace: int) -> Iterator[Problem]:
    """The sleep is part of the grace: when that is over the server is killed with what it still answers."""
    if pre_stop_sleep and pre_stop_sleep >= termination_grace:
        rule = f"must be below termination_grace ({termination_grace}), of which it is a part"
        yield Problem(("pre_stop_sleep",), rule, "Lower it, or raise termination_grace.", repr(pre_stop_sleep))


def check_tls(env: Mapping[str, Any] | None, health_port: Any) -> Iterator[Problem]:
    """A server that speaks TLS alone answers no probe by http, and none of the addresses that the component gives out."""
    mode = (env or {}).get(TLS_MODE)
    if isinstance(mode, str) and mode.upper() in TLS_MODES and health_port is None:
        rule = "makes the server speak TLS, and the probes ask it by http: no pod would ever be ready"
        remedy = "Leave TLS to ingress, http_route or a sidecar, or set health_port (NIM 2.x)."
        yield Problem(("env", TLS_MODE), rule, remedy, repr(mode))


def check_environment(env: Mapping[str, Any] | None) -> Iterator[Problem]:
    """The names that the component always manages."""
    yield from check_managed(env, MANAGED_ENV)


def check_prefix(env: Mapping[str, Any] | None, secrets: NIMSecrets) -> Iterator[Problem]:
    """With `secrets_prefix`, the variables under that prefix are the component's."""
    prefix = (secrets.secrets_prefix or "").upper()
    for name in env or {}:
        if prefix and name.startswith(prefix):
            yield Problem(
                ("env", name),
                f"stands under secrets_prefix {secrets.secrets_prefix!r}, whose names the component manages",
                "Choose another name.",
            )


def check_key_names(
    env: Mapping[str, Any] | None,
    prefix: str | None,
    image: str | None,
    key: str | None,
    group: str | None,
    token_key: str | None,
    token_group: str | None,
    without_key: bool,
    makes_key: bool,
    makes_token: bool,
) -> Iterator[Problem]:
    """One name for two keys would hand the one to whom the other is for."""
    key = None if without_key else key or "NGC_API_KEY"
    token_key = token_key or ("HF_TOKEN" if makes_token else None)
    if makes_key and makes_token and key == token_key:
        yield Problem(("secrets", "hf_token_key"), "must not be ngc_secret_key: both stand in one Secret", "Take another name.", repr(key))
    if not prefix:
        return
    holder = "made" if makes_key else group or image
    sources = {
        "ngc_secret_key": (holder, group, key),
        "hf_token_key": ("made" if makes_token else token_group or holder, token_group, token_key),
    }
    seen: dict[str, tuple[str | None, str]] = {}
    for field, (secret, named_group, name) in sources.items():
        if name is None:
            continue
        variable = prefixed_name(prefix, named_group, name)
        taken = seen.setdefault(variable, (secret, name))
        if variable in MANAGED_ENV or variable == PEFT_SOURCE or variable in (env or {}):
            rule = f"makes the variable {variable} with secrets_prefix, which is another's"
            yield Problem(("secrets", field), rule, "Choose another prefix or key.")
        elif taken != (secret, name):
            yield Problem(("secrets", field), f"makes the variable {variable}, as another key does", "Rename one of the keys or groups.")


def check_mounts(
    adapters: Sequence[LoRAAdapter] | None,
    lora: LoRAArgs,
    env: Mapping[str, Any] | None,
    volumes: Sequence[Mapping[str, Any]] | None,
    mounts: Sequence[Mapping[str, Any]] | None,
    init_containers: Sequence[Mapping[str, Any]] | None,
    containers: Sequence[Mapping[str, Any]] | None,
) -> Iterator[Problem]:
    """Names and paths are used once, and a mount has its volume: the API server says the rest."""
    yield from _once("extra_volumes", volumes, _MANAGED_VOLUMES)
    yield from _once("extra_init_containers", init_containers, MANAGED_CONTAINERS)
    yield from _once("extra_containers", containers, MANAGED_CONTAINERS, {container["name"] for container in init_containers or ()})
    known = {*_MANAGED_VOLUMES[:2], *(volume["name"] for volume in volumes or ())}
    source = (env or {}).get(PEFT_SOURCE) if adapter_names(adapters, lora) else None
    paths: list[Any] = ["/", SHM_PATH, CACHE_PATH, source]
    for index, mount in enumerate(mounts or ()):
        name, path = mount["name"], posixpath.normpath(mount.get("mountPath", mount.get("mount_path")))
        where = ("extra_mounts", index)
        if name not in known:
            yield Problem((*where, "name"), "must be the name of one of extra_volumes", f"Known: {', '.join(sorted(known))}.", repr(name))
        if path in paths:
            yield Problem((*where, "mountPath"), "is the root or mounted already", "Choose another path.", repr(path))
        paths.append(path)


def _once(field: str, items: Sequence[Mapping[str, Any]] | None, managed: Sequence[str], others: Iterable[str] = ()) -> Iterator[Problem]:
    seen = {*others}
    for index, item in enumerate(items or ()):
        name = item["name"]
        if name in managed:
            yield Problem(
                (field, index, "name"),
                "is the name of one of the component's own",
                f"Choose another than {', '.join(managed)}.",
                repr(name),
            )
        elif name in seen:
            yield Problem((field, index, "name"), "must be used once", "Choose another name.", repr(name))
        seen.add(name)


def _overlap(one: str, other: str) -> bool:
    first, second = f"{one.rstrip('/')}/", f"{other}/"
    return first.startswith(second) or second.startswith(first)
