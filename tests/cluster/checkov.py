"""checkov, in its own virtual environment below the user's cache.

It pins nearly a hundred packages that this project must not pin.
"""

import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

from .cache import Print, provide_folder, silent, timed

PINS = Path(__file__).parent / "policy" / "requirements.txt"
_UNREACHABLE = "http://127.0.0.1:9"


class NoCheckovError(RuntimeError):
    """An installation of checkov that failed."""


def provide_checkov(print_line: Print = silent) -> Path:
    """Return the program's path; install it at the first call.

    Raises:
        NoCheckovError: The package index is not reachable.
    """

    def install(folder: Path) -> None:
        with timed(print_line, "Installing checkov: once, and again when its pins change.", "Installed"):
            venv.create(folder, with_pip=True)
            pip = [str(folder / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
            done = subprocess.run([*pip, "install", "--no-deps", "-r", str(PINS)], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise NoCheckovError(f"checkov could not be installed from the package index: {done.stderr.strip()[-500:]}")

    key = hashlib.sha256(PINS.read_bytes() + sys.version.encode()).hexdigest()[:12]
    return provide_folder("checkov", key, install) / "bin" / "checkov"


def failed_checks(folder: Path) -> dict[str, set[str]]:
    """Return the failed checks of a folder of manifests: id to kinds of objects.

    No network is used.
    """
    flags = ["--framework", "kubernetes", "--skip-download", "--quiet", "--compact", "--output", "json"]
    environment = {**os.environ, "HTTPS_PROXY": _UNREACHABLE, "HTTP_PROXY": _UNREACHABLE, "NO_PROXY": ""}
    command = [str(provide_checkov()), "--directory", str(folder), *flags]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] > 0
    failed: dict[str, set[str]] = {}
    for check in report["results"]["failed_checks"]:
        failed.setdefault(check["check_id"], set()).add(check["resource"].partition(".")[0])
    return failed
