"""Events of a pod about volumes that cannot be attached or mounted."""

import re
from collections.abc import Iterator

from ...cluster.objects import Object, items_at, message_of, text_at
from ...cluster.volume_owners import name_pvc
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .attach_messages import ATTACH_PATTERNS
from .mount_messages import MOUNT_PATTERNS
from .patterns import match_patterns
from .volume_fields import name_volume_fields

_FAILURES = ("FailedMount", "FailedAttachVolume", "FailedMapVolume")
_OWNERSHIP = "VolumePermissionChangeInProgress"
_WITHOUT_REASON = re.compile(
    r"Unable to attach or mount volumes|unmounted volumes=|.{1,1000} due to backoff condition|.{1,1000}an operation with the given "
    r"(?:Volume ID|volume key) \S{1,200} already exists"
)
"""Messages that name no reason: the kubelet's summary, and refusals of another attempt."""


def check_mounts(snapshot: Snapshot, pod: Object, subject: str) -> Iterator[Diagnosis]:
    """Yield the reason why a pod waits for its volumes."""
    events = snapshot.events(pod, *_FAILURES, _OWNERSHIP)
    if events and events[-1].get("reason") == _OWNERSHIP:
        fix = (
            "Wait: the kubelet sets the GID of every file, once for each volume. To skip it, set fs_group to the GID of the "
            "volume's root directory."
        )
        text = "The kubelet is setting the GID (fs_group) of the files on a volume"
        yield Diagnosis("volume-ownership-slow", text, fix, sanitize(message_of(events[-1])), subject=subject)
        return
    messages = [message_of(event) for event in events if event.get("reason") in _FAILURES]
    specific = [message for message in messages if not _WITHOUT_REASON.match(message)]
    for message in (specific or messages)[-1:]:
        pvc = _find_pvc(snapshot, pod, message)
        fields = name_volume_fields(snapshot, pod, pvc)
        yield from match_patterns(ATTACH_PATTERNS + MOUNT_PATTERNS, mask_names(message), subject, original=message, **fields)


def _find_pvc(snapshot: Snapshot, pod: Object, message: str) -> str:
    """Return the name of the PVC whose volume a message names, or an empty text."""
    found = re.search(r'for volume "([^"]*)"', message)
    volume = found[1] if found else ""
    for name, pvc in snapshot.pvcs_of(pod):
        if pvc is not None and text_at(pvc, "spec", "volumeName") == volume:
            return name
    own = (each for each in items_at(pod, "spec", "volumes") if text_at(each, "name") == volume)
    return next((name_pvc(pod, each) for each in own), "")


def mask_names(message: str) -> str:
    """Return a message of the same length without the names of volumes and classes.

    A name can contain any word.
    """
    return re.sub(r'(StorageClass|for volume) "([^"]*)"', lambda found: f'{found[1]} "{"-" * len(found[2])}"', message)
