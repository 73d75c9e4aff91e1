"""Cluster of a component's children, as far as the program determines it."""

from dataclasses import dataclass
from typing import Any

import pulumi

from ..args.diagnosis import DiagnosisArgs

_CHILD_TYPE = "kubernetes:apps/v1:Deployment"
_PROVIDER_INPUTS = ("kubeconfig", "context", "cluster")
"""Inputs of the Kubernetes provider that decide the cluster, as in a stack's config."""


@dataclass(frozen=True)
class Connection:
    """A kubeconfig and its context.

    The kubeconfig is a text or a path, or None for the ambient one. The context is None for the
    current one.
    """

    kubeconfig: str | None
    context: str | None

    def __repr__(self) -> str:
        return f"Connection(context={self.context!r})"  # the text of a kubeconfig contains keys


def resolve_connection(component: pulumi.Resource, diagnosis: DiagnosisArgs) -> "pulumi.Output[Connection | None] | None":
    """Return the cluster of a component's children: from `diagnosis`, else from their provider.

    Returns None if the cluster is unknown: a provider from `Provider.get` has no inputs in the
    program, and the ambient cluster may be another one. The Output resolves to None if the stack's
    default provider renders to files, or if the provider takes another cluster of the kubeconfig
    than that of the context. An explicit provider that renders to files is not detected: its
    input is no attribute of the SDK's class.
    """
    provider: Any = component.get_provider(_CHILD_TYPE)
    config = pulumi.Config("kubernetes")
    if provider is None:
        inputs = {key: config.get(key) for key in _PROVIDER_INPUTS}
    else:
        inputs = {key: provider.__dict__.get(key) for key in _PROVIDER_INPUTS}
        if inputs["kubeconfig"] is None and diagnosis.kubeconfig is None:
            return None
    kubeconfig = diagnosis.kubeconfig if diagnosis.kubeconfig is not None else inputs["kubeconfig"]
    context = diagnosis.context if diagnosis.context is not None else inputs["context"]
    renders_to_files = provider is None and bool(config.get("renderYamlToDirectory"))
    is_given = diagnosis.kubeconfig is not None or diagnosis.context is not None

    def connect(values: list[Any]) -> Connection | None:
        if renders_to_files or (values[2] and not is_given):
            return None
        return Connection(values[0] or None, values[1] or None)

    return pulumi.Output.all(kubeconfig, context, inputs["cluster"]).apply(connect)
