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


def connection_of(component: pulumi.Resource, diagnosis: DiagnosisArgs) -> "pulumi.Output[Connection | None] | None":
    """Where the children of a component go: what is said in `diagnosis`, else what their provider says. None where that is not known: then
    the ambient cluster may be another one. It resolves to none where the provider writes files."""
    provider: Any = component.get_provider(_OBJECT)
    if provider is not None:
        # The inputs of a provider resource of this program; one that was only looked up has none.
        said = {part: provider.__dict__.get(part) for part in ("kubeconfig", "context", "render_yaml_to_directory")}
        if said["kubeconfig"] is None and diagnosis.kubeconfig is None:
            return None
    else:
        config = pulumi.Config("kubernetes")
        said = {"kubeconfig": config.get("kubeconfig"), "context": config.get("context")}
        said["render_yaml_to_directory"] = config.get("renderYamlToDirectory")
    kubeconfig = diagnosis.kubeconfig if diagnosis.kubeconfig is not None else said["kubeconfig"]
    context = diagnosis.context if diagnosis.context is not None else said["context"]

    def connect(values: dict[str, Any]) -> Connection | None:
        if values["renders"]:
            return None
        return Connection(values["kubeconfig"] or None, values["context"] or None)

    return pulumi.Output.all(kubeconfig=kubeconfig, context=context, renders=said["render_yaml_to_directory"]).apply(connect)
