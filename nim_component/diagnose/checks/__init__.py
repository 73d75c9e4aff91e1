"""Before `up`: what a stack needs of its cluster, and whether that is there. Each check is a pure function over facts that were read."""

from .judge import judge
from .need import Need, need_of
from .read import Facts, read_facts
from .state import objects_of_state
from .verdict import Verdict

__all__ = ["Facts", "Need", "Verdict", "judge", "need_of", "objects_of_state", "read_facts"]
