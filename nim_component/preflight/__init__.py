"""Before `up`: what a stack needs of its cluster, and whether that is there. Each check is a pure function over facts that were read."""

from .checks import judge
from .facts import Facts, read_facts
from .requirements import Need, need_of
from .result import Verdict
from .stack_state import objects_of_state

__all__ = ["Facts", "Need", "Verdict", "judge", "need_of", "objects_of_state", "read_facts"]
