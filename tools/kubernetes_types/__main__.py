"""Generator of nim_component/local/kubernetes_types.txt, and of the expected texts of its tests.

Usage: `make kubernetes-types`. It needs Go. The version of the Go types is in go.mod;
`make kubernetes-version` changes it.

- `dump` prints the fields of all Go types of k8s.io/api as JSON. `table` turns them into the table.
- `render` renders objects like the Pulumi Kubernetes provider, with the same Go packages. Its
  output is the expected text in tests/unit/local/oracle.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from .table import build_table

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TABLE = ROOT / "nim_component" / "local" / "kubernetes_types.txt"
ORACLE = ROOT / "tests" / "unit" / "local" / "oracle"


def run_go(program: str, *arguments: str, lines: str = "") -> str:
    """Run a Go program of this folder and return its output."""
    command = ["go", "run", f"./{program}", *arguments]
    return subprocess.run(command, cwd=HERE, input=lines, stdout=subprocess.PIPE, text=True, check=True).stdout


def write_oracle(name: str, *arguments: str) -> None:
    """Render the objects of a file again."""
    file = ORACLE / name
    objects: list[Any] = [json.loads(line)["given"] for line in file.read_text(encoding="utf-8").splitlines()]
    texts = run_go("render", *arguments, lines="".join(f"{json.dumps(each)}\n" for each in objects)).split("\0")[:-1]
    cases = zip(objects, texts, strict=True)
    file.write_text(
        "".join(f"{json.dumps({'given': given, 'rendered': text}, ensure_ascii=False)}\n" for given, text in cases), encoding="utf-8"
    )


def main() -> None:
    """Write the table and the expected texts."""
    if shutil.which("go") is None:
        sys.exit("go is not on PATH. Install Go: https://go.dev/doc/install")
    TABLE.write_text(build_table(json.loads(run_go("dump"))), encoding="utf-8")
    write_oracle("normalised.jsonl")
    write_oracle("emitted.jsonl", "raw")


main()
