"""Files of `diff --save-renders` and `--renders`. A file that is read may be untrusted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..review.sources.base_check import find_other_stack
from ..review.sources.render_pair import RenderPair, RenderPairError, read_render_pair
from .git_renders import GitRenderError, render_commit

MAX_BYTES = 50_000_000
"""Bytes of a file. The renders of 3,000 services have about 30 MB."""


class StoredRendersError(Exception):
    """A file that cannot be written or read, or that has another base or head than expected."""


def store(pair: RenderPair, file: Path) -> None:
    """Write the renders to a file."""
    try:
        file.write_text(pair.to_json(), encoding="utf-8")
    except OSError as error:
        raise StoredRendersError(f"{file}: cannot be written: {error.strerror}. Pass another file to --save-renders.") from None


def read_renders(file: Path) -> RenderPair:
    """Return the renders of a file."""
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise StoredRendersError(f"{file}: cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise StoredRendersError(f"{file}: larger than {MAX_BYTES // 1_000_000} MB. Review fewer stacks: --stack NAME.")
    try:
        return read_render_pair(content.decode("utf-8", "replace"), str(file))
    except RenderPairError as error:
        raise StoredRendersError(str(error)) from None


def verify_head(pair: RenderPair, file: Path, head: str) -> None:
    """Raise an error unless the head of the file is this commit."""
    if pair.head_commit != head:
        other = f"commit {pair.head_commit}" if pair.head_commit else "a working tree"
        raise StoredRendersError(f"{file}: the head is {other}, not commit {head}. Render again: --base REF --head {head}.")


def verify_base(pair: RenderPair, file: Path, folder: Path, base: str, stacks: Sequence[str], python: str) -> None:
    """Render the base here, and raise an error unless it equals the base of the file.

    The code of the head ran where the file was written, and may have changed it.
    """
    try:
        commit, renders = render_commit(folder, base, stacks, python)
    except GitRenderError as error:
        raise StoredRendersError(str(error)) from None
    if pair.base_commit != commit:
        other = f"commit {pair.base_commit}" if pair.base_commit else "unknown"
        raise StoredRendersError(f"{file}: the base is {other}, not commit {commit}. Render again: --base {commit}.")
    stack = find_other_stack(pair.base, renders)
    if stack is not None:
        raise StoredRendersError(
            f"{file}: stack {stack[:100]!r} of the base differs from that of commit {commit}, rendered here. The code of the head changed "
            "the file, the packages differ, or the program renders differently each time. Compare both: --base REF --save-renders FILE."
        )
