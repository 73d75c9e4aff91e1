"""Destinations of keys and requests: endpoints, proxies, authorities and name resolution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..accessors import Fields, get, mapping, mappings
from ..change import ServiceChange
from ..findings import CRITICAL, WARNING, Finding, Severity
from ..pod_changes import PROBES, ContainerChange, container_changes, pod_changes
from ..sentences import sentence
from ..settings import Setting, Settings, report_settings

_NAMES = "Pods may connect to another server than before for the same host name."
_PROBE = "The kubelet of each node sends the requests of the probe to this host."


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
        found[f"{path}.{field}"] = Setting(
            "destination", CRITICAL, "Field", field, (" of the pod",), value, _NAMES, new, WARNING, "", _NAMES
        )

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
    for field, host in _probe_hosts(fields):
        found[f"{container.path}.{field}"] = Setting("destination", WARNING, "Field", field, owner, host, _PROBE, WARNING)
    return found


def _probe_hosts(container: Fields) -> Iterator[tuple[str, Any]]:
    for probe in PROBES:
        for action in ("httpGet", "tcpSocket"):
            if host := get(container, probe, action, "host"):
                yield f"{probe}.{action}.host", host


RULES = (destinations,)
