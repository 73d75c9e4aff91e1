"""Commands: one for each step of a workflow."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from . import text
from .client import RequestError
from .compute import PREVIEW, RENDERS, compute_report
from .github import GitHub, Pull
from .gitlab import GitLab
from .program_files import find_program_files
from .report import NotReviewedError, Report, parse_commit, read_report, write_report

NOT_REVIEWED, GATE = 1, 3
PENDING = "there is no result yet"
ERRORS = (RequestError, NotReviewedError, KeyError, ValueError, TypeError, AttributeError)
"""Errors of requests, and of answers with an unexpected shape."""


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    commands: dict[str, Callable[..., int]] = {"fetch": fetch, "compute": compute, "post": post, "pending": pending}
    name, *folders = [*arguments, ""]
    if name not in commands or len(folders) != (1 if name == "pending" else 2):
        sys.exit("usage: comment.py fetch|compute|post FOLDER, or comment.py pending")
    try:
        return commands[name](*map(Path, folders[:-1]), os.environ)
    except ERRORS as error:
        sys.exit(f"error: {explain(error)}")


def explain(error: Exception) -> str:
    """Return the text of an error."""
    if isinstance(error, RequestError | NotReviewedError):
        return str(error)
    return f"{type(error).__name__} {error}: a variable is missing, or an answer has an unexpected form"


def fetch(folder: Path, environment: Mapping[str, str]) -> int:
    """Download the renders of a run, and print the base as an output of the step.

    A failure becomes the reason in the report, so that the comment contains it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    head = parse_commit(environment["HEAD_COMMIT"], "HEAD_COMMIT")
    try:
        host, run = GitHub(environment), str(int(environment["RUN"]))
        content = host.download(run, "renders", RENDERS)
        if content is None:
            raise NotReviewedError(f"the review run stored no renders. It ended with {environment.get('CONCLUSION') or 'no conclusion'}")
        base = choose_base(content, [host.merge_base(each) for each in host.pulls(head)])
        (folder / RENDERS).write_bytes(content)
        # Only branches of this repository have previews. Only they may store a finished text.
        if environment.get("TRUSTED") == "true" and environment.get("EXPECT_PREVIEW") == "true":
            preview = host.download(run, "review-with-preview", PREVIEW)
            if preview is None:
                raise NotReviewedError("the review run stored no preview")
            (folder / PREVIEW).write_bytes(preview)
    except ERRORS as error:
        report = Report(head, reason=explain(error))
        write_report(folder, report)
        return finish(report, [report.reason])
    with Path(environment["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as stream:
        stream.write(f"base={base}\n")
    return 0


def choose_base(content: bytes, bases: Sequence[str]) -> str:
    """Return the merge base that the file names, if a pull request has it."""
    if not bases:
        raise NotReviewedError("no open pull request has this head")
    try:
        claimed = json.loads(content)["base_commit"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotReviewedError(f"{RENDERS} contains no renders of this version") from None
    if claimed not in bases:
        raise NotReviewedError("the base of the renders is not the merge base of a pull request. Update the branch or run the review again")
    return claimed


def compute(folder: Path, environment: Mapping[str, str]) -> int:
    """Write the report on the renders in the folder."""
    report = compute_report(folder, environment)
    write_report(folder, report)
    return finish(report, [report.reason]) if report.reason else 0


def post(folder: Path, environment: Mapping[str, str]) -> int:
    """Write the comment, and return 1 if the commit is not reviewed."""
    report = read_report(folder, parse_commit(environment["HEAD_COMMIT"], "HEAD_COMMIT"))
    return post_on_gitlab(report, environment) if "CI_API_V4_URL" in environment else post_on_github(report, environment)


def post_on_github(report: Report, environment: Mapping[str, str]) -> int:
    """Write the comment on each open pull request with the head of the report, and the status."""
    host = GitHub(environment)
    log = f"{host.web}/actions/runs/{int(environment['RUN'])}"
    problems = [report.reason] if report.reason else []
    try:
        pulls = host.pulls(report.head)
    except ERRORS as error:
        pulls = []
        problems.append(explain(error))
    bodies = {pull: describe(host, pull, report, log, problems) for pull in pulls}
    # A pull request with another base has a run of its own, unless no pull request has this base.
    if pulls and not any(bodies.values()):
        problems.append("the base of the report is not the merge base of the pull request")
        bodies = dict.fromkeys(pulls, text.not_reviewed(report.head, problems[-1], log))
    for pull, body in bodies.items():
        try:
            if body and host.has_head(pull):
                host.comment(pull, body)
        except ERRORS as error:
            problems.append(f"the comment on pull request {pull.number} is not written: {explain(error)}")
    others = [pull.number for pull, body in bodies.items() if not body]
    host.status(report.head, *describe_status(report, problems, others), log)
    return finish(report, problems)


def describe(host: GitHub, pull: Pull, report: Report, log: str, problems: list[str]) -> str:
    """Return the comment for a pull request; empty if the report is of another base."""
    if report.reason:
        return text.not_reviewed(report.head, report.reason, log)
    try:
        if host.merge_base(pull) != report.base:
            return ""
    except ERRORS as error:
        problems.append(f"the merge base is unknown: {explain(error)}")
        return text.not_reviewed(report.head, problems[-1], log)
    return describe_reviewed(report, lambda: host.changed_files(pull), log)


def describe_reviewed(report: Report, read_files: Callable[[], list[str] | None], log: str) -> str:
    """Return the comment with a report, also if the changed files are unknown."""
    try:
        files = read_files()
    except ERRORS:
        files = None
    return text.reviewed(report, None if files is None else find_program_files(files), log)


def describe_status(report: Report, problems: Sequence[str], others: Sequence[int]) -> tuple[str, str]:
    """Return state and description of the commit status.

    A commit has one status, so a report is no success for pull requests with another base.
    """
    if problems:
        return "failure", f"not reviewed: {problems[0]}"
    if report.exit_code:
        return "failure", "A finding matches FAIL_ON." if report.exit_code == GATE else "The change does not render."
    if others:
        text = f"Pull request {others[0]} has this commit and another base, but a commit has one status."
        return "failure", f"{text} Close one of them, then run the review again."
    return "success", "Reviewed. Read the comment."


def finish(report: Report, problems: Sequence[str]) -> int:
    """Print the problems and return the exit code."""
    for each in problems:
        sys.stderr.write(f"not reviewed: {report.head}, {' '.join(each.split())}\n")
    return NOT_REVIEWED if problems else report.exit_code


def post_on_gitlab(report: Report, environment: Mapping[str, str]) -> int:
    """Write the comment on the merge request of the pipeline."""
    host, log = GitLab(environment), environment.get("CI_PIPELINE_URL", "")
    host.load()
    if host.head != report.head:
        sys.stderr.write("The merge request has a newer commit, whose pipeline writes the comment.\n")
        return 0
    if not report.reason and report.base != host.base:
        report = Report(report.head, reason="the base of the report is not the merge base of the merge request")
    if report.reason:
        host.comment(text.not_reviewed(report.head, report.reason, log))
        return finish(report, [report.reason])
    host.comment(describe_reviewed(report, host.changed_files, log))
    return finish(report, [])


def pending(environment: Mapping[str, str]) -> int:
    """Replace the report of an older commit, before the review of the new one ends.

    A fast review may already have written the comment of this commit. With another base, it is
    stale.
    """
    head = parse_commit(environment["HEAD_COMMIT"], "HEAD_COMMIT")
    body = text.not_reviewed(head, PENDING)
    if "CI_API_V4_URL" in environment:
        merge_request = GitLab(environment)
        merge_request.load()
        if merge_request.head == head and not any(text.is_of_commit(each["body"], head) for each in merge_request.own_comments()):
            merge_request.comment(body)
        return 0
    host, pull = GitHub(environment), Pull(int(environment["NUMBER"]), head, "")
    host.status(head, "pending", PENDING, "")
    is_written = any(text.is_of_commit(each["body"], head) for each in host.own_comments(pull))
    if not is_written or environment.get("ACTION") == "edited":
        host.comment(pull, body)
    return 0
