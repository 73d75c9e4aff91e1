"""Renders of two commits, each in a git worktree and a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path

from ..local.paths import resolve_path
from ..review.sources.render_pair import REQUIREMENTS, RenderPair
from ..review.sources.renders import Render

RENDERER = Path(__file__).parents[1] / "local" / "renderer.py"


class GitRenderError(Exception):
    """A failure of git or of a render that the user can correct."""


def render_git_range(folder: Path, base: str, head: str | None, stacks: Sequence[str], *, exact: bool, base_python: str) -> RenderPair:
    """Return the renders of all stacks in base and head.

    Args:
        folder: Folder of the project.
        base: Git reference. The render is of the merge base, unless `exact` is true.
        head: Git reference; None for the working tree.
        stacks: Names of stacks; empty for all.
        exact: Render `base` itself.
        base_python: Interpreter with the packages of the base.
    """
    top = Path(git(folder, "rev-parse", "--show-toplevel"))
    subfolder = resolve_path(folder).relative_to(resolve_path(top))
    head_commit = resolve_commit(top, head or "HEAD")
    base_commit = resolve_commit(top, base) if exact else find_merge_base(top, base, head_commit)
    with contextlib.ExitStack() as stack:
        stack.enter_context(exit_on_sigterm())
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nim-component-diff-")))
        old = stack.enter_context(worktree(top, scratch / "base", base_commit)) / subfolder
        new = (top if head is None else stack.enter_context(worktree(top, scratch / "head", head_commit))) / subfolder
        key = secrets.token_hex(32)
        # Both processes start before the first result is read, so they run at the same time.
        base_process = stack.enter_context(start_render(old, scratch / "base.json", stacks, key, base_python))
        head_process = stack.enter_context(start_render(new, scratch / "head.json", stacks, key, sys.executable))
        base_renders = read_result(base_process, scratch / "base.json", "base")
        head_renders = read_result(head_process, scratch / "head.json", "head")
        has_own_packages = base_python != sys.executable
        return RenderPair(base_renders, head_renders, [] if has_own_packages else changed_requirements(old, new))


def changed_requirements(old: Path, new: Path) -> list[str]:
    """Return the names of the requirements files that differ."""
    return [name for name in REQUIREMENTS if read_bytes(old / name) != read_bytes(new / name)]


def read_bytes(file: Path) -> bytes | None:
    """Return the content of a file; None if it cannot be read."""
    try:
        return file.read_bytes()
    except OSError:
        return None


def git(folder: Path, *arguments: str) -> str:
    """Return the output of a git command. Hooks of the repository are not run."""
    try:
        result = subprocess.run(
            ["git", "-c", "core.hooksPath=/dev/null", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise GitRenderError("git is not on PATH. Install it, or review a preview: --preview-json FILE.") from None
    if result.returncode:
        raise GitRenderError(result.stderr.strip() or f"git {arguments[0]} failed")
    return result.stdout.strip()


def resolve_commit(top: Path, ref: str) -> str:
    """Return the commit of a reference.

    A reference that looks like an option is not taken for one.
    """
    try:
        return git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    except GitRenderError:
        raise GitRenderError(
            f"{ref}: unknown commit. Fetch it (in a workflow: fetch-depth: 0), or pass another one to --base or --head."
        ) from None


def find_merge_base(top: Path, base: str, head_commit: str) -> str:
    """Return the commit where the branch left the base, as in the diff of a pull request."""
    base_commit = resolve_commit(top, base)
    try:
        return git(top, "merge-base", base_commit, head_commit).splitlines()[0]
    except (GitRenderError, IndexError):
        raise GitRenderError(
            f"{base}: no common commit with the head. Fetch the history (in a workflow: fetch-depth: 0), or pass --exact."
        ) from None


@contextlib.contextmanager
def worktree(top: Path, folder: Path, commit: str) -> Generator[Path]:
    """Check out a commit into a folder, and remove it at the end."""
    git(top, "worktree", "add", "--detach", "--force", str(folder), commit)
    try:
        yield folder
    finally:
        with contextlib.suppress(GitRenderError):
            git(top, "worktree", "remove", "--force", str(folder))


@contextlib.contextmanager
def start_render(folder: Path, result: Path, stacks: Sequence[str], key: str, python: str) -> Generator[subprocess.Popen[str]]:
    """Start the process that renders a folder, and kill it at the end."""
    # Nothing is written into the user's working tree, not even bytecode of the program.
    environment = {name: value for name, value in os.environ.items() if name != "PULUMI_STACK"} | {"PYTHONDONTWRITEBYTECODE": "1"}
    folder = folder if folder.is_dir() else result.parent
    try:
        process = subprocess.Popen(
            [python, "-P", str(RENDERER), str(folder), str(result), *stacks],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=folder, env=environment,
        )  # fmt: skip
    except OSError as error:
        raise GitRenderError(f"{python}: cannot be started: {error.strerror}. Pass an interpreter to --base-python.") from None
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(f"{key}\n")
        process.stdin.close()
    process.stdin = None
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def read_result(process: subprocess.Popen[str], result: Path, name: str) -> dict[str, Render]:
    """Wait for a render and return it.

    The error contains the last line that the process printed.
    """
    _, errors = process.communicate()
    if process.returncode or not result.exists():
        last = errors.strip().splitlines()[-1:] or [f"the process ended with code {process.returncode}"]
        raise GitRenderError(f"the {name} cannot be rendered: {last[0]}")
    return json.loads(result.read_text(encoding="utf-8"))


@contextlib.contextmanager
def exit_on_sigterm() -> Generator[None]:
    """Turn SIGTERM into an exception, so that a cancelled job removes worktrees and processes."""

    def stop(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    try:
        former = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # outside the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
