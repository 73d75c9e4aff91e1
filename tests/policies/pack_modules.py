"""Modules of the policy pack that need no packages, for tests in the project's own environment."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parents[2] / "policies"


def load(name: str) -> ModuleType:
    """Return a module of the pack, such as `pod_security`."""
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    return importlib.import_module(name)
