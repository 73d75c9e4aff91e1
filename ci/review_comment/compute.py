"""Comparison of the renders in a process of its own, with a time limit and without tokens."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from .report import MAX_REPORT, NotReviewedError, Report, parse_commit, read_file, strip_marker

RENDERS, PREVIEW = "renders.json", "review.md"
TIME_LIMIT = 480.0
"""Seconds for the render of the base and the comparison."""
SECRET_NAMES = ("TOKEN", "PASSWORD", "PASSPHRASE", "SECRET", "KEY", "JWT")


def compute_report(folder: Path, environment: Mapping[str, str]) -> Report:
    """Return the report on the renders in a folder.

    HEAD_COMMIT and BASE_COMMIT come from the platform, not from the file. STACKS and FAIL_ON are
    those of `ci/review.sh`, PYTHON is the interpreter with the packages of the default branch.
    """
    head = parse_commit(environment.get("HEAD_COMMIT"), "HEAD_COMMIT")
    try:
        base = parse_commit(environment.get("BASE_COMMIT"), "BASE_COMMIT")
        if not (folder / RENDERS).is_file() or (folder / RENDERS).is_symlink():
            raise NotReviewedError(f"the job that runs the change's code stored no {RENDERS}")
        text, code = run_diff(folder / RENDERS, base, head, environment)
        preview = folder / PREVIEW
        if not preview.exists():
            return Report(head, base, strip_marker(text), exit_code=code)
        finished = strip_marker(read_file(preview, 4 * MAX_REPORT).decode("utf-8", "replace"))
        return Report(head, base, finished, exit_code=code, is_finished=True)
    except NotReviewedError as error:
        return Report(head, reason=str(error))


def run_diff(renders: Path, base: str, head: str, environment: Mapping[str, str]) -> tuple[str, int]:
    """Return the output and the exit code of `nim-component diff`."""
    command = [environment.get("PYTHON") or "python3", "-m", "nim_component", "diff", "--format", "markdown"]
    command += ["--renders", str(renders.absolute()), "--base", base, "--head", head]
    for option, name in (("--stack", "STACKS"), ("--fail-on", "FAIL_ON")):
        command += [part for value in environment.get(name, "").split() for part in (option, value)]
    allowed = {name: value for name, value in environment.items() if not any(part in name.upper() for part in SECRET_NAMES)}
    try:
        result = subprocess.run(command, capture_output=True, timeout=TIME_LIMIT, env=allowed, check=False)
    except subprocess.TimeoutExpired:
        raise NotReviewedError(f"the comparison takes longer than {TIME_LIMIT:.0f} s") from None
    except OSError as error:
        raise NotReviewedError(f"the comparison cannot be started: {error.strerror}") from None
    output, errors = (each.decode("utf-8", "replace") for each in (result.stdout, result.stderr))
    if result.returncode not in (0, 1, 3) or not output:
        lines = errors.strip().splitlines() or [f"the comparison ended with code {result.returncode}"]
        raise NotReviewedError(lines[-1].replace(str(renders.absolute()), RENDERS).removeprefix("error: "))
    return output, result.returncode
