"""Images that cannot be pulled."""

from nim_component.cluster.secret_facts import SecretFacts
from nim_component.diagnose.snapshot import Snapshot

from ..made import IMAGE, snapshot, waiting
from ..shown import PULL_FACTS, PULL_TYPE, Case, NearMiss, pulled


def named(image: str) -> Snapshot:
    """An image of that name whose registry is silent."""
    waits = waiting("ErrImagePull", f'rpc error: failed to pull "{image}": dial tcp: i/o timeout')
    waits["spec"]["containers"][0]["image"] = image
    return snapshot(waits)


CASES: dict[str, list[Case]] = {
    "image-not-found": [
        (pulled("nvcr.io/nim/meta/llama3-8b-instruct:1.0.0: not found"), f"The image {IMAGE} does not exist"),
        (
            snapshot(waiting("ErrImagePull", f'rpc error: code = NotFound desc = failed to pull "{IMAGE}": manifest unknown')),
            "Correct image",
        ),
    ],
    "image-unauthorized": [
        (
            pulled("pull access denied, repository does not exist or may require authorization: 401 Unauthorized", PULL_FACTS),
            "not entitled",
        ),
        (pulled("403 Forbidden", {"pull": None}), "the pull Secret pull does not exist"),
        (pulled("unauthorized", {"pull": SecretFacts("Opaque", ("x",))}), f"the pull Secret pull is of type Opaque, not {PULL_TYPE}"),
        (
            pulled("unauthorized", {"pull": SecretFacts(PULL_TYPE, (".dockerconfigjson",), ("ghcr.io",))}),
            "has credentials for ghcr.io, not for nvcr.io",
        ),
        (snapshot(waiting("ErrImagePull", "rpc error: unauthorized", spec={"imagePullSecrets": []})), "the pod has no pull Secret"),
    ],
    "image-rate-limited": [(pulled("429 Too Many Requests - toomanyrequests: You have reached your pull rate limit"), "mirror")],
    "image-registry-unreachable": [(pulled("dial tcp: lookup nvcr.io on 10.96.0.10:53: no such host"), "cannot reach the registry")],
    "image-disk-full": [(pulled("write /var/lib/containerd/x: no space left on device"), "10 to 20 GB")],
    "image-architecture": [(pulled("no match for platform in manifest"), "kubernetes.io/arch=amd64")],
    "image-name-invalid": [
        (snapshot(waiting("InvalidImageName", "couldn't parse image name")), "is not a valid image reference. | Correct image")
    ],
    "image-never-pulled": [
        (snapshot(waiting("ErrImageNeverPull", "Container image is not present with pull policy of Never")), "IfNotPresent")
    ],
    "image-pull": [(pulled("something new"), "something new")],
}

NEAR_MISSES: dict[str, NearMiss] = {
    # the words stand in the image's own name
    "image-not-found": named("nvcr.io/forbidden/nim:404"),
    "image-unauthorized": [pulled("not found"), named("nvcr.io/forbidden/nim:404")],
    "image-rate-limited": pulled("not found"),
    "image-registry-unreachable": pulled("not found"),
    "image-disk-full": pulled("not found"),
    "image-architecture": pulled("not found"),
    "image-name-invalid": pulled("not found"),
    "image-never-pulled": pulled("not found"),
    "image-pull": snapshot(waiting("ContainerCreating")),
}
