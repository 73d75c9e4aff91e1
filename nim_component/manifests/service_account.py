"""The ServiceAccount of the pods."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.service_account import ServiceAccountArgs
from ..names import make_labels


def render_service_account(nim: NIM, service_name: str, account: ServiceAccountArgs) -> "dict[str, Any]":
    """Render metadata; the pods decide about the token."""
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {"name": service_name, "namespace": nim.namespace, "labels": make_labels(service_name)}
    if account.annotations:
        metadata["annotations"] = dict(account.annotations)
    return {"metadata": metadata, "automount_service_account_token": account.mount_token}


class PodAccount(TypedDict):
    """Fields of a pod's spec about its ServiceAccount."""

    automount_service_account_token: bool
    service_account_name: "NotRequired[pulumi.Input[str]]"
    service_account: "NotRequired[pulumi.Input[str]]"


def render_pod_account(nim: NIM, service_name: str, *, is_server: bool) -> PodAccount:
    """Render the fields of a pod: the ServiceAccount, and the token for the Kubernetes API.

    Jobs never get the token.
    """
    account = nim.service_account
    pod: PodAccount = {"automount_service_account_token": is_server and account is not None and account.mount_token}
    if account is not None:
        name: Any = service_name if account.name is None else account.name
        # The API server copies the name to the deprecated field. If the component did not own that
        # field too, a pod template without a ServiceAccount would keep the former one.
        pod["service_account_name"] = pod["service_account"] = name
    return pod
