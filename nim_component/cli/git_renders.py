"""The two sides of a comparison: a git range checked out into worktrees of its own, each rendered by a process of its own."""

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

from ..review.render_pair import REQUIREMENTS, RenderPair
from ..review.renders import Render

RENDERER = Path(__file__).parents[1] / "local" / "renderer.py"


class GitRenderError(Exception):
    """Something the user can mend, in words for them."""


def render_git_range(folder: Path, base: str, head: str | None, stacks: Sequence[str], *, exact: bool, base_python: str) -> RenderPair:
    """The stacks of both sides."""
    top = Path(git(folder, "rev-parse", "--show-toplevel"))
    inside = folder.resolve().relative_to(top.resolve())
    target = commit(top, head or "HEAD")
    start = commit(top, base) if exact else merge_base(top, base, target)
    with contextlib.ExitStack() as stack:
        stack.enter_context(terminations())
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nim-component-diff-")))
        old = stack.enter_context(worktree(top, scratch / "base", start))
        new = top if head is None else stack.enter_context(worktree(top, scratch / "head", target))
        key = secrets.token_hex(32)
        running = [
            stack.enter_context(rendering(side / inside, scratch / f"{name}.json", stacks, key, python))
            for name, side, python in (("base", old, base_python), ("head", new, sys.executable))
        ]
        first, second = (finish(process, scratch / f"{name}.json", name) for name, process in zip(("base", "head"), running, strict=True))
        other = base_python != sys.executable
        return RenderPair(first, second, [] if other else changed_requirements(old / inside, new / inside))


def changed_requirements(old: Path, new: Path) -> list[str]:
    """The files that say which packages a side wants, as far as they differ."""
    return [name for name in REQUIREMENTS if read(old / name) != read(new / name)]


def read(file: Path) -> bytes | None:
    """A file's content, None where there is none."""
    try:
        return file.read_bytes()
    except OSError:
        return None


def git(folder: Path, *arguments: str) -> str:
    """What git says. No hook of the repository runs."""
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
        raise GitRenderError("git is not on PATH; install it, or compare a preview: --preview-json FILE") from None
    if result.returncode:
        raise GitRenderError(result.stderr.strip() or f"git {arguments[0]} failed")
    return result.stdout.strip()


def commit(top: Path, ref: str) -> str:
    """The commit a name stands for. A name that looks like an option is none."""
    try:
        return git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    except GitRenderError:
        raise GitRenderError(
            f"'{ref}' names no commit here; fetch it first (in a workflow: fetch-depth: 0), or give another with --base or --head"
        ) from None


def merge_base(top: Path, base: str, target: str) -> str:
    """Where the branch left the base: what a pull request is compared with."""
    start = commit(top, base)
    try:
        return git(top, "merge-base", start, target).splitlines()[0]
    except (GitRenderError, IndexError):
        raise GitRenderError(
            f"'{base}' and the head have no common commit here; fetch the history (in a workflow: fetch-depth: 0), or compare with --exact"
        ) from None


@contextlib.contextmanager
def worktree(top: Path, folder: Path, ref: str) -> Generator[Path]:
    """A checkout of one commit, gone afterwards."""
    git(top, "worktree", "add", "--detach", "--force", str(folder), ref)
    try:
        yield folder
    finally:
        with contextlib.suppress(GitRenderError):
            git(top, "worktree", "remove", "--force", str(folder))


@contextlib.contextmanager
def rendering(folder: Path, result: Path, stacks: Sequence[str], key: str, python: str) -> Generator[subprocess.Popen[str]]:
    """The process that renders one side; it does not outlive this."""
    # Nothing is left in the user's own tree, the bytecode of the program's modules neither.
    environment = {name: value for name, value in os.environ.items() if name != "PULUMI_STACK"} | {"PYTHONDONTWRITEBYTECODE": "1"}
    folder = folder if folder.is_dir() else result.parent
    try:
        process = subprocess.Popen(
            [python, "-P", str(RENDERER), str(folder), str(result), *stacks],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=folder, env=environment,
        )  # fmt: skip
    except OSError as error:
        raise GitRenderError(f"{python}: cannot be run: {error.strerror}; give an interpreter with --base-python") from None
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


def finish(process: subprocess.Popen[str], result: Path, name: str) -> dict[str, Render]:
    """Waits for a render. One that never came to write its result says why."""
    _, errors = process.communicate()
    if process.returncode or not result.exists():
        last = errors.strip().splitlines()[-1:] or [f"ended with {process.returncode}"]
        raise GitRenderError(f"the {name} could not be rendered: {last[0]}")
    return json.loads(result.read_text(encoding="utf-8"))


@contextlib.contextmanager
def terminations() -> Generator[None]:
    """A polite end (a cancelled job) cleans up too."""

    def stop(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    try:
        former = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
