"""Programs of the control plane: found in `KUBEBUILDER_ASSETS` or built."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .binaries import LINK, MINOR, MODULE, PACKAGES, PROGRAMS, provide_programs
from .fixtures import skip_outside_ci
from .go_programs import GoPrograms, NoGoError

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
    """Put a fake `go` on PATH, and return the file that records its calls."""
    go = tmp_path / "bin" / "go"
    go.parent.mkdir()
    go.write_text(FAKE_GO)
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{go.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


def test_programs_exist_in_ci():
    """Outside CI, the cluster tests are skipped with the same text."""
    try:
        provide_programs()
    except NoGoError as error:
        skip_outside_ci(error)


def test_missing_go_is_reported_with_installation(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoGoError, match=r"no Go on PATH to build etcd, .*kwok: .*https://go\.dev/doc/install"):
        provide_programs()


@pytest.fixture
def assets(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return a function that puts programs with a version into `KUBEBUILDER_ASSETS`."""

    def put(*names: str, version: str = f"v1.{MINOR}.9") -> Path:
        folder = tmp_path / "assets"
        folder.mkdir()
        for name in names:
            (folder / name).write_text(f"#!/bin/sh\necho Kubernetes {version}\n")
            (folder / name).chmod(0o755)
        monkeypatch.setenv("KUBEBUILDER_ASSETS", str(folder))
        return folder

    return put


def test_existing_programs_are_not_built(assets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = assets(*PACKAGES, version="v1.20.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provide_programs() == {name: folder / name for name in PACKAGES}


def test_missing_assets_are_built(assets, calls: Path):
    folder = assets("etcd", "kube-apiserver")
    programs = provide_programs()
    assert {name for name, path in programs.items() if path.parent == folder} == {"etcd", "kube-apiserver"}
    assert programs["kube-scheduler"].read_text() == "built\n"
    assert "etcd" not in calls.read_text()


def test_missing_assets_without_go_are_named(assets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assets("etcd", "kube-apiserver", "kube-controller-manager")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoGoError, match=r"no Go on PATH to build kube-scheduler, kwok: install"):
        provide_programs()


def test_incomplete_assets_of_other_version_are_refused(assets, calls: Path):
    assets("etcd", "kube-apiserver", version="v1.30.2")
    with pytest.raises(
        RuntimeError, match=rf"kube-apiserver of version 'Kubernetes v1\.30\.2' and lacks kube-controller.*built as v1\.{MINOR}"
    ):
        provide_programs()
    assert not calls.exists()


def test_etcd_version_is_not_checked(assets, calls: Path):
    folder = assets("etcd", version="v3.6.0")
    assert provide_programs()["etcd"] == folder / "etcd"


def test_assets_folder_without_programs_is_refused(assets, calls: Path):
    folder = assets("kubectl")
    with pytest.raises(RuntimeError, match=f"KUBEBUILDER_ASSETS={folder} has none of etcd, kube-apiserver"):
        provide_programs()
    assert not calls.exists()


def test_asset_that_is_not_executable_is_named(assets, calls: Path):
    (assets("etcd", "kwok") / "kwok").chmod(0o644)
    with pytest.raises(RuntimeError, match="kwok is not an executable file"):
        provide_programs()


def test_link_flags_have_pinned_versions():
    """The linker sets the version that the cluster reports. It must be that of the code."""
    (pinned,) = re.findall(r"^\s*k8s\.io/kubernetes (v\S+)", (MODULE / "go.mod").read_text(), re.MULTILINE)
    assert next(each.partition("=")[2] for each in LINK if "gitVersion" in each) == pinned
    assert pinned.startswith(f"v1.{MINOR}.")
    (kwok,) = re.findall(r"^\s*sigs\.k8s\.io/kwok (v\S+)", (MODULE / "go.mod").read_text(), re.MULTILINE)
    assert LINK[-1].partition("=")[2] == kwok


def test_built_programs_have_their_names(cache: Path, calls: Path):
    assert {path.name: path.read_text() for path in provide_programs().values()} == dict.fromkeys(PACKAGES, "built\n")


def test_parallel_builds_build_once(cache: Path, calls: Path):
    code = "from tests.cluster.binaries import provide_programs; provide_programs()"
    builders = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) for _ in range(2)]
    assert [each.wait() for each in builders] == [0, 0]
    assert len(calls.read_text().splitlines()) == 1


def test_failed_build_leaves_no_files(cache: Path, calls: Path):
    go = calls.parent / "bin" / "go"
    go.write_text("#!/bin/sh\necho 'no such module' >&2\nexit 1\n")
    with pytest.raises(RuntimeError, match="no such module"):
        provide_programs()
    assert [path for path in (cache / "nim-component/cluster").rglob("*") if path.is_file() and path.suffix != ".lock"] == []


def test_leftovers_of_killed_build_are_removed(cache: Path, calls: Path):
    leftover = cache / "nim-component/cluster/.build-left"
    leftover.mkdir(parents=True)
    (leftover / "etcd").write_text("half")
    assert provide_programs()["etcd"].read_text() == "built\n"
    assert not leftover.exists()


def test_changed_pins_change_the_key(tmp_path: Path):
    for name in ("go.mod", "go.sum"):
        (tmp_path / name).write_text((MODULE / name).read_text() + "\n")
    assert GoPrograms(tmp_path, PACKAGES, LINK).key() != PROGRAMS.key()


def test_programs_of_one_output_name_are_apart(cache: Path, calls: Path):
    """Go names both `operator`."""
    programs = GoPrograms(MODULE, {"one": "a/cmd/operator", "two": "b/cmd/operator", "three": "b/cmd/adapter"}).provide()
    assert {name: path.name for name, path in programs.items()} == {"one": "one", "two": "two", "three": "three"}
    assert [path.read_text() for path in programs.values()] == ["built\n"] * 3
    assert [line.rpartition(" -o ")[2].split()[1:] for line in calls.read_text().splitlines()] == [
        ["a/cmd/operator", "b/cmd/adapter"],
        ["b/cmd/operator"],
    ]
