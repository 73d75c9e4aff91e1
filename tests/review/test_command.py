"""`nim-component diff` with git repositories and recorded previews."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from nim_component.cli import app

from .changes import PREVIEWS

ROOT = Path(__file__).parents[2]
PROGRAM = """
import pulumi
config = pulumi.Config()
from shared import LABELS
component = pulumi.ComponentResource("nim:index:NIMService", "llama", {})
pulumi.CustomResource("kubernetes:apps/v1:Deployment", "llama-deployment", {
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "llama", "labels": LABELS},
    "spec": {"replicas": config.get_int("replicas") or 1, "selector": {"matchLabels": {"a": "b"}}, "strategy": {"type": "Recreate"},
             "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "nim", "image": config.require("image")}]}}},
}, pulumi.ResourceOptions(parent=component))
"""


class Result(NamedTuple):
    code: int
    out: str
    err: str


Diff = Callable[..., Result]


@pytest.fixture
def diff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Diff:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(app, ["diff", *arguments])
        return Result(result.exit_code, result.stdout, result.stderr)

    return run


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, **files: str | None) -> str:
    for name, text in files.items():
        file = folder / name.replace("__dot__", ".").replace("__in__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text) if text is not None else file.unlink()
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "change")
    return git(folder, "rev-parse", "HEAD")


def stack(image: str, replicas: int = 1) -> str:
    return f"config: {{demo:image: '{image}', demo:replicas: {replicas}}}\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    (tmp_path / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    commit(
        tmp_path,
        shared__dot__py="LABELS = {'team': 'a'}\n",
        Pulumi__dot__dev__dot__yaml=stack("x:1"),
        Pulumi__dot__prod__dot__yaml=stack("x:1"),
    )
    git(tmp_path, "checkout", "-qb", "change")
    return tmp_path


def rules_by_stack(result: Result) -> dict[str, list[str]]:
    return {each["stack"]: [finding["rule"] for finding in each["findings"]] for each in json.loads(result.out)["stacks"]}


def test_branch_is_compared_with_merge_base(repository: Path, diff: Diff):
    commit(repository, Pulumi__dot__prod__dot__yaml=stack("x:2"))
    git(repository, "checkout", "-q", "main")
    commit(repository, Pulumi__dot__dev__dot__yaml=stack("x:9"))
    git(repository, "checkout", "-q", "change")
    assert rules_by_stack(diff("--base", "main", "--format", "json")) == {"prod": ["image", "downtime"], "dev": []}
    assert rules_by_stack(diff("--base", "main", "--exact", "--format", "json")) == {
        "dev": ["image", "downtime"],
        "prod": ["image", "downtime"],
    }


def test_head_is_working_tree_by_default(repository: Path, diff: Diff):
    (repository / "Pulumi.dev.yaml").write_text(stack("x:2"))
    (repository / "Pulumi.new.yaml").write_text(stack("x:3.0.0"))
    assert rules_by_stack(diff("--base", "main", "-f", "json")) == {
        "dev": ["image", "downtime"],
        "new": ["stack-added", "service-added"],
        "prod": [],
    }
    assert rules_by_stack(diff("--base", "main", "--head", "HEAD", "-f", "json")) == {"dev": [], "prod": []}
    assert (repository / "Pulumi.dev.yaml").read_text() == stack("x:2")


def test_each_commit_renders_with_its_own_code(repository: Path, diff: Diff):
    commit(repository, shared__dot__py="LABELS = {'team': 'b'}\n")
    result = json.loads(diff("--base", "main", "--stack", "dev", "-f", "json").out)
    (change,) = result["stacks"][0]["changes"]
    assert change["fields"] == [{"path": "metadata.labels.team", "old": "a", "new": "b"}]


def test_removed_stack_is_reported_and_unknown_refused(repository: Path, diff: Diff):
    commit(repository, Pulumi__dot__prod__dot__yaml=None)
    assert rules_by_stack(diff("--base", "main", "-f", "json")) == {"prod": ["stack-removed"], "dev": []}
    result = diff("--base", "main", "--stack", "stagign")
    assert (result.code, result.err) == (
        1,
        "error: --stack stagign: unknown stack. Neither base nor head contains a Pulumi.stagign.yaml.\n",
    )


def test_head_that_does_not_render_fails(repository: Path, diff: Diff):
    commit(repository, Pulumi__dot__prod__dot__yaml="config: {}\n")
    result = diff("--base", "main", "--format", "markdown")
    assert result.code == 1
    assert "The head does not render: Missing required configuration variable 'demo:image'" in result.out
    assert "Unchanged: `dev`." in result.out


@pytest.mark.parametrize("base", [False, True])
def test_stack_with_environment_is_unreviewed(repository: Path, diff: Diff, base: bool):
    """The values of Pulumi ESC are missing here, and the update itself may succeed."""
    if base:
        git(repository, "checkout", "-q", "main")
        commit(repository, Pulumi__dot__prod__dot__yaml="environment: [acme/prod]\n")
        git(repository, "checkout", "-q", "change")
        git(repository, "merge", "-q", "main")
    commit(repository, Pulumi__dot__prod__dot__yaml="environment: [acme/prod]\nconfig: {}\n")
    result = diff("--base", "main", "--stack", "prod")
    assert result.code == 0
    assert "warning: The stack is not reviewed: Pulumi.prod.yaml: environment: contains values of Pulumi ESC" in result.out
    assert "nim-component diff --preview-json FILE" in result.out
    assert "The update would fail" not in result.out
    assert "critical" not in result.out


def test_exception_is_reported_with_its_location(repository: Path, diff: Diff):
    commit(repository, shared__dot__py="LABELS = {}['team']\n")
    assert "does not render: KeyError: 'team' (shared.py, line 1)" in diff("--base", "main", "-f", "markdown").out


def test_changed_requirements_are_noted(repository: Path, diff: Diff):
    commit(repository, requirements__dot__txt="pulumi==1\n", Pulumi__dot__dev__dot__yaml=stack("x:2"))
    assert "requirements.txt differs between base and head" in diff("--base", "main", "-f", "markdown").out


def test_no_file_or_worktree_is_left(repository: Path, diff: Diff, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    before = git(repository, "worktree", "list")
    assert diff("--base", "main").code == 0
    assert git(repository, "worktree", "list") == before
    assert git(repository, "status", "--porcelain") == ""


def test_sigterm_removes_worktrees(repository: Path):
    commit(repository, shared__dot__py="import time; time.sleep(600)\n")
    environment = {**os.environ, "TMPDIR": str(repository.parent)}
    process = subprocess.Popen(
        [sys.executable, "-m", "nim_component", "diff", "--base", "main", "-C", str(repository)], env=environment, cwd=ROOT
    )
    deadline = time.monotonic() + 60
    while len(git(repository, "worktree", "list").splitlines()) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 128 + signal.SIGTERM
    assert len(git(repository, "worktree", "list").splitlines()) == 1
    assert not list(repository.parent.glob("nim-component-diff-*"))


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["--base", "no-such-ref"], 1, "error: no-such-ref: unknown commit. Fetch it"),
        (["--base", "--output=x"], 1, "error: --output=x: unknown commit."),
        (["--base", "main", "--fail-on", "imgae"], 2, "error: --fail-on imgae: neither a rule nor a severity. Did you mean 'image'?"),
        ([], 2, "error: nothing to compare. Add --base REF or --preview-json FILE."),
        (["--head", "main"], 2, "error: --head: requires a base. Add --base REF."),
        (["--preview-json", "no-such-file"], 1, "error: no-such-file: cannot be read: No such file or directory"),
    ],
)
def test_wrong_usage_is_refused(repository: Path, diff: Diff, arguments: list[str], code: int, error: str):
    result = diff(*arguments)
    assert result.code == code
    assert result.err.startswith(error)


def test_fail_on_decides_exit_code(diff: Diff):
    image = str(PREVIEWS / "image.json")
    assert diff("--preview-json", image).code == 0
    assert diff("--preview-json", image, "--fail-on", "critical").code == 0
    assert diff("--preview-json", image, "--fail-on", "warning").code == 3
    assert diff("--preview-json", image, "--fail-on", "notice").code == 3
    assert diff("--preview-json", image, "--fail-on", "downtime").code == 3
    assert diff("--preview-json", image, "--fail-on", "adapter-removed").code == 0
    assert diff("--preview-json", str(PREVIEWS / "everything.json")).code == 1


def test_preview_and_renders_share_one_report(repository: Path, diff: Diff):
    commit(repository, Pulumi__dot__prod__dot__yaml=stack("x:2"))
    comment = diff("--base", "main", "--preview-json", str(PREVIEWS / "image.json"), "-f", "markdown").out
    assert re.findall(r"^#### Stack (.*):", comment, re.MULTILINE) == ["`dev` (pulumi preview)", "`prod`"]
    assert comment.startswith("<!-- nim-component diff -->\n")


def test_stored_renders_give_equal_report(repository: Path, diff: Diff, tmp_path: Path):
    commit(repository, Pulumi__dot__prod__dot__yaml=stack("x:2"), requirements__dot__txt="pulumi==1\n")
    first = diff("--base", "main", "--save-renders", str(tmp_path / "renders.json"), "-f", "markdown")
    second = diff("--renders", str(tmp_path / "renders.json"), "-f", "markdown")
    assert first.code == second.code == 0
    assert first.out == second.out
    assert "from `x:1` to `x:2`" in second.out and "requirements.txt differs" in second.out


RESOURCE = {"urn": "urn:pulumi:a::b::c::d", "type": "c", "name": "d"}


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{}", "null", "[" * 100_000, '{"version": 2, "base_commit": "", "head_commit": "", "base": {}, "head": []}',
        *(
            json.dumps({"version": 2, "base_commit": "", "head_commit": "", "base": {}, "head": {"dev": render}, "requirements": []})
            for render in (
                [], 1, {"resources": 1}, {"error": 1}, {"resources": [{}]}, {"resources": [{**RESOURCE, "urn": "x"}]},
                {"resources": [{**RESOURCE, "type": 1}]}, {"resources": [{**RESOURCE, "parent": ["x"]}]},
                {"resources": [{**RESOURCE, "timeouts": {"create": "x"}}]}, {"resources": [{**RESOURCE, "aliases": [{"evil": "x"}]}]},
                {"resources": [{**RESOURCE, "aliases": [{"urn": "x"}]}]}, {"resources": [{**RESOURCE, "aliases": ["x"]}]},
            )
        ),
    ],
    ids=range(18),
)  # fmt: skip
def test_file_without_renders_is_refused(diff: Diff, tmp_path: Path, content: str):
    (tmp_path / "renders.json").write_text(content)
    result = diff("--renders", "renders.json")
    assert (result.code, result.out) == (1, "")
    assert result.err == "error: renders.json: contains no renders. Run: nim-component diff --base REF --save-renders FILE\n"


def test_text_of_hostile_renders_is_quoted(diff: Diff, tmp_path: Path):
    forged = {"version": 2, "base_commit": "", "head_commit": "", "base": {}, "requirements": ["**approved**", "requirements.txt"], "head": {"<b>x</b>": {"resources": [
        {**RESOURCE, "inputs": {"a": "b"}, "propertyDependencies": {"a": 1}, "ignored": 5, "replaceOnChanges": {"x": 1}}], "log": [
        {"severity": "warning", "message": "@everyone **merge**", "urn": "x::y"}, 7]}}}  # fmt: skip
    (tmp_path / "renders.json").write_text(json.dumps(forged))
    result = diff("--renders", "renders.json", "-f", "markdown")
    assert result.code == 0
    assert "approved" not in result.out
    assert "`@everyone **merge**`" in result.out and "`<b>x</b>`" in result.out


def test_hash_seed_changes_no_byte():
    outputs = {
        subprocess.run(
            [sys.executable, "-m", "nim_component", "diff", "--preview-json", str(PREVIEWS / "namespace-moved.json"), "-f", "markdown"],
            cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True,
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(outputs) == 1


def test_review_imports_no_heavy_module():
    code = "import sys, nim_component.review.stack_review, nim_component.review.sources.renders, nim_component.review.views.markdown; print(sorted(sys.modules))"
    modules = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert not [name for name in ("'pulumi'", "'pulumi_kubernetes'", "'pydantic'", "'deepdiff'", "'rich'", "'typer'") if name in modules]


def test_causes_precede_restart_in_comment(tmp_path: Path, diff: Diff):
    """A branch of this repository with a new image, without an adapter and with a smaller cache."""
    for name in ("nim_component", "stacks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__main__.py", "Pulumi.yaml", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    git(tmp_path, "checkout", "-qb", "change")
    file = tmp_path / "stacks" / "Pulumi.dev.yaml"
    text = file.read_text().replace("instruct:1.0.0", "instruct:1.0.3").replace("        - my-org/my-lora-adapter-2\n", "")
    file.write_text(text.replace("      lora_adapter_mem: 2Gi\n", "      lora_adapter_mem: 2Gi\n      cache:\n        size: 20Gi\n"))
    commit(tmp_path)
    result = diff("--base", "main", "--head", "change", "--format", "markdown")
    assert result.code == 0
    bullets = [re.sub(r" <sub>.*|-[0-9a-f]{8}", "", line) for line in result.out.splitlines() if line.startswith("- ")][:3]
    assert bullets == [
        "- 🛑 **The cache shrinks: PVC `llama3-8b-cache` changes from `50Gi` to `20Gi`.** Kubernetes rejects this because a PVC cannot "
        "shrink, so the update fails. Keep the size, or create a new PVC and lose the data.",
        "- ⚠️ **The image changes from `nvcr.io/nim/meta/llama3-8b-instruct:1.0.0` to `nvcr.io/nim/meta/llama3-8b-instruct:1.0.3`.** "
        "Every pod is replaced, and each node pulls the new image first.",
        "- ⚠️ **Adapter `my-lora-adapter-2` is removed (`my-org/my-lora-adapter-2@main`).** Requests for model `my-lora-adapter-2` "
        "return 404 from pods that start after the change.",
    ]
    assert result.out.index("The only replica stops") > result.out.index("Adapter `my-lora-adapter-2` is removed")
    assert "Unchanged: `prod`, `staging`." in result.out
