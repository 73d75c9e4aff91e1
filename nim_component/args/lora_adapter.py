"""LoRA adapters on the Hugging Face hub: repository, revision, name and lock."""

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from .arguments import Arguments
from .field_types import ListOf, MappingOf
from .fixes import fix
from .problems import problem_error
from .validators import match_pattern, refuse_key

_SEGMENT = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
_NO_PARENT = r"(?!.*\.\.)"
_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")
_MAX_FILES = 100
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")
"""Endings of files that are pickles, which can run code in the process that loads them."""


def _repository(value: str) -> str:
    # Grammar of the hub (huggingface_hub.utils.validate_repo_id), in ASCII only: no look-alike
    # character reaches the hub or a file system.
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
            fix("Write organisation/name, or organisation/name@revision to pin a revision, such as {}.", "my-org/my-lora@v1"),
        )
    return value


def _revision(value: str) -> str:
    if (
        not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}", value, re.ASCII)
        or ".." in value
        or "//" in value
        or value.endswith(("/", ".", ".lock"))
    ):
        action = fix("Use letters, digits, '.', '_', '-' and '/', such as {}, {} or a 40-digit commit.", "main", "v1.0")
        raise problem_error("must be a branch, tag or commit", action)
    return value


def _files(value: list[str]) -> list[str]:
    names = [file.rpartition("/")[2] for file in value]
    if len(set(names)) < len(names):
        raise problem_error("must contain each file name once: all files are put in one directory", "Remove one of the two.")
    if "adapter_config.json" not in names or not any(file in names for file in _WEIGHTS):
        action = f"Add the missing file; the weights are in {' or '.join(_WEIGHTS)}."
        raise problem_error("must contain adapter_config.json and a file of weights", action)
    if len(value) > _MAX_FILES:
        raise problem_error(f"must have at most {_MAX_FILES} files", "List the files that the server reads.")
    return value


if TYPE_CHECKING:
    Repository = str
    Revision = str
    AdapterName = str
    FileList = ListOf[str]
    FilePath = str
    Subfolder = str
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
            "must be the name of an adapter, which is a directory and the model name in requests",
            "Use at most 96 letters, digits, '.', '_' and '-'; start and end with a letter or digit.",
        ),
    ]
    FilePath = Annotated[
        _Word,
        match_pattern(
            rf"{_NO_PARENT}({_SEGMENT}/){{0,9}}{_SEGMENT}",
            "must be the path of a file in the repository",
            "Write names of letters, digits, '.', '_' and '-', separated by '/', without '..'.",
        ),
    ]
    Subfolder = Annotated[
        _Word,
        match_pattern(
            rf"{_NO_PARENT}({_SEGMENT}/){{0,4}}{_SEGMENT}",
            "must be a folder of the repository",
            fix("Write it without '..' and without '/' at its ends, such as {}.", "adapters/support"),
        ),
    ]
    _LOCK_AGAIN = "Run `nim-component adapters lock` again."
    Sha256 = Annotated[str, match_pattern(r"[0-9a-f]{64}", "must be a SHA-256 in hexadecimal", _LOCK_AGAIN)]
    Commit = Annotated[str, match_pattern(r"[0-9a-f]{40}", "must be a commit of 40 digits", _LOCK_AGAIN)]
    FileList = Annotated[list[FilePath], AfterValidator(_files)]


class LockedFile(Arguments):
    """File of an adapter at the time of the lock."""

    size: Annotated[int, Field(ge=0)]
    """Size in bytes."""

    sha256: Sha256
    """SHA-256 of the content, in hexadecimal."""


class LockedAdapter(Arguments):
    """Adapter at the time of the lock: its record in the lock file.

    `nim-component adapters lock` writes it.
    """

    commit: Commit
    """Commit of the revision."""

    files: MappingOf[FilePath, LockedFile]
    """Files that a server needs, by their path in the repository."""

    rank: int | None = None
    """Highest rank of a module."""

    base_model: str | None = None
    """Base model according to the adapter's configuration."""

    weights_only: bool | None = None
    """True if the weights are a pickle in which `adapters lock` found tensors only. Unset: they are
    in safetensors, or were not scanned."""

    features: Annotated[ListOf[str], Field(default_factory=list)]
    """Features beyond plain LoRA, such as `DoRA` or `method IA3`."""

    target_modules: Annotated[ListOf[str], Field(default_factory=list)]
    """Target modules of the adapter's configuration; empty for a pattern."""

    modules: Annotated[ListOf[str], Field(default_factory=list)]
    """Modules that have tensors of LoRA in the weights. Empty: they are unknown."""


class LoRAAdapter(Arguments):
    """LoRA adapter on the Hugging Face hub."""

    repo_id: Repository
    """Repository on the hub, `organisation/name`."""

    revision: Revision = "main"
    """Branch, tag or commit. Pin a commit, so that a restarted pod serves the same adapter."""

    name: AdapterName | None = None
    """Directory below `$NIM_PEFT_SOURCE`, and model name in requests. Unset: the last segment of
    `subfolder`, or without one of `repo_id`."""

    subfolder: Subfolder | None = None
    """Folder of the repository that contains the adapter, such as `adapters/support`. Several
    adapters of one repository each have one. Unset: the top directory."""

    files: FileList | None = None
    """Files to download, as paths relative to `subfolder`. The directory of the adapter contains
    them without their folders. Unset: `adapter_config.json`, and `adapter_model.safetensors` or,
    with `allow_pickle` and if the repository has no such file, `adapter_model.bin`."""

    allow_pickle: bool = False
    """Accept weights in `adapter_model.bin`. Such a file is a pickle, which can run code in the
    process that loads it. Its opcodes are scanned, and anything but tensors is an error; a scan is
    no proof, so set it only for repositories that you trust."""

    locked: LockedAdapter | None = None
    """Record of the lock file. The program of a stack sets it from the lock file beside the stack
    file."""

    @property
    def served_name(self) -> str:
        """Model name in requests."""
        return self.name or (self.subfolder or self.repo_id).rpartition("/")[2]


def _adapter(value: Any) -> Any:
    """Return the fields of an adapter for its short form `org/name` or `org/name@revision`."""
    if not isinstance(value, str):
        return value
    repo_id, at, revision = value.partition("@")
    return {"repo_id": repo_id, "revision": revision} if at else {"repo_id": repo_id}


if TYPE_CHECKING:
    Adapter = LoRAAdapter | str
else:
    Adapter = Annotated[LoRAAdapter, BeforeValidator(_adapter, json_schema_input_type=LoRAAdapter | str)]
