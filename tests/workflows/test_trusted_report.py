"""`ci/comment.py fetch` and `compute`: renders of a run become a report, or a reason."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from ..review.test_command import commit, git, repository, stack
from .hosts import BASE, HEAD, OTHER, ROOT, Host, archive, pull, redirect, run, serve

__all__ = ["repository"]

RENDERS = json.dumps({"version": 2, "base_commit": BASE, "head_commit": HEAD, "base": {}, "head": {}, "requirements": []})


@pytest.fixture
def github() -> Iterator[tuple[str, type[Host]]]:
    answers = {
        "GET /repos/o/r/pulls": [pull(12)],
        f"GET /repos/o/r/compare/main...{HEAD}": {"merge_base_commit": {"sha": BASE}},
    }
    with serve(**answers) as host:
        offer(host[1], archive(renders__json=RENDERS))
        yield host


def offer(handler: type[Host], content: bytes, name: str = "renders", number: int = 1, size: int | None = None) -> None:
    """Add an artifact to the run."""
    listed = handler.answers.setdefault("GET /repos/o/r/actions/runs/77/artifacts", {"artifacts": []})
    listed["artifacts"].append({"id": number, "name": name, "expired": False, "size_in_bytes": len(content) if size is None else size})
    handler.answers[f"GET /repos/o/r/actions/artifacts/{number}/zip"] = content


def fetch(url: str, folder: Path, **variables: str) -> tuple[int, str, str]:
    """Return the exit code, the output of the step and the reason in the report."""
    output = folder.parent / "output"
    result = run("fetch", url, folder, GITHUB_OUTPUT=str(output), CONCLUSION="success", **variables)
    report = folder / "report.json"
    return (
        result.returncode,
        output.read_text() if output.exists() else "",
        json.loads(report.read_text())["reason"] if report.exists() else "",
    )


def test_fetch_stores_renders_and_base(github: tuple[str, type[Host]], tmp_path: Path):
    assert fetch(github[0], tmp_path / "x") == (0, f"base={BASE}\n", "")
    assert (tmp_path / "x" / "renders.json").read_text() == RENDERS


def test_fetch_follows_store_without_token(github: tuple[str, type[Host]], tmp_path: Path):
    with serve(**{"GET /store": archive(renders__json=RENDERS)}) as (store, stranger):
        github[1].answers["GET /repos/o/r/actions/artifacts/1/zip"] = redirect(f"{store}/store")
        assert fetch(github[0], tmp_path / "x")[0] == 0
        assert stranger.tokens == [""]


def test_newest_artifact_of_rerun_is_used(github: tuple[str, type[Host]], tmp_path: Path):
    offer(github[1], archive(renders__json=RENDERS + " "), number=9)
    assert fetch(github[0], tmp_path / "x")[0] == 0
    assert (tmp_path / "x" / "renders.json").read_text() == RENDERS + " "


def bomb() -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as content, content.open("renders.json", "w", force_zip64=True) as member:
        for _ in range(51):
            member.write(b" " * 1_000_000)
    return stream.getvalue()


def lying_bomb() -> bytes:
    """Return a bomb whose headers declare ten bytes."""
    return bomb().replace((51_000_000).to_bytes(8, "little"), (10).to_bytes(8, "little")).replace(
        (51_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (archive(renders__json=RENDERS, other="x"), "the artifact does not contain exactly one file, renders.json"),
        (archive(**{"../renders.json": RENDERS}), "the artifact does not contain exactly one file, renders.json"),
        (archive(**{"/etc/renders.json": RENDERS}), "the artifact does not contain exactly one file, renders.json"),
        (archive(review__md="x"), "the artifact does not contain exactly one file, renders.json"),
        (archive(), "the artifact does not contain exactly one file, renders.json"),
        (b"", "the artifact is not a valid archive"),
        (b"PK\x03\x04" + b"x" * 100, "the artifact is not a valid archive"),
        (archive(renders__json=RENDERS)[:-30], "the artifact is not a valid archive"),
        (archive(renders__json=RENDERS).replace(b"\x08\x00", b"\x63\x00"), "the artifact is not a valid archive"),
        (bomb(), "renders.json is larger than 50000000 bytes"),
        (archive(renders__json=""), "renders.json contains no renders of this version"),
        (archive(renders__json="[" * 100_000), "renders.json contains no renders of this version"),
        (archive(renders__json="[]"), "renders.json contains no renders of this version"),
        (archive(renders__json='{"version": 1}'), "renders.json contains no renders of this version"),
        (archive(renders__json=json.dumps({"base_commit": OTHER})), "the base of the renders is not the merge base of a pull request"),
        (archive(renders__json=json.dumps({"base_commit": [BASE]})), "the base of the renders is not the merge base of a pull request"),
    ],
    ids=range(16),
)
def test_hostile_artifact_is_not_reviewed(github: tuple[str, type[Host]], tmp_path: Path, content: bytes, reason: str):
    github[1].answers["GET /repos/o/r/actions/artifacts/1/zip"] = content
    code, output, found = fetch(github[0], tmp_path / "x")
    assert (code, output) == (1, "")
    assert found.startswith(reason)
    assert not (tmp_path / "x" / "renders.json").exists()


def test_lying_archive_is_not_reviewed(github: tuple[str, type[Host]], tmp_path: Path):
    github[1].answers["GET /repos/o/r/actions/artifacts/1/zip"] = lying_bomb()
    assert fetch(github[0], tmp_path / "x")[0] == 1


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"GET /repos/o/r/actions/runs/77/artifacts": {"artifacts": []}}, "the review run stored no renders. It ended with success"),
        ({"GET /repos/o/r/actions/runs/77/artifacts": 404}, "GET /repos/o/r/actions/runs/77/artifacts?name=renders&per_page=100: HTTP 404"),
        (
            {"GET /repos/o/r/actions/runs/77/artifacts": {}},
            "KeyError 'artifacts': a variable is missing, or an answer has an unexpected form",
        ),
        ({"GET /repos/o/r/actions/artifacts/1/zip": 410}, "GET /repos/o/r/actions/artifacts/1/zip: HTTP 410"),
        ({"GET /repos/o/r/actions/artifacts/1/zip": redirect("http://example.com/")}, "an address is not HTTPS"),
        ({"GET /repos/o/r/pulls": []}, "no open pull request has this head"),
    ],
    ids=range(6),
)
def test_failed_download_is_not_reviewed(github: tuple[str, type[Host]], tmp_path: Path, answers: dict[str, Any], reason: str):
    github[1].answers.update(answers)
    code, _, found = fetch(github[0], tmp_path / "x")
    assert code == 1
    assert found.startswith(reason)


def test_declared_size_is_limited(github: tuple[str, type[Host]], tmp_path: Path):
    github[1].answers.pop("GET /repos/o/r/actions/runs/77/artifacts")
    offer(github[1], b"", size=20_000_001)
    assert fetch(github[0], tmp_path / "x")[2] == "the artifact renders is larger than 20000000 bytes"


@pytest.mark.parametrize(("trusted", "stored"), [("true", True), ("false", False)])
def test_finished_report_only_from_own_branch(github: tuple[str, type[Host]], tmp_path: Path, trusted: str, stored: bool):
    offer(github[1], archive(review__md="text"), "review-with-preview", 2)
    assert fetch(github[0], tmp_path / "x", TRUSTED=trusted, EXPECT_PREVIEW="true")[0] == 0
    assert (tmp_path / "x" / "review.md").exists() is stored


def test_missing_preview_is_not_reviewed(github: tuple[str, type[Host]], tmp_path: Path):
    assert fetch(github[0], tmp_path / "x", TRUSTED="true", EXPECT_PREVIEW="true")[2] == "the review run stored no preview"


def compute(folder: Path, cwd: Path, head: str, base: str, **variables: str) -> tuple[int, dict[str, Any]]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHON": sys.executable,
        "PYTHONPATH": str(ROOT),
        "HEAD_COMMIT": head,
        "BASE_COMMIT": base,
        **variables,
    }
    command = [sys.executable, "-I", str(ROOT / "ci/comment.py"), "compute", str(folder)]
    code = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, timeout=120, check=False).returncode
    return code, json.loads((folder / "report.json").read_text())


def test_trusted_job_checks_forged_base(repository: Path, tmp_path_factory: pytest.TempPathFactory):
    """A run stores renders; the trusted job computes the report, or finds a forgery."""
    folder = tmp_path_factory.mktemp("report")
    base, head = git(repository, "rev-parse", "main"), commit(repository, Pulumi__dot__prod__dot__yaml=stack("x:2"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BASE": "main", "PYTHON": sys.executable, "RENDERS": str(folder / "renders.json")}
    subprocess.run(["bash", str(ROOT / "ci/review.sh")], cwd=repository, env=environment, check=True, capture_output=True)
    git(repository, "checkout", "-q", "main")
    code, report = compute(folder, repository, head, base, FAIL_ON="warning")
    assert (code, report["head"], report["base"], report["reason"], report["exit_code"]) == (0, head, base, "", 3)
    assert "from `x:1` to `x:2`" in report["markdown"]
    assert not report["markdown"].startswith("<!--")
    (folder / "review.md").write_text("<!-- nim-component diff -->\nfinished\n")
    report = compute(folder, repository, head, base)[1]
    assert (report["markdown"], report["is_finished"]) == ("finished\n", True)
    content = json.loads((folder / "renders.json").read_text())
    content["base"]["prod"] = content["head"]["prod"]
    (folder / "renders.json").write_text(json.dumps(content))
    code, report = compute(folder, repository, head, base)
    assert (code, report["markdown"]) == (1, "")
    assert report["reason"].startswith("renders.json: stack 'prod' of the base differs from that of commit")


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    """Make a stand-in for the interpreter that prints its environment and arguments."""
    file = tmp_path / "python"
    file.write_text(
        f"#!{sys.executable}\nimport os, sys\nprint('<!-- nim-component diff -->')\nprint(sorted(os.environ), sys.argv[1:])\n"
        "exit(int(os.environ.get('CODE', '0')))\n"
    )
    file.chmod(0o755)
    (tmp_path / "renders.json").write_text("{}")
    return file


def test_comparison_gets_no_token(stub: Path):
    secrets = (
        "GITHUB_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "REVIEW_TOKEN",
        "PULUMI_CONFIG_PASSPHRASE",
        "AWS_SECRET_ACCESS_KEY",
        "CI_JOB_JWT",
    )
    code, report = compute(stub.parent, stub.parent, HEAD, BASE, PYTHON=str(stub), STACKS="a b", **dict.fromkeys(secrets, "x"))
    assert code == 0
    assert "HEAD_COMMIT" in report["markdown"]
    assert [name for name in secrets if name in report["markdown"]] == []
    assert f"'--base', '{BASE}', '--head', '{HEAD}', '--stack', 'a', '--stack', 'b'" in report["markdown"]


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("import sys; sys.exit('error: bad')", "bad"),
        ("import sys; print('<!-- nim-component diff -->\\nx'); sys.exit(2)", "the comparison ended with code 2"),
        ("print('x\\ny')", "the command printed no report"),
        ("print('<!-- nim-component diff -->')", "the command printed no report"),
        ("print('<!-- nim-component diff -->\\n' + 'x' * 70_000)", "the report has more than 64300 characters"),
        ("import os; os.kill(os.getpid(), 9)", "the comparison ended with code -9"),
    ],
)
def test_failed_comparison_is_not_reviewed(stub: Path, program: str, reason: str):
    stub.write_text(f"#!{sys.executable}\n{program}\n")
    code, report = compute(stub.parent, stub.parent, HEAD, BASE, PYTHON=str(stub))
    assert (code, report["reason"], report["markdown"]) == (1, reason, "")


def test_slow_comparison_is_not_reviewed(stub: Path, monkeypatch: pytest.MonkeyPatch):
    stub.write_text(f"#!{sys.executable}\nimport time; time.sleep(30)\n")
    program = "import sys; sys.path.insert(0, 'ci'); from pathlib import Path; from review_comment import compute; compute.TIME_LIMIT = 0.3; import os; print(compute.compute_report(Path(sys.argv[1]), os.environ).reason)"
    environment = {"PATH": os.environ["PATH"], "PYTHON": str(stub), "HEAD_COMMIT": HEAD, "BASE_COMMIT": BASE}
    result = subprocess.run(
        [sys.executable, "-c", program, str(stub.parent)], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    assert result.stdout == "the comparison takes longer than 0 s\n"


def test_missing_renders_are_not_reviewed(stub: Path):
    (stub.parent / "renders.json").unlink()
    report = compute(stub.parent, stub.parent, HEAD, BASE, PYTHON=str(stub))[1]
    assert report["reason"] == "the job that runs the change's code stored no renders.json"


def test_base_must_be_commit(stub: Path):
    assert compute(stub.parent, stub.parent, HEAD, "main", PYTHON=str(stub))[1]["reason"] == "BASE_COMMIT is not a commit"
