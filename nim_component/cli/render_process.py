"""Process that renders the stacks of a folder with the code of that folder."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ..review.sources.renders import Render

RENDERER = Path(__file__).parents[1] / "local" / "renderer.py"


class RenderProcessError(Exception):
    """A failure of the process, or a user or interpreter that cannot be used."""


def render_folder(folder: Path, stacks: Sequence[str], key: str, python: str, *, name: str, user: str | None = None) -> dict[str, Render]:
    """Return the renders of a folder, by stack.

    The result comes through a pipe, so there is no file that other processes could change.

    Args:
        folder: Folder of the project. A missing folder has no stacks.
        stacks: Names of stacks; empty for all.
        key: Key of the hashes that stand for secrets.
        python: Interpreter with the packages of the program.
        name: Name of the render in errors.
        user: User that runs the code; None for the user of this process.
    """
    if not folder.is_dir():
        return {}
    # Nothing is written into the user's working tree, not even bytecode of the program.
    environment = {name: value for name, value in os.environ.items() if name != "PULUMI_STACK"} | {"PYTHONDONTWRITEBYTECODE": "1"}
    try:
        result = subprocess.run(
            [python, "-P", str(RENDERER), str(folder), *stacks],
            input=f"{key}\n", capture_output=True, text=True, encoding="utf-8", errors="replace", cwd=folder, env=environment, check=False,
            user=user, group=None if user is None else find_group(user), extra_groups=None if user is None else [],
        )  # fmt: skip
    except OSError as error:
        raise RenderProcessError(describe_refusal(python, user, error)) from None
    if result.returncode:
        last = result.stderr.strip().splitlines()[-1:] or [f"the process ended with code {result.returncode}"]
        raise RenderProcessError(f"the {name} cannot be rendered: {last[0]}")
    try:
        return json.loads(result.stdout)
    except (ValueError, RecursionError):
        raise RenderProcessError(f"the {name} cannot be rendered: the process returned no result") from None


def find_group(user: str) -> int:
    """Return the gid of a user."""
    import pwd

    try:
        return pwd.getpwnam(user).pw_gid
    except KeyError:
        raise RenderProcessError(f"--head-user {user}: unknown user. Pass a user of this machine, such as `nobody`.") from None


def describe_refusal(python: str, user: str | None, error: OSError) -> str:
    """Return the text for a process that the system does not start."""
    if user is None or not isinstance(error, PermissionError):
        return f"{python}: cannot be started: {error.strerror}. Pass an interpreter to --base-python."
    return (
        f"--head-user {user}: cannot start {python} as this user: {error.strerror}. "
        "Run the command as root, with an interpreter and a folder that every user can read."
    )
