"""Images, and the model that they serve."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ...local.markers import Unknown
from ...names import SERVER_CONTAINER
from ...text.image_tags import is_fixed_image
from ..accessors import Fields
from ..change import ServiceChange
from ..excerpts import excerpt_pair
from ..findings import CRITICAL, NOTICE, WARNING, Finding, Severity, finding
from ..object_fields import WORKLOADS, containers, describe_replacement, gpus_of, variables
from ..pod_changes import CONTAINER_LISTS, container_changes, containers_by_name, pod_changes
from ..sentences import Sentence, sentence
from ..values import show

_DOCKER_HUB, _DOCKER_HUB_ALIASES = "docker.io", ("index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")
MODEL_VARIABLES = {
    "NIM_SERVED_MODEL_NAME": ("served model name", "Requests for the old name return 404."),
    "NIM_MODEL_NAME": ("model", "Another model is downloaded and served."),
    "NIM_MODEL_PATH": ("source of the model", "Another model is downloaded and served."),
    "NIM_MODEL_PROFILE": (
        "model profile",
        "Unless the cache contains the new profile, it is downloaded or built when a pod starts.",
    ),
}
"""Name and consequence of each environment variable that selects the model."""


def images(service: ServiceChange) -> Iterator[Finding]:
    """Report changed images.

    If the preview ended before the workload, the image is that in the arguments of the component.
    """
    for pod in pod_changes(service):
        for container in container_changes(pod):
            if container.before is None:
                continue
            old, new, name = container.before.get("image"), container.after.get("image"), container.after.get("name")
            if old != new:
                is_server = _is_server(container.after)
                whose = () if name in (SERVER_CONTAINER, None) else sentence(" of container {name}", name=name)
                first, second = excerpt_pair(show(old), show(new))
                text = sentence(
                    "The image{whose} changes from {old} to {new}{note}.",
                    whose=whose,
                    old=first,
                    new=second,
                    note=_note(old, new, is_server),
                )
                yield finding(
                    "image",
                    _severity(old, new),
                    pod.change,
                    service.name,
                    text,
                    _consequence(old, new, is_server, describe_replacement(pod.change)),
                    f"{container.path}.image",
                )
    component = service.component
    if component is not None and component.operation == "update" and not service.of(*WORKLOADS):
        for each in component.differences:
            if each.path == ("image",):
                text = sentence("The image changes from {old} to {new}{note}.", old=each.old, new=each.new, note=_note(each.old, each.new))
                yield finding(
                    "image", _severity(each.old, each.new), component, service.name, text, _consequence(each.old, each.new), "image"
                )


def _severity(old: Any, new: Any) -> Severity:
    return NOTICE if _is_same(old, new) else CRITICAL if _has_other_owner(old, new) else WARNING


def _is_server(container: Fields) -> bool:
    """Return true for the server of a service, and for another container with GPUs."""
    return container.get("name") in (SERVER_CONTAINER, None) or bool(gpus_of(container))


def _note(old: Any, new: Any, is_server: bool = True) -> Sentence:
    if not isinstance(old, str) or not isinstance(new, str):
        return ()
    if _is_same(old, new):
        return sentence(" (another spelling of the same image)")
    old_tag, new_tag = split_image(old)[1], split_image(new)[1]
    if _has_other_owner(old, new):
        return sentence(" (another registry or organization)")
    if _complete(old) != _complete(new):
        return (" (another model or server)" if is_server else " (another program)",)
    if not all(re.fullmatch(r"v?\d+(\.\d+)*", tag) for tag in (old_tag, new_tag)):
        return ()
    old_version, new_version = ([int(part) for part in re.findall(r"\d+", tag)] for tag in (old_tag, new_tag))
    return sentence(" (an older version)") if new_version < old_version else ()


def _consequence(old: Any, new: Any, is_server: bool = True, which: str = "Every pod is replaced") -> Sentence:
    if isinstance(new, Unknown):
        return sentence("The new image is known only during the update.")
    if _is_same(old, new):
        return (f"{which}. The new pods run the same image.",)
    pulled = (f"{which}, and each node pulls the new image first.",)
    if is_server and isinstance(old, str) and isinstance(new, str) and _complete(old) != _complete(new):
        return pulled + sentence(" Requests for the old model may return 404, and the cache does not contain the new model.")
    return pulled


def _has_other_owner(old: Any, new: Any) -> bool:
    """Return true if the registry or the organization of an image changes."""
    return isinstance(old, str) and isinstance(new, str) and _owner(old) != _owner(new)


def _owner(image: str) -> tuple[str, str]:
    """Return the registry and the organization, as container runtimes complete them."""
    registry, *path = _complete(image)
    return registry, path[0] if len(path) > 1 else ""


def _complete(image: str) -> tuple[str, ...]:
    """Return the registry and the parts of the repository, as container runtimes complete them."""
    first, *others = split_image(image)[0].split("/")
    is_registry = bool(others) and ("." in first or ":" in first or first == "localhost")
    registry, path = (first.lower(), others) if is_registry else (_DOCKER_HUB, [first, *others])
    if registry not in (_DOCKER_HUB, *_DOCKER_HUB_ALIASES):
        return registry, *path
    return _DOCKER_HUB, *(path if len(path) > 1 else ["library", *path])


def _is_same(old: Any, new: Any) -> bool:
    """Return true for two spellings of one image."""
    if not isinstance(old, str) or not isinstance(new, str):
        return False
    return (_complete(old), split_image(old)[1]) == (_complete(new), split_image(new)[1])


def split_image(image: str) -> tuple[str, str]:
    """Return the repository, and the digest or tag of an image. The default tag is `latest`."""
    name, _, digest = image.partition("@")
    if digest:
        return name, digest
    head, _, tail = name.rpartition("/")
    short, _, tag = tail.partition(":")
    return f"{head}/{short}" if head else short, tag or "latest"


def unpinned(service: ServiceChange) -> Iterator[Finding]:
    """Report new images whose content may change at the next restart."""
    for change in service.of(*WORKLOADS):
        if not change.has_effect:
            continue
        before = dict(containers(change.before))
        for path, container in containers(change.after):
            image = container.get("image")
            if isinstance(image, str) and _is_less_fixed(before[path].get("image") if path in before else None, image):
                template = "Image {image} has no fixed tag." if split_image(image)[1] == "latest" else "The tag of image {image} may move."
                text = sentence(template, image=image)
                other = "serve another model" if _is_server(container) else "run another program"
                consequence = sentence("After a restart, a pod may {other}; replicas may differ.", other=(other,))
                yield finding("image-unpinned", WARNING, change, service.name, text, consequence, f"{path}.image")


def _is_less_fixed(old: Any, new: str) -> bool:
    """Return true for a tag that may move, unless the tag of the old image may move, too."""
    if old == new or is_fixed_image(new):
        return False
    return split_image(new)[1] == "latest" or not isinstance(old, str) or is_fixed_image(old)


def models(service: ServiceChange) -> Iterator[Finding]:
    """Report changes of the model's name, source and profile."""
    for change in service.of(*WORKLOADS):
        if change.operation not in ("update", "replace"):
            continue
        before = dict(containers(change.before, init=False))
        for path, container in containers(change.after, init=False):
            if path not in before:
                continue
            old, new = variables(before[path]), variables(container)
            for name, (noun, consequence) in MODEL_VARIABLES.items():
                if old.get(name) != new.get(name):
                    text = sentence("The {noun} changes from {old} to {new}.", noun=(noun,), old=old.get(name), new=new.get(name))
                    paths = (f"{path}.env[{name}].value", f"{path}.env[{name}]")
                    yield finding("model", WARNING, change, service.name, text, (consequence,), *paths)


def other_containers(service: ServiceChange) -> Iterator[Finding]:
    """Report containers that are added to a pod or removed from it."""
    for pod in pod_changes(service):
        if pod.before is None:
            continue
        for field in CONTAINER_LISTS:
            old, new = containers_by_name(pod.before, field), containers_by_name(pod.after, field)
            where = f"{pod.path}.{field}"
            for name in sorted(new.keys() - old.keys()):
                text = sentence("Container {name} is added to the pod, with image {image}.", name=name, image=new[name].get("image"))
                consequence = sentence("It runs beside the other containers, in the network of the pod.")
                yield finding("created", WARNING, pod.change, service.name, text, consequence, f"{where}[{name}]", where)
            for name in sorted(old.keys() - new.keys()):
                text = sentence("Container {name} is removed from the pod.", name=name)
                yield finding("deleted", WARNING, pod.change, service.name, text, (), f"{where}[{name}]", where)


RULES = (images, unpinned, models, other_containers)
