"""Messages of the scheduler about a pod without a node, split into their reasons.

The scheduler counts nodes by reason: "0/5 nodes are available: 1 node(s) had untolerated taint
{a: b}, 4 Insufficient nvidia.com/gpu. preemption: …". cluster-autoscaler counts its node pools in
the same form, and so does KAI Scheduler, which writes "GPUs" for `nvidia.com/gpu`.
"""

import re
from typing import NamedTuple

_LONGEST = 20_000
_MOST = 50
"""Number of reasons that are read. The scheduler counts equal ones, so that few remain."""
_HEADER = re.compile(r"\A(?:\d+/\d+ nodes are available: ?|(?:Node-Pool '[^']{0,320}': )?(?:no nodes with enough resources were found: )?)")
_PREEMPTION = re.compile(
    r"[.,\s]{0,5}(?:\bpreemption: |still not schedulable\b|no new claims to deallocate\b|deallocation of ResourceClaim\b).*", re.DOTALL
)
"""Attempts of the scheduler after it found no node: preemption, and deallocation."""
_NEXT = re.compile(r"(?:, |\. ?\n ?)(?=\d+ )")
_COUNT = re.compile(r"(\d+) (.+)", re.DOTALL)
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9./_-]{0,300}[A-Za-z0-9])?"
_RESOURCE = re.compile(
    rf"Insufficient (?!pods\Z)({_NAME})|node\(s\) didn't have enough (?:of mig profile|resources): ({_NAME}|CPU cores)(?:\. .*)?", re.DOTALL
)
_KAI_NAMES = {"GPUs": "nvidia.com/gpu", "CPU cores": "cpu"}
"""Resources as KAI Scheduler names them."""
_TAINT = re.compile(
    r"node\(s\) had (?:untolerated )?taint \{(?P<key>[^:}]{1,320})(?:: ?(?P<value>[^}]{0,70}))?\}(?:, that the pod didn't tolerate)?"
)


class Reason(NamedTuple):
    """One reason of a message, with the number of nodes or node pools that it excludes."""

    nodes: int
    """0 for a reason that concerns the pod as a whole."""
    text: str

    def __str__(self) -> str:
        return f"{self.nodes} {self.text}" if self.nodes else self.text


class Taint(NamedTuple):
    """A taint as the scheduler's message contains it: without its effect."""

    key: str
    value: str


def split_reasons(message: str) -> list[Reason]:
    """Return the reasons of a message, in its order. What was tried afterwards is left out."""
    body = _PREEMPTION.sub("", _HEADER.sub("", message[:_LONGEST].strip())).strip().rstrip(".")
    return list(dict.fromkeys(_read(part) for part in _NEXT.split(body, maxsplit=_MOST)[:_MOST] if part.strip()))


def _read(part: str) -> Reason:
    match = _COUNT.fullmatch(part.strip())
    return Reason(int(match[1]), match[2]) if match else Reason(0, part.strip())


def lacking_resource(reason: Reason) -> str:
    """Return the resource that nodes lack, such as `nvidia.com/gpu`, or an empty text."""
    match = _RESOURCE.fullmatch(reason.text)
    name = (match[1] or match[2]) if match else ""
    return _KAI_NAMES.get(name, name)


def untolerated_taint(reason: Reason) -> Taint | None:
    """Return the taint of a reason, or None for another reason, or for one that names no taint."""
    match = _TAINT.fullmatch(reason.text)
    return Taint(match["key"].strip(), (match["value"] or "").strip()) if match else None
