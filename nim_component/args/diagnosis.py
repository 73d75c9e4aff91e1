"""Progress report and diagnosis of a rollout, and the cluster that they read."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Strict, WithJsonSchema

from .arguments import Arguments
from .field_types import AnyText, OrOutput
from .fixes import fix
from .outputs import is_output
from .problems import Problem, problem_error
from .rule import Rule
from .validators import refuse_key

DEFAULT_GRACE = 60
"""Seconds of `fail_fast: true`. In this time, a kubelet has tried to pull an image three times."""


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


_SHORTEST_GRACE, _LONGEST_GRACE = 10, 3600


def _validate_grace(value: Any) -> Any:
    seconds = int(value) if isinstance(value, float) and value.is_integer() else value  # JSON has no integers
    if isinstance(seconds, bool) or (isinstance(seconds, int) and _SHORTEST_GRACE <= seconds <= _LONGEST_GRACE):
        return seconds
    raise problem_error(
        f"must be a boolean, or seconds from {_SHORTEST_GRACE} to {_LONGEST_GRACE}",
        fix(
            f"Use True for {DEFAULT_GRACE} seconds.",
            yaml=f"Use true for {DEFAULT_GRACE} seconds.",
            sdk=f"Use true for {DEFAULT_GRACE} seconds.",
        ),
    )


def _validate_fail_fast(fail_fast: bool | int, enabled: bool) -> Iterator[Problem]:
    if fail_fast and not enabled:
        yield Problem(("fail_fast",), "requires enabled, because the cluster is read", "Remove enabled, or remove fail_fast.")


if TYPE_CHECKING:
    import pulumi

    Kubeconfig = pulumi.Input[str]
    FailFast = bool | int
else:
    FailFast = Annotated[
        Any,
        AfterValidator(_validate_grace),
        WithJsonSchema({"type": ["boolean", "integer"], "minimum": _SHORTEST_GRACE, "maximum": _LONGEST_GRACE}),
    ]
    Kubeconfig = Annotated[Any, AfterValidator(_path_or_output), WithJsonSchema({"type": "string"}), OrOutput()]


class DiagnosisArgs(Arguments):
    """Progress report of `pulumi up`: phases of the rollout, and the causes of a stalled one.

    It only reads, except for Jobs with `fail_fast`. At the end of an update, it compares the live
    services with the program; only `unavailable`, `missing_models` and `fail_fast` can fail the
    update. Requires the package's extra `diagnose` and access to the cluster; without them nothing
    is printed.
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

    fail_fast: FailFast = False
    """Early end of the wait for a cause that time alone does not remove. Such causes are a missing
    Secret or ConfigMap, a missing key of one, and an image that the registry does not have. More
    GPUs than any node has is one if no node autoscaler was seen. `true` ends the wait after the
    cause has lasted for 60 seconds; a number sets these seconds, from 10 to 3600. All other
    causes are waited for until the time-out. The component then waits in place of the Kubernetes
    provider, so without the extra `diagnose` or a known cluster, the preview fails."""

    rules = (Rule(("fail_fast", "enabled"), _validate_fail_fast),)

    @property
    def grace_seconds(self) -> int | None:
        """Seconds for which a permanent cause must last, or None without `fail_fast`."""
        if self.fail_fast is True:
            return DEFAULT_GRACE
        return None if self.fail_fast is False else self.fail_fast
