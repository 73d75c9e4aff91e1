"""Where the programs come from."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .binaries import LINK, MINOR, MODULE, PROGRAMS, NoGoError, pins_key, provide_programs
from .fixtures import skip_outside_ci

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
        skip_outside_ci(error)


def test_without_go_it_is_said_how_to_get_it(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoGoError, match=r"no Go on PATH to build etcd, .*kwok: .*https://go\.dev/doc/install"):
        provide_programs()


@pytest.fixture
def assets(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Puts programs that say a version into `KUBEBUILDER_ASSETS`."""

    def put(*names: str, version: str = f"v1.{MINOR}.9") -> Path:
        folder = tmp_path / "assets"
        folder.mkdir()
        for name in names:
            (folder / name).write_text(f"#!/bin/sh\necho Kubernetes {version}\n")
            (folder / name).chmod(0o755)
        monkeypatch.setenv("KUBEBUILDER_ASSETS", str(folder))
        return folder

    return put


def test_programs_that_are_there_are_not_built(assets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = assets(*PROGRAMS, version="v1.20.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provide_programs() == {name: folder / name for name in PROGRAMS}


def test_what_the_assets_lack_is_built(assets, calls: Path):
    folder = assets("etcd", "kube-apiserver")
    programs = provide_programs()
    assert {name for name, path in programs.items() if path.parent == folder} == {"etcd", "kube-apiserver"}
    assert programs["kube-scheduler"].read_text() == "built\n"
    assert "etcd" not in calls.read_text()


def test_what_the_assets_lack_and_nothing_can_build_is_named(assets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assets("etcd", "kube-apiserver", "kube-controller-manager")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoGoError, match=r"no Go on PATH to build kube-scheduler, kwok: install"):
        provide_programs()


def test_half_of_another_version_is_refused(assets, calls: Path):
    assets("etcd", "kube-apiserver", version="v1.30.2")
    with pytest.raises(
        RuntimeError, match=rf"kube-apiserver of version 'Kubernetes v1\.30\.2' and lacks kube-controller.*built as v1\.{MINOR}"
    ):
        provide_programs()
    assert not calls.exists()


def test_only_etcd_may_be_of_any_version(assets, calls: Path):
    folder = assets("etcd", version="v3.6.0")
    assert provide_programs()["etcd"] == folder / "etcd"


def test_a_folder_of_assets_without_any_is_refused(assets, calls: Path):
    folder = assets("kubectl")
    with pytest.raises(RuntimeError, match=f"KUBEBUILDER_ASSETS={folder} has none of etcd, kube-apiserver"):
        provide_programs()
    assert not calls.exists()


def test_an_asset_that_may_not_be_run_is_named(assets, calls: Path):
    (assets("etcd", "kwok") / "kwok").chmod(0o644)
    with pytest.raises(RuntimeError, match="kwok is there but is no program that may be run"):
        provide_programs()


def test_the_link_flags_say_the_version_that_the_module_pins():
    # A version that the linker is told and the code is not would make every answer of the cluster a lie.
    (pinned,) = re.findall(r"^\s*k8s\.io/kubernetes (v\S+)", (MODULE / "go.mod").read_text(), re.MULTILINE)
    assert next(each.partition("=")[2] for each in LINK if "gitVersion" in each) == pinned
    (kwok,) = re.findall(r"^\s*sigs\.k8s\.io/kwok (v\S+)", (MODULE / "go.mod").read_text(), re.MULTILINE)
    assert LINK[-1].partition("=")[2] == kwok


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


def test_what_a_builder_that_was_ended_left_is_removed_and_not_taken_for_whole(cache: Path, calls: Path):
    left = cache / "nim-component/cluster/.build-left"
    left.mkdir(parents=True)
    (left / "etcd").write_text("half")
    assert provide_programs()["etcd"].read_text() == "built\n"
    assert not left.exists()


def test_other_pins_are_built_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    before = pins_key()
    for name in ("go.mod", "go.sum"):
        (tmp_path / name).write_text((MODULE / name).read_text() + "\n")
    monkeypatch.setattr("tests.cluster.binaries.MODULE", tmp_path)
    assert pins_key() != before
