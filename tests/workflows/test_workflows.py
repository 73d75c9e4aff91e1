"""Workflows: actionlint, permissions that are safe for forks, and scripts."""

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MARKER = "<!-- nim-component diff -->"


def load(name: str) -> dict[Any, Any]:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.skipif(shutil.which("go") is None, reason="actionlint is built by Go, and there is no go on PATH")
def test_workflows_pass_actionlint():
    command = ["go", "-C", str(Path(__file__).parent), "tool", "actionlint", "-color=false", *map(str, WORKFLOWS)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, ""), result.stderr


@pytest.mark.skipif(shutil.which("go") is None, reason="actionlint is built by Go, and there is no go on PATH")
def test_actionlint_finds_script_injection(tmp_path: Path):
    text = (ROOT / ".github/workflows/review.yml").read_text()
    (tmp_path / "review.yml").write_text(
        text.replace("run: python -m pip", "run: echo ${{ github.event.pull_request.title }}; python -m pip")
    )
    command = ["go", "-C", str(Path(__file__).parent), "tool", "actionlint", "-color=false", str(tmp_path / "review.yml")]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 1
    assert '"github.event.pull_request.title" is potentially untrusted' in result.stdout


def test_workflow_with_fork_code_has_no_secrets():
    workflow = load(".github/workflows/review.yml")
    assert workflow[True] == {"pull_request": None}  # YAML reads `on` as true; never pull_request_target
    assert workflow["permissions"] == {"contents": "read"}
    assert "secrets" not in json.dumps(workflow["jobs"]["renders"])
    assert "permissions" not in json.dumps(workflow["jobs"])
    condition = workflow["jobs"]["preview"]["if"]
    assert condition.startswith("github.event.pull_request.head.repo.full_name == github.repository && ")


def test_workflow_with_token_runs_no_fork_code():
    workflow = load(".github/workflows/review-comment.yml")
    assert list(workflow[True]) == ["workflow_run"]
    assert workflow["permissions"] == {"contents": "read", "actions": "read", "pull-requests": "write"}
    (job,) = workflow["jobs"].values()
    (checkout,) = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout")]
    assert checkout["with"] == {"persist-credentials": False}
    for step in job["steps"]:
        assert "${{" not in step.get("run", ""), "an expression in a script is code"


@pytest.mark.parametrize("file", [*WORKFLOWS, ROOT / "action.yml"], ids=lambda file: file.name)
def test_scripts_contain_no_expression_of_others(file: Path):
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    jobs = content["jobs"].values() if "jobs" in content else [content["runs"]]
    assert not [
        step["run"] for job in jobs for step in job["steps"] if "github.event" in step.get("run", "") or "inputs." in step.get("run", "")
    ]


def test_script_requires_base():
    result = subprocess.run(["bash", "ci/review.sh"], cwd=ROOT, capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
    assert result.returncode != 0
    assert "BASE: set a git reference to compare with" in result.stderr


class Host(http.server.BaseHTTPRequestHandler):
    """Server with the part of the APIs of GitHub and GitLab that comment.py uses."""

    comments: list[dict[str, Any]]
    calls: list[tuple[str, str, Any]]

    def respond(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        content = json.loads(self.rfile.read(length)) if length else None
        type(self).calls.append((self.command, self.path, content))
        found: Any = {"id": 7} if self.path == "/user" else self.comments if self.command == "GET" else {}
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_PUT = respond

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def host() -> Iterator[tuple[str, type[Host]]]:
    handler = type("Fresh", (Host,), {"comments": [], "calls": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    server.server_close()


def post(url: str, report: Path, *number: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "GITHUB_API_URL": url, "GITHUB_REPOSITORY": "o/r", "GITHUB_TOKEN": "t", "CI_API_V4_URL": url, "CI_MERGE_REQUEST_IID": "3",
        "CI_MERGE_REQUEST_PROJECT_ID": "9", "REVIEW_TOKEN": "t", "PATH": os.environ["PATH"],
    }  # fmt: skip
    command = [sys.executable, "-I", str(ROOT / "ci/comment.py"), str(report), *number]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    file = tmp_path / "review.md"
    file.write_text(f"{MARKER}\n### What\n")
    return file


def own(text: str, login: str = "github-actions[bot]", number: int = 5) -> dict[str, Any]:
    return {"id": number, "body": text, "user": {"login": login}, "author": {"id": 7}}


def test_first_report_creates_comment(host: tuple[str, type[Host]], report: Path):
    url, handler = host
    assert post(url, report, "12").returncode == 0
    assert handler.calls[-1] == ("POST", "/repos/o/r/issues/12/comments", {"body": report.read_text()})


def test_second_report_edits_comment(host: tuple[str, type[Host]], report: Path):
    url, handler = host
    handler.comments = [own("hello"), own(f"{MARKER}\nforged", "mallory", 4), own(f"{MARKER}\nold")]
    assert post(url, report, "12").returncode == 0
    assert handler.calls[1:] == [("PATCH", "/repos/o/r/issues/comments/5", {"body": report.read_text()})]


def test_equal_report_changes_nothing(host: tuple[str, type[Host]], report: Path):
    url, handler = host
    handler.comments = [own(report.read_text().strip())]
    assert post(url, report, "12").returncode == 0
    assert [method for method, *_ in handler.calls] == ["GET"]


def test_second_report_edits_note_on_gitlab(host: tuple[str, type[Host]], report: Path):
    url, handler = host
    handler.comments = [own(f"{MARKER}\nold")]
    assert post(url, report).returncode == 0
    assert handler.calls[-1][:2] == ("PUT", "/projects/9/merge_requests/3/notes/5")


@pytest.mark.parametrize(
    ("text", "number"), [("hello", "12"), (f"{MARKER}\n" + "x" * 70_000, "12"), (f"{MARKER}\n", "12/../../x"), (f"x\n{MARKER}\n", "12")]
)
def test_other_text_is_not_posted(host: tuple[str, type[Host]], report: Path, text: str, number: str):
    url, handler = host
    report.write_text(text)
    assert post(url, report, number).returncode == 1
    assert handler.calls == []


def test_symbolic_link_is_not_posted(host: tuple[str, type[Host]], report: Path, tmp_path: Path):
    link = tmp_path / "link.md"
    link.symlink_to(report)
    assert post(host[0], link, "12").returncode == 1
