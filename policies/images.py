"""Rule of the policy `images-pinned`: images whose content a registry can replace."""

from collections.abc import Iterator

from fields import Props, items, mapping
from text.image_tags import is_fixed_image
from workloads import find_containers, find_pods


def check_images(kind: str, props: Props) -> Iterator[str]:
    """Yield images without a fixed tag: after a restart, a pod may run another image."""
    for pod in find_pods(kind, props):
        found = [(f"{path}.image", container.get("image")) for path, container in find_containers(pod)]
        for volume in items(pod.spec.get("volumes")):
            found.append((f"{pod.path}.volumes[{volume.get('name', '?')}].image.reference", mapping(volume.get("image")).get("reference")))
        for path, image in found:
            if isinstance(image, str) and not is_pinned(image):
                yield f"{path}: {image} must have a fixed tag or a digest. Add a full version such as 1.8.3, or @sha256:..."


def is_pinned(image: str) -> bool:
    """Return True if an image has a digest, or a tag that by convention does not move."""
    return is_fixed_image(image)
