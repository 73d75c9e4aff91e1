"""Renders of two commits, each in a git worktree and a process of its own."""

from __future__ import annotations

import contextlib
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
from .render_process import RenderProcessError, render_folder


class GitRenderError(Exception):
    """A failure of git or of a render that the user can correct."""


def render_git_range(
    folder: Path, base: str, head: str | None, stacks: Sequence[str], *, exact: bool, base_python: str, head_user: str | None = None
) -> RenderPair:
    """Return the renders of all stacks in base and head.

    The code of the head may be hostile. It starts after the result of the base is in memory and the
    folder of the base is removed.

    Args:
        folder: Folder of the project.
        base: Git reference. The render is of the merge base, unless `exact` is true.
        head: Git reference; None for the working tree.
        stacks: Names of stacks; empty for all.
        exact: Render `base` itself.
        base_python: Interpreter with the packages of the base.
        head_user: User that runs the code of the head; None for the user of this process.
    """
    top, subfolder = find_repository(folder)
    head_commit = resolve_commit(top, head or "HEAD")
    base_commit = resolve_commit(top, base) if exact else find_merge_base(top, base, head_commit)
    key = secrets.token_hex(32)
    try:
        with exit_on_sigterm():
            with worktree(top, base_commit) as old:
                before = read_requirements(old / subfolder)
                base_renders = render_folder(old / subfolder, stacks, key, base_python, name="base")
            with contextlib.nullcontext(top) if head is None else worktree(top, head_commit) as new:
                after = read_requirements(new / subfolder)
                head_renders = render_folder(new / subfolder, stacks, key, sys.executable, name="head", user=head_user)
    except RenderProcessError as error:
        raise GitRenderError(str(error)) from None
    changed = [name for name in REQUIREMENTS if before[name] != after[name]]
    notes = [] if base_python != sys.executable else changed
    return RenderPair(base_renders, head_renders, notes, base_commit, "" if head is None else head_commit)


def render_commit(folder: Path, ref: str, stacks: Sequence[str], python: str) -> tuple[str, dict[str, Render]]:
    """Return a commit and the renders of its stacks."""
    top, subfolder = find_repository(folder)
    commit = resolve_commit(top, ref)
    try:
        with exit_on_sigterm(), worktree(top, commit) as tree:
            return commit, render_folder(tree / subfolder, stacks, secrets.token_hex(32), python, name="base")
    except RenderProcessError as error:
        raise GitRenderError(str(error)) from None


def find_repository(folder: Path) -> tuple[Path, Path]:
    """Return the top folder of the repository, and the path of a folder in it."""
    top = Path(git(folder, "rev-parse", "--show-toplevel"))
    return top, resolve_path(folder).relative_to(resolve_path(top))


def read_requirements(folder: Path) -> dict[str, bytes | None]:
    """Return the content of the requirements files; None for a file that cannot be read."""
    return {name: read_bytes(folder / name) for name in REQUIREMENTS}


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
def worktree(top: Path, commit: str) -> Generator[Path]:
    """Check out a commit into a folder of its own, and remove it at the end."""
    with tempfile.TemporaryDirectory(prefix="nim-component-diff-") as scratch:
        folder = Path(scratch) / "tree"
        git(top, "worktree", "add", "--detach", "--force", str(folder), commit)
        # Another user may run the code of the head, so the user must reach the folder.
        Path(scratch).chmod(0o711)
        try:
            yield folder
        finally:
            with contextlib.suppress(GitRenderError):
                git(top, "worktree", "remove", "--force", str(folder))


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
