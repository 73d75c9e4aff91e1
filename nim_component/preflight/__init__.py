"""Preflight checks: the requirements of a stack, compared with its cluster before `up`.

Each check is a pure function over facts that were read from the cluster.
"""

from .checks import run_checks
from .facts import Facts, read_facts
from .requirements import StackRequirements, read_requirements
from .result import CheckResult
from .stack_state import StackState, read_stack_state

__all__ = ["CheckResult", "Facts", "StackRequirements", "StackState", "read_facts", "read_requirements", "read_stack_state", "run_checks"]
