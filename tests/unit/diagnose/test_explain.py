"""`explain`: what it waits for before it asks."""

import subprocess
import sys


def test_the_pulumi_sdk_is_not_waited_for():
    modules = "nim_component.cli, nim_component.diagnose.api, nim_component.diagnose.explain"
    program = f"import sys, {modules}; print([name for name in sys.modules if name.partition('.')[0].startswith('pulumi')])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"
