"""Images, and the model that they serve."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from ...local.markers import Unknown
from ..change import ServiceChange
from ..findings import NOTICE, WARNING, Finding, finding
from ..matching import MISSING
from ..object_fields import WORKLOADS, containers, variables
from ..sentences import Sentence, enumerate_values, sentence

MODEL_VARIABLES = {
    "NIM_SERVED_MODEL_NAME": ("served model name", "Requests for the old name return 404."),
    "NIM_MODEL_NAME": ("model", "Another model is downloaded and served."),
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
    for change in service.of(*WORKLOADS):
        if change.operation not in ("update", "replace"):
            continue
        before = dict(containers(change.before))
        for path, container in containers(change.after):
            old, new = before[path].get("image") if path in before else MISSING, container.get("image")
            if old is not MISSING and old != new:
                name = container.get("name")
                whose = () if name in ("nim", None) else sentence(" of container {name}", name=name)
                text = sentence("The image{whose} changes from {old} to {new}{note}.", whose=whose, old=old, new=new, note=_note(old, new))
                yield finding("image", WARNING, change, service.name, text, _consequence(old, new), f"{path}.image")
    component = service.component
    if component is not None and component.operation == "update" and not service.of(*WORKLOADS):
        for each in component.differences:
            if each.path == ("image",):
                text = sentence("The image changes from {old} to {new}{note}.", old=each.old, new=each.new, note=_note(each.old, each.new))
                yield finding("image", WARNING, component, service.name, text, _consequence(each.old, each.new), "image")


def _note(old: Any, new: Any) -> Sentence:
    if not isinstance(old, str) or not isinstance(new, str):
        return ()
    (old_repository, old_tag), (new_repository, new_tag) = split_image(old), split_image(new)
    if old_repository != new_repository:
        return sentence(" (another model or server)")
    if not all(re.fullmatch(r"v?\d+(\.\d+)*", tag) for tag in (old_tag, new_tag)):
        return ()
    old_version, new_version = ([int(part) for part in re.findall(r"\d+", tag)] for tag in (old_tag, new_tag))
    return sentence(" (an older version)") if new_version < old_version else ()


def _consequence(old: Any, new: Any) -> Sentence:
    if isinstance(new, Unknown):
        return sentence("The new image is known only during the update.")
    pulled = sentence("Every pod is replaced, and each node pulls the new image first.")
    if isinstance(old, str) and isinstance(new, str) and split_image(old)[0] != split_image(new)[0]:
        return pulled + sentence(" Requests for the old model may return 404, and the cache does not contain the new model.")
    return pulled


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
            if isinstance(image, str) and split_image(image)[1] == "latest" and (path not in before or before[path].get("image") != image):
                text = sentence("Image {image} has no fixed tag.", image=image)
                consequence = sentence("After a restart, a pod may serve another model; replicas may differ.")
                yield finding("image-unpinned", WARNING, change, service.name, text, consequence, f"{path}.image")


def models(service: ServiceChange) -> Iterator[Finding]:
    """Report changes of the model's name and profile, and of the command line."""
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
            for field, verb in (("command", "changes"), ("args", "change")):
                if before[path].get(field) != container.get(field):
                    text = sentence(
                        "The {field} of the {program} {verb} from {old} to {new}.",
                        field=(field,),
                        program=("Job" if change.subject.kind == "Job" else "server",),
                        verb=(verb,),
                        old=_command_line(before[path].get(field)),
                        new=_command_line(container.get(field)),
                    )
                    yield finding("model", NOTICE, change, service.name, text, (), f"{path}.{field}")


def _command_line(value: Any) -> Any:
    return " ".join(str(item) for item in cast("list[Any]", value)) if isinstance(value, list) else value


def other_containers(service: ServiceChange) -> Iterator[Finding]:
    """Report containers that are added to a pod or removed from it."""
    for change in service.of(*WORKLOADS):
        if change.operation not in ("update", "replace"):
            continue
        before, after = dict(containers(change.before)), dict(containers(change.after))
        for rule, template, paths in (
            ("created", "Added to the pod: {names}.", after.keys() - before.keys()),
            ("deleted", "Removed from the pod: {names}.", before.keys() - after.keys()),
        ):
            if paths:
                names = sorted(str((after.get(path) or before.get(path, {})).get("name")) for path in paths)
                lists = sorted({path.partition("[")[0] for path in paths})
                text = sentence(template, names=enumerate_values(names))
                yield finding(rule, NOTICE, change, service.name, text, (), *sorted(paths), *lists)


RULES = (images, unpinned, models, other_containers)
