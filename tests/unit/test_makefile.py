"""`make up` and `make preview`: their engines, and the stack file in git."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STACK_FILE = "stacks/Pulumi.dev.yaml"
# Like the CLI, it adds a salt to the stack file that it uses.
PULUMI = """#!/bin/sh
folder=.; file=
echo "$@" >> "$LOG"
while [ $# -gt 0 ]; do
  case "$1" in
    -C) folder=$2; shift ;;
    --config-file) file=$2; shift ;;
  esac
  shift
done
file=${file:-$folder/stacks/Pulumi.dev.yaml}
grep -q '^name: nim$' "$folder/Pulumi.yaml" && echo 'encryptionsalt: v1:x' >> "$file"
"""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not on PATH")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("Makefile", "Pulumi.yaml", STACK_FILE):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name, text in {"bin/pulumi": PULUMI, ".venv/bin/nim-component": '#!/bin/sh\necho "nim-component $@"\n'}.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True)
        file.write_text(text)
        file.chmod(0o755)
    return tmp_path


def make(folder: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "MAKE"))}
    environment |= {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "LOG": str(folder / "log")}
    command = ["make", "-o", ".venv/.ready", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("target", ["up", "preview"])
def test_dev_stack_file_stays_unchanged(folder: Path, target: str) -> None:
    before = (folder / STACK_FILE).read_text()
    for _ in range(2):
        assert "Nothing was deployed to a cluster." in make(folder, target)
    assert (folder / STACK_FILE).read_text() == before
    copy = ".pulumi-state/stacks/Pulumi.dev.yaml"
    yes = " --yes" if target == "up" else ""
    assert (folder / "log").read_text().splitlines() == 2 * [
        "-C .pulumi-state stack select --create dev",
        f"{target}{yes} --stack dev --config-file {copy}",
    ]


def test_copy_has_current_configuration(folder: Path) -> None:
    make(folder, "up")
    (folder / STACK_FILE).write_text("config: {a: b}\n")
    make(folder, "up")
    assert (folder / ".pulumi-state" / STACK_FILE).read_text().startswith("config: {a: b}\n")


def test_other_stacks_use_their_own_file(folder: Path) -> None:
    output = make(folder, "up", "STACK=prod")
    assert (folder / "log").read_text().splitlines() == ["stack select --create prod", "up --stack prod"]
    assert "Nothing was deployed" not in output


def test_local_engine_is_printed_as_rendering(folder: Path) -> None:
    (folder / "bin" / "pulumi").unlink()
    output = make(folder, "up", "ENGINE=local")
    assert "renders files and deploys nothing" in output
    assert output.endswith("nim-component up --stack dev\n")


def test_missing_pulumi_is_an_error(folder: Path) -> None:
    (folder / "bin" / "pulumi").unlink()
    with pytest.raises(subprocess.CalledProcessError) as raised:
        make(folder, "up", "ENGINE=pulumi", f"PATH={Path(shutil.which('sh') or '/bin/sh').parent}")
    assert raised.value.stderr.startswith("ENGINE=pulumi: pulumi is not on PATH.\n")
