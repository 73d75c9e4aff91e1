"""Whether the claims of a stack can be met. Kubernetes says nowhere which access modes a StorageClass can do: what is known for sure is a
volume of it that has the mode, a driver that runs on no node with GPUs, and the room that a driver publishes."""

import re
from collections.abc import Collection, Iterator
from typing import Any, cast

from ..cluster.objects import Object, at, mapping_at, name_of, text_at
from ..cluster.scheduling import allocatable, gpu_resource_of, quantity
from ..text.sanitizing import sanitize
from .facts import Facts
from .requirements import ServiceRequirements
from .result import CheckResult

SHARED = "ReadWriteMany"
_SHARED_BY_NAME = re.compile(r"efs|filestore|azurefile|file\.csi|nfs|cephfs|fsx|lustre|weka|portworx|longhorn", re.IGNORECASE)
_BLOCK_BY_NAME = re.compile(r"ebs\.csi|pd\.csi|disk\.csi|local-path|rbd|cinder|vsphere|hostpath", re.IGNORECASE)
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_NOBODY = "kubernetes.io/no-provisioner"


def check_pvcs(service: ServiceRequirements, facts: Facts) -> Iterator[CheckResult]:
    """Claims that must be there, then classes of claims that are made."""
    for name in sorted(service.existing_claims):
        if (service.namespace, name) in facts.claims:
            yield _check_existing(service, name, facts.claims[service.namespace, name])
    for claim in service.claims if facts.classes is not None else ():
        yield _check_class(service, claim, facts.classes or (), facts)


def _check_existing(service: ServiceRequirements, name: str, claim: Object | None) -> CheckResult:
    about = f"Claim {service.namespace}/{name}"
    if claim is None:
        return CheckResult("fail", about, f"is not there ({service.name})", "Correct cache.existing_claim, or leave it out.")
    if text_at(claim, "status", "phase") == "Lost":
        return CheckResult("fail", about, "has lost its volume", "Restore the volume, or take another claim.")
    modes = _modes_of(claim)
    if service.replicas > 1 and modes and not {SHARED, "ReadOnlyMany"}.intersection(modes):
        text = f"is for one node ({sanitize(', '.join(modes), 60)}), and {service.name} has {service.replicas} replicas"
        return CheckResult("warn", about, text, "Use a ReadWriteMany claim, or replicas: 1, unless all pods come to one node.")
    return CheckResult("ok", about, "is there")


def _check_class(service: ServiceRequirements, claim: Object, classes: Collection[Object], facts: Facts) -> CheckResult:
    wanted = at(claim, "spec", "storageClassName")
    if wanted == "":
        return CheckResult("ok", "StorageClass", f"none is wanted ({service.name}): a volume must be there already")
    about = f"StorageClass {wanted}" if isinstance(wanted, str) else "Default StorageClass"
    there = {name_of(each): each for each in classes}
    found = there.get(wanted) if isinstance(wanted, str) else next((each for each in classes if _is_default(each)), None)
    if found is None:
        names = sanitize(", ".join(sorted(there)[:6]), 200) or "none"
        fix = "Set cache.storage_class to one of these, or use cache.empty_dir."
        return CheckResult("fail", about, f"is not there ({service.name}); there are: {names}", fix)
    provisioner = sanitize(text_at(found, "provisioner"), 60)
    lacking = _check_driver(about, found, service, facts) or _check_room(about, found, claim, facts)
    if lacking is not None:
        return lacking
    if SHARED in _modes_of(claim):
        return _check_sharing(about, found, service, facts)
    if provisioner == _NOBODY:
        fix = "Make sure that a volume of the class is there that is large enough."
        return CheckResult("warn", about, f"is there, and makes no volumes itself ({provisioner})", fix)
    return CheckResult("ok", about, f"is there ({provisioner})")


def _check_driver(about: str, found: Object, service: ServiceRequirements, facts: Facts) -> CheckResult | None:
    """A CSI driver that mounts volumes must run on the node; which do, each node's CSINode says."""
    provisioner, resource = text_at(found, "provisioner"), gpu_resource_of(service.pod)
    if facts.drivers is None or facts.node_drivers is None or provisioner not in {name_of(each) for each in facts.drivers} or not resource:
        return None
    nodes = [name_of(node) for node in facts.nodes or () if allocatable(node, resource)]
    if not nodes or any(provisioner in facts.node_drivers.get(name, ()) for name in nodes):
        return None
    text = f"is of {sanitize(provisioner, 60)}, whose CSI driver runs on none of the {len(nodes)} nodes with {resource}"
    return CheckResult("fail", about, text, "Install the driver there too: its DaemonSet needs a toleration of the GPU nodes' taint.")


def _check_room(about: str, found: Object, claim: Object, facts: Facts) -> CheckResult | None:
    """The largest volume that the driver says it can make, where it says so."""
    published = [each for each in facts.capacities or () if each.get("storageClassName") == name_of(found)]
    speaks = any(name_of(each) == text_at(found, "provisioner") and at(each, "spec", "storageCapacity") for each in facts.drivers or ())
    if not published or not speaks:
        return None
    sizes = [(quantity(size), str(size)) for each in published if (size := each.get("maximumVolumeSize") or each.get("capacity"))]
    largest, shown = max(sizes, default=(quantity("0"), "0"))
    asked = at(claim, "spec", "resources", "requests", "storage")
    if quantity(asked or "0") <= largest:
        return None
    text = f"has no room for {sanitize(str(asked), 20)}: the driver can make volumes of {sanitize(shown, 20)} at most"
    return CheckResult("fail", about, text, "Lower cache.size, make room, or use another cache.storage_class.")


def _check_sharing(about: str, found: Object, service: ServiceRequirements, facts: Facts) -> CheckResult:
    provisioner = sanitize(text_at(found, "provisioner"), 60)
    for volume in facts.volumes or ():
        if at(volume, "spec", "storageClassName") == name_of(found) and SHARED in _modes_of(volume):
            return CheckResult("ok", about, f"is there ({provisioner}), and so is a {SHARED} volume of it")
    fix = "Use a class of file shares, or replicas: 1 with cache.access_mode ReadWriteOnce; a trial claim tells for sure."
    if _SHARED_BY_NAME.search(provisioner):
        text = f"is there ({provisioner}), and by its name gives {SHARED}, which {service.name} wants; the cluster does not say so"
    elif _BLOCK_BY_NAME.search(provisioner):
        text = f"is there ({provisioner}), and by its name gives no {SHARED}, which {service.name} wants; the cluster does not say so"
    else:
        text = f"is there ({provisioner}); whether it gives {SHARED}, which {service.name} wants, the cluster does not say"
    return CheckResult("warn", about, text, fix)


def _modes_of(object_: Object) -> list[str]:
    """Access modes of a claim or a volume."""
    modes = at(object_, "spec", "accessModes")
    return [str(each) for each in cast("list[Any]", modes)] if isinstance(modes, list) else []


def _is_default(each: Object) -> bool:
    annotations = mapping_at(each, "metadata", "annotations")
    return annotations.get(_DEFAULT_CLASS) == "true"
