"""Prewarm Job, which fills the model cache before a rollout begins."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field, Strict

from .arguments import Arguments
from .field_types import AnyText, Cores, Integer, ListOf, Memory, Text
from .metadata import LabelSelector
from .pod import PodToleration
from .problems import Problem
from .rule import Rule

_CHOICES = ("profiles", "all_profiles", "args")


def _validate_choice(profiles: Any, all_profiles: bool, args: Any) -> Iterator[Problem]:
    chosen = [name for name, value in zip(_CHOICES, (profiles, all_profiles or None, args), strict=True) if value is not None]
    for name in chosen[1:]:
        yield Problem((name,), f"must not be combined with {chosen[0]}", "Keep one of the two.")


class PrewarmArgs(Arguments):
    """Job that downloads the model into the cache before the rollout begins.

    It runs `download-to-cache` in the server's own image. The old pods serve until the new model is
    in the cache. It requests no GPU, so it never waits for one. A change of its pod creates a new
    Job beside the old one.
    """

    profiles: Annotated[ListOf[Text], Field(min_length=1)] | None = None
    """Profiles to download, with the names that `list-model-profiles` prints. The Job has no GPU
    from which it could choose one: set `profiles`, `model_profile`, `all_profiles` or `args`.
    Unset: `model_profile`."""

    all_profiles: Annotated[bool, Strict()] = False
    """Download of every profile (`--all`), which is many times the size of one."""

    args: Annotated[ListOf[AnyText], Field(min_length=1)] | None = None
    """Arguments of `download-to-cache` in place of `--profiles`, such as `["--model-uri",
    "hf://org/model"]` for a NIM without a model of its own."""

    cpu: Cores = 2
    """CPU cores of the Job, as request and limit."""

    mem: Memory = "8Gi"
    """Memory of the Job, as request and limit. Downloads in parallel chunks have exceeded 1Gi."""

    timeout: Annotated[Integer, Field(ge=60, le=86400)] = 3600
    """Seconds for the download. The Job's deadline and Pulumi's timeout are derived from it."""

    node_selector: LabelSelector | None = None
    """Labels that the Job's node must have. Unset: the server's `node_selector`, so that a volume
    that binds on first use binds to a node with GPUs."""

    tolerations: ListOf[PodToleration] | None = None
    """Tolerations of the Job's pod. Unset: the server's."""

    rules = (Rule(_CHOICES, _validate_choice, waits=False),)
