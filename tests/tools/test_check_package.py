"""Checks of the built package."""

import zipfile
from pathlib import Path

import pytest

from tools.check_package import check_tag, compare_files, tracked_files, wheel_files

CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n### Added\n- One thing.\n\n## [0.1.0] - 2026-11-01\n"


def test_tracked_files_include_data():
    files = tracked_files()
    assert {"nim_component/__init__.py", "nim_component/py.typed", "nim_component/fit/catalogue.json"} <= files
    assert not any(name.startswith("tests/") for name in files)


def test_wheel_files_omit_metadata(tmp_path: Path):
    wheel = tmp_path / "x-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("nim_component/__init__.py", "")
        archive.writestr("x-1.dist-info/METADATA", "")
    assert wheel_files(wheel) == {"nim_component/__init__.py"}


def test_same_files_pass():
    assert list(compare_files({"a"}, {"a"})) == []


def test_missing_file_is_reported():
    (line,) = compare_files({"nim_component/fit/catalogue.json"}, set())
    assert line.startswith("nim_component/fit/catalogue.json: is tracked by git and missing in the wheel.")


def test_extra_file_is_reported():
    (line,) = compare_files(set(), {"tests/x.py"})
    assert line.startswith("tests/x.py: is in the wheel and not tracked by git.")


def test_matching_tag_passes():
    assert list(check_tag("v0.2.0", "0.2.0", CHANGELOG)) == []


@pytest.mark.parametrize(
    ("tag", "version", "expected"),
    [
        ("v0.3.0", "0.2.0", ["tag v0.3.0: differs from version 0.2.0"]),
        ("0.2.0", "0.2.0", ["tag 0.2.0: differs from version 0.2.0"]),
        ("v0.3.0", "0.3.0", ["CHANGELOG.md: has no section '## [0.3.0] - YYYY-MM-DD'"]),
        ("v0.1.0", "0.1.0", ["CHANGELOG.md: the section for 0.1.0 is empty"]),
        ("v0.2", "0.2", ["CHANGELOG.md: has no section '## [0.2] - YYYY-MM-DD'"]),
    ],
)
def test_wrong_tag_is_reported(tag: str, version: str, expected: list[str]):
    lines = list(check_tag(tag, version, CHANGELOG))
    assert len(lines) == len(expected)
    assert all(line.startswith(text) for line, text in zip(lines, expected, strict=True))
