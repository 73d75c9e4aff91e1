"""Rule of the policy `images-pinned`: images whose content a registry can replace."""

import re
from collections.abc import Iterator

from fields import Props, items, mapping
from workloads import find_containers, find_pods

_DIGEST = re.compile(r"@[a-z0-9+._-]+:[0-9a-fA-F]{32,}\Z")
_VERSION = re.compile(r"v?\d+(?:\.\d+)+[a-z0-9]*", re.IGNORECASE)
_CALENDAR = re.compile(r"v?(?:20)?\d\d\.\d\d(?:\.\d+)?", re.IGNORECASE)
_BUILD = re.compile(r"\d{6,}|(?=[a-z]*\d)[0-9a-f]{7,64}", re.IGNORECASE)
"""A date, a number of a build, or the beginning of a commit's hash."""
_CHANNEL = re.compile(r"[a-z]+", re.IGNORECASE)


def check_images(kind: str, props: Props) -> Iterator[str]:
    """Yield images without a fixed tag: after a restart, a pod may run another image."""
    for pod in find_pods(kind, props):
        found = [(f"{path}.image", container.get("image")) for path, container in find_containers(pod)]
        for volume in items(pod.spec.get("volumes")):
            found.append((f"{pod.path}.volumes[{volume.get('name', '?')}].image.reference", mapping(volume.get("image")).get("reference")))
        for path, image in found:
            if isinstance(image, str) and not is_pinned(image):
                yield f"{path}: {image} must have a fixed tag or a digest. Add a version, or @sha256:..."


def is_pinned(image: str) -> bool:
    """Return True if an image has a digest, or a tag that names one version.

    A tag names one version if it contains a date, a build number or a commit, or a version of two
    parts or more. A tag of words, such as `latest`, moves. So does a single number, such as `v1`. A
    version of two parts with the name of a system, such as `3.12-alpine`, moves with that system.
    """
    if _DIGEST.search(image):
        return True
    first, *others = re.split(r"[-_+]", image.partition("@")[0].rpartition("/")[2].partition(":")[2])
    words = [each for each in (first, *others) if each]
    if any(_BUILD.fullmatch(each) for each in words):
        return True
    versions = [each for each in words if _VERSION.fullmatch(each)]
    if not versions:
        return False
    is_exact = len(words) == 1 or any(each.count(".") > 1 or _CALENDAR.fullmatch(each) for each in versions)
    return is_exact or not all(_CHANNEL.fullmatch(each) for each in words if each not in versions)
