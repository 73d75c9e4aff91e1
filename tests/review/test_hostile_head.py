"""`nim-component diff` with a head whose program attacks the render of the base."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nim_component.cli import render_process
from nim_component.cli.render_process import RenderProcessError, render_folder

from .test_command import Diff, commit, diff, git, repository, rules_by_stack, stack

__all__ = ["diff", "repository"]

REWRITE = """
import pathlib, tempfile
for file in pathlib.Path(tempfile.gettempdir()).glob("nim-component-diff-*/**/*"):
    if file.is_file() and pathlib.Path.cwd() not in file.parents:
        own = pathlib.Path(file.name)
        file.write_text(own.read_text() if own.exists() else "{}")
LABELS = {"team": "a"}
"""
"""Program that writes its own files, or an empty result, over everything in other folders."""


@pytest.fixture(autouse=True)
def scratch(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("scratch")
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    yield folder
    monkeypatch.setattr("tempfile.tempdir", None)


def test_head_cannot_rewrite_base(repository: Path, diff: Diff):
    git(repository, "checkout", "-q", "main")
    commit(repository, requirements__dot__txt="pulumi==1\n")
    git(repository, "checkout", "-q", "change")
    git(repository, "merge", "-q", "main")
    commit(repository, shared__dot__py=REWRITE, Pulumi__dot__prod__dot__yaml=stack("evil:1"), requirements__dot__txt="pulumi==2\n")
    result = diff("--base", "main", "--head", "change", "-f", "json")
    assert rules_by_stack(result)["prod"] == ["image", "downtime"]
    assert json.loads(result.out)["notes"][0].startswith("requirements.txt differs")


def test_base_ends_before_head_starts(repository: Path, diff: Diff, scratch: Path):
    """While the code of the head runs, no folder of the base exists."""
    seen = repository / "seen"
    program = f"import pathlib, tempfile\npathlib.Path({str(seen)!r}).open('a').write(','.join(map(str, pathlib.Path(tempfile.gettempdir()).iterdir())) + chr(10))\n"
    git(repository, "checkout", "-q", "main")
    commit(repository, shared__dot__py=program + "LABELS = {'team': 'a'}\n")
    git(repository, "checkout", "-q", "change")
    git(repository, "merge", "-q", "main")
    commit(repository, shared__dot__py=program + "LABELS = {'team': 'b'}\n")
    assert diff("--base", "main", "--head", "change", "--stack", "dev").code == 0
    base, head = seen.read_text().split()
    assert base != head
    assert [each.count("nim-component-diff-") for each in (base, head)] == [1, 1]


def test_output_of_program_is_no_result(repository: Path, diff: Diff):
    forged = "import os, sys\nprint('{}'); os.write(1, b'{}'); sys.stdout.flush()\nLABELS = {'team': 'a'}\n"
    commit(repository, shared__dot__py=forged, Pulumi__dot__prod__dot__yaml=stack("x:2"))
    assert rules_by_stack(diff("--base", "main", "-f", "json")) == {"prod": ["image", "downtime"], "dev": []}


@pytest.mark.parametrize("result", ["", "[", "[" * 100_000])
def test_process_without_result_is_refused(tmp_path: Path, result: str):
    python = tmp_path / "python"
    python.write_text(f"#!{sys.executable}\nprint({result!r})\n")
    python.chmod(0o755)
    with pytest.raises(RenderProcessError, match="the head cannot be rendered: the process returned no result"):
        render_folder(tmp_path, [], "", str(python), name="head")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process as another user")
def test_head_runs_as_given_user(tmp_path: Path):
    python = Path("/tmp") / f"python-{os.getpid()}"
    python.write_text('#!/bin/sh\necho "{\\"ids\\": \\"$(id -u) $(id -G)\\"}"\n')
    python.chmod(0o755)
    try:
        assert render_folder(Path("/tmp"), [], "", str(python), name="head", user="nobody") == {
            "ids": subprocess.run("id -u nobody; id -g nobody", shell=True, check=True, capture_output=True, text=True).stdout.strip().replace("\n", " ")
        }  # fmt: skip
    finally:
        python.unlink()


def test_unknown_user_is_refused(repository: Path, diff: Diff):
    result = diff("--base", "main", "--head-user", "no-such-user")
    assert result.code == 1
    assert result.err == "error: --head-user no-such-user: unknown user. Pass a user of this machine, such as `nobody`.\n"


def test_refused_user_has_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(render_process.subprocess, "run", refuse)
    with pytest.raises(
        RenderProcessError, match="--head-user nobody: cannot start python as this user: Operation not permitted. Run the command as root"
    ):
        render_folder(tmp_path, [], "", "python", name="head", user="nobody")
