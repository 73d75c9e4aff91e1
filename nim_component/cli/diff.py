"""`diff`: what a change does to running models, from two renders or from the engine's own preview."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from .exit_codes import FAILED, FOUND, USAGE

if TYPE_CHECKING:
    from ..review.change import StackChange
    from ..review.render_pair import RenderPair
    from ..review.review import StackReview


class Format(StrEnum):
    """How the report is written."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    JSON = "json"


def diff(
    base: Annotated[
        str | None, typer.Option("--base", "-b", help="Compare with where this branch left REF, as a pull request does.", metavar="REF")
    ] = None,
    head: Annotated[
        str | None, typer.Option("--head", help="Compare this REF; else the working tree, as it lies there.", metavar="REF")
    ] = None,
    preview_json: Annotated[
        list[Path] | None,
        typer.Option("--preview-json", help="Read what `pulumi preview --json` printed; - is standard input.", metavar="FILE"),
    ] = None,
    stack: Annotated[list[str] | None, typer.Option("--stack", "-s", help="Only this stack; may be repeated. Else every one.")] = None,
    format: Annotated[Format, typer.Option("--format", "-f", help="How the report is written.")] = Format.TERMINAL,
    fail_on: Annotated[
        list[str] | None,
        typer.Option("--fail-on", help="Exit with 3 on this rule, or from this severity on: critical, warning, notice.", metavar="RULE"),
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Compare with REF itself, not with where the branch left it.")] = False,
    base_python: Annotated[
        str, typer.Option("--base-python", help="Interpreter that renders the base, where its packages differ.", metavar="PYTHON")
    ] = sys.executable,
    save_renders: Annotated[Path | None, typer.Option("--save-renders", help="Keep both renders, for --renders.", metavar="FILE")] = None,
    renders: Annotated[Path | None, typer.Option("--renders", help="Compare renders that were kept, by anybody.", metavar="FILE")] = None,
    cwd: Annotated[Path, typer.Option("--cwd", "-C", help="The project's folder.", metavar="DIR")] = Path(),
) -> None:
    """Say what a change does to running models."""
    from ..review.review import review_all
    from ..review.views import render

    gates = check_gates(fail_on or [])
    if base is None and (head is not None or save_renders is not None):
        stop(f"--{'head' if head is not None else 'save-renders'} needs a --base to be compared with", USAGE)
    if base is None and not preview_json and renders is None:
        stop("nothing to compare: give --base REF, or --preview-json FILE", USAGE)
    if base is not None and renders is not None:
        stop("--base makes renders, and --renders reads them: give one of the two", USAGE)
    both = read_pair(renders) if renders else None
    if base is not None:
        both = render_refs(cwd, base, head, stack or [], exact, base_python)
    if both and save_renders:
        save_renders.write_text(both.write(), encoding="utf-8")
    reviews = review_all([*(both.compare() if both else []), *read_previews(preview_json or [])])
    write(render(reviews, format.value, both.notes if both else []))
    if any(finding.rule == "failed" and finding.severity.value == "critical" for each in reviews for finding in each.findings):
        raise typer.Exit(FAILED)
    if found(reviews, gates):
        raise typer.Exit(FOUND)


def render_refs(folder: Path, base: str, head: str | None, stacks: Sequence[str], exact: bool, base_python: str) -> RenderPair:
    """Both sides of a git range, rendered."""
    from .git_renders import GitRenderError, render_git_range

    try:
        both = render_git_range(folder, base, head, stacks, exact=exact, base_python=base_python)
    except GitRenderError as error:
        stop(str(error))
    known = {*both.base, *both.head}
    if missing := sorted({*stacks} - known):
        stop(f"no stack named '{missing[0]}' on either side: neither has a Pulumi.{missing[0]}.yaml")
    if not known:
        stop(f"{folder}: holds no project with stacks on either side; name the project's folder with --cwd")
    return both


def read_pair(file: Path) -> RenderPair:
    """Both sides, from a file that may come from anybody."""
    from ..review.render_pair import RenderPairError, read_render_pair

    try:
        return read_render_pair(read(file), str(file))
    except RenderPairError as error:
        stop(str(error))


def read(file: Path) -> str:
    """A file's text, or the standard input's."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        stop(f"{file}: cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}")


def read_previews(files: Sequence[Path]) -> list[StackChange]:
    """The changes in each file."""
    from ..review.preview import PreviewError, read_preview

    try:
        return [read_preview(read(file), str(file)) for file in files]
    except PreviewError as error:
        stop(str(error))


def check_gates(gates: Sequence[str]) -> Sequence[str]:
    """The rules and severities to fail on; an unknown one is a wrong use."""
    from ..review.findings import RULES, Severity
    from ..text.nearest_names import suggest

    known = [*(severity.value for severity in Severity), *RULES]
    for gate in gates:
        if gate not in known:
            stop(f"--fail-on {gate}: neither a rule nor a severity. {suggest(gate, known)}", USAGE)
    return gates


def found(reviews: Sequence[StackReview], gates: Sequence[str]) -> bool:
    """Whether any finding meets a gate: its rule, or a severity it is at least as grave as."""
    from ..review.findings import Severity

    ranks = [severity.rank for severity in Severity if severity.value in gates]
    lowest = max(ranks, default=-1)
    return any(finding.rule in gates or finding.severity.rank <= lowest for each in reviews for finding in each.findings)


def write(text: str) -> None:
    """The report, in UTF-8 wherever it goes."""
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.flush()


def stop(text: str, code: int = FAILED) -> NoReturn:
    """Ends the command with an error."""
    typer.echo(f"error: {text}", err=True)
    raise typer.Exit(code)
