"""Which image runs, and as which model clients know it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from ...local.markers import Unknown
from ..change import ServiceChange
from ..findings import NOTICE, WARNING, Finding, Sentence, finding, listed, sentence
from ..matching import MISSING
from ..objects import WORKLOADS, containers, variables

MODEL_VARIABLES = {
    "NIM_SERVED_MODEL_NAME": ("Served model name", "Clients that ask for the old name get a 404."),
    "NIM_MODEL_NAME": ("Model", "Another model is downloaded and served."),
    "NIM_MODEL_PROFILE": ("Model profile", "The cache does not hold it yet: it is downloaded or built at the start."),
}


def images(service: ServiceChange) -> Iterator[Finding]:
    """A container's image."""
    for change in service.of(*WORKLOADS):
        if change.operation not in ("update", "replace"):
            continue
        old = dict(containers(change.before))
        for path, container in containers(change.after):
            before, after = old[path].get("image") if path in old else MISSING, container.get("image")
            if before is not MISSING and before != after:
                said = () if container.get("name") in ("nim", None) else sentence(" of container {name}", name=container.get("name"))
                text = sentence("Image{whose}: {old} becomes {new}{kind}.", whose=said, old=before, new=after, kind=_kind(before, after))
                yield finding("image", WARNING, change, service.name, text, _consequence(before, after), f"{path}.image")
    component = service.component()
    if component is not None and component.operation == "update" and not service.of(*WORKLOADS):
        for each in component.differences:
            if each.path == ("image",):
                text = sentence("Image: {old} becomes {new}{kind}.", old=each.old, new=each.new, kind=_kind(each.old, each.new))
                yield finding("image", WARNING, component, service.name, text, _consequence(each.old, each.new), "image")


def _kind(old: Any, new: Any) -> Sentence:
    """What is visible in the two names."""
    if not isinstance(old, str) or not isinstance(new, str):
        return ()
    first, second = split(old), split(new)
    if first[0] != second[0]:
        return sentence(", another model or server")
    versions = [re.findall(r"\d+", tag) for tag in (first[1], second[1])]
    older = all(re.fullmatch(r"v?\d+(\.\d+)*", tag) for tag in (first[1], second[1])) and [*map(int, versions[1])] < [
        *map(int, versions[0])
    ]
    return sentence(", an older version") if older else ()


def _consequence(old: Any, new: Any) -> Sentence:
    if isinstance(new, Unknown):
        return sentence("Which one, only the update will know.")
    other = isinstance(old, str) and isinstance(new, str) and split(old)[0] != split(new)[0]
    pulled = sentence("Every pod is replaced, and each node pulls the new image first.")
    return (
        pulled + sentence(" Clients that ask for the old model may get a 404, and the cache does not hold the new one.")
        if other
        else pulled
    )


def split(image: str) -> tuple[str, str]:
    """Repository and tag (or digest). Without a tag it is `latest`."""
    name, _, digest = image.partition("@")
    if digest:
        return name, digest
    head, _, tail = name.rpartition("/")
    short, _, tag = tail.partition(":")
    return f"{head}/{short}" if head else short, tag or "latest"


def unpinned(service: ServiceChange) -> Iterator[Finding]:
    """An image that may be another one at the next restart."""
    for change in service.of(*WORKLOADS):
        if not change.happens:
            continue
        old = dict(containers(change.before))
        for path, container in containers(change.after):
            image = container.get("image")
            if isinstance(image, str) and split(image)[1] == "latest" and (path not in old or old[path].get("image") != image):
                text = sentence("Image {image} has no fixed tag.", image=image)
                yield finding("image-unpinned", WARNING, change, service.name, text,
                              sentence("A restart may serve another model; replicas may differ."), f"{path}.image")  # fmt: skip


def models(service: ServiceChange) -> Iterator[Finding]:
    """The model's name and profile, and what the server is told on its command line."""
    for change in service.of(*WORKLOADS):
        if change.operation not in ("update", "replace"):
            continue
        old = dict(containers(change.before, init=False))
        for path, container in containers(change.after, init=False):
            if path not in old:
                continue
            before, after = variables(old[path]), variables(container)
            for name, (noun, consequence) in MODEL_VARIABLES.items():
                if before.get(name) != after.get(name):
                    text = sentence("{noun}: {old} becomes {new}.", noun=(noun,), old=before.get(name), new=after.get(name))
                    yield finding(
                        "model", WARNING, change, service.name, text, (consequence,), f"{path}.env[{name}].value", f"{path}.env[{name}]"
                    )
            for field in ("command", "args"):
                if old[path].get(field) != container.get(field):
                    whose = "Job's" if change.subject.kind == "Job" else "server's"
                    text = sentence("The {whose} {field} change: {old} become {new}.", whose=(whose,), field=(field,),
                               old=_line(old[path].get(field)), new=_line(container.get(field)))  # fmt: skip
                    yield finding("model", NOTICE, change, service.name, text, (), f"{path}.{field}")


def _line(value: Any) -> Any:
    return " ".join(str(item) for item in cast("list[Any]", value)) if isinstance(value, list) else value


def extra_containers(service: ServiceChange) -> Iterator[Finding]:
    """Containers that come or go beside the server."""
    for change in service.of(*WORKLOADS):
        if change.operation not in ("update", "replace"):
            continue
        old, new = dict(containers(change.before)), dict(containers(change.after))
        for form, paths in (
            ("New in the pod: {names}.", new.keys() - old.keys()),
            ("No longer in the pod: {names}.", old.keys() - new.keys()),
        ):
            if paths:
                names = listed(sorted(str((new.get(path) or old[path]).get("name")) for path in paths))
                yield finding("created" if "New" in form else "deleted", NOTICE, change, service.name, sentence(form, names=names), (),
                              *sorted(paths), *sorted({path.partition("[")[0] for path in paths}))  # fmt: skip


RULES = (images, unpinned, models, extra_containers)
