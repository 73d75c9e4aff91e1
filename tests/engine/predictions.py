"""Predictions of `nim-component diff`, compared with what an update did."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from nim_component.review.findings import CRITICAL, Finding
from nim_component.review.object_fields import SERVERS
from nim_component.review.sentences import plain_text
from nim_component.review.sources.preview import read_preview
from nim_component.review.sources.renders import Render, compare_renders
from nim_component.review.stack_review import StackReview, review

from .project import ROOT, Project

RENDERER = ROOT / "nim_component" / "local" / "renderer.py"
RESTARTS = ("pods-restart", "downtime", "stall-risk")
INTERRUPTIONS = ("downtime", "scaled-to-zero", "service-removed")
LOSSES = ("cache-lost", "cache-moved")
LOADS = "model loads"
"""Words after the number of pods that start, in a finding."""
KEPT = ("kept", "none")


def render(made: Project) -> Render:
    """Return the local render of a project's stack."""
    command = [sys.executable, "-P", str(RENDERER), str(made.folder), made.stack.name]
    result = subprocess.run(command, input=f"{'00' * 32}\n", text=True, check=True, capture_output=True)
    return json.loads(result.stdout)[made.stack.name]


def review_sources(made: Project, before: Render) -> dict[str, StackReview]:
    """Return the reviews of a changed project by source.

    A preview that fails is left out: it contains only a part of the changes.
    """
    found = {"renders": review(compare_renders(made.stack.name, before, render(made)))}
    code, output = made.run("preview", "--json")
    (made.folder.parent / "preview.json").write_text(output)
    return found if code != 0 else {**found, "preview": review(read_preview(output))}


def find_mismatches(found: StackReview, seen: Mapping[str, Any], starts: int) -> list[str]:
    """Return the predictions of a review that are not what happened.

    Args:
        found: Findings before the update.
        seen: What happened to pods, requests, address and cache.
        starts: Number of pods that were created.
    """
    texts = [(each, plain_text((*each.text, *each.consequence))) for each in found.findings]
    rules = {each.rule for each in found.findings}
    restarts = [text for each, text in texts if is_restart(each) and "no pod restarts" not in text]
    is_interrupted = not rules.isdisjoint(INTERRUPTIONS) or any("no request is answered" in text.lower() for _, text in texts)
    facts = {
        "pods restart": (bool(restarts), seen["pods"] == "replaced"),
        "requests fail": (is_interrupted, seen["requests"] != "not interrupted"),
        "the address changes": ("url-changed" in rules, seen["address"] != "kept"),
        "the cache is lost": (not rules.isdisjoint(LOSSES), "deleted" in seen["cache"] or seen["cache"] == "replaced"),
    }
    wrong = [f"{fact}: predicted {predicted}, was {was}" for fact, (predicted, was) in facts.items() if predicted != was]
    is_harmless = seen["pods"] in KEPT and seen["requests"] == "not interrupted" and seen["address"] == "kept" and seen["cache"] in KEPT
    if is_harmless:
        wrong += [f"critical, but nothing happened: {text}" for each, text in texts if each.severity is CRITICAL]
    numbers = [int(text.partition(f" {LOADS}")[0].split()[-1]) for _, text in texts if f" {LOADS}" in text]
    return wrong + [f"predicted {number} {LOADS}, were {starts}" for number in numbers if number != starts]


def is_restart(each: Finding) -> bool:
    """Return true for a finding that all pods of a workload restart."""
    return each.rule in RESTARTS or (each.rule in ("replaced", "deleted-first") and each.kind in SERVERS)
