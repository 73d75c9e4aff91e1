"""Check of the live workloads against the stack's state, and of deletions that are pending."""

from collections.abc import Iterator

from ..diagnose.live_comparison import describe_differences, find_differences
from ..text.drift import APPLY_TO_LIVE, REFRESH
from ..text.links import AFTER_FAILED_CHANGE, LIVE_DIFFERENCE
from .facts import Facts
from .requirements import StackRequirements
from .result import CheckResult
from .stack_state import StackState


def check_live_state(facts: Facts, state: StackState | None) -> Iterator[CheckResult]:
    """Report workloads that differ from the state, after an interrupted update or a change by hand.

    Pulumi compares the program with the state, so it would not apply the difference.
    """
    if state is None:
        return
    fix, command = APPLY_TO_LIVE, REFRESH
    for kind, namespace, name in sorted(state.workloads):
        recorded = state.workloads[kind, namespace, name]
        about = f"{kind} {namespace}/{name}"
        live = facts.own_objects.get((kind, namespace, name))
        if live is None:
            if (kind, namespace) in facts.own_kinds and kind != "Job":
                text = "is in the stack's state, and does not exist in the cluster"
                yield CheckResult("fail", about, text, fix, command, LIVE_DIFFERENCE)
            continue
        if differences := find_differences(recorded.inputs, live, recorded.outputs, recorded.ignored):
            text = f"differs from the stack's state: {describe_differences(differences, 'state')}"
            yield CheckResult("fail", about, text, fix, command, LIVE_DIFFERENCE)


def check_pending_deletions(requirements: StackRequirements, state: StackState | None) -> Iterator[CheckResult]:
    """Report objects that an unfinished update has replaced and that the program requires again."""
    if state is None:
        return
    for kind, namespace, name in sorted(state.pending_deletions & requirements.objects):
        text = 'is still to be deleted in the stack\'s state, and the program requires it again: `pulumi up` would end in "already exists"'
        fix = "Read the page below first. Then delete it and run `pulumi up --refresh`:"
        if kind == "PersistentVolumeClaim":
            fix = "Read the page below first: the PVC's data is lost. Then delete it and run `pulumi up --refresh`:"
        command = f"kubectl -n {namespace or 'default'} delete {kind.lower()} {name}"
        yield CheckResult("fail", f"{kind} {namespace}/{name}", text, fix, command, AFTER_FAILED_CHANGE)
