"""Runs of the templates of a workflow at the same time: loops of Argo, and matrices of Tekton.

A template runs as often as the steps and tasks that name it. Lists of steps run one after the
other, and so do tasks that depend on each other.

https://argo-workflows.readthedocs.io/en/latest/fields/#workflowstep
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, cast

from fields import UNLIMITED, Props, items, mapping, multiply, values

_LOOPS = ("withItems", "withParam", "withSequence", "matrix")
_MAX_DEPTH = 30


def count_loop(step: Props) -> float:
    """Return how often a step or task runs its template; `UNLIMITED` if that is not known."""
    counts = [_count(field, step[field]) for field in _LOOPS if step.get(field) is not None]
    return 0 if 0 in counts else math.prod(counts)


def _count(field: str, value: Any) -> float:
    if field == "withParam" and isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return UNLIMITED
    if field == "withSequence":
        return _count_sequence(mapping(value))
    if field == "matrix":
        return _count_matrix(mapping(value))
    return len(cast("list[Any]", value)) if isinstance(value, list | tuple) else UNLIMITED


def _count_sequence(sequence: Props) -> float:
    """Return the length of a sequence, which has a count or an end."""
    if sequence.get("count") is not None:
        return _read(sequence["count"])
    length = abs(_read(sequence.get("end")) - _read(sequence.get("start", 0)))
    return UNLIMITED if math.isnan(length) else length + 1


def _count_matrix(matrix: Props) -> float:
    lengths = [_count("withItems", each.get("value")) for each in items(matrix.get("params"))]
    return (0 if 0 in lengths or not lengths else math.prod(lengths)) + len(items(matrix.get("include")))


def _read(value: Any) -> float:
    """Return a whole number; `UNLIMITED` for an expression and for no number."""
    try:
        return UNLIMITED if value is None or isinstance(value, bool) else int(float(str(value)))
    except (OverflowError, ValueError):
        return UNLIMITED


def count_runs_of_templates(spec: Props) -> Mapping[str, float]:
    """Return how often each template of a workflow runs at the same time, by name.

    `parallelism` of the whole workflow is not read here. A template that no step names runs once.
    """
    templates = {str(each.get("name")): each for each in items(spec.get("templates"))}
    callers: dict[str, dict[str, float]] = {name: {} for name in templates}
    for caller, template in templates.items():
        for called, count in _count_calls(template).items():
            callers.setdefault(called, {})[caller] = count
    above = {name: frozenset(each) for name, each in callers.items()}
    ancestors = {name: _find_ancestors(name, above) for name in templates}
    runs: dict[str, float] = {}
    for name in sorted(templates, key=lambda each: len(ancestors[each])):  # callers first
        calls = callers[name].items()
        if name in ancestors[name]:
            runs[name] = UNLIMITED  # it calls itself
        else:
            runs[name] = sum(multiply(runs.get(caller, 1), count) for caller, count in calls) if calls else 1
        if _has_mutex(templates[name]):
            runs[name] = min(runs[name], 1)
    return runs


def _has_mutex(template: Props) -> bool:
    """Return whether one run of a template starts at a time."""
    synchronization = mapping(template.get("synchronization"))
    return bool(synchronization.get("mutex") or synchronization.get("mutexes"))


def _count_calls(template: Props) -> dict[str, float]:
    """Return how often one run of a template runs others at the same time, by name."""
    found: dict[str, float] = {}
    for group in values(template.get("steps")):
        steps = items(group) or items([group])
        for name in {str(each["template"]) for each in steps if each.get("template")}:
            found[name] = max(found.get(name, 0), sum(count_loop(each) for each in steps if each.get("template") == name))
    tasks = items(mapping(template.get("dag")).get("tasks"))
    above = {str(each.get("name")): _read_dependencies(each) for each in tasks}
    for name in {str(each["template"]) for each in tasks if each.get("template")}:
        found[name] = found.get(name, 0) + _count_tasks([each for each in tasks if each.get("template") == name], above)
    limit = _read(template.get("parallelism"))
    return {name: min(count, limit) for name, count in found.items()}


def _count_tasks(tasks: list[Props], above: Mapping[str, frozenset[str]]) -> float:
    """Return the runs of tasks at the same time. Of tasks that depend on each other, one runs."""
    ancestors = {str(each.get("name")): _find_ancestors(str(each.get("name")), above) for each in tasks}
    chains: list[list[Props]] = []
    for task in sorted(tasks, key=lambda each: len(ancestors[str(each.get("name"))])):
        earlier = ancestors[str(task.get("name"))]
        chain = next((each for each in chains if str(each[-1].get("name")) in earlier), None)
        if chain is None:
            chains.append([task])
        else:
            chain.append(task)
    return sum(max(map(count_loop, chain)) for chain in chains)


def _read_dependencies(task: Props) -> frozenset[str]:
    """Return the tasks that end before a task begins."""
    depends = str(task.get("depends") or "")
    named = [] if "||" in depends else [each.partition(".")[0] for each in re.findall(r"[\w.-]+", depends, re.ASCII)]
    return frozenset([*named, *map(str, values(task.get("dependencies")))])


def _find_ancestors(name: str, above: Mapping[str, frozenset[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [*above.get(name, ())]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += above.get(each, ())
    return found


def is_repeated(value: Any, depth: int = 0) -> bool:
    """Return whether an object repeats a template without a number that is known."""
    if depth > _MAX_DEPTH:
        return False
    entries = mapping(value)
    if "parallelism" not in entries and UNLIMITED in count_runs_of_templates(entries).values():
        return True
    if any(field in entries for field in ("inline", "taskSpec")) and count_loop(entries) == UNLIMITED:
        return True
    return any(is_repeated(each, depth + 1) for each in (entries.values() or values(value)))
