"""Destinations of keys and requests: endpoints, proxies, authorities and name resolution."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..accessors import Fields, get, mapping, mappings
from ..change import ServiceChange
from ..findings import CRITICAL, WARNING, Finding, Severity
from ..object_fields import variables
from ..pod_changes import ContainerChange, container_changes, pod_changes
from ..sentences import sentence
from ..settings import Setting, Settings, report_settings

_MODELS = "Pods read models from this address, and send {} to it if they have one."
_CA = "The authorities in it can sign a certificate for any host."
_CHECKS = "It may decide whether the pods check the certificate of a server."
_VARIABLES = (
    (r"HF_(HUB_|INFERENCE_)?ENDPOINT", _MODELS.format("the Hugging Face token")),
    (r"(NGC|NIM|NVIDIA|NVCF)_\w*(URL|URI|HOST|ENDPOINT|MIRROR|REGISTRY)|NIM_REPOSITORY_OVERRIDE", _MODELS.format("the NGC key")),
    (r"AWS_ENDPOINT_URL\w*|S3_ENDPOINT\w*|GOOGLE_CLOUD_UNIVERSE_DOMAIN", "Pods send cloud credentials and requests to this address."),
    (r"AZURE_\w*(ENDPOINT|AUTHORITY_HOST)", "Pods send cloud credentials and requests to this address."),
    (r"(PIP|UV)_\w*(INDEX\w*|FIND_LINKS|TRUSTED_HOST)|NPM_CONFIG_REGISTRY", "Pods install packages, which they run, from this address."),
    (r"(HTTPS?|ALL|FTP|SOCKS)_PROXY", "Requests of the pods pass through this address. It can read those without TLS."),
    (r"NO_PROXY", "Requests to these addresses do not pass through the proxy."),
    (r"SSL_CERT_(FILE|DIR)|(REQUESTS|CURL|AWS)_CA_BUNDLE|PIP_CERT|NODE_EXTRA_CA_CERTS|GIT_SSL_CAINFO", _CA),
    (r"PYTHONHTTPSVERIFY|NODE_TLS_REJECT_UNAUTHORIZED|GIT_SSL_NO_VERIFY|HF_HUB_DISABLE_SSL\w*", _CHECKS),
    (r"\w*(SKIP|DISABLE|NO)_(SSL|TLS)\w*|\w*INSECURE\w*", _CHECKS),
    (r"SSLKEYLOGFILE", "Pods write the keys of their TLS connections into this file. With it, others can read the traffic."),
    (r"RES_OPTIONS|LOCALDOMAIN|HOSTALIASES", "It changes how the pods resolve host names."),
)
"""Environment variables with a known effect: pattern of the name in capitals, and the effect."""
_KNOWN = tuple((re.compile(pattern), consequence) for pattern, consequence in _VARIABLES)
_ADDRESS_NAME = re.compile(r"(^|_)(URL|URI|ENDPOINT|HOST|ADDR|ADDRESS|SERVER|MIRROR|REGISTRY|WEBHOOK|DSN|BROKERS?)S?(_|$)")
_LISTENING = re.compile(r"NIM_(SERVER|HTTP|HTTP_API|GRPC|GRPC_API)_HOST")
"""Addresses at which the server listens."""
_ADDRESS_VALUE = re.compile(
    r"\A([a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*\.(?!v\d)[a-z][a-z0-9-]{0,62}\.?|[\w.-]{1,253}(?=:\d)|\[[0-9a-f:]+\])(:\d{1,5})?(/|\Z)",
    re.IGNORECASE,
)
"""Host with a port, or with a last label that is neither a number nor a version."""
_FILE = re.compile(r"[\w.-]+\.(ya?ml|jsonl?|txt|toml|ini|cfg|conf|csv|log|jinja2?|safetensors|gguf|onnx|pem|crt)", re.IGNORECASE)
"""File names whose ending is no top-level domain."""
_IP = re.compile(r"(?<![\d.])\d{1,3}(\.\d{1,3}){3}(?![\d.])")
_ADDRESS = "Requests, and what they contain, may go to this address."
_NAMES = "Pods may connect to another server than before for the same host name."
_PROBE = "The kubelet of each node sends the requests of the probe to this host."


def _find_destination(name: str, value: Any) -> tuple[str, bool] | None:
    """Return the effect of an environment variable that contains an address.

    The second value is true if the name of the variable is known. None for other variables.
    """
    upper = name.upper()
    if _LISTENING.fullmatch(upper):
        return None
    if known := next((text for pattern, text in _KNOWN if pattern.fullmatch(upper)), None):
        return known, True
    if isinstance(value, str) and (_is_address(value) or (_ADDRESS_NAME.search(upper) and re.search(r"[^\d.]", value))):
        return _ADDRESS, False
    return None


def _is_address(value: str) -> bool:
    is_host = _ADDRESS_VALUE.match(value) is not None and not _FILE.fullmatch(value)
    return "://" in value or is_host or _IP.search(value) is not None


def destinations(service: ServiceChange) -> Iterator[Finding]:
    """Report where pods send keys and requests, if that changes."""
    for pod in pod_changes(service):
        before = _read_pod(pod.path, pod.before) if pod.before is not None else None
        yield from report_settings(service, pod.change, before, _read_pod(pod.path, pod.after))
        for container in container_changes(pod):
            old = _read_container(container, container.before) if container.before is not None else None
            yield from report_settings(service, pod.change, old, _read_container(container, container.after))


def _read_pod(path: str, pod: Mapping[str, Any]) -> Settings:
    found: dict[str, Setting] = {}

    def add(field: str, value: Any, new: Severity | None) -> None:
        found[f"{path}.{field}"] = Setting("destination", CRITICAL, "Field", field, (" of the pod",), value, _NAMES, new)

    for alias in mappings(pod.get("hostAliases")):
        add(f"hostAliases[{alias.get('ip')}]", alias.get("hostnames"), CRITICAL)
    if config := mapping(pod.get("dnsConfig")):
        add("dnsConfig", config, WARNING)
    policy = pod.get("dnsPolicy", "ClusterFirst")
    add("dnsPolicy", policy, None if policy in ("ClusterFirst", "ClusterFirstWithHostNet") else WARNING)
    return found


def _read_container(container: ContainerChange, fields: Fields) -> Settings:
    found: dict[str, Setting] = {}
    owner = sentence(" of container {name}", name=fields.get("name"))
    for name, value in variables(fields).items():
        effect = _find_destination(name, value)
        if effect is None or get(value, "secretKeyRef"):
            continue
        consequence, is_known = effect
        severity, new = (CRITICAL, WARNING) if is_known and name.upper() != "NO_PROXY" else (WARNING, None)
        found[f"{container.path}.env[{name}]"] = Setting("destination", severity, "Variable", name, owner, value, consequence, new)
    for field, host in _probe_hosts(fields):
        found[f"{container.path}.{field}"] = Setting("destination", WARNING, "Field", field, owner, host, _PROBE, WARNING)
    return found


def _probe_hosts(container: Fields) -> Iterator[tuple[str, Any]]:
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        for action in ("httpGet", "tcpSocket"):
            if host := get(container, probe, action, "host"):
                yield f"{probe}.{action}.host", host


RULES = (destinations,)
