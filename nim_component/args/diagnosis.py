"""Progress report and diagnosis of a rollout, and the cluster that they read."""

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Strict, WithJsonSchema

from .arguments import Arguments
from .field_types import AnyText, OrOutput
from .fixes import fix
from .outputs import is_output
from .problems import problem_error
from .validators import refuse_key


def _path_or_output(value: Any) -> Any:
    # The text of an Output is read together with the cluster. An invalid one disables the progress
    # report, and fails nothing.
    if is_output(value):
        return value
    if isinstance(value, str) and value and not re.search(r"[\n{]", value):
        return refuse_key(value)
    raise problem_error(
        "must be the path of a kubeconfig, or an Output of its text",
        fix(
            "Pass the text as a Pulumi secret, because it contains credentials, or remove the field to use the provider's kubeconfig.",
            yaml="Write a path, or remove the field to use the provider's kubeconfig.",
        ),
    )


if TYPE_CHECKING:
    import pulumi

    Kubeconfig = pulumi.Input[str]
else:
    Kubeconfig = Annotated[Any, AfterValidator(_path_or_output), WithJsonSchema({"type": "string"}), OrOutput()]


class DiagnosisArgs(Arguments):
    """Progress report of `pulumi up`: phases of the rollout, and the causes of a stalled one.

    It only reads and never changes an object. At the end of an update, it compares the live
    services with the program; only `unavailable` and `missing_models` can fail the update. Requires
    the package's extra `diagnose` and access to the cluster; without them nothing is printed.
    """

    enabled: Annotated[bool, Strict()] = True
    """Reading of the cluster, for the progress report and the comparison. Never in a preview."""

    kubeconfig: Kubeconfig | None = None
    """Kubeconfig for reading: its path, or an Output of its text, which may be a secret. Unset:
    that of the Kubernetes provider, otherwise the ambient one (`KUBECONFIG`, `~/.kube/config`)."""

    context: AnyText | None = None
    """Context of that kubeconfig. Unset: that of the Kubernetes provider, otherwise the current
    one."""

    unavailable: Literal["error", "warn", "ignore"] = "error"
    """Reaction if, at the end of an update, the workload or a Job is not available, or its live
    spec differs from the program, also if Pulumi reports "unchanged". `error` fails the update with
    the diagnosis and the command that helps. Scaled to zero is available."""

    missing_models: Literal["error", "warn", "ignore"] = "error"
    """Reaction if the server is ready and does not list the base model or an adapter: a NIM skips
    an adapter that it cannot load without an error. `error` fails the update. If the Service cannot
    be reached through the API server, the models are not compared."""
