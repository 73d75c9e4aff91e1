"""Findings of every recorded change, compared with what the real engine and cluster did.

`tests/engine/test_first_update.py` records the facts.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from nim_component.review.stack_review import review
from tests.predictions import find_mismatches, has_critical

from .changes import preview_of, render_managed_secrets, render_services, review_renders

FILES = sorted((Path(__file__).parents[1] / "engine" / "changes").glob("*.yaml"))
KEYLESS = {"namespace": "nim", "secrets": {"without_key": True}}


def render(recorded: dict[str, Any], state: str) -> dict[str, Any]:
    if recorded.get("keys"):
        return render_managed_secrets(f"nvapi-{state}-of-nobody")
    services = recorded[state].get("services") or {"llama": recorded[state]}
    return render_services(**{name: {**KEYLESS, **fields} for name, fields in services.items()})


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_findings_are_what_happened(file: Path):
    recorded = yaml.safe_load(file.read_text())
    before, after = render(recorded, "before"), render(recorded, "after")
    for direction, old, new in (("change", before, after), ("undo", after, before)):
        seen = recorded["seen"][direction]
        if direction == "undo" and "result" in recorded["seen"]["change"] and "result" not in seen:
            break  # the change is not deployed, so nothing is undone
        for found in (review_renders(old, new), review(preview_of(old, new))):
            if "result" in seen:
                assert has_critical(found), direction
            else:
                assert find_mismatches(found, seen, unobserved=recorded.get("unobserved", ())) == [], direction
