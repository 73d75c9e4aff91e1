"""The two programs of the benchmark create the same objects; their ratio requires that."""

from pathlib import Path

from bench.__main__ import make_project
from nim_component.local.manifests import collect_manifests
from nim_component.local.program import run_project


def test_both_programs_make_the_same_objects(tmp_path: Path):
    ours, theirs = (
        {manifest.path: manifest.text for manifest in collect_manifests(run_project(make_project(tmp_path, program, 2), "dev"))}
        for program in ("component", "plain")
    )
    assert len(ours) == 6
    assert ours == theirs
