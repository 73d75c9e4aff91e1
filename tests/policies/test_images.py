"""Images that a registry can replace: by the form of the tag, not by a list of names."""

from pathlib import Path
from typing import Any

import pytest

from .pack_modules import load
from .restricted_pods import restricted_pod

is_pinned, check_images = load("images").is_pinned, load("images").check_images
ROOT = Path(__file__).parents[2]
DIGEST = "@sha256:" + "a" * 64


@pytest.mark.parametrize(
    "tag",
    [
        *("", ":latest", ":stable", ":main", ":nightly", ":edge", ":lts", ":release", ":master", ":canary", ":dev"),
        *(":v1", ":1", ":22", ":1-alpine", ":v2-latest", ":cuda12", ":alpine", ":py3", ":rc"),
        *(":3.12", ":22.04", ":1.2", ":v1.2", ":1.0", ":24.05", ":24.05-py3", ":20.11-alpine", ":1.2-rc1", ":24.08-trtllm", ":12.5-slim"),
        *(":latest-1.2.3", ":stable-2024", ":nightly-20241101", ":nightly-9f2c1ab4", ":cuda12.4", ":dev-1.2.3", ":1.2.3-latest"),
        *(":rolling", ":jammy", ":py3.11", ":release-1.2", ":main-2024", ":1.2.3-SNAPSHOT", ":edge-1.2.3", ":server-1.2.3", ":2024.05"),
        *(":3.12-alpine", ":3.12-slim-bookworm", ":1.25-latest", "@sha256:abc", ":latest@sha256:"),
    ],
)
def test_moving_tag_is_no_pin(tag: str):
    for name in ("server", "registry.example/team/server", "registry.example:5000/server"):
        assert not is_pinned(f"{name}{tag}")


@pytest.mark.parametrize(
    "tag",
    [
        *(":1.0.0", ":v1.2.3", ":2.0.4-variant", ":1.27.3-alpine", ":v0.11.0rc2", ":1.8.3", ":1.8.3-rtx"),
        *(":20240501", ":2024-05-01.20240501", ":build-123456", ":9f2c1ab", ":main-9f2c1ab4", ":2024.05.1"),
        *(":2.0.0", ":1.8.3-pb24h2", ":12.4.1-base-ubuntu22.04", ":v1.31.2-eksbuild.3", ":1.2.3.4", ":1.2.3+build5", ":bookworm-20240513"),
        *(DIGEST, f":latest{DIGEST}", f":3.12-alpine{DIGEST}"),
    ],
)
def test_fixed_tag_is_a_pin(tag: str):
    for name in ("server", "registry.example/team/server", "registry.example:5000/server"):
        assert is_pinned(f"{name}{tag}")


def test_review_and_policy_use_the_same_rule():
    copy = (ROOT / "policies" / "text" / "image_tags.py").read_bytes()
    assert copy == (ROOT / "nim_component" / "text" / "image_tags.py").read_bytes()


@pytest.mark.parametrize(("reference", "count"), [("a/files:latest", 1), (f"a/files{DIGEST}", 0), (None, 0)])
def test_image_of_volume_is_checked(reference: Any, count: int):
    pod = restricted_pod()
    pod["spec"]["volumes"] = [{"name": "files", "image": {"reference": reference}}]
    violations = list(check_images("Pod", pod))
    assert len(violations) == count
    assert all(each.startswith("spec.volumes[files].image.reference: a/files:latest must") for each in violations)
