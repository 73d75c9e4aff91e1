"""Patterns of failed pulls: containerd, CRI-O, kubelet, and the registries' own messages.

The image's name, addresses and digests are masked before the patterns are applied.
"""

import re

from .patterns import MessagePattern, any_of, bound_message

_START = r'(?:Failed to pull image "-*": )?(?:Back-off pulling image "-*": ErrImagePull: )?(?:rpc error: (?:code = \w+ desc = )?)?'
_STEPS = "|".join(
    (
        r'failed to pull (?:and unpack image )?"[^"]*"',
        r'failed to resolve (?:reference|image) "[^"]*"',
        r"failed to (?:copy|do request|authorize|fetch (?:oauth|anonymous) token)|httpReadSeeker|failed open",
        r"(?:copying system image from manifest list|parsing image configuration|initializing source -+|reading manifest -* in -*)",
        r"(?:unable to pull image(?: or OCI artifact)?|pull image err|Requesting bearer token)",
    )
)
_PULL = _START + rf"(?:(?:{_STEPS}): )*"
"""Start of the sentences of containerd and CRI-O."""
_UNPACK = (
    "The node cannot unpack {image}",
    "Remove the image and its layers from the node, or replace the node: the storage of its container runtime can be damaged.",
)


def _status(codes: str) -> str:
    """Return a pattern of the runtimes' sentence for an HTTP status of the registry."""
    of_crio = rf"(?:invalid status code from registry|received unexpected HTTP status:|StatusCode:) (?:{codes})"
    return rf"(?:unexpected status (?:code |from \w+ request to )-*:? ?(?:{codes})|{of_crio})\b[^\n]{{0,200}}"


PULL_PATTERNS = (
    MessagePattern(
        "image-rate-limited",
        any_of(
            r"toomanyrequests|429 Too Many Requests",
            _status("429"),
            r"reached your (?:unauthenticated )?pull rate limit|Data limit exceeded",
        ),
        "The registry limits how often {image} can be pulled",
        "Wait: the pull is retried automatically. To avoid the limit, set a pull Secret (secrets.ngc_image_secret) or pull from a mirror.",
        sentences=(_PULL + _status("429"), _PULL + r"(?:reading manifest -* in -*: )?toomanyrequests: [^\n]*"),
    ),
    MessagePattern(
        "image-pull-throttled",
        r"pull QPS exceeded",
        "The kubelet of the node limits how often it pulls",
        "Wait: the pull is retried automatically.",
        sentences=(_START + r"pull QPS exceeded",),
    ),
    MessagePattern(
        "image-disk-full",
        r"no space left on device|disk quota exceeded",
        "The node's disk is full: {image} does not fit",
        "Give the GPU nodes a larger disk (a NIM image has 10 to 20 GB), or remove images.",
        sentences=(_PULL + r"[^\n]{0,400}: no space left on device",),
    ),
    MessagePattern(
        "image-unpack",
        r"failed to get reader from content store|content digest \S+: not found",
        *_UNPACK,
        "likely",
    ),
    MessagePattern(
        "image-architecture",
        r"no match for platform|no matching manifest|no image found in (?:manifest list|image index) for architecture|exec format error",
        "{image} is not built for the node's CPU architecture",
        "Select nodes with the label kubernetes.io/arch=amd64 (node_selector), or use an image for the architecture of the nodes.",
        sentences=(
            _PULL + r"no match for platform in manifest(?: -*)?(?:: not found)?",
            _PULL
            + r"(?:choosing (?:an )?image from manifest list -*: )?no image found in (?:manifest list|image index) for architecture[^\n]*",
        ),
    ),
    MessagePattern(
        "image-policy",
        any_of(
            r"A signature was required, but no signature exists|Source image rejected|rejected by policy|SignatureValidationFailed",
            r"(?:invalid|no valid|missing) signature|signature (?:validation|verification) failed|Required email|cosign",
            r"PROJECTPOLICYVIOLATION|current image with [^\n]{0,60} vulnerabilit|(?:image|artifact) is not signed",
        ),
        "A policy of the node or of the registry refuses {image}: its signature or its vulnerabilities",
        "Set {field} to an image that the policy permits, or change the policy (on the node: that of the container runtime).",
        "likely",
        sentences=(_PULL + r"(?:SignatureValidationFailed: )?Source image rejected: [^\n]*",),
    ),
    MessagePattern(
        "image-payment-required",
        any_of(r"402 \(?Payment Required", _status("402")),
        "The registry requires a subscription for {image} (402)",
        "Obtain the entitlement with the account of the pull Secret's key. "
        "For a NIM: NVIDIA AI Enterprise or the NVIDIA Developer Program.",
        sentences=(_PULL + _status("402"),),
    ),
    MessagePattern(
        "image-legal-restriction",
        any_of(r"451 \(?Unavailable For Legal Reasons", _status("451")),
        "The registry does not provide {image} for legal reasons (451)",
        "Accept the licence on the image's page with the account of the pull Secret's key. If your country is excluded, correct {field}.",
        sentences=(_PULL + _status("451"),),
    ),
    MessagePattern(
        "runtime-overloaded",
        r"\AFailed to inspect image [^\n]{0,600}(?:deadline exceeded|code = Unavailable|connection refused|operation timeout)",
        "The container runtime of the node does not answer in time",
        "Wait: the kubelet tries again. After 10 minutes, drain the node and restart its container runtime; check its disk for overload.",
        "likely",
    ),
    MessagePattern(
        "image-registry-unreachable",
        r'"-*": (?:Forbidden|Proxy Authentication Required|Bad Gateway|Service Unavailable)$|407 Proxy Authentication Required',
        "The proxy of the node refuses the connection to the registry of {image}",
        "Allow the registry in the proxy, correct the proxy of the container runtime, or set {field} to an image of a mirror.",
        "likely",
    ),
    MessagePattern(
        "image-download-broken",
        r"unexpected media type text/html|tls: bad record MAC",
        "A proxy alters the download of {image}",
        "Allow the registry in the proxy between the node and the registry, or set {field} to an image of a mirror.",
        "likely",
    ),
    MessagePattern(
        "image-registry-unreachable",
        r"client with IP '?[\d.:a-f]+'? is not allowed access",
        "The firewall of the registry of {image} refuses the node's address",
        "Allow the address in the evidence in the registry's firewall, or connect the nodes through a private endpoint.",
        "likely",
    ),
    MessagePattern(
        "image-registry-certificate",
        any_of(
            r"x509: |tls: (?:failed to verify|bad certificate|unknown certificate|handshake failure|internal error)",
            r"server gave HTTP response to HTTPS client|first record does not look like a TLS handshake",
        ),
        "The node does not trust the certificate of the registry of {image}, or the registry has none",
        "Install the registry's certificate authority for the container runtime of the GPU nodes (for containerd: its certs directory), "
        "or correct {field}.",
        "likely",
        sentences=(_PULL + r"(?:failed to do request: )?(?:\w+ \"-*\": )?(?:tls: failed to verify certificate: )?x509: [^\n]*",),
    ),
    MessagePattern(
        "image-unauthorized",
        r"failed to fetch anonymous token: [^\n]{1,600}\b40[13] ",
        "The registry refuses the pull of {image} without a key: no pull Secret that the node has read contains one for the registry",
        "{secret_fix}",
        "likely",
    ),
    MessagePattern(
        "image-unauthorized",
        r"repository does not exist or may require",
        "The registry refuses the pull of {image}: {secret}",
        "{secret_fix} Or correct {field}: the repository may not exist.",
        "likely",
    ),
    MessagePattern(
        "image-unauthorized",
        any_of(
            r"(?:^|: |\")unauthori[sz]ed\b|authentication required|invalid username/password|authorization (?:token has expired|failed)",
            r"401 Unauthorized|403 Forbidden|\b40[13] \((?:Unauthorized|Forbidden)\)",
            _status("401|403"),
            r"no basic auth credentials|insufficient_scope|pull access denied|requested access to the resource is denied",
            r"(?:^|: )denied: |AccessDeniedException\b|(?:is not|not) authorized to access|does not have the proper credentials to access",
            r'"code": ?"(?:DENIED|UNAUTHORIZED)"|[Pp]ermission "[\w.]+" denied',
        ),
        "The registry refuses the pull of {image}: {secret}",
        "{secret_fix}",
        "likely",
        sentences=(
            _PULL + _status("401|403"),
            _PULL + r"(?:unauthorized: [^\n]*|denied: [^\n]*|[^\n]{0,200}no basic auth credentials)",
        ),
    ),
    MessagePattern(
        "image-not-found",
        any_of(
            r"(?:^|: )not found\b|manifest[ _]unknown|name[ _]unknown|404 Not Found|was deleted or has expired",
            _status("404"),
            r"(?:repository|image|manifest|tag|project)(?: \S+){0,4} (?:not found|does not exist)",
        ),
        "The image {image} does not exist",
        "Correct {field}: the registry has no such repository or tag.",
        "likely",
        sentences=(
            _PULL + r"(?:-+: )?not found",
            _PULL + r"(?:failed to pull \"-*\": )?(?:unexpected status: )?(?:manifest|name)[ _]unknown(?:: [^\n]{0,200})?",
            _PULL + _status("404"),
        ),
    ),
    MessagePattern(
        "image-registry-error",
        any_of(
            r"50[0234] \(?(?:Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)|"
            r"(?:blob|manifest) service unavailable",
            _status(r"5\d\d"),
            r"registry is unavailable|internal server error",
        ),
        "The registry of {image} fails to respond to the pull (HTTP 5xx)",
        "Wait: the pull is retried automatically. If it lasts, set {field} to an image of a mirror.",
        "likely",
        sentences=(_PULL + _status(r"5\d\d"),),
    ),
    MessagePattern(
        "image-registry-error",
        _status(r"[34]\d\d"),
        "The registry of {image}, or its mirror, refuses the request of the node",
        "If the node pulls through a mirror or proxy, check that it passes requests on unchanged. Otherwise correct {field}.",
        "likely",
    ),
    MessagePattern(
        "image-download-broken",
        any_of(
            r"(?:^|: )(?:unexpected )?EOF\b|unexpected commit (?:digest|size)|failed size validation|Digest did not match|digest mismatch",
            r"short read|connection reset by peer|http2: (?:server sent GOAWAY|client connection lost|stream closed)|stream error: ",
            r"(?:archive/tar|gzip): invalid (?:tar )?header|flate: corrupt input|zlib: invalid|layers? (?:digest|size) [^\n]{0,60}mismatch",
            r"failed to (?:copy|extract layer)[^\n]{0,200}: context canceled|pull cancell?ed|rpc error: code = Canceled desc = ",
        ),
        "The download of {image} breaks off, or its data is damaged",
        "Wait: the pull is retried automatically. If it repeats, look for a proxy or firewall that ends or alters long downloads.",
        "likely",
    ),
    MessagePattern(
        "image-registry-unknown",
        r"did not resolve to an alias and no unqualified-search registries|short name mode is enforcing|"
        r"no registries configured while trying to pull",
        "The name {image} has no registry, and the node does not search for it in one",
        "Begin {field} with the registry, such as nvcr.io/.",
        "likely",
    ),
    MessagePattern(
        "image-registry-unreachable",
        any_of(
            r"no such host|server misbehaving|i/o timeout|no route to host|network is unreachable|Temporary failure in name resolution",
            r"connect(?:ion)?:? (?:connection )?(?:refused|timed out)|TLS handshake timeout|Client\.Timeout exceeded|"
            r"request canceled while waiting",
            r"context deadline exceeded|code = DeadlineExceeded|proxyconnect tcp|Proxy Authentication Required|pinging container registry",
        ),
        "The node cannot reach the registry of {image}",
        "Allow access from the GPU nodes to the registry (network, proxy, DNS), or set {field} to an image of a mirror.",
        "likely",
        sentences=(
            _PULL + r"(?:failed to do request: )?\w+ \"-*\": dial tcp[^\n]*",
            _PULL + r"(?:pinging container registry \S+: )?\w+ \"-*\": dial tcp[^\n]*",
        ),
    ),
    MessagePattern(
        "image-format",
        r"is no longer supported since containerd|unsupported (?:manifest|media) ?type|schema 1 (?:is )?not supported|"
        r"unsupported docker v2 schema|invalid rootfs in image configuration|mediaType in manifest should be",
        "{image} has a format that the node's container runtime does not support",
        "Copy the image again in the OCI format and set {field} to the copy, or update the container runtime.",
        "likely",
    ),
    MessagePattern(
        "image-unpack",
        any_of(
            r"failed to (?:extract layer|prepare extraction snapshot|unpack|apply layer|register layer|get reader from content store)",
            r"failed to create (?:snapshot|image) |(?:writing|storing|committing) (?:blob|layer)|error unpacking image|unlinkat ",
            r"creating (?:read-write )?layer|input/output error|structure needs cleaning|potentially insufficient UIDs",
        ),
        *_UNPACK,
        "likely",
    ),
)
"""Messages of failed pulls."""


def mask_image(message: str, image: str) -> str:
    """Return a message of the same length without the image's name, addresses and digests.

    Each can contain any text, such as a status code.
    """
    message = bound_message(message)
    masked = message.replace(image, "-" * len(image)) if image else message
    for pattern in (r"\b\w{1,20}://[^\s\"]*[^\s\":,.;)]", r'(?<=")[^"\s]{0,300}[/:][^"\s]{0,300}(?=")', r"sha256:[0-9a-f]{8,64}"):
        masked = re.sub(pattern, lambda found: "-" * len(found[0]), masked)
    reference = r"(?<=reading manifest )(\S{1,300})( in )(\S{1,300}?)(?=: )"
    return re.sub(reference, lambda found: f"{'-' * len(found[1])}{found[2]}{'-' * len(found[3])}", masked)
