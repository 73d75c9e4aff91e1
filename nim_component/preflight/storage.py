"""Checks of PVCs and StorageClasses.

Kubernetes does not publish the access modes that a StorageClass supports. Three facts are certain:
a volume of the class with the mode, a driver that runs on no GPU node, and the published capacity.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any, cast

from ..cluster.objects import Object, at, mapping_at, name_of, text_at
from ..cluster.scheduling import allocatable, gpu_resource_of, quantity
from ..diagnose.targets import service_of
from ..text.sanitizing import sanitize
from .facts import Facts
from .requirements import ServiceRequirements
from .result import CheckResult

SHARED = "ReadWriteMany"
_SHARED_BY_NAME = re.compile(r"efs|filestore|azurefile|file\.csi|nfs|cephfs|fsx|lustre|weka|portworx|longhorn", re.IGNORECASE)
_BLOCK_BY_NAME = re.compile(r"ebs\.csi|pd\.csi|disk\.csi|local-path|rbd|cinder|vsphere|hostpath", re.IGNORECASE)
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_NO_PROVISIONER = "kubernetes.io/no-provisioner"
_NAME_FIELDS = {
    "cache": "cache.existing_claim",
    "extra_volumes": "extra_volumes (or overrides)",
    "lora.source": "lora.source.claim",
    "lora.volume": "lora.volume.existing_claim",
}
"""Owner of a PVC to the field with the PVC's name."""
_MANIFEST_FIELDS = {
    "storage_class": "spec.storageClassName",
    "size": "spec.resources.requests.storage",
    "access_mode": "spec.accessModes",
}
"""Argument for a PVC of the component to the field of a PVC of the program."""
_OPTIONAL_NAMES = {("cache",), ("lora.volume",)}
"""Owners that create a PVC if its name is left out."""


def check_pvcs(service: ServiceRequirements, facts: Facts) -> Iterator[CheckResult]:
    """Check PVCs that must exist, then the StorageClasses of PVCs that are created."""
    for name in sorted(service.existing_pvcs):
        if (service.namespace, name) in facts.pvcs:
            yield _check_existing(service, name, facts.pvcs[service.namespace, name])
    for pvc in service.pvcs if facts.classes is not None else ():
        yield _check_class(service, pvc, facts.classes or (), facts)


def _check_existing(service: ServiceRequirements, name: str, pvc: Object | None) -> CheckResult:
    about = f"PVC {service.namespace}/{name}"
    if pvc is None:
        owners = service.pvc_owners[name]
        fields = " and ".join(_NAME_FIELDS[owner] for owner in owners)
        fix = f"Correct {fields}, or {'leave it out' if owners in _OPTIONAL_NAMES else 'create the PVC'}."
        return CheckResult("fail", about, f"does not exist; used by {service.name}", fix)
    if text_at(pvc, "status", "phase") == "Lost":
        return CheckResult("fail", about, "has lost its volume", "Restore the volume, or use another PVC.")
    modes = _modes_of(pvc)
    if service.replicas > 1 and modes and not {SHARED, "ReadOnlyMany"}.intersection(modes):
        text = f"can be mounted on one node only ({sanitize(', '.join(modes), 60)}), and {service.name} has {service.replicas} replicas"
        fix = f"Use a {SHARED} PVC, or replicas: 1. If all pods run on one node, no action is necessary."
        return CheckResult("warn", about, text, fix)
    return CheckResult("ok", about, "exists")


def _check_class(service: ServiceRequirements, pvc: Object, classes: Collection[Object], facts: Facts) -> CheckResult:
    requested = at(pvc, "spec", "storageClassName")
    if requested == "":
        return CheckResult("ok", "StorageClass", f"none is requested by {service.name}: a volume must already exist")
    about = f"StorageClass {requested}" if isinstance(requested, str) else "Default StorageClass"
    by_name = {name_of(each): each for each in classes}
    found = by_name.get(requested) if isinstance(requested, str) else next((each for each in classes if _is_default(each)), None)
    if found is None:
        names = sanitize(", ".join(sorted(by_name)[:6]), 200) or "none"
        field = _field_of(service, pvc, "storage_class")
        fix = f"Set {field} to an existing class{', or use cache.empty_dir' if field.startswith('cache.') else ''}."
        return CheckResult("fail", about, f"does not exist; used by {service.name}; existing classes: {names}", fix)
    failure = _check_driver(about, found, service, facts) or _check_room(about, found, service, pvc, facts)
    if failure is not None:
        return failure
    if SHARED in _modes_of(pvc):
        return _check_sharing(about, found, service, pvc, facts)
    provisioner = sanitize(text_at(found, "provisioner"), 60)
    if provisioner == _NO_PROVISIONER:
        fix = "Make sure that a volume of the class exists that is large enough."
        return CheckResult("warn", about, f"exists, and creates no volumes itself ({provisioner})", fix)
    return CheckResult("ok", about, f"exists ({provisioner})")


def _check_driver(about: str, found: Object, service: ServiceRequirements, facts: Facts) -> CheckResult | None:
    """Return a failure if the CSI driver of the class runs on no GPU node.

    The CSINode of a node lists its drivers.
    """
    provisioner, resource = text_at(found, "provisioner"), gpu_resource_of(service.pod)
    if facts.drivers is None or facts.node_drivers is None or provisioner not in {name_of(each) for each in facts.drivers} or not resource:
        return None
    nodes = [name_of(node) for node in facts.nodes or () if allocatable(node, resource)]
    if not nodes or any(provisioner in facts.node_drivers.get(name, ()) for name in nodes):
        return None
    text = f"uses {sanitize(provisioner, 60)}, whose CSI driver runs on none of the {len(nodes)} nodes with {resource}"
    fix = "Install the driver on these nodes: its DaemonSet needs a toleration of the GPU nodes' taint."
    return CheckResult("fail", about, text, fix)


def _check_room(about: str, found: Object, service: ServiceRequirements, pvc: Object, facts: Facts) -> CheckResult | None:
    """Return a failure if the PVC is larger than the largest volume that the driver publishes."""
    published = [each for each in facts.capacities or () if each.get("storageClassName") == name_of(found)]
    publishes = any(name_of(each) == text_at(found, "provisioner") and at(each, "spec", "storageCapacity") for each in facts.drivers or ())
    if not published or not publishes:
        return None
    sizes = [(quantity(size), str(size)) for each in published if (size := each.get("maximumVolumeSize") or each.get("capacity"))]
    largest, shown = max(sizes, default=(quantity("0"), "0"))
    requested = at(pvc, "spec", "resources", "requests", "storage")
    if quantity(requested or "0") <= largest:
        return None
    text = f"has no room for {sanitize(str(requested), 20)}: the driver can create volumes of at most {sanitize(shown, 20)}"
    size, storage_class = _field_of(service, pvc, "size"), _field_of(service, pvc, "storage_class")
    return CheckResult("fail", about, text, f"Lower {size}, free capacity, or use another {storage_class}.")


def _check_sharing(about: str, found: Object, service: ServiceRequirements, pvc: Object, facts: Facts) -> CheckResult:
    provisioner = sanitize(text_at(found, "provisioner"), 60)
    for volume in facts.volumes or ():
        if at(volume, "spec", "storageClassName") == name_of(found) and SHARED in _modes_of(volume):
            return CheckResult("ok", about, f"exists ({provisioner}) and has a {SHARED} volume")
    mode = f"{SHARED}, which {service.name} requires"
    if _SHARED_BY_NAME.search(provisioner):
        text = f"exists ({provisioner}). According to its name, it supports {mode}; the cluster does not publish it"
    elif _BLOCK_BY_NAME.search(provisioner):
        text = f"exists ({provisioner}). According to its name, it does not support {mode}; the cluster does not publish it"
    else:
        text = f"exists ({provisioner}); the cluster does not publish whether it supports {mode}"
    field = _field_of(service, pvc, "access_mode")
    condition = " and without lora.refresh_interval" if field.startswith("lora.") else ""
    fix = f"Use a class for file shares, or replicas: 1 with {field}: ReadWriteOnce{condition}."
    return CheckResult("warn", about, text, f"{fix} A test PVC of the class shows whether it supports the mode.")


def _field_of(service: ServiceRequirements, pvc: Object, name: str) -> str:
    """Return the argument of the component that sets `name`, or a field of a PVC of the program."""
    if service_of(pvc) != service.name:
        return f"{_MANIFEST_FIELDS[name]} of PVC {name_of(pvc)}"
    return f"{service.pvc_owners[name_of(pvc)][0]}.{name}"


def _modes_of(object_: Object) -> list[str]:
    """Return the access modes of a PVC or a volume."""
    modes = at(object_, "spec", "accessModes")
    return [str(each) for each in cast("list[Any]", modes)] if isinstance(modes, list) else []


def _is_default(storage_class: Object) -> bool:
    return mapping_at(storage_class, "metadata", "annotations").get(_DEFAULT_CLASS) == "true"
