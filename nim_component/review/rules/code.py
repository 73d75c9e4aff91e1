"""Code that pods run: commands, hooks, and files from other objects."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator
from typing import Any, cast

from ..accessors import Fields, get, mapping, mappings, strings
from ..change import ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, Severity, finding
from ..pod_changes import PROBES, ContainerChange, PodChange, container_changes, pod_changes
from ..references import find_renames
from ..sentences import enumerate_values, name_object, sentence
from ..settings import Setting, Settings, report_settings
from ..values import show
from ..variable_effects import REMOTE, REMOTE_CODE, RUNS

_FILE_VOLUMES = ("configMap", "secret", "projected", "image", "gitRepo")
"""Volume types whose content comes from another object."""
DEFAULT = "The container uses the default of its image instead."
NO_HOOK = "It no longer runs in the container."
WAIT = "The container waits this long before it gets the stop signal."
END = "The container gets the stop signal at once. Requests that still arrive then fail."
HOOK = "It runs in the container, with all its keys."
FILES = "Programs in the pods read or run these files."
NO_FILES = "Programs in the pods no longer find these files."
_DATA = re.compile(
    r"/((var/)?tmp|dev/shm|scratch|caches?|data|models?|model-(store|cache|repo(sitory)?)|(var/)?logs?|mnt|engines?|loras?|peft)(/.*)?|"
    r"/(opt/nim|home/[\w.-]+)/(\.cache|scratch|peft|loras?)(/.*)?|/opt/authorities/bundle"
)
"""Places for data: an empty directory there covers no program and no settings of the image."""
LISTED = "All entries of that object become variables of the container. They can change which code it runs."


def code(service: ServiceChange) -> Iterator[Finding]:
    """Report changes of the code that pods run."""
    renames = find_renames(service)
    for pod in pod_changes(service):
        kept = {str(volume.get("name")) for volume in mappings(pod.after.get("volumes"))}
        before = _read_volumes(pod.path, pod.before, kept) if pod.before is not None else None
        yield from report_settings(service, pod.change, before, _read_volumes(pod.path, pod.after), renames)
        for container in container_changes(pod):
            old = None if container.before is None else _read_container(container, container.before)
            yield from report_settings(service, pod.change, old, _read_container(container, container.after), renames)
            if container.before is not None:
                yield from _report_mounts(service, pod, container, container.before)


def start_order(service: ServiceChange) -> Iterator[Finding]:
    """Report init containers that start in another order."""
    for pod in pod_changes(service):
        names = [[str(each.get("name")) for each in mappings(get(spec, "initContainers"))] for spec in (pod.before, pod.after)]
        old, new = ([name for name in listed if all(name in other for other in names)] for listed in names)
        if old != new:
            template = "The init containers of {object} start in another order: {names}."
            text = sentence(template, object=name_object(pod.change), names=enumerate_values(new))
            yield finding("code", WARNING, pod.change, service.name, text, sentence("One can prepare or check what the next one reads."))


def _report_mounts(service: ServiceChange, pod: PodChange, container: ContainerChange, before: Fields) -> Iterator[Finding]:
    """Report other mounts, except those of an empty directory at a place for data."""
    old, new = _read_mounts(container.path, before), _read_mounts(container.path, container.after)
    known = [
        {path for path, each in mounts.items() if str(get(each.value, "name")) in empty and _is_for_data(get(each.value, "mountPath"))}
        for mounts, fields in ((old, pod.before), (new, pod.after))
        for empty in [_find_empty(fields)]
    ]
    quiet = {path for path in {*old, *new} if (path in known[0] or path not in old) and (path in known[1] or path not in new)}
    old, new = ({path: each for path, each in mounts.items() if path not in quiet} for mounts in (old, new))
    yield from report_settings(service, pod.change, old, new)


def _is_for_data(path: Any) -> bool:
    return isinstance(path, str) and _DATA.fullmatch(posixpath.normpath(path)) is not None


def _find_empty(pod: Fields | None) -> set[str]:
    return {str(volume.get("name")) for volume in mappings(get(pod, "volumes")) if "emptyDir" in volume}


def _read_volumes(path: str, pod: Fields, kept: Collection[str] = ()) -> Settings:
    """Return the volumes with files. One of `kept` gets other content, it does not go."""
    found: dict[str, Setting] = {}
    for volume in mappings(pod.get("volumes")):
        source = next((each for each in _FILE_VOLUMES if each in volume), None)
        if source is not None:
            name = volume.get("name")
            new_severity = CRITICAL if source == "gitRepo" else None
            noun, owner = f"{source} volume", (" of the pod",)
            removed = WARNING if str(name) in kept else NOTICE
            setting = Setting("code", WARNING, noun, str(name), owner, volume[source], FILES, new_severity, removed, source, NO_FILES)
            found[f"{path}.volumes[{name}]"] = setting
    return found


def _read_container(container: ContainerChange, fields: Fields) -> Settings:
    path, owner = container.path, sentence(" of container {name}", name=fields.get("name"))
    found: dict[str, Setting] = {}

    def add(field: str, value: Any, text: str, severity: Severity = WARNING, new: Severity | None = None, gone: str = "") -> None:
        found[f"{path}.{field}"] = Setting("code", severity, "Field", field, owner, value, text, new, WARNING, removed_consequence=gone)

    for field in ("command", "args"):
        if field in fields:
            text, severity = (REMOTE, CRITICAL) if REMOTE_CODE.search(show(fields[field])) else (RUNS, WARNING)
            add(field, _command_line(fields[field]), text, severity, severity if severity is CRITICAL else None, DEFAULT)
    if fields.get("workingDir"):
        add("workingDir", fields["workingDir"], RUNS, gone=DEFAULT)
    for hook in ("postStart", "preStop"):
        for action in ("exec", "httpGet", "tcpSocket"):
            if action in mapping(get(fields, "lifecycle", hook)):
                value = get(fields, "lifecycle", hook, action)
                severity, new, text = (NOTICE, None, WAIT) if _is_sleep(value) else (CRITICAL, WARNING, HOOK)
                add(f"lifecycle.{hook}.{action}", value, text, severity, new, END if hook == "preStop" else NO_HOOK)
    for probe in PROBES:
        if "exec" in mapping(fields.get(probe)):
            add(f"{probe}.exec", get(fields, probe, "exec"), HOOK, WARNING, WARNING, NO_HOOK)
    for index, source in enumerate(mappings(fields.get("envFrom"))):
        add(f"envFrom[{index}]", source, LISTED)
    return found


def _is_sleep(action: Any) -> bool:
    """Return true for a command that only waits."""
    command = strings(get(action, "command"))
    words = command[2].split() if len(command) == 3 and command[1] == "-c" and re.fullmatch(r"(/bin/)?(ba)?sh", command[0]) else command
    return len(words) == 2 and re.fullmatch(r"(/bin/)?sleep", words[0]) is not None and words[1].isdecimal()


def _read_mounts(path: str, container: Fields) -> dict[str, Setting]:
    owner = sentence(" of container {name}", name=container.get("name"))
    fields = {f"volumeMounts[{mount.get('mountPath')}]": mount for mount in mappings(container.get("volumeMounts"))}
    return {
        f"{path}.{field}": Setting("code", WARNING, "Field", field, owner, mount, FILES, removed_consequence=NO_FILES)
        for field, mount in fields.items()
    }


def _command_line(value: Any) -> Any:
    return " ".join(str(item) for item in cast("list[Any]", value)) if isinstance(value, list) else value


RULES = (code, start_order)
