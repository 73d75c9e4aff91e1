"""Preflight checks: the requirements of a stack, compared with its cluster before `up`.

Each check is a pure function over facts that were read from the cluster.
"""

from .checks import run_checks
from .facts import Facts, read_facts
from .requirements import StackRequirements, read_requirements
from .result import CheckResult
from .stack_state import objects_of_state

__all__ = ["CheckResult", "Facts", "StackRequirements", "objects_of_state", "read_facts", "read_requirements", "run_checks"]
