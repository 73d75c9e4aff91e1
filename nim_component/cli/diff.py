"""`diff`: the effects of a change on running models, from two renders or from a preview."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from .exit_codes import FAILED, FOUND, USAGE
from .options import FolderOption

if TYPE_CHECKING:
    from ..review.change import StackChange
    from ..review.sources.render_pair import RenderPair
    from ..review.stack_review import StackReview


class Format(StrEnum):
    """Format of the report."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    JSON = "json"


def diff(
    base: Annotated[
        str | None,
        typer.Option("--base", "-b", help="Compare with the commit where the branch left REF, as a pull request does.", metavar="REF"),
    ] = None,
    head: Annotated[str | None, typer.Option("--head", help="Commit to review. Default: the working tree.", metavar="REF")] = None,
    preview_json: Annotated[
        list[Path] | None,
        typer.Option("--preview-json", help="Review the output of `pulumi preview --json`; - for standard input.", metavar="FILE"),
    ] = None,
    stack: Annotated[list[str] | None, typer.Option("--stack", "-s", help="Stack; may be repeated. Default: all stacks.")] = None,
    format: Annotated[Format, typer.Option("--format", "-f", help="Format of the report.")] = Format.TERMINAL,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on",
            help="Exit with 3 on findings of this rule, or of at least this severity: critical, warning or notice. May be repeated.",
            metavar="RULE",
        ),
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Compare with REF itself, not with the commit where the branch left it.")] = False,
    base_python: Annotated[
        str | None,
        typer.Option(
            "--base-python",
            help="Interpreter with the packages of the base. Default: the one that runs this command.",
            metavar="PYTHON",
            show_default=False,
        ),
    ] = None,
    head_user: Annotated[
        str | None,
        typer.Option(
            "--head-user",
            help="Run the code of the head as this user, who cannot change files of the base. Requires root.",
            metavar="USER",
            show_default=False,
        ),
    ] = None,
    save_renders: Annotated[
        Path | None, typer.Option("--save-renders", help="Store both renders in a file for --renders.", metavar="FILE")
    ] = None,
    renders: Annotated[
        Path | None,
        typer.Option(
            "--renders",
            help="Compare stored renders. The file may be untrusted: with --base REF, that commit is rendered here and must equal the base "
            "of the file; with --head COMMIT, the head must be that commit.",
            metavar="FILE",
        ),
    ] = None,
    cwd: FolderOption = Path(),
) -> None:
    """Report the effects of a change on running models."""
    from ..review.stack_review import review_all
    from ..review.views import render

    gates = validate_gates(fail_on or [])
    needs_base = {"head": head if renders is None else None, "head-user": head_user, "save-renders": save_renders}
    if base is None and (given := [name for name, value in needs_base.items() if value is not None]):
        stop(f"--{given[0]}: requires a base. Add --base REF.", USAGE)
    if base is None and not preview_json and renders is None:
        stop("nothing to compare. Add --base REF or --preview-json FILE.", USAGE)
    python = base_python or sys.executable
    pair = None
    if renders is not None:
        pair = read_stored_renders(renders, cwd, base, head, stack or [], python)
    elif base is not None:
        pair = render_refs(cwd, base, head, stack or [], exact, python, head_user)
    if pair and save_renders:
        save(pair, save_renders)
    reviews = review_all([*(pair.compare() if pair else []), *read_previews(preview_json or [])])
    write(render(reviews, format.value, pair.notes if pair else []))
    if any(finding.rule == "failed" and finding.severity.value == "critical" for each in reviews for finding in each.findings):
        raise typer.Exit(FAILED)
    if matches_gate(reviews, gates):
        raise typer.Exit(FOUND)


def render_refs(
    folder: Path, base: str, head: str | None, stacks: Sequence[str], exact: bool, base_python: str, head_user: str | None
) -> RenderPair:
    """Return the renders of two git references."""
    from .git_renders import GitRenderError, render_git_range

    try:
        pair = render_git_range(folder, base, head, stacks, exact=exact, base_python=base_python, head_user=head_user)
    except GitRenderError as error:
        stop(str(error))
    known = {*pair.base, *pair.head}
    if missing := sorted({*stacks} - known):
        stop(f"--stack {missing[0]}: unknown stack. Neither base nor head contains a Pulumi.{missing[0]}.yaml.")
    if not known:
        stop(f"{folder}: neither base nor head contains a project with stacks. Pass the folder of the project to --cwd.")
    return pair


def read_stored_renders(file: Path, folder: Path, base: str | None, head: str | None, stacks: Sequence[str], python: str) -> RenderPair:
    """Return the renders of a file, verified against base and head if these are given."""
    from .stored_renders import StoredRendersError, read_renders, verify_base, verify_head

    try:
        pair = read_renders(file)
        if head is not None:
            verify_head(pair, file, head)
        if base is not None:
            verify_base(pair, file, folder, base, stacks, python)
    except StoredRendersError as error:
        stop(str(error))
    return pair


def save(pair: RenderPair, file: Path) -> None:
    """Write the renders to a file."""
    from .stored_renders import StoredRendersError, store

    try:
        store(pair, file)
    except StoredRendersError as error:
        stop(str(error))


def read(file: Path) -> str:
    """Return the text of a file; that of standard input for `-`."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        stop(f"{file}: cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}")


def read_previews(files: Sequence[Path]) -> list[StackChange]:
    """Return the changes in each preview."""
    from ..review.sources.preview import PreviewError, read_preview

    try:
        return [read_preview(read(file), str(file)) for file in files]
    except PreviewError as error:
        stop(str(error))


def validate_gates(gates: Sequence[str]) -> Sequence[str]:
    """Return the values of `--fail-on` if all of them are rules or severities."""
    from ..review.findings import RULES, Severity
    from ..text.nearest_names import suggest

    known = [*(severity.value for severity in Severity), *RULES]
    for gate in gates:
        if gate not in known:
            stop(f"--fail-on {gate}: neither a rule nor a severity. {suggest(gate, known)}", USAGE)
    return gates


def matches_gate(reviews: Sequence[StackReview], gates: Sequence[str]) -> bool:
    """Return true if a finding has one of the rules, or at least one of the severities."""
    from ..review.findings import Severity

    lowest = max((severity.rank for severity in Severity if severity.value in gates), default=-1)
    return any(finding.rule in gates or finding.severity.rank <= lowest for each in reviews for finding in each.findings)


def write(text: str) -> None:
    """Write the report to standard output in UTF-8, whatever the locale is."""
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.flush()


def stop(text: str, code: int = FAILED) -> NoReturn:
    """Print an error and end the command."""
    typer.echo(f"error: {text}", err=True)
    raise typer.Exit(code)
