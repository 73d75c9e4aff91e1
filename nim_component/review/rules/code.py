"""Code that pods run: commands, hooks, variables that load code, and files from other objects."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache
from typing import Any, cast

from ...shipped_loader import read_program
from ..accessors import Fields, get, mapping, mappings
from ..change import Change, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, Severity, finding
from ..object_fields import variables
from ..pod_changes import ContainerChange, PodChange, container_changes, pod_changes
from ..references import find_renames
from ..sentences import enumerate_values, name_object, sentence
from ..settings import Setting, Settings, report_settings
from ..values import redact_text, show

_LOADING = re.compile(
    r"LD_\w+|GLIBC_TUNABLES|GCONV_PATH|PYTHON\w+|PATH|BASH_ENV|ENV|SHELL|PROMPT_COMMAND|PS4|IFS|PERL5\w*|RUBY(OPT|LIB)|NODE_(OPTIONS|PATH)|"
    r"JAVA_TOOL_OPTIONS|_?JAVA_OPTIONS|CLASSPATH|GIT_(SSH|SSH_COMMAND|CONFIG\w*|EXEC_PATH|PROXY_COMMAND|ASKPASS)|PAGER|EDITOR|"
    r"CUDA_INJECTION\d*_PATH|NVIDIA_\w*LIB\w*|NCCL_(NET_PLUGIN|TUNER_PLUGIN|PROFILER_PLUGIN|PLUGIN\w*|NET)|TORCH_EXTENSIONS_DIR|"
    r"TRITON_\w*(DIR|PATH|PLUGIN)\w*|OMPI_MCA_\w+|VLLM_(PLUGINS|ALLOW_INSECURE_SERIALIZATION|ALLOW_RUNTIME_LORA_UPDATING|SERVER_DEV_MODE)|"
    r"HF_HUB_TRUST_REMOTE_CODE|\w*TRUST_REMOTE_CODE\w*|NIM_CUSTOM_\w*|NIM_\w*(SCRIPT|PLUGIN|HANDLER|ENTRYPOINT)\w*|"
    r"(VLLM|TRTLLM)_\w*PLUGINS?(_\w+)?|HF_MODULES_CACHE|GUNICORN_CMD_ARGS|OPENSSL_(CONF|MODULES|ENGINES)|PIP_CONFIG_FILE|"
    r"UV_CONFIG_FILE|AWS_CONFIG_FILE|KUBECONFIG"
)
"""Names of variables, in capitals, with which a program loads or runs other code.

Configurations of clients belong to them: they can name a program that supplies the credentials.
"""
_NEUTRAL = re.compile(
    r"(PYTHON(UNBUFFERED|DONTWRITEBYTECODE|HASHSEED|IOENCODING|FAULTHANDLER|UTF8)|LD_BIND_NOW|NIM_CUSTOM_MODEL_NAME|"
    r"OMPI_MCA_(BTL|OOB)_TCP_\w+)=.*|NCCL_NET=(IB|SOCKET)|ENV=[\w-]*",
    re.IGNORECASE | re.DOTALL,
)
"""Assignments to such variables that load no code."""
_ARGUMENTS = re.compile(r"(NIM_PASSTHROUGH_ARGS|VLLM_ARGS|NIM_EXTRA_ARGS|\w*_EXTRA_ARGS|\w*CMDLINE\w*)")
_REMOTE_CODE = re.compile(r"trust[-_]remote[-_]code", re.IGNORECASE)
_FILE_VOLUMES = ("configMap", "secret", "projected", "image", "gitRepo")
"""Volume types whose content comes from another object."""
_CODE_FILE = re.compile(
    r"\.(py|pth|sh|bash|js|mjs|ts|lua|pl|rb|so|jar|wasm|service|cfg|ini)$|(^|[._-])(entrypoint|startup|init|run|hook)([._-]|$)",
    re.IGNORECASE,
)
_CODE_TEXT = re.compile(r"\A\s{0,200}#!|^[ \t]*(import|from)[ \t]+\w+|\bexec\(|\beval\(|\bcurl\s|\bwget\s", re.MULTILINE)

RUNS = "It decides which code the pods run, with all their keys."
REMOTE = "The server runs Python code from the model repository, with all keys of the pod."
HOOK = "It runs in the container, with all its keys."
FILES = "Programs in the pods read or run these files."
LISTED = "All entries of that object become variables of the container. They can change which code it runs."


def code(service: ServiceChange) -> Iterator[Finding]:
    """Report changes of the code that pods run."""
    renames = find_renames(service)
    for pod in pod_changes(service):
        before = _read_volumes(pod.path, pod.before) if pod.before is not None else None
        yield from report_settings(service, pod.change, before, _read_volumes(pod.path, pod.after), renames)
        for container in container_changes(pod):
            neutral = _find_neutral(container.before or {}, container.after)
            old = None if container.before is None else _read_container(container, container.before, neutral)
            yield from report_settings(service, pod.change, old, _read_container(container, container.after, neutral), renames)
            if container.before is not None:
                yield from _report_mounts(service, pod, container, container.before)


def _report_mounts(service: ServiceChange, pod: PodChange, container: ContainerChange, before: Fields) -> Iterator[Finding]:
    """Report new and changed mounts, except those of an empty directory."""
    empty = {str(volume.get("name")) for volume in mappings(pod.after.get("volumes")) if "emptyDir" in volume}
    new = {path: each for path, each in _read_mounts(container.path, container.after).items() if str(get(each.value, "name")) not in empty}
    old = {path: each for path, each in _read_mounts(container.path, before).items() if path in new}
    yield from report_settings(service, pod.change, old, new)


def _read_volumes(path: str, pod: Fields) -> Settings:
    found: dict[str, Setting] = {}
    for volume in mappings(pod.get("volumes")):
        source = next((each for each in _FILE_VOLUMES if each in volume), None)
        if source is not None:
            name = volume.get("name")
            new_severity = CRITICAL if source == "gitRepo" else None
            noun, owner = f"{source} volume", (" of the pod",)
            setting = Setting("code", WARNING, noun, str(name), owner, volume[source], FILES, new_severity, NOTICE, source)
            found[f"{path}.volumes[{name}]"] = setting
    return found


def _find_neutral(*states: Fields) -> set[str]:
    """Return the variables that load no code in any of the states of a container."""
    assigned = [(name, value) for state in states for name, value in variables(state).items()]
    return {name for name, _ in assigned} - {name for name, value in assigned if not _NEUTRAL.fullmatch(f"{name}={value}")}


def _read_container(container: ContainerChange, fields: Fields, neutral: Collection[str]) -> Settings:
    path, owner = container.path, sentence(" of container {name}", name=fields.get("name"))
    found: dict[str, Setting] = {}

    def add(field: str, value: Any, text: str, severity: Severity = WARNING, new: Severity | None = None) -> None:
        noun, name = ("Variable", field[4:-1]) if field.startswith("env[") else ("Field", field)
        found[f"{path}.{field}"] = Setting("code", severity, noun, name, owner, value, text, new)

    for field in ("command", "args"):
        if field in fields:
            text, severity = (REMOTE, CRITICAL) if _REMOTE_CODE.search(show(fields[field])) else (RUNS, WARNING)
            add(field, _command_line(fields[field]), text, severity, severity if severity is CRITICAL else None)
    if fields.get("workingDir"):
        add("workingDir", fields["workingDir"], RUNS)
    for hook in ("postStart", "preStop"):
        for action in ("exec", "httpGet", "tcpSocket"):
            if action in mapping(get(fields, "lifecycle", hook)):
                add(f"lifecycle.{hook}.{action}", get(fields, "lifecycle", hook, action), HOOK, CRITICAL, WARNING)
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if "exec" in mapping(fields.get(probe)):
            add(f"{probe}.exec", get(fields, probe, "exec"), HOOK, WARNING, WARNING)
    for name, value in variables(fields).items():
        upper = name.upper()
        if name in neutral:
            continue
        if _ARGUMENTS.fullmatch(upper) and not _REMOTE_CODE.search(show(value)):
            add(f"env[{name}]", value, RUNS)
        elif _LOADING.fullmatch(upper) or _ARGUMENTS.fullmatch(upper):
            add(f"env[{name}]", value, REMOTE if _REMOTE_CODE.search(show(value) + upper) else RUNS, CRITICAL, CRITICAL)
    for index, source in enumerate(mappings(fields.get("envFrom"))):
        add(f"envFrom[{index}]", source, LISTED)
    return found


def _read_mounts(path: str, container: Fields) -> dict[str, Setting]:
    owner = sentence(" of container {name}", name=container.get("name"))
    fields = {f"volumeMounts[{mount.get('mountPath')}]": mount for mount in mappings(container.get("volumeMounts"))}
    return {f"{path}.{field}": Setting("code", WARNING, "Field", field, owner, mount, FILES) for field, mount in fields.items()}


def _command_line(value: Any) -> Any:
    return " ".join(str(item) for item in cast("list[Any]", value)) if isinstance(value, list) else value


def config_maps(service: ServiceChange) -> Iterator[Finding]:
    """Report files of a ConfigMap that are code. The loader that this package ships is known."""
    for change in service.of("ConfigMap"):
        if change.operation not in ("update", "replace") or change.before is None or change.after is None:
            continue
        old, new = (mapping(state.inputs.get("data")) for state in (change.before, change.after))
        names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name) and _is_code(name, new.get(name, old.get(name))))
        if names:
            yield _describe_files(service, change, names, new)


def _describe_files(service: ServiceChange, change: Change, names: list[str], new: Fields) -> Finding:
    listed = enumerate_values(names, at_most=4)
    text = sentence("{object}: the code in {files} changes.", object=name_object(change), files=listed)
    shipped = _read_shipped_loader()
    paths = [each.where for each in change.differences if len(each.path) > 1 and each.path[0] == "data" and each.path[1] in names]
    if all(name in shipped and new.get(name) == shipped[name] for name in names):
        consequence = sentence("It is the LoRA loader of the nim_component that made this report. Pods that use it restart.")
        return finding("code", NOTICE, change, service.name, text, consequence, *paths)
    return finding("code", CRITICAL, change, service.name, text, sentence("Pods that mount it run the code with all their keys."), *paths)


@cache
def _read_shipped_loader() -> dict[str, Any]:
    """Return the files of the LoRA loader, redacted as all values of a review are."""
    return {name: redact_text(text) for name, text in read_program().items()}


def _is_code(name: str, text: Any) -> bool:
    return bool(_CODE_FILE.search(name)) or (isinstance(text, str) and bool(_CODE_TEXT.search(text[:20_000])))


RULES = (code, config_maps)
