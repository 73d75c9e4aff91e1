"""ServiceAccount of the pods: an existing one, or one that the component creates."""

from collections.abc import Iterator
from typing import Any

from .arguments import Arguments
from .field_types import Flag, ObjectName
from .metadata import Annotations
from .problems import Problem
from .rule import Rule


class ServiceAccountArgs(Arguments):
    """ServiceAccount of all pods of the service: the servers, and the Jobs that download for them.

    A cloud gives its identity to the pods: IAM roles for service accounts and EKS Pod Identity,
    Workload Identity of GKE and of Azure.
    """

    name: ObjectName | None = None
    """Name of an existing ServiceAccount. Unset: the component creates one with the name of the
    service."""

    annotations: Annotations | None = None
    """Annotations of the ServiceAccount that the component creates, such as
    `eks.amazonaws.com/role-arn`, `iam.gke.io/gcp-service-account` or
    `azure.workload.identity/client-id`. A change applies to new pods only."""

    mount_token: Flag = False
    """Token for the Kubernetes API in the pods of the server. Identities of clouds do not need it:
    their webhooks mount tokens of their own, and GKE and EKS Pod Identity use none."""

    @staticmethod
    def _validate(name: Any, annotations: Any) -> Iterator[Problem]:
        if name is not None and annotations is not None:
            action = "Remove one of the two: the component annotates only a ServiceAccount that it creates."
            yield Problem(("annotations",), "must not be combined with name", action)

    rules = (Rule(("name", "annotations"), _validate.__func__, waits=False),)  # pyright: ignore

    @property
    def is_own(self) -> bool:
        """True if the component creates the ServiceAccount."""
        return self.name is None
