"""How the server is reached inside the cluster."""

from typing import Literal

from .model import Arguments
from .values import AnnotationValue, LabelKey, LabelValue


class ServiceArgs(Arguments):
    """The Kubernetes Service in front of the pods. Its port is the `port` of the `NIM`."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    """Type of the Service. Default `ClusterIP`, reachable from inside the cluster only: a NIM has no authentication of its own."""

    annotations: dict[LabelKey, AnnotationValue] | None = None
    """Annotations, such as those of a cloud's load balancer. Default: none."""

    labels: dict[LabelKey, LabelValue] | None = None
    """Labels beside the component's own. Default: none."""
