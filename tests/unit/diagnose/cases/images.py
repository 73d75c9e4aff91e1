"""Images that cannot be pulled."""

from nim_component.cluster.secret_facts import SecretFacts
from nim_component.diagnose.snapshot import Snapshot
from nim_component.names import PULL_SECRET_TYPE

from ..kubernetes_objects import IMAGE, snapshot, waiting
from ..snapshots import PULL_FACTS, Case, NearMiss, failed_pull

STATUS = "unexpected status from HEAD request to https://nvcr.io/v2/nim/manifests/1.0.0: "


def unreachable_image(image: str) -> Snapshot:
    """Return a pod with this image, whose registry does not respond."""
    waiting_pod = waiting("ErrImagePull", f'rpc error: failed to pull "{image}": dial tcp: i/o timeout')
    waiting_pod["spec"]["containers"][0]["image"] = image
    return snapshot(waiting_pod)


CASES: dict[str, list[Case]] = {
    "image-not-found": [
        (failed_pull("nvcr.io/nim/meta/llama3-8b-instruct:1.0.0: not found"), f"The image {IMAGE} does not exist"),
        (
            snapshot(waiting("ErrImagePull", f'rpc error: code = NotFound desc = failed to pull "{IMAGE}": manifest unknown')),
            "Correct image",
        ),
    ],
    "image-unauthorized": [
        (
            failed_pull("pull access denied, repository does not exist or may require authorization: 401 Unauthorized", PULL_FACTS),
            "not entitled",
        ),
        (failed_pull("403 Forbidden", {"pull": None}), "the pull Secret pull does not exist"),
        (
            failed_pull("unauthorized", {"pull": SecretFacts("Opaque", ("x",))}),
            f"the pull Secret pull is of type Opaque, not {PULL_SECRET_TYPE}",
        ),
        (
            failed_pull("unauthorized", {"pull": SecretFacts(PULL_SECRET_TYPE, (".dockerconfigjson",), ("ghcr.io",))}),
            "has credentials for ghcr.io, not for nvcr.io",
        ),
        (snapshot(waiting("ErrImagePull", "rpc error: unauthorized", spec={"imagePullSecrets": []})), "the pod has no pull Secret"),
    ],
    "image-rate-limited": [(failed_pull("429 Too Many Requests - toomanyrequests: You have reached your pull rate limit"), "mirror")],
    "image-registry-unreachable": [(failed_pull("dial tcp: lookup nvcr.io on 10.96.0.10:53: no such host"), "cannot reach the registry")],
    "image-payment-required": [(failed_pull(STATUS + "402 Payment Required"), "NVIDIA AI Enterprise")],
    "image-legal-restriction": [(failed_pull(STATUS + "451 Unavailable For Legal Reasons"), "Accept the licence")],
    "image-policy": [
        (failed_pull("Source image rejected: A signature was required, but no signature exists"), "that of the container runtime"),
        (snapshot(waiting("SignatureValidationFailed", "image pull failed for x because the signature validation failed.")), "policy"),
    ],
    "image-pull-throttled": [(snapshot(waiting("ErrImagePull", "rpc error: pull QPS exceeded")), "The kubelet of the node limits")],
    "image-registry-error": [
        (failed_pull(STATUS + "503 Service Unavailable"), "(HTTP 5xx)"),
        (snapshot(waiting("RegistryUnavailable", "image pull failed for x")), "is not available"),
    ],
    "image-registry-certificate": [
        (failed_pull('failed to do request: Head "https://r/v2": x509: certificate signed by unknown authority'), "certs directory")
    ],
    "image-registry-unknown": [
        (failed_pull('short-name "nim" did not resolve to an alias and no unqualified-search registries are defined'), "Begin image with")
    ],
    "image-download-broken": [(failed_pull("failed to copy: httpReadSeeker: failed open: unexpected EOF"), "breaks off")],
    "image-format": [(failed_pull('media type "x" is no longer supported since containerd v2.1'), "OCI format")],
    "image-unpack": [(failed_pull("failed to extract layer sha256:0: invalid argument"), "cannot unpack")],
    "image-disk-full": [(failed_pull("write /var/lib/containerd/x: no space left on device"), "10 to 20 GB")],
    "image-architecture": [(failed_pull("no match for platform in manifest"), "kubernetes.io/arch=amd64")],
    "image-name-invalid": [
        (snapshot(waiting("InvalidImageName", "couldn't parse image name")), "is not a valid image reference. | Correct image")
    ],
    "image-never-pulled": [
        (snapshot(waiting("ErrImageNeverPull", "Container image is not present with pull policy of Never")), "IfNotPresent")
    ],
    "image-pull": [(failed_pull("something new"), "something new")],
}

NEAR_MISSES: dict[str, NearMiss] = {
    # the image's own name contains the text of the pattern
    "image-not-found": unreachable_image("nvcr.io/forbidden/nim:404"),
    "image-unauthorized": [failed_pull("not found"), unreachable_image("nvcr.io/forbidden/nim:404")],
    "image-rate-limited": failed_pull("not found"),
    "image-registry-unreachable": failed_pull("not found"),
    # an address or a tag contains the text of the pattern
    "image-payment-required": failed_pull("unexpected status from HEAD request to https://r.io/v2/402/manifests/402: 404 Not Found"),
    "image-legal-restriction": unreachable_image("r.io/nim:451"),
    "image-policy": failed_pull("403 Forbidden"),
    "image-pull-throttled": failed_pull(STATUS + "429 Too Many Requests"),
    "image-registry-error": unreachable_image("r.io/nim:503"),
    "image-registry-certificate": unreachable_image("r.io/x509/tls:1"),
    "image-registry-unknown": failed_pull("not found"),
    "image-download-broken": unreachable_image("r.io/eof/nim:eof"),
    "image-format": failed_pull("not found"),
    "image-unpack": failed_pull("not found"),
    "image-disk-full": failed_pull("not found"),
    "image-architecture": failed_pull("not found"),
    "image-name-invalid": failed_pull("not found"),
    "image-never-pulled": failed_pull("not found"),
    "image-pull": snapshot(waiting("ContainerCreating")),
}
