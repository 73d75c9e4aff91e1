"""Command line as a process: first line, exit codes, closed and full outputs, imports."""

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from .project import Command, write


def test_first_line_has_engine_project_and_stack(cli: Command) -> None:
    assert cli("preview").out.splitlines()[0] == "Local engine, no cluster is contacted: previewing stack dev of project demo"


def test_output_without_terminal_is_plain_and_complete(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", f"import pulumi_kubernetes as k8s\nk8s.core.v1.ConfigMap('{'n' * 200}', metadata={{'name': 'a'}})\n")
    out = cli("preview").out
    assert "\x1b" not in out
    assert "n" * 200 in out


def test_process_exits_with_1_without_traceback(folder: Path) -> None:
    write(folder, "__main__.py", "import pulumi\nraise pulumi.RunError('no')\n")
    command = [sys.executable, "-m", "nim_component", "up", "-C", str(folder)]
    result = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}, check=False
    )
    assert (result.returncode, result.stderr) == (1, "error: no\n")


NOISE = """
    import atexit, os, subprocess, sys, threading, time
    print("printed")
    sys.__stdout__.write("raw\\n")
    sys.__stdout__.flush()
    os.write(1, b"descriptor\\n")
    subprocess.run(["sh", "-c", "echo child; echo child-error >&2"], check=True)
    atexit.register(print, "at exit", flush=True)
    atexit.register(subprocess.run, ["echo", "child at exit"])
    threading.Thread(target=lambda: (time.sleep(0.3), os.write(1, b"thread\\n"))).start()
"""


@pytest.mark.parametrize("command", ["preview", "up"])
@pytest.mark.parametrize(("program", "code"), [("", 0), ("raise ValueError('no')", 1), ("sys.exit(4)", 1)])
def test_json_is_all_of_standard_output(folder: Path, command: str, program: str, code: int):
    """Whatever the program and its child processes print goes to standard error."""
    write(folder, "__main__.py", f"{dedent(NOISE)}\n{program}\n")
    arguments = [sys.executable, "-m", "nim_component", command, "--json", "--cwd", str(folder)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    assert done.returncode == code
    content = json.loads(done.stdout)
    assert ("error" in content) == (code == 1)
    assert {"raw", "descriptor", "child", "child-error", "at exit", "child at exit", "thread"} <= set(done.stderr.splitlines())
    assert [entry["message"] for entry in content.get("diagnostics", [])] == (["printed"] if code == 0 else [])


def test_text_output_contains_child_output(folder: Path):
    write(folder, "__main__.py", NOISE)
    done = subprocess.run(
        [sys.executable, "-m", "nim_component", "preview", "--cwd", str(folder)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert "child\n" in done.stdout


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_full_standard_output_prints_one_line(folder: Path, arguments: list[str]):
    command = [sys.executable, "-m", "nim_component", "preview", "--cwd", str(folder), *arguments]
    with FULL.open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, "error: standard output: No space left on device\n")


def test_closed_standard_output_prints_nothing(folder: Path):
    read, write_end = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "nim_component", "preview", "--cwd", str(folder)]
    done = subprocess.run(command, stdout=write_end, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(write_end)
    assert (done.returncode, done.stderr) == (1, "")


def test_interrupt_exits_with_130(folder: Path):
    write(folder, "__main__.py", "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(20)\n")
    done = subprocess.run(
        [sys.executable, "-m", "nim_component", "preview", "--cwd", str(folder)], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (130, "error: interrupted\n")


class TestStart:
    """Imports of `preview`: packages of other commands would slow its start."""

    HEAVY = ("lightkube", "httpx", "httpx2", "huggingface_hub", "deepdiff", "nim_component.review", "nim_component.diagnose.rules",
             "nim_component.diagnose.progress.hooks", "nim_component.diagnose.progress.final_look", "nim_component.local.renderer")  # fmt: skip

    def test_preview_does_not_import_other_commands(self, tmp_path: Path):
        write(tmp_path, "Pulumi.yaml", "name: nim\nruntime: python\n")
        write(
            tmp_path,
            "Pulumi.dev.yaml",
            "config: {nim:services: {llama: {secrets: {without_key: true}}}, kubernetes:renderYamlToDirectory: out}\n",
        )
        write(tmp_path, "__main__.py", "from nim_component.stack import deploy_stack\ndeploy_stack()\n")
        script = f"""
            import sys
            from nim_component.cli import app
            app(["preview", "--cwd", {str(tmp_path)!r}], standalone_mode=False)
            print("imported:", *sorted(sys.modules))
        """
        done = subprocess.run([sys.executable, "-c", dedent(script)], capture_output=True, text=True, check=True, timeout=60)
        imported = done.stdout.rpartition("imported:")[2].split()
        assert "nim_component.component.service" in imported and "nim_component.fit" in imported
        assert [name for name in imported if name.startswith(tuple(f"{heavy}." for heavy in self.HEAVY)) or name in self.HEAVY] == []
