"""Reviews of a project before an update, from both sources."""

import json
import subprocess
import sys

from nim_component.review.sources.preview import read_preview
from nim_component.review.sources.renders import Render, compare_renders
from nim_component.review.stack_review import StackReview, review

from .project import ROOT, Project

RENDERER = ROOT / "nim_component" / "local" / "renderer.py"


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
