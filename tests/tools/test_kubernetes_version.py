"""Kubernetes version: one constant, and pins that agree with it."""

import shutil
from pathlib import Path

import pytest

from nim_component.kubernetes.version import KUBERNETES_VERSION
from nim_component.local.schema_files import bundled_versions
from tools.kubernetes_version import PINS, ROOT, SOURCE, find_disagreements, find_pins, main, replace_version


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a folder with copies of all files that contain the version."""
    for pin in PINS:
        for file in ROOT.glob(pin.files):
            target = tmp_path / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    return tmp_path


def test_every_pin_has_the_version() -> None:
    assert find_disagreements(ROOT, KUBERNETES_VERSION) == []


def test_schemas_of_the_version_are_installed() -> None:
    assert KUBERNETES_VERSION in bundled_versions()


def test_replacement_changes_every_pin(copy: Path) -> None:
    replace_version(copy, "99", "7")
    assert find_disagreements(copy, "1.99") == []
    patches = {match["patch"] for _, _, matches in find_pins(copy) for match in matches if "patch" in match.groupdict()}
    assert patches == {"7"}
    assert 'KUBERNETES_VERSION: Final = "1.99"' in (copy / SOURCE).read_text()
    assert "k8s.io/api => k8s.io/api v0.99.7\n" in (copy / "tests/cluster/binaries/go.mod").read_text()


def test_second_replacement_restores_the_files(copy: Path) -> None:
    _, minor = KUBERNETES_VERSION.split(".")
    before = {file: file.read_text() for file in copy.rglob("*") if file.is_file()}
    [patch] = {match["patch"] for _, _, matches in find_pins(copy) for match in matches if "patch" in match.groupdict()}
    replace_version(copy, "99", "7")
    replace_version(copy, minor, patch)
    assert {file: file.read_text() for file in copy.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize("pin", PINS, ids=lambda pin: f"{pin.files} {pin.pattern}")
def test_disagreement_of_each_pin_is_found(copy: Path, pin: object) -> None:
    file, matches = next((file, matches) for file, each, matches in find_pins(copy) if each == pin)
    start, end = matches[-1].span("minor")
    text = file.read_text()
    file.write_text(f"{text[:start]}1{text[end:]}")
    assert [line.partition(":")[0] for line in find_disagreements(copy, KUBERNETES_VERSION)] == [str(file.relative_to(copy))]


def test_missing_pin_is_found(copy: Path) -> None:
    (copy / "Pulumi.yaml").write_text("name: nim\n")
    shutil.rmtree(copy / "examples")
    found = find_disagreements(copy, KUBERNETES_VERSION)
    assert "examples/*/Pulumi.yaml: no such file" in found
    assert len([line for line in found if line.startswith("Pulumi.yaml: no text matches")]) == 2


@pytest.mark.parametrize("arguments", [[], [""], ["1"], ["v1.37"], ["1.37.x"]])
def test_invalid_version_raises(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match=r"^V: must be a version such as 1\.37"):
        main(arguments)
