"""Environment of the policy pack: its packages require an older protobuf than the program."""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

from ..cluster.cache import provide_folder

PINS = Path(__file__).parents[2] / "policies" / "requirements.txt"


def provide_environment() -> Path:
    """Return a virtual environment with the packages of the pack.

    They are installed once into the user's cache.
    """

    def install(folder: Path) -> None:
        venv.create(folder, with_pip=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(PINS)], check=True)

    key = hashlib.sha256(PINS.read_bytes() + sys.version.encode()).hexdigest()[:12]
    return provide_folder("policies", key, install)
