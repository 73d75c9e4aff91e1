"""Change of the Kubernetes version in every file that contains it.

Usage: `make kubernetes-version V=1.37`. It needs Go, for the modules of the tests and of the
generator. Without a patch version, Go selects the newest one. `tests/tools` compares all pins with
`KUBERNETES_VERSION`.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SOURCE = "nim_component/kubernetes/version.py"
MODULES = ("tests/cluster/binaries", "tools/kubernetes_types")
"""Folders of Go modules that require Kubernetes."""


class Pin(NamedTuple):
    """Places that contain the version."""

    files: str
    """Pattern of paths below the root."""
    pattern: str
    """Text around the version. `MINOR` is `36`, and `PATCH` is `3`."""


PINS: Sequence[Pin] = (
    Pin(SOURCE, r'^KUBERNETES_VERSION: Final = "1\.MINOR"'),
    Pin("Pulumi.yaml", r'^    default: "1\.MINOR"'),
    Pin("Pulumi.yaml", r'such as "1\.MINOR"'),
    Pin("examples/*/Pulumi.yaml", r'^    default: "1\.MINOR"'),
    Pin("pyproject.toml", r'"kubernetes-validate>=1\.MINOR"'),
    Pin("tests/cluster/binaries/go.mod", r"=> k8s\.io/[\w-]+ v0\.MINOR\.PATCH$"),
    Pin("tests/cluster/binaries/go.mod", r"^\tk8s\.io/kubernetes v1\.MINOR\.PATCH\b"),
    Pin("tools/kubernetes_types/go.mod", r"^\tk8s\.io/(?:api|apimachinery|client-go) v0\.MINOR\.PATCH\b"),
)


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a pin, with the capture groups `minor` and `patch`.

    Only a module version has a `patch`.
    """
    return re.compile(pattern.replace("MINOR", r"(?P<minor>\d+)").replace("PATCH", r"(?P<patch>\d+)"), re.MULTILINE)


def find_pins(root: Path) -> Iterator[tuple[Path, Pin, list[re.Match[str]]]]:
    """Yield each file of each pin, with its matches."""
    for pin in PINS:
        for file in sorted(root.glob(pin.files)):
            yield file, pin, list(compile_pattern(pin.pattern).finditer(file.read_text(encoding="utf-8")))


def find_disagreements(root: Path, version: str) -> list[str]:
    """Return a text for each place whose version is not `version`, and each pin without a place."""
    minor = version.partition(".")[2]
    found = list(find_pins(root))
    wrong = [
        f"{file.relative_to(root)}: `{match[0].strip()}` does not have version {version}"
        for file, _, matches in found
        for match in matches
        if match["minor"] != minor
    ]
    missing = [f"{file.relative_to(root)}: no text matches `{pin.pattern}`" for file, pin, matches in found if not matches]
    return wrong + missing + [f"{pin.files}: no such file" for pin in PINS if not any(pin == each for _, each, _ in found)]


def replace_version(root: Path, minor: str, patch: str) -> None:
    """Write a version to every file."""
    for pin in PINS:
        for file in sorted(root.glob(pin.files)):
            text = file.read_text(encoding="utf-8")
            file.write_text(compile_pattern(pin.pattern).sub(lambda match: _substitute(match, minor, patch), text), encoding="utf-8")


def _substitute(match: re.Match[str], minor: str, patch: str) -> str:
    text, offset = match[0], match.start()
    spans = {"minor": minor, **({"patch": patch} if "patch" in match.groupdict() else {})}
    for name in sorted(spans, key=match.start, reverse=True):
        text = text[: match.start(name) - offset] + spans[name] + text[match.end(name) - offset :]
    return text


def find_patch(minor: str) -> str:
    """Return the newest patch version of a minor version."""
    command = ["go", "list", "-m", "-f", "{{.Version}}", f"k8s.io/api@v0.{minor}"]
    done = subprocess.run(command, cwd=ROOT / MODULES[1], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"k8s.io/api v0.{minor}: {done.stderr.strip()}")
    return done.stdout.strip().rpartition(".")[2]


def main(arguments: Sequence[str]) -> None:
    """Change the version, and update the Go modules."""
    wanted = re.fullmatch(r"1\.(\d+)(?:\.(\d+))?", arguments[0]) if arguments else None
    if wanted is None:
        sys.exit("V: must be a version such as 1.37 or 1.37.2. Run: make kubernetes-version V=1.37")
    if shutil.which("go") is None:
        sys.exit("go is not on PATH. Install Go: https://go.dev/doc/install")
    replace_version(ROOT, wanted[1], wanted[2] or find_patch(wanted[1]))
    for module in MODULES:
        subprocess.run(["go", "mod", "tidy"], cwd=ROOT / module, check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
