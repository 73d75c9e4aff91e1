"""ConfigMaps that are created or deleted, and the pods that name them."""

from __future__ import annotations

from collections.abc import Iterator

from ..accessors import get, mapping, mappings
from ..change import ServiceChange
from ..findings import NOTICE, WARNING, Finding, finding
from ..pod_changes import CONTAINER_LISTS
from ..sentences import enumerate_values, name_object, sentence

_BY_NAME = "Programs of the cluster, or of other stacks, that look for this name take their settings from it. Read its entries."
_DASHBOARD = "-dashboard"
"""End of the name of the component's ConfigMap for Grafana."""


def creations(service: ServiceChange) -> Iterator[Finding]:
    """Report a new ConfigMap that the component does not create for its own pods."""
    references, homes = _find_references(service), _find_homes(service)
    for change in service.of("ConfigMap"):
        if change.operation != "create" or change.after is None:
            continue
        name, namespace = change.after.object_name, change.after.namespace
        is_read = namespace in homes and name in references
        if service.component is not None and (is_read or (namespace in homes and name.endswith(_DASHBOARD))):
            continue
        place = sentence(" in namespace {namespace}", namespace=namespace) if namespace else ()
        names = sorted({*mapping(change.after.inputs.get("data")), *mapping(change.after.inputs.get("binaryData"))})
        listed = sentence(" with {names}", names=enumerate_values(names, at_most=4)) if names else ()
        text = (*name_object(change), " is created", *place, *listed, ".")
        severity, consequence = (NOTICE, ()) if is_read else (WARNING, sentence(_BY_NAME))
        yield finding("created", severity, change, service.name, text, consequence)


def _find_homes(service: ServiceChange) -> set[str]:
    """Return the namespaces of the pods.

    A preview does not contain an unchanged workload. Then the arguments of the component do.
    """
    found = {change.after.namespace for change in service.changes if change.after is not None and change.after.pod_specs}
    component = service.component
    if found or component is None or component.after is None:
        return found
    return {str(component.after.inputs.get("namespace") or "default")}


def deletions(service: ServiceChange) -> Iterator[Finding]:
    """Report a deleted ConfigMap of a service that stays."""
    if service.is_deleted:
        return
    for change in service.of("ConfigMap"):
        if change.operation != "delete" or change.before is None or change.before.retain:
            continue
        text = sentence("{object} is deleted.", object=name_object(change))
        if change.before.object_name in _find_references(service):
            consequence = sentence("Pods still name it: those that start later wait for it, or do not start.")
            yield finding("deleted", WARNING, change, service.name, text, consequence)
        else:
            yield finding("deleted", NOTICE, change, service.name, text)


def _find_references(service: ServiceChange) -> set[str]:
    """Return the ConfigMaps that pods name after the change."""
    found: set[str] = set()
    for pod in (spec.fields for change in service.changes if change.after is not None for spec in change.after.pod_specs.values()):
        for volume in mappings(pod.get("volumes")):
            sources = [volume, *mappings(get(volume, "projected", "sources"))]
            found |= {str(name) for source in sources if (name := get(source, "configMap", "name"))}
        for container in (each for field in CONTAINER_LISTS for each in mappings(pod.get(field))):
            found |= {str(name) for source in mappings(container.get("envFrom")) if (name := get(source, "configMapRef", "name"))}
            keys = (get(each, "valueFrom", "configMapKeyRef", "name") for each in mappings(container.get("env")))
            found |= {str(name) for name in keys if name}
    return found


RULES = (creations, deletions)
