"""Fields that the API server never changes, as `diff` reports them."""

import copy
from typing import Any

import pytest
from kubernetes.dynamic.exceptions import UnprocessibleEntityError

from tests.immutable_fields import ACCEPTED, REJECTED

from .client import Client, message_of

OUTSIDE_NAMESPACES = ("StorageClass", "PriorityClass")


def apply_both(cluster: Client, namespace: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Create an object, and apply its update as a dry run."""
    before, after = copy.deepcopy(before), copy.deepcopy(after)
    if before["kind"] not in OUTSIDE_NAMESPACES:
        before["metadata"]["namespace"] = after["metadata"]["namespace"] = namespace
    cluster.apply(before)
    try:
        cluster.apply(after, dry_run=True)
    finally:
        cluster.delete(before["apiVersion"], before["kind"], before["metadata"]["name"], before["metadata"].get("namespace"))


@pytest.mark.parametrize("case", REJECTED)
def test_immutable_field_is_rejected(case: str, cluster: Client, namespace: str):
    before, after, _ = REJECTED[case]
    with pytest.raises(UnprocessibleEntityError) as raised:
        apply_both(cluster, namespace, before, after)
    text = message_of(raised.value)
    assert any(each in text for each in ("immutable", "may not be changed", "may not change", "expected an IPv6 value"))


@pytest.mark.parametrize("case", ACCEPTED)
def test_mutable_field_is_accepted(case: str, cluster: Client, namespace: str):
    apply_both(cluster, namespace, *ACCEPTED[case])
