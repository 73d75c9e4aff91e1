"""Images that a registry can replace: by the form of the tag, not by a list of names."""

from typing import Any

import pytest

from .pack_modules import load
from .restricted_pods import restricted_pod

is_pinned, check_images = load("images").is_pinned, load("images").check_images
DIGEST = "@sha256:" + "a" * 64


@pytest.mark.parametrize(
    "tag",
    [
        *("", ":latest", ":stable", ":main", ":nightly", ":edge", ":lts", ":release", ":master", ":canary", ":dev"),
        *(":v1", ":1", ":22", ":1-alpine", ":v2-latest", ":cuda12", ":alpine", ":py3", ":rc"),
        *(":3.12-alpine", ":3.12-slim-bookworm", ":1.25-latest", "@sha256:abc", ":latest@sha256:"),
    ],
)
def test_moving_tag_is_no_pin(tag: str):
    for name in ("server", "registry.example/team/server", "registry.example:5000/server"):
        assert not is_pinned(f"{name}{tag}")


@pytest.mark.parametrize(
    "tag",
    [
        *(":1.0", ":1.0.0", ":v1.2.3", ":2.0.4-variant", ":1.27.3-alpine", ":24.05", ":24.05-py3", ":24.08-trtllm", ":v0.11.0rc2"),
        *(":20240501", ":2024-05-01.20240501", ":build-123456", ":9f2c1ab", ":main-9f2c1ab4", ":1.2-rc1", ":2024.05.1"),
        *(DIGEST, f":latest{DIGEST}", f":3.12-alpine{DIGEST}"),
    ],
)
def test_fixed_tag_is_a_pin(tag: str):
    for name in ("server", "registry.example/team/server", "registry.example:5000/server"):
        assert is_pinned(f"{name}{tag}")


@pytest.mark.parametrize(("reference", "count"), [("a/files:latest", 1), (f"a/files{DIGEST}", 0), (None, 0)])
def test_image_of_volume_is_checked(reference: Any, count: int):
    pod = restricted_pod()
    pod["spec"]["volumes"] = [{"name": "files", "image": {"reference": reference}}]
    violations = list(check_images("Pod", pod))
    assert len(violations) == count
    assert all(each.startswith("spec.volumes[files].image.reference: a/files:latest must") for each in violations)
