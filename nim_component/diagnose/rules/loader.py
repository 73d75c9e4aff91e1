"""Containers that download or check LoRA adapters. Their exit codes identify the failure."""

from collections.abc import Iterator

from ...cluster.objects import Container, Ended, container, name_of, text_at
from ...lora_loader import EXIT_CODES
from ...names import CHECKER_CONTAINER, LOADER_CONTAINER
from ...text.sanitizing import sanitize_tail
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .server_messages.hub_token import has_token

_KINDS = {code: kind for kind, code in EXIT_CODES.items()}

FAILURES: dict[str, tuple[str, str]] = {
    "unexpected": (
        "The adapter loader failed with an unexpected error",
        "See its log in the evidence, and report it.",
    ),
    "adapter-list": (
        "The adapter list or the settings of the adapter loader are invalid",
        "Correct hf_repo_ids, or the variable in the evidence.",
    ),
    "foreign": (
        "The volume for the adapters has an entry that the adapter loader did not create",
        "Remove it from the volume, or rename the adapter.",
    ),
    "library": (
        "The adapter loader cannot install huggingface_hub",
        "Allow access from the pods to a package index (PIP_INDEX_URL, a proxy), or set lora_image to an image with the library.",
    ),
    "unauthorized": (
        "The hub refuses the adapter's download: the token is missing or wrong",
        "Set secrets.hf_token_key (and secrets.hf_token_group) to a valid token's key, or correct the repository in hf_repo_ids.",
    ),
    "gated": (
        "The adapter's repository is gated, and the token has no access",
        "Accept its terms with the account of the token, wait for a pending approval, or use another token (secrets.hf_token_key).",
    ),
    "not-found": (
        "The adapter's repository or revision does not exist on the hub",
        "Correct hf_repo_ids. A private repository requires a token with read access (secrets.hf_token_key).",
    ),
    "no-match": (
        "The repository does not contain the files of a LoRA adapter",
        "Correct the repository, its revision or its files in hf_repo_ids. A base model is not an adapter.",
    ),
    "disk-full": (
        "The volume for the adapters is full",
        "Raise ephemeral_storage, give the node a larger disk, or list fewer adapters.",
    ),
    "volume": (
        "The adapter loader cannot write to its volume",
        "Set fs_group to the owner of the volume, and mount the volume writable.",
    ),
    "damaged": (
        "An adapter is damaged: it differs from the hub's record, or is not an adapter",
        "Pin another revision, or look for a proxy that alters files.",
    ),
    "rate-limited": (
        "The hub limits the downloads",
        "Set a token (secrets.hf_token_key) and pin revisions. The download is retried automatically.",
    ),
    "hub": (
        "The hub cannot be reached or does not respond",
        "Check HF_ENDPOINT, the proxy and the network of the pod. The download is retried automatically.",
    ),
    "rank": (
        "An adapter's rank is above the server's limit",
        "Raise lora.max_rank, or remove the adapter.",
    ),
    "unsupported": (
        "An adapter uses a feature that the server's engine does not load",
        "Train or export the adapter as plain LoRA, merge it into the model, or remove it.",
    ),
    "pickle": (
        "The weights of an adapter are a pickle, which can run code in the server",
        "Convert them to safetensors. If you trust the repository, set `allow_pickle: true` on the adapter, which accepts tensors only.",
    ),
    "disabled": (
        "The hub disabled the adapter's repository",
        "See the page of the repository for the reason, or use another adapter.",
    ),
    "certificate": (
        "The certificate of the hub, or of a proxy or mirror before it, is not trusted",
        "Add the certificate of its authority with network.ca_config_map.",
    ),
    "not-listed": (
        "The volume has an adapter that is not as in hf_repo_ids",
        "If an update is running, wait for its Job. Otherwise run the update again, and find out who wrote to the volume.",
    ),
    "lock-lost": (
        "The adapter loader was suspended, and another one took over its volume",
        "No action: the other one downloads the adapters, and this one restarts.",
    ),
    "time-out": (
        "The adapters were not downloaded in time",
        "Raise startup_timeout, or list fewer adapters. Downloaded adapters are kept.",
    ),
    "interrupted": (
        "The adapter loader was stopped before it finished",
        "No action if the pod was deleted: the next start resumes the download.",
    ),
}
"""Text and fix by kind of failure, one for each of the loader's `EXIT_CODES`."""


_GATED_WITHOUT_TOKEN = (
    "The adapter's repository is gated, and the adapter loader has no token",
    "Accept its terms on its page, and set secrets.hf_token_key to the key of a Secret with a token of the same account.",
)


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield the last failures of the containers."""
    for pod in snapshot.pods:
        for loader in (container(pod, LOADER_CONTAINER), container(pod, CHECKER_CONTAINER)):
            if loader is not None and loader.ended and loader.ended.code != 0:
                yield _diagnose_failure(snapshot, loader, loader.ended, f"pod/{name_of(pod)}")


def _diagnose_failure(snapshot: Snapshot, loader: Container, ended: Ended, subject: str) -> Diagnosis:
    if ended.reason == "OOMKilled":
        limit = text_at(loader.spec, "resources", "limits", "memory") or "no limit"
        text = f"The adapter loader ran out of memory ({limit})"
        return Diagnosis("loader-out-of-memory", text, "Raise lora_adapter_mem.", subject=subject)
    kind = _KINDS.get(ended.code)
    if kind is None or kind not in FAILURES:
        text = f"The adapter loader ended with exit code {ended.code}"
        fix = "See its log in the evidence. If you set lora_image, check that image."
        return Diagnosis("loader-unknown", text, fix, sanitize_tail(ended.message), "likely", subject)
    text, fix = FAILURES[kind]
    if kind == "gated" and has_token(snapshot.pod_template, loader.name) is False:
        text, fix = _GATED_WITHOUT_TOKEN
    return Diagnosis(f"loader-{kind}", text, fix, sanitize_tail(ended.message), subject=subject)
