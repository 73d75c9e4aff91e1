"""Where the model is kept between starts."""

from collections.abc import Iterator, Mapping
from typing import Any

from .arguments import Arguments, Rule
from .autoscaling import AutoscalingArgs
from .field_types import AbsolutePath, AccessMode, Flag, ObjectName, RelativePath, Storage, StorageClass
from .metadata import Annotations
from .pod import validate_managed
from .prewarm import PrewarmArgs
from .problems import Problem
from .secrets import NIMSecrets

_SHARED = {"ReadWriteMany"}


def _validate_kind(existing: Any, empty_dir: bool, host_path: Any, *claim: Any) -> Iterator[Problem]:
    given = [
        name
        for name, value in {"existing_claim": existing, "empty_dir": empty_dir or None, "host_path": host_path}.items()
        if value is not None
    ]
    for name in given[1:]:
        yield Problem((name,), f"must not be given together with {given[0]}", "Give one kind of storage.")
    if not given:
        return
    fields = dict(zip(("access_mode", "storage_class", "volume_name", "annotations", "size"), claim, strict=True))
    defaults = {"access_mode": "ReadWriteOnce", "size": "50Gi"}
    if given == ["empty_dir"]:
        del fields["size"]  # its limit
    for name, value in fields.items():
        if value is not None and value != defaults.get(name):
            yield Problem((name,), f"has no meaning with {given[0]}", "It describes a claim that the component makes: leave it out.")


def _validate_retain(retain: bool, existing: Any, empty_dir: bool, host_path: Any) -> Iterator[Problem]:
    if retain and (existing is not None or empty_dir or host_path is not None):
        yield Problem(
            ("retain",),
            "has no meaning without a claim of the component's own",
            "Leave it out: what the component did not make it does not delete.",
        )


def _validate_prewarm(prewarm: Any, empty_dir: bool, ephemeral: bool, host_path: Any, access_mode: Any, offline: bool) -> Iterator[Problem]:
    if prewarm is None:
        return
    for name, value in {"empty_dir": empty_dir or None, "ephemeral": ephemeral or None, "host_path": host_path}.items():
        if value is not None:
            rule = f"has no meaning with {name}, which the Job's pod does not share with the server's"
            yield Problem(("prewarm",), rule, f"Leave it out, or {name}.")
    if access_mode == "ReadWriteOncePod":
        rule = "must let a second pod in with prewarm: the Job's, while the server runs"
        yield Problem(("access_mode",), rule, "Use ReadWriteOnce or ReadWriteMany.", repr(access_mode))
    if offline:
        yield Problem(("prewarm",), "must not be given together with offline", "A download needs a registry: leave one of them out.")


def _validate_filled(read_only: bool, offline: bool, prewarm: Any, existing: Any, volume: Any, host_path: Any) -> Iterator[Problem]:
    brought = existing is not None or volume is not None or host_path is not None
    if read_only and not brought and prewarm is None:
        rule = "needs a cache that something else fills"
        yield Problem(("read_only",), rule, "Add prewarm, or name a filled volume: existing_claim, volume_name or host_path.")
    if offline and not brought:
        rule = "needs a cache that is filled already"
        yield Problem(("offline",), rule, "Name the filled volume: existing_claim, volume_name or host_path.")


def _validate_ephemeral(ephemeral: bool, existing: Any, empty_dir: bool, host_path: Any, volume: Any, retain: bool) -> Iterator[Problem]:
    others = {
        "existing_claim": existing,
        "empty_dir": empty_dir or None,
        "host_path": host_path,
        "volume_name": volume,
        "retain": retain or None,
    }
    for name, value in others.items():
        if ephemeral and value is not None:
            yield Problem(
                (name,), "has no meaning with ephemeral", "Each pod has a volume of its own, which goes with it: leave one of both out."
            )


class CacheArgs(Arguments):
    """The model cache at `/opt/nim/.cache`. By default a claim of the component's own, so that a restart does not download the model
    again."""

    size: Storage = "50Gi"
    """Size of the claim, or the limit of an `empty_dir`. Default 50Gi, NVIDIA's chart's: an 8B model at 16 bits is 15 GB, a 70B model 131
    GB. It may grow in place where the storage class allows it; it cannot shrink."""

    access_mode: AccessMode = "ReadWriteOnce"
    """Access mode of the claim. Default `ReadWriteOnce`, which every provisioner has; more replicas than one need `ReadWriteMany`."""

    storage_class: StorageClass | None = None
    """StorageClass of the claim. Default: the cluster's default class. A change makes a new claim, and the model is downloaded again."""

    volume_name: ObjectName | None = None
    """PersistentVolume to bind to. Default: any."""

    annotations: Annotations | None = None
    """Annotations of the claim. Default: none."""

    retain: Flag = False
    """Keep the claim when the service is destroyed or the claim replaced. Default no. To take it up again, name it as `existing_claim`."""

    existing_claim: ObjectName | None = None
    """Name of a PersistentVolumeClaim that is there already, in place of one of the component's own."""

    empty_dir: Flag = False
    """Keep the model in the pod only: every new pod downloads it again."""

    host_path: AbsolutePath | None = None
    """Directory of the node, in place of a claim: what one pod downloaded the next one on that node has. Pod Security `restricted` and
    `baseline` refuse it."""

    ephemeral: Flag = False
    """A claim of each pod's own that goes with the pod, for any number of pods: with a `storage_class` over the node's own disks the model
    is loaded at their speed. Default no. Each new pod downloads it again."""

    sub_path: RelativePath | None = None
    """Directory within the volume that is mounted in place of the whole, so that several models share one claim. Default: the whole."""

    prewarm: PrewarmArgs | None = None
    """Fill the cache by a Job before the rollout begins. Default: none, the first pod downloads the model itself."""

    read_only: Flag = False
    """Mount the model read-only into the server, which then writes to a scratch volume of its own: a shared cache that no server can spoil.
    Default no. Needs a cache that something else fills: `prewarm`, `existing_claim`, `volume_name` or `host_path`."""

    offline: Flag = False
    """Start from what is in the cache and ask no registry, for a cluster without a way out. Default no. Needs a cache that is filled
    already (`existing_claim`, `volume_name` or `host_path`) and secrets without a key: `NIMSecrets.keyless(ngc_image_secret=...)`."""

    rules = (
        Rule(
            ("existing_claim", "empty_dir", "host_path", "access_mode", "storage_class", "volume_name", "annotations", "size"),
            _validate_kind,
            waits=False,
        ),
        Rule(("retain", "existing_claim", "empty_dir", "host_path"), _validate_retain, waits=False),
        Rule(("prewarm", "empty_dir", "ephemeral", "host_path", "access_mode", "offline"), _validate_prewarm, waits=False),
        Rule(("read_only", "offline", "prewarm", "existing_claim", "volume_name", "host_path"), _validate_filled, waits=False),
        Rule(("ephemeral", "existing_claim", "empty_dir", "host_path", "volume_name", "retain"), _validate_ephemeral, waits=False),
    )

    @property
    def makes_claim(self) -> bool:
        """Whether the component makes a PersistentVolumeClaim."""
        return self.existing_claim is None and not self.empty_dir and self.host_path is None and not self.ephemeral


def validate_sharing(
    cache: CacheArgs, access_mode: str, replicas: int, autoscaling: AutoscalingArgs | None, rollout: str | None
) -> Iterator[Problem]:
    """A ReadWriteOnce volume is on one node at a time: a second pod would wait for it for ever."""
    if not cache.makes_claim or access_mode in _SHARED:
        return
    ways = "Use access_mode: ReadWriteMany with a storage class that has it, or an existing_claim that can be shared, or empty_dir"
    most, field = (replicas, "replicas") if autoscaling is None else (autoscaling.max_replicas, "autoscaling.max_replicas")
    if most > 1:
        yield Problem(("cache", "access_mode"), f"must allow sharing for {most} replicas", f"{ways}, or {field}: 1.", repr(access_mode))
    elif rollout == "surge":
        yield Problem(
            ("cache", "access_mode"),
            "must allow sharing for rollout 'surge', which runs two pods at once",
            f"{ways}, or leave rollout out.",
            repr(access_mode),
        )


READ_ONLY_ENV: tuple[str, ...] = ("HOME", "XDG_CACHE_HOME", "NIM_RUNTIME_CACHE_PATH")
"""Where the server writes besides its cache: to the scratch volume, when the cache is read-only."""
OFFLINE_ENV: tuple[str, ...] = ("NIM_DISABLE_MODEL_DOWNLOAD", "HF_HUB_OFFLINE")
"""What keeps a server from asking a registry. The first is of NIM 2.x; 1.x does not know it and needs only to have no key."""


def validate_cache_env(env: Mapping[str, Any] | None, cache: CacheArgs) -> Iterator[Problem]:
    """What a read-only or offline cache sets is the component's then."""
    managed = dict.fromkeys(READ_ONLY_ENV, "cache.read_only") if cache.read_only else {}
    yield from validate_managed(env, managed | (dict.fromkeys(OFFLINE_ENV, "cache.offline") if cache.offline else {}))


def validate_profile(cache: CacheArgs, model_profile: Any) -> Iterator[Problem]:
    """The server looks at its GPUs to choose a profile; the Job has none."""
    prewarm = cache.prewarm
    if prewarm is None or prewarm.profiles is not None or prewarm.all_profiles or prewarm.args is not None or model_profile is not None:
        return
    yield Problem(
        ("cache", "prewarm", "profiles"),
        "is required: the Job has no GPU by which a profile could be chosen",
        "Name one that `list-model-profiles` shows, here or as model_profile, or say all_profiles: true.",
    )


def validate_offline(cache: CacheArgs, secrets: NIMSecrets) -> Iterator[Problem]:
    """NVIDIA, "Air-gap deployment": a server that has a key tries to use it."""
    if cache.offline and not secrets.without_key:
        remedy = "Use NIMSecrets.keyless(), with ngc_image_secret=... when the image's registry asks for a login."
        yield Problem(("secrets",), "must be without a key with cache.offline: nobody could check it", remedy)
