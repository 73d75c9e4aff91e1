"""Filling the model cache before a rollout begins."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field, Strict

from .arguments import Arguments, Rule
from .field_types import Cores, Memory, Text, WholeNumber, Words
from .metadata import LabelSelector
from .pod import Toleration
from .problems import Problem

_CHOICES = ("profiles", "all_profiles", "args")


def _validate_choice(profiles: Any, all_profiles: bool, args: Any) -> Iterator[Problem]:
    given = [name for name, value in zip(_CHOICES, (profiles, all_profiles or None, args), strict=True) if value is not None]
    for name in given[1:]:
        yield Problem((name,), f"must not be given together with {given[0]}", "Say in one way what is downloaded.")


class PrewarmArgs(Arguments):
    """A Job that downloads the model into the cache (`download-to-cache`, in the server's own image) and that the rollout waits for: the
    old pods serve until the new model is there. It asks for no GPU, so that it never waits for one. A change of what it runs makes a new
    Job beside the old one."""

    profiles: Annotated[list[Text], Field(min_length=1)] | None = None
    """Profiles to download, as `list-model-profiles` shows them. Default: `model_profile`. Without a GPU the Job cannot choose one itself,
    so there must be one of the two, or `all_profiles`, or `args`."""

    all_profiles: Annotated[bool, Strict()] = False
    """Download every profile (`--all`). Default no: it is many times the size of one."""

    args: Annotated[list[Words], Field(min_length=1)] | None = None
    """Arguments of `download-to-cache` in place of `--profiles`, such as `["--model-uri", "hf://org/model"]` for a NIM without a model of
    its own. Default: none."""

    cpu: Cores = 2
    """CPU cores of the Job, request and limit. Default 2."""

    mem: Memory = "8Gi"
    """Memory of the Job, request and limit. Default 8Gi: downloads in parallel chunks have run out of 1Gi."""

    timeout: Annotated[WholeNumber, Field(ge=60, le=86400)] = 3600
    """Seconds that the download may take. Default 3600. The Job's deadline and Pulumi's timeout follow from it."""

    node_selector: LabelSelector | None = None
    """Labels that the Job's node must have. Default: the server's `node_selector`, so that a volume that binds where it is first used
    binds where the GPUs are."""

    tolerations: list[Toleration] | None = None
    """Taints that the Job bears. Default: the server's."""

    rules = (Rule(_CHOICES, _validate_choice, waits=False),)
