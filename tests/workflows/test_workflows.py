"""Workflows: actionlint, permissions that are safe for forks, and scripts."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


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


PULLS = {"types": ["opened", "synchronize", "reopened", "edited"]}
CHECKOUT, TOKEN = "actions/checkout@", "${{ github.token }}"


def test_workflow_with_fork_code_has_no_secrets():
    workflow = load(".github/workflows/review.yml")
    assert workflow[True] == {"pull_request": PULLS}  # YAML reads `on` as true; never pull_request_target
    assert workflow["permissions"] == {"contents": "read"}
    assert "secrets" not in json.dumps(workflow["jobs"]["renders"])
    assert "permissions" not in json.dumps(workflow["jobs"])
    assert TOKEN not in json.dumps(workflow["jobs"])
    condition = workflow["jobs"]["preview"]["if"]
    assert condition.startswith("github.event.pull_request.head.repo.full_name == github.repository && ")


def test_review_renders_head_against_merge_base():
    """The trusted job computes the same base from the API. A merge commit has another base."""
    for job in load(".github/workflows/review.yml")["jobs"].values():
        (checkout,) = [step for step in job["steps"] if step.get("uses", "").startswith(CHECKOUT)]
        assert checkout["with"] == {"ref": "${{ github.event.pull_request.head.sha }}", "fetch-depth": 0, "persist-credentials": False}
        (review,) = [step for step in job["steps"] if step.get("uses") == "./"]
        assert review["with"]["base"] == "origin/${{ github.base_ref }}"


def test_workflow_with_token_runs_no_fork_code():
    workflow = load(".github/workflows/review-comment.yml")
    assert workflow[True] == {"pull_request_target": PULLS, "workflow_run": {"workflows": ["review"], "types": ["completed"]}}
    assert workflow["permissions"] == {}
    writes = {"contents": "read", "pull-requests": "write", "statuses": "write"}
    assert {name: job["permissions"] for name, job in workflow["jobs"].items()} == {
        "pending": writes,
        "report": {"actions": "read", "contents": "read", "pull-requests": "read"},
        "comment": writes,
    }
    for job in workflow["jobs"].values():
        (checkout,) = [step for step in job["steps"] if step.get("uses", "").startswith(CHECKOUT)]
        assert checkout["with"]["ref"] == "${{ github.event.repository.default_branch }}"
        assert checkout["with"]["persist-credentials"] is False
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), "an expression in a script is code"
            assert "secrets." not in json.dumps(step)


def test_token_is_in_single_steps():
    """Neither pip nor the render of the base has a token. Jobs that can write install nothing."""
    workflow = load(".github/workflows/review-comment.yml")
    assert "env" not in workflow
    assert [job["env"] for job in workflow["jobs"].values() if "env" in job] == [
        {"HEAD_COMMIT": "${{ github.event.workflow_run.head_sha }}"}
    ]
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    with_token = [step["run"] for step in steps if TOKEN in json.dumps(step)]
    assert with_token == [f"python3 -I ci/comment.py {command}" for command in ("pending", 'fetch "$FOLDER"', 'post "$FOLDER"')]
    installing = {name for name, job in workflow["jobs"].items() if "pip" in json.dumps(job)}
    assert installing == {"report"}


def test_failure_of_report_reaches_comment():
    jobs = load(".github/workflows/review-comment.yml")["jobs"]
    assert jobs["comment"]["needs"] == "report"
    assert jobs["comment"]["if"] == "always() && needs.report.result != 'skipped'"
    upload, download = jobs["report"]["steps"][-1], jobs["comment"]["steps"][1]
    assert (upload["if"], upload["with"]["name"]) == ("always()", download["with"]["name"])
    assert download["continue-on-error"] is True


def test_packages_of_trusted_job_have_hashes():
    (install,) = [
        step["run"] for step in load(".github/workflows/review-comment.yml")["jobs"]["report"]["steps"] if "pip" in step.get("run", "")
    ]
    assert install == "python -m pip install --quiet --require-hashes --only-binary :all: -r requirements-hashed.txt"
    text = (ROOT / "requirements-hashed.txt").read_text()
    entries = re.split(r"\n(?=\S)", text.partition("\n")[2].strip())
    pins = [line.strip() for line in (ROOT / "requirements.txt").read_text().splitlines() if line.strip() and line[0] not in "#-"]
    assert sorted(canonical(entry.split()[0]) for entry in entries) == sorted(map(canonical, pins)), "run: make hashes"
    for entry in entries:
        assert re.fullmatch(r"\S+==\S+( \\\n    --hash=sha256:[0-9a-f]{64})+", entry), entry


def canonical(pin: str) -> str:
    name, _, version = pin.partition("==")
    return re.sub("[-_.]+", "-", name).lower() + "==" + version


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_actions_are_pinned_by_commit(file: Path):
    used = re.findall(r"\buses: (\S+)(.*)", file.read_text(encoding="utf-8"))
    for action, comment in used:
        assert action == "./" or re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), action
        assert action == "./" or re.fullmatch(r" # v\d+\.\d+\.\d+", comment), f"{action}: the version is missing"


def test_summary_names_its_source():
    (*_, step) = load("action.yml")["runs"]["steps"]
    assert (
        '{ echo "The job that ran the change\'s code wrote this summary."; echo; cat "$COMMENT"; } >> "$GITHUB_STEP_SUMMARY"' in step["run"]
    )


def gitlab_jobs() -> dict[str, dict[str, Any]]:
    content = load("ci/gitlab.yml")

    def resolve(job: dict[str, Any]) -> dict[str, Any]:
        return {**resolve(content[job["extends"]]), **job} if "extends" in job else job

    return {name: resolve(job) for name, job in content.items() if not name.startswith(".")}


def test_gitlab_token_is_in_last_job():
    jobs = gitlab_jobs()
    assert list(jobs) == ["review", "review-report", "review-pending", "review-comment"]
    scope = {"name": "review-comment", "action": "access"}
    assert [job.get("environment") for job in jobs.values()] == [None, None, scope, scope]
    assert jobs["review-pending"]["script"] == ["python3 -I ci/comment.py pending"]
    assert "REVIEW_TOKEN" not in json.dumps(jobs), "only ci/comment.py reads it"
    assert jobs["review-comment"]["script"] == ["python3 -I ci/comment.py post .."]


def test_gitlab_review_drops_job_token_first():
    script = gitlab_jobs()["review"]["script"]
    assert script[0] == "git remote remove origin"
    assert script[1].startswith("unset CI_JOB_TOKEN CI_REPOSITORY_URL ")
    assert script[-1].startswith("HEAD_USER=nobody RENDERS=renders.json bash ci/review.sh")


@pytest.mark.parametrize("name", ["review-report", "review-pending", "review-comment"])
def test_gitlab_trusted_job_uses_default_branch(name: str):
    job = gitlab_jobs()[name]
    assert job["variables"] == {"GIT_STRATEGY": "empty"}
    assert job["before_script"][:4] == [
        'git clone --quiet --branch "$CI_DEFAULT_BRANCH" "$CI_REPOSITORY_URL" trusted', "cd trusted", "git remote remove origin",
        "unset CI_JOB_TOKEN CI_REPOSITORY_URL CI_REGISTRY_PASSWORD CI_DEPENDENCY_PROXY_PASSWORD",
    ]  # fmt: skip
    assert job["rules"] == [
        {"if": '$CI_PIPELINE_SOURCE == "merge_request_event" && $CI_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID', "when": "always"}
    ]


def test_gitlab_jobs_pass_one_file_each():
    jobs = gitlab_jobs()
    assert [job.get("needs") for job in jobs.values()] == [None, ["review"], [], ["review-pending", "review-report"]]
    assert jobs["review-report"]["artifacts"]["paths"] == ["report.json"]
    assert "--require-hashes" in jobs["review-report"]["script"][0]
    assert all(job["artifacts"]["when"] == "always" for name, job in jobs.items() if name in ("review", "review-report"))


@pytest.mark.parametrize("name", ["review", "review-report", "review-pending", "review-comment"])
def test_gitlab_scripts_are_valid_shell(name: str):
    job = gitlab_jobs()[name]
    script = "\n".join([*job.get("before_script", []), *job["script"]])
    assert subprocess.run(["bash", "-n", "-c", script], capture_output=True, check=False).returncode == 0


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
