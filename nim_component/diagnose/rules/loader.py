"""The containers that download LoRA adapters, or look at them: the exit code says what failed, the last line what to do."""

from collections.abc import Iterator

from ...cluster.objects import Container, container, name_of, text_at
from ...lora_loader import EXIT_CODES
from ...names import CHECKER_CONTAINER, LOADER_CONTAINER
from ...text.sanitizing import sanitize_tail
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot

_KINDS = {code: kind for kind, code in EXIT_CODES.items()}

FAILURES: dict[str, tuple[str, str]] = {
    "unexpected": ("The adapter loader failed in a way it does not know", "Read its last words below, and report them."),
    "adapter-list": ("The adapter loader's list or settings are wrong", "Correct hf_repo_ids, or the variable that its words below name."),
    "foreign": (
        "A directory of an adapter's name exists that the loader did not make",
        "Remove it from the volume, or give the adapter another name.",
    ),
    "library": (
        "The adapter loader cannot install huggingface_hub",
        "Let the pods reach a package index (PIP_INDEX_URL, a proxy), or use a lora_image that has the library.",
    ),
    "unauthorized": (
        "The hub refuses the adapter's download: no token, or a wrong one",
        "Set secrets.hf_token_key (and hf_token_group) to a valid token, or correct the repository in hf_repo_ids.",
    ),
    "gated": (
        "The adapter's repository is gated, and the token's account may not read it",
        "Accept its terms on its page with the account of the token, or give another token (secrets.hf_token_key).",
    ),
    "not-found": (
        "There is no such adapter repository or revision on the hub",
        "Correct hf_repo_ids; for a private repository give a token that may read it.",
    ),
    "no-match": (
        "The repository does not hold the files of a LoRA adapter",
        "Correct hf_repo_ids: its revision, or files; a base model is no adapter.",
    ),
    "disk-full": ("The volume for the adapters is full", "Raise ephemeral_storage or give the node a larger disk, or list fewer adapters."),
    "volume": ("The adapter loader may not write to its volume", "Set fs_group to the owner of the volume, and mount it writable."),
    "damaged": (
        "An adapter is damaged: it is not what the hub's record says, or no adapter at all",
        "Pin another revision, or look for a proxy that alters files.",
    ),
    "rate-limited": ("The hub limits the downloads", "Give a token (secrets.hf_token_key) and pin revisions; it is tried again by itself."),
    "hub": (
        "The hub cannot be reached or does not answer",
        "Check HF_ENDPOINT, proxy and network from the pod; it is tried again by itself.",
    ),
    "rank": (
        "An adapter's rank is above what the server takes",
        "Raise lora.max_rank, or drop the adapter.",
    ),
    "lock-lost": ("Two loaders worked on one volume, and this one slept", "Nothing: the other does the work, and this one starts again."),
    "time-out": ("The adapters did not arrive in time", "Raise startup_timeout, or list fewer adapters; what has arrived is kept."),
    "interrupted": (
        "The adapter loader was stopped before it was done",
        "Nothing, if the pod was deleted: the next start goes on from there.",
    ),
}
"""Kind of failure to what it means and what to do. One for each of the loader's `EXIT_CODES`."""


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """How the loader failed, as long as it has not succeeded since."""
    for pod in snapshot.pods:
        for loader in (container(pod, LOADER_CONTAINER), container(pod, CHECKER_CONTAINER)):
            if loader is not None and loader.ended and loader.ended.code != 0:
                yield from _read_end(loader, f"pod/{name_of(pod)}")


def _read_end(loader: Container, subject: str) -> Iterator[Diagnosis]:
    ended = loader.ended
    if ended is None:
        return
    if ended.reason == "OOMKilled":
        memory = text_at(loader.spec, "resources", "limits", "memory") or "what it has"
        text = f"The adapter loader ran out of memory ({memory})"
        yield Diagnosis("loader-out-of-memory", text, "Raise lora_adapter_mem.", subject=subject)
        return
    kind = _KINDS.get(ended.code)
    if kind is None or kind not in FAILURES:
        text = f"The adapter loader ended with exit code {ended.code}"
        yield Diagnosis(
            "loader-unknown",
            text,
            "Read its last words below; with a lora_image of your own, look at that.",
            sanitize_tail(ended.message),
            "likely",
            subject,
        )
        return
    text, fix = FAILURES[kind]
    yield Diagnosis(f"loader-{kind}", text, fix, sanitize_tail(ended.message), subject=subject)
