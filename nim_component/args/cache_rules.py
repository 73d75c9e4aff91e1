"""Rules across the cache and the other fields of a `NIM`."""

from collections.abc import Iterator, Mapping
from typing import Any

from .autoscaling import AutoscalingArgs
from .cache import CacheArgs
from .fixes import fix
from .pod import validate_managed
from .problems import Problem
from .secrets import NIMSecrets

READ_ONLY_ENV: tuple[str, ...] = ("HOME", "XDG_CACHE_HOME", "NIM_RUNTIME_CACHE_PATH")
"""Environment variables of directories on the scratch volume of a read-only cache."""
OFFLINE_ENV: tuple[str, ...] = ("NIM_DISABLE_MODEL_DOWNLOAD", "HF_HUB_OFFLINE")
"""Environment variables that prevent downloads. NIM 1.x ignores the first; there the missing key
prevents them."""


def validate_sharing(
    cache: CacheArgs, access_mode: str, replicas: int, autoscaling: AutoscalingArgs | None, rollout: str | None
) -> Iterator[Problem]:
    """Require a shared volume for more than one pod.

    A ReadWriteOnce volume is attached to one node at a time: a pod on another node never starts.
    """
    if not cache.has_own_pvc or access_mode == "ReadWriteMany":
        return
    ways = "Use {} with a storage class that supports it, or a shared PVC in cache.existing_claim, or {}, or "
    examples: tuple[Any, ...] = ({"cache": {"access_mode": "ReadWriteMany"}}, {"cache": {"empty_dir": True}})
    most = replicas if autoscaling is None else autoscaling.max_replicas
    one = {"replicas": 1} if autoscaling is None else {"autoscaling": {"max_replicas": 1}}
    if most > 1:
        message = f"must allow sharing for {most} replicas"
        yield Problem(("cache", "access_mode"), message, fix(ways + "{}.", *examples, one), repr(access_mode))
    elif rollout == "surge":
        message = "must allow sharing for rollout 'surge', which runs two pods at once"
        yield Problem(("cache", "access_mode"), message, fix(ways + "remove rollout.", *examples), repr(access_mode))


def validate_cache_env(env: Mapping[str, Any] | None, cache: CacheArgs) -> Iterator[Problem]:
    """Refuse the variables that a read-only or offline cache sets."""
    managed = dict.fromkeys(READ_ONLY_ENV, "cache.read_only") if cache.read_only else {}
    yield from validate_managed(env, managed | (dict.fromkeys(OFFLINE_ENV, "cache.offline") if cache.offline else {}))


def validate_profile(cache: CacheArgs, model_profile: Any) -> Iterator[Problem]:
    """Require a profile for the prewarm Job: it has no GPU from which one could be chosen."""
    prewarm = cache.prewarm
    if prewarm is None or prewarm.profiles is not None or prewarm.all_profiles or prewarm.args is not None or model_profile is not None:
        return
    yield Problem(
        ("cache", "prewarm", "profiles"),
        "is required: the Job has no GPU from which a profile could be chosen",
        fix(
            "Set a profile that `list-model-profiles` prints, here or in model_profile, or set {}.",
            {"cache": {"prewarm": {"all_profiles": True}}},
        ),
    )


def validate_offline(cache: CacheArgs, secrets: NIMSecrets) -> Iterator[Problem]:
    """Require secrets without a key for an offline cache.

    NVIDIA, "Air-gap deployment": a server with a key connects to the registry.
    """
    if cache.offline and not secrets.without_key:
        keyless: dict[str, Any] = {"secrets": {"without_key": True}}
        with_login: dict[str, Any] = {"secrets": {"without_key": True, "ngc_image_secret": "my-registry"}}
        action = fix("Use {}, or for an image registry with a login {}.", keyless, with_login)
        yield Problem(("secrets",), "must be without a key with cache.offline: a server with a key connects to NGC", action)
