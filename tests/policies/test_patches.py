"""Patches of pods, which may contain no container, are read as pods."""

from typing import Any

import pytest

from .pack_modules import load

PATCHES: list[tuple[str, dict[str, Any], str]] = [
    ("DeploymentPatch", {"spec": {"template": {"spec": {"hostNetwork": True}}}}, "spec.template.spec.hostNetwork"),
    ("PodPatch", {"spec": {"hostPID": True}}, "spec.hostPID"),
    ("CronJobPatch", {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"volumes": [{"name": "x", "hostPath": {"path": "/"}}]}}}}}},
     "spec.jobTemplate.spec.template.spec.volumes[x]"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "props", "path"), PATCHES)
def test_patch_without_container_is_checked(kind: str, props: dict[str, Any], path: str):
    (found,) = load("pod_security").check_restricted(kind, props)
    assert found.startswith(f"{path}: must not be")


def test_patch_of_ordinary_fields_is_valid():
    assert list(load("pod_security").check_restricted("DeploymentPatch", {"spec": {"replicas": 2}})) == []
