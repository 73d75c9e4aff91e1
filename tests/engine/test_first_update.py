"""Every kind of change, as the first update after the creation, with its preview; then undone.

Findings of `nim-component diff` from both sources are compared with what the update did.

The provider moves ownership to server-side apply with the first real update. A dry run before it
merges the old and the new fields of a list item or a union.

Each file in `changes/` holds one change and what a run saw. `RECORD_CHANGES=1` writes what is seen;
docs/reference/changes.md is generated from it.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.client import Client, wait_until
from tests.cluster.nodes import EIGHT_GPUS
from tests.cluster.waiting import is_rolled_out
from tests.predictions import find_mismatches, has_critical

from .observation import POD_START, Objects, Observation, describe
from .project import Project
from .reviews import render, review_sources
from .updates import UP

FILES = sorted((Path(__file__).parent / "changes").glob("*.yaml"))
SLOW = {"pod_annotations": {"cluster-tests/ready-after": f"{POD_START:g}s"}}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_change_is_as_recorded(
    file: Path, on_cluster: Callable[..., Project], cluster: Client, namespace: str, nodes, disk, request: pytest.FixtureRequest
):
    recorded = yaml.safe_load(file.read_text())
    if recorded.get("crds"):
        request.getfixturevalue("crds")
    nodes(EIGHT_GPUS)
    disk("50Gi", "fast")
    made = on_cluster()
    keys = recorded.get("keys", ())
    if keys:
        made.config = {**made.config, "nim:defaults": {"namespace": namespace}}

    def update(*arguments: str, value: str, **fields: Any) -> tuple[int, str]:
        for key in keys:
            made.set_secret(key, f"nvapi-{value}-of-nobody")
        configure(fields)
        return made.run(*UP, *arguments)

    def configure(fields: dict[str, Any]) -> None:
        services = fields.get("services") or {"llama": fields}
        made.config = {**made.config, "nim:services": {name: {**SLOW, **each} for name, each in services.items()}}

    def wait_for_rollout() -> None:
        wait_until("the rollout", lambda: all(map(is_rolled_out, cluster.list("apps/v1", "Deployment", namespace))))

    def observe(*arguments: str, value: str, **fields: Any) -> dict[str, str]:
        former = render(made)
        configure(fields)
        reviews = {} if keys else review_sources(made, former)
        if refusals:
            del reviews["renders"]  # the former program is not deployed
        before = Objects.read(cluster, namespace)
        with Observation(cluster, namespace) as observed:
            code, output = update(*arguments, value=value, **fields)
        if code != 0:
            refusals.append(output)
            assert recorded.get("undo_error", "an update that passes") in output, output
            mismatches.extend(f"{value}, {source}: no critical finding" for source, found in reviews.items() if not has_critical(found))
            return {"pods": "kept", "requests": "not interrupted", "address": "kept", "cache": "kept", "result": "refused"}
        assert made.preview().keys() == {"same"}
        wait_for_rollout()
        after = Objects.read(cluster, namespace)
        happened = describe(before, after, observed)
        starts, unobserved = len(after.started - before.started), recorded.get("unobserved", ())
        for source, found in reviews.items():
            mismatches.extend(f"{value}, {source}: {text}" for text in find_mismatches(found, happened, starts, unobserved))
        return happened

    code, output = update(value="first", **recorded["before"])
    assert code == 0, output
    wait_for_rollout()
    deployments = cluster.list("apps/v1", "Deployment", namespace)
    templates = {each["metadata"]["name"]: each["spec"]["template"] for each in deployments}
    mismatches: list[str] = []
    refusals: list[str] = []
    flags = ["--skip-preview"] if recorded.get("skip_preview") else []
    seen = {"change": observe(*flags, value="second", **recorded["after"]), "undo": observe(value="first", **recorded["before"])}
    if "result" not in seen["undo"]:
        deployments = cluster.list("apps/v1", "Deployment", namespace)
        assert {each["metadata"]["name"]: each["spec"]["template"] for each in deployments} == templates
    if os.environ.get("RECORD_CHANGES"):
        file.write_text(yaml.safe_dump({**recorded, "seen": seen}, sort_keys=False))
    assert recorded.get("seen", seen) == seen
    assert mismatches == []
