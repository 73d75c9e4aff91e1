"""Storage of the model between starts of the server."""

from collections.abc import Iterator
from typing import Any

from ..names import CACHE_EMPTY_DIR_VOLUME, CACHE_EPHEMERAL_VOLUME, CACHE_HOST_VOLUME, CACHE_PVC_VOLUME
from .arguments import Arguments
from .field_types import AbsolutePath, AccessMode, Flag, ObjectName, RelativePath, Storage, StorageClass
from .fixes import fix
from .metadata import Annotations
from .prewarm import PrewarmArgs
from .problems import Problem
from .rule import Rule


def _validate_kind(existing: Any, empty_dir: bool, host_path: Any, *fields: Any) -> Iterator[Problem]:
    """Require one kind of storage, and fields of a new PVC only with a new PVC."""
    kinds = {"existing_claim": existing, "empty_dir": empty_dir or None, "host_path": host_path}
    chosen = [name for name, value in kinds.items() if value is not None]
    for name in chosen[1:]:
        yield Problem((name,), f"must not be combined with {chosen[0]}", "Keep one kind of storage.")
    if not chosen:
        return
    of_pvc = dict(zip(("access_mode", "storage_class", "volume_name", "annotations", "size"), fields, strict=True))
    defaults = {"access_mode": "ReadWriteOnce", "size": "50Gi"}
    if chosen == ["empty_dir"]:
        del of_pvc["size"]  # There it is the size limit.
    for name, value in of_pvc.items():
        if value is not None and value != defaults.get(name):
            yield Problem((name,), f"has no effect with {chosen[0]}", "Remove it: it is for a PVC that the component creates.")


def _validate_retain(retain: bool, existing: Any, empty_dir: bool, host_path: Any) -> Iterator[Problem]:
    if retain and (existing is not None or empty_dir or host_path is not None):
        action = "Remove it: the component only deletes what it created."
        yield Problem(("retain",), "has no effect without a PVC that the component creates", action)


def _validate_prewarm(prewarm: Any, empty_dir: bool, ephemeral: bool, host_path: Any, access_mode: Any, offline: bool) -> Iterator[Problem]:
    if prewarm is None:
        return
    for name, value in {"empty_dir": empty_dir or None, "ephemeral": ephemeral or None, "host_path": host_path}.items():
        if value is not None:
            message = f"has no effect with {name}: the Job's pod and the server's pod do not share that storage"
            yield Problem(("prewarm",), message, f"Remove prewarm or {name}.")
    if access_mode == "ReadWriteOncePod":
        message = "must allow a second pod with prewarm: the Job's, while the server runs"
        action = fix("Use {} or {}.", {"access_mode": "ReadWriteOnce"}, {"access_mode": "ReadWriteMany"})
        yield Problem(("access_mode",), message, action, repr(access_mode))
    if offline:
        yield Problem(("prewarm",), "must not be combined with offline: the download needs a registry", "Remove one of the two.")


def _validate_filled(read_only: bool, offline: bool, prewarm: Any, existing: Any, volume: Any, host_path: Any) -> Iterator[Problem]:
    is_filled = existing is not None or volume is not None or host_path is not None
    volumes = "existing_claim, volume_name or host_path"
    if read_only and not is_filled and prewarm is None:
        message = "requires a cache that is filled by something other than the server"
        yield Problem(("read_only",), message, f"Add prewarm, or name a filled volume: {volumes}.")
    if offline and not is_filled:
        yield Problem(("offline",), "requires a filled cache", f"Name the filled volume: {volumes}.")


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
            message = "has no effect with ephemeral: each pod has its own volume, which is deleted with the pod"
            yield Problem((name,), message, "Remove one of the two.")


class CacheArgs(Arguments):
    """Model cache at `/opt/nim/.cache`.

    By default a PVC that the component creates, so that a restart does not download the model
    again.
    """

    size: Storage = "50Gi"
    """Size of the PVC, or size limit of an `empty_dir`. An 8B model at 16 bits has 15 GiB, a 70B
    model 131 GiB; the default is that of NVIDIA's chart. The default logs a warning for a model
    that is known to be larger. The size can grow in place if the storage class allows it, and
    cannot shrink."""

    access_mode: AccessMode = "ReadWriteOnce"
    """Access mode of the PVC. Every provisioner supports `ReadWriteOnce`; more than one replica
    require `ReadWriteMany`."""

    storage_class: StorageClass | None = None
    """StorageClass of the PVC. A change creates a new PVC, and the model is downloaded again.
    Unset: the cluster's default class."""

    volume_name: ObjectName | None = None
    """Name of the PersistentVolume to bind to. Unset: any."""

    annotations: Annotations | None = None
    """Annotations of the PVC."""

    retain: Flag = False
    """Retention of the PVC when the service is destroyed or the PVC is replaced. To use it again,
    set `existing_claim` to its name."""

    existing_claim: ObjectName | None = None
    """Name of an existing PVC, in place of one that the component creates."""

    empty_dir: Flag = False
    """Storage in the pod only, as an `emptyDir`: each new pod downloads the model again."""

    host_path: AbsolutePath | None = None
    """Directory of the node, in place of a PVC. Pods on the same node share it. The Pod Security
    levels `restricted` and `baseline` refuse it."""

    ephemeral: Flag = False
    """A PVC for each pod, which is deleted with the pod, for any number of pods. With a
    `storage_class` of local disks, the model loads at their speed. Each new pod downloads it
    again."""

    sub_path: RelativePath | None = None
    """Directory of the volume that is mounted in place of its root, so that several models share
    one PVC."""

    prewarm: PrewarmArgs | None = None
    """Job that fills the cache before a rollout begins. Unset: the first pod downloads the
    model."""

    read_only: Flag = False
    """Read-only mount of the model. The server writes to a scratch volume of its own, so that no
    server can damage a shared cache. Requires `prewarm`, `existing_claim`, `volume_name` or
    `host_path`."""

    offline: Flag = False
    """Offline start: the server uses the model in the cache and connects to no registry, for
    clusters without internet access. Requires a filled cache (`existing_claim`, `volume_name` or
    `host_path`) and secrets without a key: `NIMSecrets.keyless(ngc_image_secret=...)`."""

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
    def volume(self) -> str:
        """Name of the pod's volume."""
        if self.empty_dir:
            return CACHE_EMPTY_DIR_VOLUME
        if self.ephemeral:
            return CACHE_EPHEMERAL_VOLUME
        return CACHE_PVC_VOLUME if self.host_path is None else CACHE_HOST_VOLUME

    @property
    def has_own_pvc(self) -> bool:
        """True if the component creates a PVC."""
        return self.existing_claim is None and not self.empty_dir and self.host_path is None and not self.ephemeral
