"""Which cluster a service goes to, as far as the program knows."""

from dataclasses import dataclass
from typing import Any

import pulumi

from ..args.diagnosis import DiagnosisArgs

_OBJECT = "kubernetes:apps/v1:Deployment"


@dataclass(frozen=True)
class Connection:
    """A kubeconfig (text or path, none for the ambient one) and a context of it (none for its current one)."""

    kubeconfig: str | None
    context: str | None

    def __repr__(self) -> str:
        return f"Connection(context={self.context!r})"  # a kubeconfig's text holds keys


def resolve_connection(component: pulumi.Resource, diagnosis: DiagnosisArgs) -> "pulumi.Output[Connection | None] | None":
    """Where the children of a component go: what is said in `diagnosis`, else what their provider was given. None where that is not known:
    a provider that was only looked up has no inputs here, and the ambient cluster may be another. It resolves to none where the stack's
    default provider writes files. Whether an explicit one does cannot be seen from here: then there is little to tell, and no harm."""
    provider: Any = component.get_provider(_OBJECT)
    config = pulumi.Config("kubernetes")
    if provider is None:
        said = {"kubeconfig": config.get("kubeconfig"), "context": config.get("context")}
    else:
        said = {part: provider.__dict__.get(part) for part in ("kubeconfig", "context")}
        if said["kubeconfig"] is None and diagnosis.kubeconfig is None:
            return None
    renders = provider is None and bool(config.get("renderYamlToDirectory"))
    kubeconfig = diagnosis.kubeconfig if diagnosis.kubeconfig is not None else said["kubeconfig"]
    context = diagnosis.context if diagnosis.context is not None else said["context"]

    def connect(values: list[Any]) -> Connection | None:
        return None if renders else Connection(values[0] or None, values[1] or None)

    return pulumi.Output.all(kubeconfig, context).apply(connect)
