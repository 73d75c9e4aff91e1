"""Checks of the built package: files of the wheel, metadata, and the changelog of a release.

`make package` runs it after `python -m build`. With a tag it also requires that the tag, the
version in pyproject.toml and a section of CHANGELOG.md agree.
"""

import argparse
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = "nim_component"


def tracked_files(root: Path = ROOT) -> set[str]:
    """Return the files of the package that git tracks, as paths with forward slashes."""
    command = ["git", "ls-files", "--", PACKAGE]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return set(listed.split("\n")) - {""}


def wheel_files(wheel: Path) -> set[str]:
    """Return the files of a wheel without its `.dist-info`."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def compare_files(tracked: Iterable[str], packed: Iterable[str]) -> Iterator[str]:
    """Yield one line for each file that the wheel lacks or has too many."""
    for name in sorted(set(tracked) - set(packed)):
        yield f"{name}: is tracked by git and missing in the wheel. Add it to package-data in pyproject.toml."
    for name in sorted(set(packed) - set(tracked)):
        yield f"{name}: is in the wheel and not tracked by git. Remove it, or narrow packages.find."


def check_tag(tag: str, version: str, changelog: str) -> Iterator[str]:
    """Yield one line for each disagreement between a tag, the version and the changelog."""
    if tag != f"v{version}":
        yield f"tag {tag}: differs from version {version} in pyproject.toml. Tag v{version}, or change the version."
    heading = re.compile(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d{{2}}-\d{{2}}\n(.*?)(?=^## |\Z)", re.M | re.S)
    section = heading.search(changelog)
    if section is None:
        yield f"CHANGELOG.md: has no section '## [{version}] - YYYY-MM-DD'. Rename 'Unreleased'."
    elif not section[1].strip():
        yield f"CHANGELOG.md: the section for {version} is empty. Describe the changes."


def main() -> int:
    """Check `dist/` and print what is wrong; the exit status is 1 then."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dist", type=Path, default=ROOT / "dist")
    parser.add_argument("--tag", default="", help="the tag of a release, such as v0.2.0")
    options = parser.parse_args()
    wheels = sorted(options.dist.glob("*.whl"))
    if len(wheels) != 1:
        print(f"{options.dist}: must contain exactly one wheel, and contains {len(wheels)}. Run make package.")
        return 1
    problems = list(compare_files(tracked_files(), wheel_files(wheels[0])))
    if options.tag:
        version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
        problems += check_tag(options.tag, version, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    print(*(problems or [f"{wheels[0].name}: complete"]), sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
