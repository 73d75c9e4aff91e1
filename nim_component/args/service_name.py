"""Validation of the name of a service."""

import re
from collections.abc import Iterator
from typing import Any

from ..names import LONGEST_SUFFIX, name_leader_worker_set
from ..text.redaction import looks_like_credential
from .fixes import fix
from .problems import Problem, problem_error

_LABEL = 63
"""Characters of a DNS label, and of the value of a Kubernetes label."""
_REVISION_HASH = 10
"""Digits of the longest revision hash of a StatefulSet, which is a number of 32 bits."""
LONGEST_SERVICE_NAME = _LABEL - LONGEST_SUFFIX
"""Characters of a service name: the longest generated name must be a DNS label of at most 63."""
SERVICE_NAME_RULE = f"at most {LONGEST_SERVICE_NAME} lower-case letters, digits and '-', starting with a letter"


def is_service_name(value: str) -> bool:
    """Return whether a text is a DNS-1035 label, also with the longest suffix."""
    return len(value) <= LONGEST_SERVICE_NAME and re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", value, re.ASCII) is not None


def validate_service_name(value: str) -> str:
    """Return a service name, or raise the error of a field."""
    if not is_service_name(value):
        raise problem_error(f"must be a Kubernetes name: {SERVICE_NAME_RULE}", fix("Use a name such as {}.", suggest_service_name(value)))
    return value


def find_longest_multi_node_name(replicas: int, rollout: str | None) -> int:
    """Return the largest number of characters of the name of a multi-node service.

    Each node group has a StatefulSet `<LeaderWorkerSet>-<index>`. The StatefulSet controller sets
    the label `controller-revision-hash` of its pods to that name and a revision hash. With a longer
    label, no pod is created: https://github.com/kubernetes/kubernetes/issues/64023.
    """
    last_index = max(replicas, 1) - 1 + (rollout == "surge")
    return _LABEL - len(f"{name_leader_worker_set('')}-{last_index}-") - _REVISION_HASH


def validate_multi_node_name(name: str | None, multi_node: Any, replicas: int, rollout: str | None) -> Iterator[Problem]:
    """Require a name with which the pods of every node group can be created."""
    longest = find_longest_multi_node_name(replicas, rollout)
    if name is None or multi_node is None or not longest < len(name) <= LONGEST_SERVICE_NAME:
        return
    fits_fewer = len(name) <= find_longest_multi_node_name(1, None)
    message = f"must have at most {longest} characters with multi_node{f' and {replicas} replicas' if fits_fewer else ''}, or "
    message += "the label controller-revision-hash of its pods exceeds 63 characters, and no pod is created"
    suggestion = suggest_service_name(name)[:longest].rstrip("-")
    action = fix(f"Use a shorter name, such as {{}}{', or fewer replicas' if fits_fewer else ''}.", suggestion)
    yield Problem(("service_name",), message, action, repr(name))


def suggest_service_name(value: str) -> str:
    """Return a valid service name that resembles a text: `Llama3.1_8B` becomes `llama3-1-8b`."""
    if looks_like_credential(value):
        return "my-service"
    words = re.findall(r"[a-z0-9]+", value.lower(), re.ASCII)
    name = "-".join(words)
    if not re.match(r"[a-z]", name):
        name = f"nim-{name}"
    return name[:LONGEST_SERVICE_NAME].strip("-")
