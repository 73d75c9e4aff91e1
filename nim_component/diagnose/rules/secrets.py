"""Secrets and ConfigMaps that a container's configuration needs and does not find."""

from collections.abc import Iterator

from ...cluster.images import registry_of
from ...cluster.objects import containers_of, items_at, message_of, name_of, text_at
from ...names import PULL_SECRET_TYPE
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .patterns import MessagePattern, match_patterns

_CONFIG = (
    MessagePattern(
        "secret-key-missing",
        r"couldn't find key (?P<key>\S+) in Secret (?:(?P<namespace>[^\s/]+)/)?(?P<name>\S+)",
        "The Secret {name} has no key {key}",
        "{key_fix}",
    ),
    MessagePattern(
        "secret-missing",
        r'secret "(?P<name>[^"]+)" not found',
        "The Secret {name} is not there",
        "Make it in the service's namespace, or correct secrets.ngc_secret_group (or ngc_image_secret, "
        "hf_token_group); secrets.verify finds this at preview.",
    ),
    MessagePattern(
        "config-map-missing",
        r'configmap "(?P<name>[^"]+)" not found',
        "The ConfigMap {name} is not there",
        "Make it, or correct env.",
    ),
    MessagePattern(
        "config-map-key-missing",
        r"couldn't find key (?P<key>\S+) in ConfigMap (?P<name>\S+)",
        "The ConfigMap {name} has no key {key}",
        "Add the key, or correct env.",
    ),
    MessagePattern(
        "image-runs-as-root",
        r"runAsNonRoot and image (?:will run as root|has non-numeric user)",
        "The image runs as root, which the pod's security forbids",
        "Set run_as_user to a user of the image, 1000 for a NIM.",
    ),
    MessagePattern(
        "sub-path",
        r"failed to (?:prepare|create) subPath",
        "A sub-path of a volume cannot be mounted",
        "Look at the volume's permissions (fs_group), and at a link in its place.",
        "likely",
    ),
    MessagePattern(
        "container-config",
        r".",
        "The container cannot be configured",
        "The words below say why: correct env, extra_mounts or extra_containers.",
    ),
)


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """What is wrong with Secrets and ConfigMaps."""
    for pod in snapshot.pods:
        subject = f"pod/{name_of(pod)}"
        for each in containers_of(pod):
            if each.waiting == "CreateContainerConfigError":
                yield from match_patterns(_CONFIG, each.message or "no reason is given", subject, key_fix=_key_fix(snapshot, each.message))
        if text_at(pod, "spec", "nodeName"):
            yield from _find_pull_secret(snapshot, pod, subject)


def _key_fix(snapshot: Snapshot, message: str) -> str:
    name = message.rpartition("/")[2].split()[-1] if message.split() else ""
    facts = snapshot.secrets.get(name)
    has = f" (it has: {sanitize(', '.join(facts.keys[:8]), 200)})" if facts else ""
    return f"Name one of its keys in secrets.ngc_secret_key or hf_token_key{has}, or add the key to it."


def _find_pull_secret(snapshot: Snapshot, pod: object, subject: str) -> Iterator[Diagnosis]:
    """A pull Secret that is not one. Said even while the image comes from the node's own cache: the next node has none."""
    for name in (text_at(each, "name") for each in items_at(pod, "spec", "imagePullSecrets")):
        shown, facts = sanitize(name, 100), snapshot.secrets.get(name, ...)
        images = [text_at(each, "image") for each in items_at(pod, "spec", "containers")]
        events = [event for event in snapshot.events(None, "FailedToRetrieveImagePullSecret") if name in message_of(event)]
        registry = registry_of(images[0] if images else "")
        fix = (
            f"Make it: kubectl -n {snapshot.namespace} create secret docker-registry {shown} --docker-server={registry} "
            "--docker-username='$oauthtoken' --docker-password=<NGC API key>; or correct secrets.ngc_image_secret."
        )
        if facts is None or (facts is ... and events):
            evidence = sanitize(message_of(events[-1])) if events else ""
            yield Diagnosis("pull-secret-missing", f"The pull Secret {shown} is not there", fix, evidence, subject=subject)
        elif facts is not ... and facts.type != PULL_SECRET_TYPE:
            text = f"The pull Secret {shown} is of type {sanitize(facts.type, 60)}, not {PULL_SECRET_TYPE}: nothing is pulled with it"
            yield Diagnosis("pull-secret-type", text, fix, subject=subject)
        elif facts is not ... and facts.registries and images and registry not in facts.registries:
            text = f"The pull Secret {shown} logs in to {sanitize(', '.join(facts.registries[:4]), 120)}, not to {registry}"
            yield Diagnosis("pull-secret-registry", text, fix, subject=subject)
