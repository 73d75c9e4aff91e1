"""LoRA adapters: which, at which revision, under which name."""

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from .arguments import Arguments
from .field_types import match_pattern, refuse_key
from .problems import problem_error

_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")


def _repository(value: str) -> str:
    # The hub's grammar (huggingface_hub.utils.validate_repo_id), ASCII only: no look-alike reaches the hub or a file system.
    owner, _, name = value.partition("/")
    if (
        not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*", value, re.ASCII)
        or len(value) > 96
        or "--" in value
        or ".." in value
        or value.endswith((".git", ".", "-"))
        or owner.endswith((".", "-"))
        or not name
    ):
        raise problem_error(
            "must be a Hugging Face repository",
            "Write organisation/name, or organisation/name@revision to pin it, such as my-org/my-lora@v1.",
        )
    return value


def _revision(value: str) -> str:
    if (
        not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}", value, re.ASCII)
        or ".." in value
        or "//" in value
        or value.endswith(("/", ".", ".lock"))
    ):
        raise problem_error(
            "must be a branch, tag or commit", "Use letters, digits, '.', '_', '-' and '/', such as main, v1.0 or a 40-digit commit."
        )
    return value


def _files(value: list[str]) -> list[str]:
    if "adapter_config.json" not in value or not any(file in value for file in _WEIGHTS):
        raise problem_error(
            "must hold adapter_config.json and a file of weights", f"Add what is missing; weights are {' or '.join(_WEIGHTS)}."
        )
    return value


if TYPE_CHECKING:
    Repository = str
    Revision = str
    AdapterName = str
    FileList = list[str]
    FileName = str
    Sha256 = str
    Commit = str
else:
    _Word = Annotated[str, AfterValidator(refuse_key)]
    Repository = Annotated[_Word, AfterValidator(_repository)]
    Revision = Annotated[_Word, AfterValidator(_revision)]
    AdapterName = Annotated[
        _Word,
        match_pattern(
            r"[A-Za-z0-9]([A-Za-z0-9._-]{0,94}[A-Za-z0-9])?",
            "must be an adapter's name: it becomes a directory and the model name in requests",
            "Use letters, digits, '.', '_' and '-', starting and ending with a letter or digit.",
        ),
    ]
    FileName = Annotated[
        _Word,
        match_pattern(
            r"[A-Za-z0-9][A-Za-z0-9._-]{0,126}", "must be a file's name at the top of the repository", "Write the name without a directory."
        ),
    ]
    Sha256 = Annotated[str, match_pattern(r"[0-9a-f]{64}", "must be a sha256 in hexadecimal", "Lock the adapters again.")]
    Commit = Annotated[str, match_pattern(r"[0-9a-f]{40}", "must be a commit of 40 digits", "Lock the adapters again.")]
    FileList = Annotated[list[FileName], AfterValidator(_files)]


class LockedFile(Arguments):
    """A file as it was when the adapters were locked."""

    size: Annotated[int, Field(ge=0)]
    """Bytes."""

    sha256: Sha256
    """Hash of its content."""


class LockedAdapter(Arguments):
    """What an adapter was when it was locked: the lock file's own record, written by `nim-component adapters lock`."""

    commit: Commit
    """Commit that the revision meant."""

    files: dict[FileName, LockedFile]
    """The files that a server needs, by their path in the repository."""

    rank: int | None = None
    """Highest rank of a module."""

    base_model: str | None = None
    """Model that it was trained on, by its own account."""


class LoRAAdapter(Arguments):
    """One LoRA adapter on the Hugging Face hub."""

    repo_id: Repository
    """Repository on the hub, `organisation/name`."""

    revision: Revision = "main"
    """Branch, tag or commit. Default `main`; pin a commit to know what a restart serves."""

    name: AdapterName | None = None
    """Directory below `$NIM_PEFT_SOURCE` and model name in requests. Default: the last segment of `repo_id`."""

    files: FileList | None = None
    """Files to fetch. Default: `adapter_config.json` and `adapter_model.safetensors`, or `.bin` when that is all there is."""

    locked: LockedAdapter | None = None
    """What the lock file says of it. Default: none; a stack's program puts in what stands in the lock file beside the stack file."""

    @property
    def served_name(self) -> str:
        """The name requests use."""
        return self.name or self.repo_id.rpartition("/")[2]


def _adapter(value: Any) -> Any:
    """`org/name` or `org/name@revision` in place of a `LoRAAdapter`."""
    if not isinstance(value, str):
        return value
    repo_id, at, revision = value.partition("@")
    return {"repo_id": repo_id, "revision": revision} if at else {"repo_id": repo_id}


if TYPE_CHECKING:
    Adapter = LoRAAdapter | str
else:
    Adapter = Annotated[LoRAAdapter, BeforeValidator(_adapter, json_schema_input_type=LoRAAdapter | str)]


def model_of_image(image: str) -> str:
    """The last two segments of an image's repository, without registry, tag and digest."""
    path = image.partition("@")[0].split("/")
    path[-1] = path[-1].partition(":")[0]
    return "/".join(path[-2:] if len(path) > 2 else path[-1:])
