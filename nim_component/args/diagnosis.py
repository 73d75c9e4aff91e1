"""What is told of a rollout while it is waited for, and from which cluster it is read."""

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Strict, WithJsonSchema

from .arguments import Arguments
from .field_types import OrOutput, Words, refuse_key
from .outputs import is_output
from .problems import problem_error


def _text_or_output(value: Any) -> Any:
    # What an Output holds is looked at when the cluster is: an unusable one makes the narrator silent, and fails nothing.
    if is_output(value):
        return value
    if isinstance(value, str) and value and not re.search(r"[\n{]", value):
        return refuse_key(value)
    raise problem_error(
        "must be the path of a kubeconfig, or an Output of its text",
        "A kubeconfig's text holds keys: hand it over as a Pulumi secret, or leave it out to use the provider's own.",
    )


if TYPE_CHECKING:
    import pulumi

    Kubeconfig = pulumi.Input[str]
else:
    Kubeconfig = Annotated[Any, AfterValidator(_text_or_output), WithJsonSchema({"type": "string"}), OrOutput()]


class DiagnosisArgs(Arguments):
    """What `pulumi up` tells of this service while it waits: its phases, and the cause of what stands still. It only reads, and nothing of
    it changes, delays or fails an update. Needs the package's extra `diagnose`; without it, and without a cluster to read, it is silent."""

    enabled: Annotated[bool, Strict()] = True
    """Whether the cluster is looked at: for the story and for the models. Default yes. Never in a preview."""

    kubeconfig: Kubeconfig | None = None
    """Kubeconfig to read with: its path, or an Output of its text, which may be a secret. Default: the Kubernetes provider's own, else the
    ambient one (`KUBECONFIG`, `~/.kube/config`)."""

    context: Words | None = None
    """Context of that kubeconfig. Default: the provider's own, else the current one."""

    missing_models: Literal["error", "warn", "ignore"] = "error"
    """What happens when the server is ready and does not list the base model or an adapter: a NIM says nothing of an adapter that it cannot
    load. Default `error`: the update fails. Where the Service cannot be reached through the API server, nothing is compared."""
