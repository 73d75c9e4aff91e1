"""Images that cannot be pulled, and what is known of the Secret that was to pull them."""

from collections.abc import Iterator

from ...cluster.images import registry_of
from ...cluster.objects import Container, Object, containers_of, items_at, message_of, name_of, text_at
from ...names import CHECKER_CONTAINER, FETCHER_CONTAINER, LOADER_CONTAINER, PREWARM_CONTAINER, PULL_SECRET_TYPE, SERVER_CONTAINER
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .patterns import MessagePattern, any_of, match_patterns

_WAITING = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable")
_FIELDS = {
    SERVER_CONTAINER: "image",
    PREWARM_CONTAINER: "image",
    LOADER_CONTAINER: "lora_image",
    CHECKER_CONTAINER: "lora_image",
    FETCHER_CONTAINER: "lora.source.image",
}
"""The argument that a container's image is from. Other init containers have the server's."""

_PULL = (
    MessagePattern(
        "image-rate-limited",
        r"toomanyrequests|too many requests|\b429\b|rate limit",
        "The registry limits how often {image} may be pulled",
        "Wait, or pull through a mirror; a pull Secret (secrets.ngc_image_secret) raises the limit. It is tried again by itself.",
    ),
    MessagePattern(
        "image-disk-full",
        r"no space left on device|disk quota exceeded",
        "The node's disk is full: {image} does not fit",
        "Give GPU nodes a larger disk (a NIM's image is 10 to 20 GB), or remove images.",
    ),
    MessagePattern(
        "image-architecture",
        r"no match for platform|no matching manifest|exec format error",
        "{image} is not built for the node's processor",
        "Choose nodes with node_selector: {{kubernetes.io/arch: amd64}}, or an image for theirs.",
    ),
    MessagePattern(
        "image-unauthorized",
        any_of(
            r"unauthori[sz]ed",
            r"authentication required",
            r"\b401\b",
            r"\b403\b",
            r"forbidden",
            r"access denied",
            r"no basic auth",
            r"pull access denied",
            r"insufficient_scope",
            r"denied:",
        ),
        "The registry refuses to hand out {image}: {secret}",
        "{pull_secret_fix}",
    ),
    MessagePattern(
        "image-not-found",
        r"not found|manifest unknown|name unknown|does not exist|\b404\b",
        "There is no image {image}",
        "Correct {field}: the registry has no such repository or tag.",
    ),
    MessagePattern(
        "image-registry-unreachable",
        any_of(
            r"no such host",
            r"i/o timeout",
            r"connection refused",
            r"connection reset",
            r"deadline exceeded",
            r"no route to host",
            r"x509",
            r"tls:",
            r"proxyconnect",
            r"server misbehaving",
            r"network is unreachable",
        ),
        "The node cannot reach the registry of {image}",
        "Open the network, proxy or DNS from the GPU nodes to the registry, or use a mirror of it in {field}.",
    ),
)


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """What is wrong with images."""
    for pod in snapshot.pods:
        for each in containers_of(pod):
            if each.waiting in _WAITING:
                yield from _read_waiting(snapshot, pod, each, f"pod/{name_of(pod)}")


def _read_waiting(snapshot: Snapshot, pod: Object, each: Container, subject: str) -> Iterator[Diagnosis]:
    image = sanitize(text_at(each.spec, "image"), 200)
    field = _FIELDS.get(each.name, "image" if each.init else "extra_containers")
    message = _reason(snapshot, pod, each)
    evidence = sanitize(message)
    if each.waiting == "InvalidImageName":
        yield Diagnosis("image-name-invalid", f"{image} is no image reference", f"Correct {field}.", evidence, subject=subject)
        return
    if each.waiting == "ErrImageNeverPull":
        fix = "Use image_pull_policy: IfNotPresent, or bring the image to the node."
        yield Diagnosis("image-never-pulled", f"{image} is not on the node, and image_pull_policy is Never", fix, evidence, subject=subject)
        return
    secret, fix = _judge_pull_secret(snapshot, pod, image)
    words = message.replace(text_at(each.spec, "image") or "\0", "")  # "not found" may stand in the name
    found = list(match_patterns(_PULL, words, subject, evidence, image=image, field=field, secret=secret, pull_secret_fix=fix))
    yield from found
    if not found:
        yield Diagnosis("image-pull", f"{image} cannot be pulled", "The words below say why.", evidence, "likely", subject)


def _reason(snapshot: Snapshot, pod: Object, each: Container) -> str:
    """The back-off says only that it waits; what failed before stands in the event, or further back in the same message."""
    image = text_at(each.spec, "image")
    failed = [message_of(event) for event in snapshot.events(pod, "Failed") if image in message_of(event)]
    told = [message for message in failed if not message.startswith("Error: ")]
    return (told or failed or [each.message])[-1] if "rpc error" not in each.message else each.message


def _judge_pull_secret(snapshot: Snapshot, pod: Object, image: str) -> tuple[str, str]:
    """What is said of the pull Secret, and what to do: as exact as what is known of it allows."""
    names = [text_at(each, "name") for each in items_at(pod, "spec", "imagePullSecrets")]
    registry = registry_of(image)
    if not names:
        return (
            "the pod has no pull Secret",
            "Name one in secrets.ngc_image_secret, or give secrets.ngc_api_key: keyless() is for public images.",
        )
    name = names[0]
    shown = sanitize(name, 100)
    make = (
        f"Make it anew: kubectl -n {snapshot.namespace} create secret docker-registry {shown} --docker-server={registry} "
        "--docker-username='$oauthtoken' --docker-password=<NGC API key>; or give secrets.ngc_api_key, and it is made for you."
    )
    if name not in snapshot.secrets:
        return (
            f"the key in the pull Secret {shown} is wrong, expired or not entitled to it",
            f"Renew the key, or get the entitlement. {make}",
        )
    facts = snapshot.secrets[name]
    if facts is None:
        return f"the pull Secret {shown} is not there", make
    if facts.type != PULL_SECRET_TYPE:
        return f"the pull Secret {shown} is of type {sanitize(facts.type, 60)}, not {PULL_SECRET_TYPE}", make
    if facts.registries and registry not in facts.registries:
        return f"the pull Secret {shown} logs in to {sanitize(', '.join(facts.registries[:4]), 120)}, not to {registry}", make
    return f"the key in the pull Secret {shown} is wrong, expired or not entitled to it", f"Renew the key, or get the entitlement. {make}"
