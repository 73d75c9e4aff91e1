"""Secrets and ConfigMaps that a container's configuration requires."""

import re
from collections.abc import Iterator, Sequence

from ...cluster.images import registry_of
from ...cluster.objects import Object, containers_of, items_at, message_of, name_of, text_at
from ...kubernetes.kubectl import NGC_REGISTRY, create_pull_secret
from ...names import PULL_SECRET_TYPE
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .patterns import MessagePattern, match_patterns

_CONFIG_ERRORS = (
    MessagePattern(
        "secret-key-missing",
        r"couldn't find key (?P<key>\S+) in Secret (?:(?P<namespace>[^\s/]+)/)?(?P<name>\S+)",
        "The Secret {name} has no key {key}",
        "{key_fix}",
        sentences=(r"couldn't find key (?P<key>\S+) in Secret (?:(?P<namespace>[^\s/]+)/)?(?P<name>\S+)",),
    ),
    MessagePattern(
        "secret-missing",
        r'secret "(?P<name>[^"]+)" not found',
        "The Secret {name} does not exist",
        "Create it in the service's namespace, or correct secrets.ngc_secret_group (or secrets.ngc_image_secret, "
        "secrets.hf_token_group). secrets.verify detects this at preview.",
        sentences=(r'secrets? "(?P<name>[^"]+)" not found',),
    ),
    MessagePattern(
        "config-map-missing",
        r'configmap "(?P<name>[^"]+)" not found',
        "The ConfigMap {name} does not exist",
        "Create it, or correct env.",
        sentences=(r'configmaps? "(?P<name>[^"]+)" not found',),
    ),
    MessagePattern(
        "config-map-key-missing",
        r"couldn't find key (?P<key>\S+) in ConfigMap (?P<name>\S+)",
        "The ConfigMap {name} has no key {key}",
        "Add the key, or correct env.",
        sentences=(r"couldn't find key (?P<key>\S+) in ConfigMap (?P<name>\S+)",),
    ),
    MessagePattern(
        "image-runs-as-root",
        r"runAsNonRoot and image (?:will run as root|has non-numeric user)",
        "The image's user is root or has no number, and the pod's security context forbids root",
        "Set run_as_user to a user of the image (1000 for a NIM).",
        sentences=(r"container has runAsNonRoot and image (?:will run as root|has non-numeric user)[^\n]*",),
    ),
    MessagePattern(
        "sub-path",
        r"failed to (?:prepare|create) subPath",
        "A subPath of a volume cannot be mounted",
        "Check the permissions of the volume (fs_group), and that no symbolic link is in the place of the subPath.",
        "likely",
    ),
    MessagePattern(
        "container-config",
        r"failed to sync (?:secret|configmap) cache|services have not yet been read at least once|"
        r"object \"[^\"]*\"/\"[^\"]*\" not registered",
        "The kubelet has not read the Secrets, ConfigMaps or Services of the pod yet",
        "Wait: the kubelet tries again. If it lasts, check the connection of the node to the API server.",
        "likely",
    ),
    MessagePattern(
        "container-config",
        r".",
        "The container's configuration is invalid",
        "See the evidence for the reason. Correct env, extra_mounts or extra_containers.",
        "likely",
    ),
)


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield diagnoses of Secrets and ConfigMaps."""
    for pod in snapshot.pods:
        subject = f"pod/{name_of(pod)}"
        for each in containers_of(pod):
            if each.waiting == "CreateContainerConfigError":
                message = each.message or "no reason is given"
                yield from match_patterns(_CONFIG_ERRORS, message, subject, key_fix=_key_fix(snapshot, each.message))
        if text_at(pod, "spec", "nodeName"):
            yield from _check_pull_secrets(snapshot, pod, subject)


def _key_fix(snapshot: Snapshot, message: str) -> str:
    name = message.rpartition("/")[2].split()[-1] if message.split() else ""
    facts = snapshot.secrets.get(name)
    keys = f" (it has: {sanitize(', '.join(facts.keys[:8]), 200)})" if facts else ""
    return f"Set secrets.ngc_secret_key or secrets.hf_token_key to one of its keys{keys}, or add the key to it."


def _check_pull_secrets(snapshot: Snapshot, pod: Object, subject: str) -> Iterator[Diagnosis]:
    """Yield the pull Secrets that cannot be used.

    They are reported even if the image is already on the node: another node must pull it.
    """
    names = [text_at(each, "name") for each in items_at(pod, "spec", "imagePullSecrets")]
    images = [text_at(each, "image") for list_ in ("containers", "initContainers") for each in items_at(pod, "spec", list_)]
    registry = registry_of(images[0] if images else "")
    is_covered = _is_covered(snapshot, names, registry, images)
    for name in names:
        shown, facts = sanitize(name, 100), snapshot.secrets.get(name, ...)
        events = [
            event for event in snapshot.events(None, "FailedToRetrieveImagePullSecret") if name in _list_unreadable(message_of(event))
        ]
        command = create_pull_secret(snapshot.namespace, shown, registry)
        replace = f"Delete the Secret and create it again: `{command}`. Or correct secrets.ngc_image_secret."
        if facts is None or (facts is ... and events):
            evidence = sanitize(message_of(events[-1])) if events else ""
            fix = f"Create it: `{command}`. Or correct secrets.ngc_image_secret."
            yield Diagnosis("pull-secret-missing", f"The pull Secret {shown} does not exist", fix, evidence, subject=subject)
        elif facts is not ... and facts.type != PULL_SECRET_TYPE:
            text = f"The pull Secret {shown} is of type {sanitize(facts.type, 60)}, not {PULL_SECRET_TYPE}, and is not used for pulls"
            yield Diagnosis("pull-secret-type", text, replace, subject=subject)
        elif facts is not ... and facts.registries and images and registry not in facts.registries and not is_covered:
            registries = sanitize(", ".join(facts.registries[:4]), 120)
            text = f"The pull Secret {shown} has credentials for {registries}, not for {registry}"
            yield Diagnosis("pull-secret-registry", text, replace, subject=subject)


def _list_unreadable(message: str) -> list[str]:
    """Return the pull Secrets that the kubelet could not read."""
    found = re.search(r"Unable to retrieve some image pull secrets \(([^)]{1,2000})\)", message)
    return found[1].split(", ") if found else []


def _is_covered(snapshot: Snapshot, names: Sequence[str], registry: str, images: Sequence[str]) -> bool:
    """Return whether the pull Secrets have the credentials that the pod needs, as far as is known.

    Credentials for the registry of another image suffice, unless the server's registry is NVIDIA's:
    nodes may pull the image of the server with their own identity.
    """
    held = {host for name in names if (facts := snapshot.secrets.get(name)) is not None for host in facts.registries}
    return registry in held or (registry != NGC_REGISTRY and any(registry_of(image) in held for image in images))
