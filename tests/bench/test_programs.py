"""Programs of the benchmarks: pairs with the same objects, and services without a finding."""

from pathlib import Path

import pytest

from bench.__main__ import make_project
from bench.final_look import TARGETS, live_cluster, run
from nim_component.local.manifests import collect_manifests
from nim_component.local.program import run_project


def test_both_programs_make_the_same_objects(tmp_path: Path):
    ours, theirs = (
        {manifest.path: manifest.text for manifest in collect_manifests(run_project(make_project(tmp_path, program, 2), "dev"))}
        for program in ("component", "plain")
    )
    assert len(ours) == 6
    assert ours == theirs


@pytest.mark.parametrize("mode", TARGETS)
def test_final_look_of_benchmark_finds_nothing(mode: str):
    """`run` ends with an error if the final look logs anything unexpected."""
    with live_cluster(mode, count=2) as kubeconfig:
        assert run(mode, kubeconfig, "compared", count=2) > 0
