"""`ci/comment.py`: the comment names its commit and its source, and is never stale."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nim_component.review.views import markdown

from .hosts import BASE, HEAD, MARKER, OTHER, ROOT, Host, own, pull, run, run_gitlab, serve

REPORT = {"head": HEAD, "base": BASE, "markdown": "### What\n", "reason": "", "exit_code": 0, "is_finished": False}


@pytest.fixture
def github() -> Iterator[tuple[str, type[Host]]]:
    answers = {
        "GET /repos/o/r/pulls": [pull(12), pull(13, OTHER)],
        "GET /repos/o/r/pulls/12": pull(12),
        f"GET /repos/o/r/compare/main...{HEAD}": {"merge_base_commit": {"sha": BASE}},
    }
    with serve(**answers) as host:
        yield host


@pytest.fixture
def gitlab() -> Iterator[tuple[str, type[Host]]]:
    answers = {
        "GET /user": {"id": 7},
        "GET /projects/9/merge_requests/3": {"sha": HEAD, "diff_refs": {"base_sha": BASE}, "changes_count": "0"},
    }
    with serve(**answers) as host:
        yield host


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path)
    return tmp_path


def write(folder: Path, **fields: Any) -> None:
    (folder / "report.json").write_text(json.dumps({**REPORT, **fields}))


def body(handler: type[Host], number: int = 12) -> str:
    """Return the text of the comment on a pull request."""
    (found,) = [content["body"] for method, path, content in handler.calls if path == f"/repos/o/r/issues/{number}/comments"]
    return found


def status(handler: type[Host]) -> tuple[str, str]:
    (found,) = [content for _, path, content in handler.calls if path == f"/repos/o/r/statuses/{HEAD}"]
    assert (found["context"], found["target_url"]) == ("nim-component review", "https://github.example/o/r/actions/runs/77")
    return found["state"], found["description"]


def set_files(handler: type[Host], *names: str, count: int | None = None, **renamed: str) -> None:
    entries = [{"filename": name, **({"previous_filename": renamed[name]} if name in renamed else {})} for name in names]
    handler.answers["GET /repos/o/r/pulls/12/files"] = entries
    handler.answers["GET /repos/o/r/pulls/12"] = pull(12, changed_files=len(names) if count is None else count)


def test_comment_names_commit_and_base(github: tuple[str, type[Host]], folder: Path):
    url, handler = github
    set_files(handler, "stacks/Pulumi.prod.yaml", "docs/guide.md")
    assert run("post", url, folder).returncode == 0
    log = "[Log](https://github.example/o/r/actions/runs/77)"
    assert body(handler) == f"{MARKER}\nReviewed commit: {HEAD}. Base: {BASE}. {log}\n\n### What\n"
    assert status(handler) == ("success", "Reviewed. Read the comment.")


@pytest.mark.parametrize(
    "file",
    [
        "a.py", "Pulumi.yaml", "sub/Pulumi.yaml", "requirements.txt", "requirements-dev.in", "pyproject.toml", "uv.lock", "action.yml",
        ".github/workflows/review.yml", ".gitlab-ci.yml", "ci/review.sh", "policies/PulumiPolicy.yaml", "x.pth", "x.so", "pip.conf",
        "Pulumi.prod.yaml/x", "Pulumi.prod.yaml.py", "setup.cfg", "Makefile", "md", ".gitattributes", "Pulumi..yaml\n",
        ".github/workflows/Pulumi.review.yaml", ".github/a/guide.md", "sub/.hidden/Pulumi.x.yml", "ci/Pulumi.jobs.yml",
    ],
)  # fmt: skip
def test_program_file_is_first_sentence(github: tuple[str, type[Host]], folder: Path, file: str):
    url, handler = github
    set_files(handler, "Pulumi.dev.yaml", file)
    assert run("post", url, folder).returncode == 0
    first = body(handler).splitlines()[1]
    assert first == (
        "⚠️ **The change's own code computed this report.** The change touches files that can be part of the program: "
        f"`{file.strip()}`. Read them before you trust the report."
    )


def test_renamed_program_is_program_file(github: tuple[str, type[Host]], folder: Path):
    url, handler = github
    set_files(handler, "a.md", **{"a.md": "a.py"})
    run("post", url, folder)
    assert "part of the program: `a.py`." in body(handler)


def test_many_files_are_counted(github: tuple[str, type[Host]], folder: Path):
    url, handler = github
    set_files(handler, *(f"{'x' * 200}{number}.py" for number in range(9)))
    write(folder, markdown="x" * 64_300)
    run("post", url, folder)
    assert " and 4 more. Read them" in body(handler)
    assert len(body(handler)) <= 65_536


def test_hostile_file_name_is_quoted(github: tuple[str, type[Host]], folder: Path):
    url, handler = github
    set_files(handler, "a`**b** @x <img>\n# c\u202e.py")
    run("post", url, folder)
    assert "program: `a?**b** @x <img> # c?.py`. Read" in body(handler)


@pytest.mark.parametrize("count", [1, 3, None])
def test_incomplete_file_list_is_reported(github: tuple[str, type[Host]], folder: Path, count: int | None):
    url, handler = github
    set_files(handler, "a.md", "b.md")
    handler.answers["GET /repos/o/r/pulls/12"]["changed_files"] = count
    run("post", url, folder)
    assert body(handler).splitlines()[1] == (
        "⚠️ **The change's own code may have computed this report.** The list of changed files is not available. "
        "Read the change before you trust the report."
    )


def test_failed_file_list_is_reported(github: tuple[str, type[Host]], folder: Path):
    url, handler = github
    handler.answers["GET /repos/o/r/pulls/12/files"] = 404
    run("post", url, folder)
    assert "The list of changed files is not available." in body(handler).splitlines()[1]


def test_report_cannot_remove_source(github: tuple[str, type[Host]], folder: Path):
    """The first lines are of this program, whatever the report contains."""
    url, handler = github
    set_files(handler, "a.py")
    write(folder, markdown=f"{MARKER}\nReviewed commit: {OTHER}.\n<!--", is_finished=True)
    run("post", url, folder)
    lines = body(handler).splitlines()
    assert lines[1].startswith("⚠️ **The change's own code computed this report.**")
    assert lines[3].startswith(f"Reviewed commit: {HEAD}.")


def test_finished_report_has_source(github: tuple[str, type[Host]], folder: Path):
    url, handler = github
    write(folder, is_finished=True)
    run("post", url, folder)
    assert "It contains a preview, which the job of the change wrote." in body(handler).splitlines()[1]


def test_comment_goes_to_every_pull_request(github: tuple[str, type[Host]], folder: Path):
    """Pull requests of forks and of other branches can have the same head."""
    url, handler = github
    handler.answers["GET /repos/o/r/pulls"] = [pull(12), pull(14), pull(15, base="release/1"), pull(13, OTHER)]
    handler.answers["GET /repos/o/r/pulls/14"] = pull(14)
    handler.answers["GET /repos/o/r/pulls/15"] = pull(15)
    handler.answers[f"GET /repos/o/r/compare/release%2F1...{HEAD}"] = {"merge_base_commit": {"sha": OTHER}}
    assert run("post", url, folder).returncode == 0
    assert [path for _, path, _ in handler.calls] == [
        "/repos/o/r/issues/12/comments", "/repos/o/r/issues/14/comments", f"/repos/o/r/statuses/{HEAD}"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (0, "Pull request 15 has this commit and another base, but a commit has one status. Close one of them, then run the review again."),
        (3, "A finding matches FAIL_ON."),
    ],
)
def test_other_base_prevents_success(github: tuple[str, type[Host]], folder: Path, code: int, expected: str):
    """A commit has one status, whatever the number of its pull requests."""
    url, handler = github
    handler.answers["GET /repos/o/r/pulls"] = [pull(12), pull(15, base="release/1")]
    handler.answers[f"GET /repos/o/r/compare/release%2F1...{HEAD}"] = {"merge_base_commit": {"sha": OTHER}}
    write(folder, exit_code=code)
    assert run("post", url, folder).returncode == code
    assert status(handler) == ("failure", expected)


def test_other_branch_with_equal_base_succeeds(github: tuple[str, type[Host]], folder: Path):
    url, handler = github
    handler.answers["GET /repos/o/r/pulls"] = [pull(12), pull(15, base="release/1")]
    handler.answers["GET /repos/o/r/pulls/15"] = pull(15, base="release/1")
    handler.answers[f"GET /repos/o/r/compare/release%2F1...{HEAD}"] = {"merge_base_commit": {"sha": BASE}}
    assert run("post", url, folder).returncode == 0
    assert status(handler)[0] == "success"


def test_failure_goes_to_every_pull_request(github: tuple[str, type[Host]], folder: Path):
    url, handler = github
    handler.answers["GET /repos/o/r/pulls"] = [pull(12), pull(14, base="release/1")]
    handler.answers["GET /repos/o/r/pulls/14"] = pull(14, base="release/1")
    write(folder, reason="no renders")
    assert run("post", url, folder).returncode == 1
    assert [f"not reviewed: {HEAD}, `no renders`" in body(handler, number) for number in (12, 14)] == [True, True]


def test_other_base_is_not_reviewed(github: tuple[str, type[Host]], folder: Path):
    url, handler = github
    write(folder, base=OTHER)
    assert run("post", url, folder).returncode == 1
    assert f"not reviewed: {HEAD}, `the base of the report is not the merge base of the pull request`" in body(handler)
    assert status(handler) == ("failure", "not reviewed: the base of the report is not the merge base of the pull request")


def test_unknown_merge_base_is_not_reviewed(github: tuple[str, type[Host]], folder: Path):
    url, handler = github
    handler.answers[f"GET /repos/o/r/compare/main...{HEAD}"] = 404
    assert run("post", url, folder).returncode == 1
    assert f"not reviewed: {HEAD}, `the merge base is unknown: GET /repos/o/r/compare/main" in body(handler)


def test_newer_head_gets_no_comment(github: tuple[str, type[Host]], folder: Path):
    url, handler = github
    handler.answers["GET /repos/o/r/pulls/12"] = pull(12, OTHER)
    run("post", url, folder)
    assert [path for _, path, _ in handler.calls] == [f"/repos/o/r/statuses/{HEAD}"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "there is no report.json"),
        ("", "the report is not valid"),
        ("[" * 100_000, "the report is not valid"),
        ("[]", "the report is not valid"),
        ("{}", "the report is not valid"),
        (json.dumps({**REPORT, "version": 1}), "the report is not valid"),
        (json.dumps({**REPORT, "exit_code": True}), "the report is not valid"),
        (json.dumps({**REPORT, "markdown": " "}), "the report is not valid"),
        (json.dumps({**REPORT, "markdown": "x" * 64_301}), "the report is not valid"),
        (json.dumps({**REPORT, "base": "main"}), "the base of the report is not a commit"),
        (json.dumps({**REPORT, "head": OTHER}), "the report is of another commit"),
        (" " * 300_000, "report.json is larger than 257200 bytes"),
    ],
    ids=range(12),
)
def test_failure_replaces_comment(github: tuple[str, type[Host]], tmp_path: Path, content: str | None, reason: str):
    url, handler = github
    handler.answers["GET /repos/o/r/issues/12/comments"] = [
        own("hello"),
        own(f"{MARKER}\nforged", "mallory", 4),
        own(f"{MARKER}\nReviewed"),
    ]
    if content is not None:
        (tmp_path / "report.json").write_text(content)
    result = run("post", url, tmp_path)
    assert (result.returncode, result.stderr) == (1, f"not reviewed: {HEAD}, {reason}\n")
    method, path, sent = handler.calls[0]
    assert (method, path) == ("PATCH", "/repos/o/r/issues/comments/5")
    assert sent["body"] == (
        f"{MARKER}\n### Effects on running models\n\n⚠️ **not reviewed: {HEAD}, `{reason}`**\n\n"
        "No report of an earlier commit applies to this commit. [Log](https://github.example/o/r/actions/runs/77)\n"
    )
    assert status(handler) == ("failure", f"not reviewed: {reason}")


def test_symbolic_link_is_no_report(github: tuple[str, type[Host]], folder: Path):
    (folder / "report.json").rename(folder / "other")
    (folder / "report.json").symlink_to(folder / "other")
    assert run("post", github[0], folder).returncode == 1


@pytest.mark.parametrize(
    ("code", "state", "text"), [(1, "failure", "The change does not render."), (3, "failure", "A finding matches FAIL_ON.")]
)
def test_status_follows_exit_code(github: tuple[str, type[Host]], folder: Path, code: int, state: str, text: str):
    url, handler = github
    write(folder, exit_code=code)
    assert run("post", url, folder).returncode == code
    assert status(handler) == (state, text)
    assert body(handler).endswith("### What\n")


def test_equal_report_is_not_written(github: tuple[str, type[Host]], folder: Path):
    url, handler = github
    run("post", url, folder)
    handler.answers["GET /repos/o/r/issues/12/comments"] = [own(body(handler).strip())]
    handler.calls.clear()
    run("post", url, folder)
    assert [path for _, path, _ in handler.calls] == [f"/repos/o/r/statuses/{HEAD}"]


def test_failed_comment_fails_status(github: tuple[str, type[Host]], folder: Path):
    url, handler = github
    handler.answers["POST /repos/o/r/issues/12/comments"] = 403
    assert run("post", url, folder).returncode == 1
    assert status(handler)[1].startswith("not reviewed: the comment on pull request 12 is not written: POST")


@pytest.mark.parametrize("head", ["", "main", "A" * 40, HEAD + "\n", HEAD[1:], f"{HEAD}/../x"])
def test_head_must_be_commit(github: tuple[str, type[Host]], folder: Path, head: str):
    url, handler = github
    assert run("post", url, folder, HEAD_COMMIT=head).returncode == 1
    assert handler.tokens == []


PENDING = [
    (f"Reviewed commit: {OTHER}.", "synchronize", True),
    (f"Reviewed commit: {HEAD}.", "reopened", False),
    (f"⚠️ **not reviewed: {HEAD}, `x`**", "reopened", False),
    (f"Reviewed commit: {HEAD}.", "edited", True),
    (f"⚠️ **Source** `{HEAD}`\n\nReviewed commit: {OTHER}.\n\nReviewed commit: {HEAD}.", "synchronize", True),
]
"""Comment, action of the event, and whether the comment is replaced. A report can contain a commit
that is pushed later."""


@pytest.mark.parametrize(("text", "action", "written"), PENDING)
def test_pending_replaces_older_report(github: tuple[str, type[Host]], text: str, action: str, written: bool):
    url, handler = github
    handler.answers["GET /repos/o/r/issues/12/comments"] = [own(f"{MARKER}\n{text}")]
    assert run("pending", url, NUMBER="12", ACTION=action).returncode == 0
    edits = [content["body"] for method, _, content in handler.calls if method == "PATCH"]
    assert [f"not reviewed: {HEAD}, `there is no result yet`" in each for each in edits] == [True] * written
    assert [content["state"] for _, path, content in handler.calls if "statuses" in path] == ["pending"]


@pytest.mark.parametrize(("text", "action", "written"), [each for each in PENDING if each[1] != "edited"])
def test_gitlab_pending_replaces_older_report(gitlab: tuple[str, type[Host]], text: str, action: str, written: bool):
    url, handler = gitlab
    handler.answers["GET /projects/9/merge_requests/3/notes"] = [own(f"{MARKER}\n{text}")]
    assert run_gitlab("pending", url).returncode == 0
    edits = [content["body"] for method, _, content in handler.calls if method == "PUT"]
    assert [f"not reviewed: {HEAD}, `there is no result yet`" in each for each in edits] == [True] * written


def test_gitlab_pending_of_older_commit_does_nothing(gitlab: tuple[str, type[Host]]):
    url, handler = gitlab
    handler.answers["GET /projects/9/merge_requests/3"]["sha"] = OTHER
    assert run_gitlab("pending", url).returncode == 0
    assert handler.calls == []


def test_second_own_comment_is_deleted(github: tuple[str, type[Host]], folder: Path):
    """Two runs at the same time may have created two comments, of which one would be stale."""
    url, handler = github
    handler.answers["GET /repos/o/r/issues/12/comments"] = [
        own(f"{MARKER}\na"),
        own(f"{MARKER}\nb", "mallory", 6),
        own(f"{MARKER}\nc", number=8),
    ]
    assert run("post", url, folder).returncode == 0
    assert [(method, path) for method, path, _ in handler.calls][:2] == [
        ("PATCH", "/repos/o/r/issues/comments/5"), ("DELETE", "/repos/o/r/issues/comments/8")
    ]  # fmt: skip


def test_second_own_note_is_deleted(gitlab: tuple[str, type[Host]], folder: Path):
    url, handler = gitlab
    handler.answers["GET /projects/9/merge_requests/3/notes"] = [own(f"{MARKER}\na"), own(f"{MARKER}\nc", number=8)]
    assert run_gitlab("post", url, folder).returncode == 0
    assert [(method, path.rpartition("/")[2]) for method, path, _ in handler.calls] == [("PUT", "5"), ("DELETE", "8")]


def test_wrong_pull_request_number_is_refused(github: tuple[str, type[Host]]):
    assert run("pending", github[0], NUMBER="12/../../x").returncode == 1
    assert github[1].tokens == []


def test_gitlab_comment_names_commit(gitlab: tuple[str, type[Host]], folder: Path):
    url, handler = gitlab
    handler.answers["GET /projects/9/merge_requests/3/diffs"] = [{"new_path": "b.md", "old_path": "a.py"}]
    handler.answers["GET /projects/9/merge_requests/3"]["changes_count"] = "1"
    handler.answers["GET /projects/9/merge_requests/3/notes"] = [own(f"{MARKER}\nold")]
    assert run_gitlab("post", url, folder).returncode == 0
    ((method, path, content),) = handler.calls
    assert (method, path) == ("PUT", "/projects/9/merge_requests/3/notes/5")
    assert "part of the program: `a.py`." in content["body"].splitlines()[1]
    assert f"Reviewed commit: {HEAD}. Base: {BASE}." in content["body"]


def test_gitlab_file_list_may_overflow(gitlab: tuple[str, type[Host]], folder: Path):
    url, handler = gitlab
    handler.answers["GET /projects/9/merge_requests/3"]["changes_count"] = "1000+"
    run_gitlab("post", url, folder)
    assert "The list of changed files is not available." in handler.calls[0][2]["body"]


@pytest.mark.parametrize(
    ("fields", "reason"), [({"reason": "no renders"}, "no renders"), ({"base": OTHER}, "the base of the report is not")]
)
def test_gitlab_failure_replaces_note(gitlab: tuple[str, type[Host]], folder: Path, fields: dict[str, str], reason: str):
    url, handler = gitlab
    write(folder, **fields)
    assert run_gitlab("post", url, folder).returncode == 1
    assert f"not reviewed: {HEAD}, `{reason}" in handler.calls[0][2]["body"]


def test_gitlab_newer_head_gets_no_note(gitlab: tuple[str, type[Host]], folder: Path):
    url, handler = gitlab
    handler.answers["GET /projects/9/merge_requests/3"]["sha"] = OTHER
    assert run_gitlab("post", url, folder).returncode == 0
    assert handler.calls == []


def test_marker_and_limits_fit_together(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ROOT / "ci"))
    report = importlib.import_module("review_comment.report")
    assert report.MARKER == markdown.MARKER
    assert markdown.LIMIT <= report.MAX_REPORT < 65_536
    for name in [each for each in sys.modules if each.startswith("review_comment")]:
        del sys.modules[name]
