"""Images that cannot be pulled, and the pull Secrets for them."""

from collections.abc import Iterator

from ...cluster.images import registry_of
from ...cluster.objects import Container, Object, containers_of, items_at, message_of, name_of, text_at
from ...kubernetes.kubectl import create_pull_secret
from ...names import CHECKER_CONTAINER, FETCHER_CONTAINER, LOADER_CONTAINER, PREWARM_CONTAINER, PULL_SECRET_TYPE, SERVER_CONTAINER
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .patterns import SEE_EVIDENCE, match_patterns
from .pull_messages import PULL_PATTERNS, mask_image

_WAITING_REASONS = (
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
)
_FIELDS = {
    SERVER_CONTAINER: "image",
    PREWARM_CONTAINER: "image",
    LOADER_CONTAINER: "lora_image",
    CHECKER_CONTAINER: "lora_image",
    FETCHER_CONTAINER: "lora.source.image",
}
"""Argument with a container's image. Other init containers have the server's image."""


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield diagnoses of the images of waiting containers."""
    for pod in snapshot.pods:
        for each in containers_of(pod):
            if each.waiting in _WAITING_REASONS:
                yield from _check_container(snapshot, pod, each, f"pod/{name_of(pod)}")


def _check_container(snapshot: Snapshot, pod: Object, each: Container, subject: str) -> Iterator[Diagnosis]:
    image = sanitize(text_at(each.spec, "image"), 200)
    field = _FIELDS.get(each.name, "image" if each.init else "extra_containers")
    message = find_pull_message(snapshot, pod, each)
    evidence = sanitize(message)
    if each.waiting == "InvalidImageName":
        yield Diagnosis("image-name-invalid", f"{image} is not a valid image reference", f"Correct {field}.", evidence, subject=subject)
        return
    if each.waiting == "ErrImageNeverPull" and "credentials" not in message:
        text = f"{image} is not on the node, and image_pull_policy is Never"
        fix = "Set image_pull_policy to IfNotPresent, or load the image on the node."
        yield Diagnosis("image-never-pulled", text, fix, evidence, subject=subject)
        return
    secret, secret_fix = _check_pull_secret(snapshot, pod, image)
    values = {"image": image, "field": field, "secret": secret, "secret_fix": secret_fix}
    masked = mask_image(message, text_at(each.spec, "image"))
    found = list(match_patterns(PULL_PATTERNS, masked, subject, original=message, **values))
    yield from found or _diagnose_unknown(each, image, field, evidence, subject)


def _diagnose_unknown(each: Container, image: str, field: str, evidence: str, subject: str) -> Iterator[Diagnosis]:
    """Yield a diagnosis by the container's reason, if the message has no known text."""
    if each.waiting == "SignatureValidationFailed":
        fix = f"Set {field} to an image that the policy permits, or change the policy."
        yield Diagnosis("image-policy", f"The signature of {image} is not valid for the node's policy", fix, evidence, subject=subject)
    elif each.waiting == "RegistryUnavailable":
        fix = f"Wait: the pull is retried automatically. If it lasts, set {field} to an image of a mirror."
        yield Diagnosis("image-registry-error", f"The registry of {image} is not available", fix, evidence, subject=subject)
    else:
        yield Diagnosis("image-pull", f"{image} cannot be pulled", SEE_EVIDENCE, evidence, "likely", subject)


def find_pull_message(snapshot: Snapshot, pod: Object, each: Container) -> str:
    """Return the whole reason of a failed pull.

    The container's own message may contain only the back-off. The reason is then in an event, or
    later in the same message.
    """
    image = text_at(each.spec, "image")
    failures = [message_of(event) for event in snapshot.events(pod, "Failed") if image in message_of(event)]
    specific = [message for message in failures if not message.startswith("Error: ")]
    return (specific or failures or [each.message])[-1] if "rpc error" not in each.message else each.message


def _check_pull_secret(snapshot: Snapshot, pod: Object, image: str) -> tuple[str, str]:
    """Return the problem of the pull Secret and its fix, as exactly as the known facts permit."""
    names = [text_at(each, "name") for each in items_at(pod, "spec", "imagePullSecrets")]
    if not names:
        return (
            "the pod has no pull Secret",
            "Set secrets.ngc_image_secret or secrets.ngc_api_key. Without a pull Secret, only public images can be pulled, and "
            "images that the identity of the node may pull. With `secrets.image_pull: node_identity`, grant it read access to the image.",
        )
    registry = registry_of(image)
    # The first Secret with credentials for the registry, else the first.
    matching = (each for each in names if (known := snapshot.secrets.get(each)) is not None and registry in known.registries)
    chosen = next(matching, names[0])
    name = sanitize(chosen, 100)
    command = create_pull_secret(snapshot.namespace, name, registry)
    alternative = "Or set secrets.ngc_api_key: the component then creates the Secret."
    replace = f"Delete the Secret and create it again: `{command}`. {alternative}"
    refused = f"the key in the pull Secret {name} is wrong, expired or not entitled to the image"
    if chosen not in snapshot.secrets:
        return refused, f"Renew the key, or obtain the entitlement. {replace}"
    facts = snapshot.secrets[chosen]
    if facts is None:
        return f"the pull Secret {name} does not exist", f"Create it: `{command}`. {alternative}"
    if facts.type != PULL_SECRET_TYPE:
        return f"the pull Secret {name} is of type {sanitize(facts.type, 60)}, not {PULL_SECRET_TYPE}", replace
    if facts.registries and registry not in facts.registries:
        registries = sanitize(", ".join(facts.registries[:4]), 120)
        return f"the pull Secret {name} has credentials for {registries}, not for {registry}", replace
    return refused, f"Renew the key, or obtain the entitlement. {replace}"
