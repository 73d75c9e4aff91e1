"""Where the programs come from."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .binaries import MODULE, PROGRAMS, NoGoError, find_assets, pins_key, provide_programs

ROOT = Path(__file__).parents[2]

FAKE_GO = """#!/bin/sh
echo "$@" >> "$CALLS"
while [ "$1" != -o ]; do shift; done
target="$2"
shift 2
sleep 0.5
for package; do
  package="${package%/v3}"
  echo built > "$target${package##*/}"
done
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Go that only notes how it was called."""
    go = tmp_path / "bin" / "go"
    go.parent.mkdir()
    go.write_text(FAKE_GO)
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{go.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


def test_every_program_is_there_in_ci():
    # Everywhere else the cluster tests are skipped with the same words.
    try:
        provide_programs()
    except NoGoError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


def test_without_go_it_is_said_how_to_get_it(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoGoError, match=r"no Go on PATH.*https://go\.dev/doc/install"):
        provide_programs()


def test_programs_that_are_there_are_not_built(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in PROGRAMS:
        (tmp_path / name).touch()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provide_programs() == {name: tmp_path / name for name in PROGRAMS}


def test_what_the_assets_lack_is_built(cache: Path, calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("etcd", "kube-apiserver"):
        (tmp_path / name).touch()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    assert find_assets().keys() == {"etcd", "kube-apiserver"}
    programs = provide_programs()
    assert programs["kube-apiserver"] == tmp_path / "kube-apiserver"
    assert programs["kube-scheduler"].read_text() == "built\n"
    assert "etcd" not in calls.read_text()


def test_every_program_is_built_under_its_name(cache: Path, calls: Path):
    assert {path.name: path.read_text() for path in provide_programs().values()} == dict.fromkeys(PROGRAMS, "built\n")


def test_two_builders_build_once(cache: Path, calls: Path):
    code = "from tests.cluster.binaries import provide_programs; provide_programs()"
    builders = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) for _ in range(2)]
    assert [each.wait() for each in builders] == [0, 0]
    assert len(calls.read_text().splitlines()) == 1


def test_a_failed_build_leaves_nothing_and_says_why(cache: Path, calls: Path):
    go = calls.parent / "bin" / "go"
    go.write_text("#!/bin/sh\necho 'no such module' >&2\nexit 1\n")
    with pytest.raises(RuntimeError, match="no such module"):
        provide_programs()
    assert [path for path in (cache / "nim-component/cluster").rglob("*") if path.is_file() and path.suffix != ".lock"] == []


def test_other_pins_are_built_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    before = pins_key()
    for name in ("go.mod", "go.sum"):
        (tmp_path / name).write_text((MODULE / name).read_text() + "\n")
    monkeypatch.setattr("tests.cluster.binaries.MODULE", tmp_path)
    assert pins_key() != before
