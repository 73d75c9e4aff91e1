"""Longest wait of `pulumi up`: one line in a preview, for all services of the program."""

import asyncio
import contextlib

import pulumi

from ..diagnose.progress.availability import has_hooks
from ..diagnose.progress.run_state import run_state
from ..manifests.timing import Timing
from ..text.amounts import format_minutes

_KEY = "budgets"


def report_budgets(component: pulumi.Resource, service_name: str, timing: Timing) -> None:
    """Print the longest wait once in a preview, after the program has created its services.

    Nothing is printed if the stack renders to files, because nothing is waited for.
    """
    if not pulumi.runtime.is_dry_run() or pulumi.Config("kubernetes").get("renderYamlToDirectory") or not has_hooks():
        return
    budgets: dict[str, Timing] = run_state().setdefault(_KEY, {})
    if not budgets:
        with contextlib.suppress(RuntimeError):  # no event loop
            asyncio.get_running_loop().call_soon(lambda: pulumi.log.info(describe_budgets(budgets), component))
    budgets[service_name] = timing


def describe_budgets(budgets: dict[str, Timing]) -> str:
    """Return the longest wait of all services, with its parts."""
    name, longest = max(budgets.items(), key=lambda each: each[1].longest_wait)
    others = f", the longest of {len(budgets)} services" if len(budgets) > 1 else ""
    return f"`pulumi up` waits at most {format_minutes(longest.longest_wait)} for {name}{others} ({_describe_parts(longest)})."


def _describe_parts(timing: Timing) -> str:
    pod = [f"node and image {format_minutes(timing.progress_deadline - timing.loader_deadline - timing.startup)}"]
    if timing.loader_deadline:
        pod.append(f"adapters {format_minutes(timing.loader_deadline)}")
    pod.append(f"model {format_minutes(timing.startup)}")
    times = f" for each of {timing.rounds} pods, one after another" if timing.rounds > 1 else ""
    jobs = [f"Job {format_minutes(timing.jobs_timeout)}"] if timing.jobs_timeout else []
    return ", ".join([*jobs, f"{' + '.join(pod)}{times}", f"margin {format_minutes(timing.create_timeout - timing.progress_deadline)}"])
