"""Fixes for pods that Pod Security or SecurityContextConstraints reject."""

import re

from ...text.sanitizing import sanitize

_VIOLATIONS = (
    (r"runAsUser=0|runAsNonRoot != true", "Set run_as_user to a user other than 0, also in extra_containers."),
    (r"hostPath volumes|restricted volume types", "Use a PVC in place of cache.host_path, and of hostPath in extra_volumes."),
    (
        r"host namespaces|hostPort|hostProcess|procMount|forbidden sysctls|seLinuxOptions|forbidden AppArmor",
        "Remove the field from overrides and extra_containers.",
    ),
    (
        r"privileged|capabilities|allowPrivilegeEscalation != false|seccompProfile",
        "Give the containers in extra_containers the security context of the level restricted.",
    ),
)
"""Violations of Pod Security as its messages name them, each with its fix."""
_OTHERWISE = "Or use a namespace of another level: the component's own pods comply with the level restricted."
_USER = re.compile(r"runAsUser: Invalid value: (-?\d+): must be in the ranges: \[(\d+), \d+\]")
_GROUP = re.compile(r"fsGroup: Invalid value: \[\]int64\{(\d+)\}: \d+ is not an allowed group")


def fix_violation(message: str) -> str:
    """Return the fix of a message of Pod Security."""
    fixes = [fix for pattern, fix in _VIOLATIONS if re.search(rf"(?:: |, )(?:{pattern})\b", _without_details(message))]
    return " ".join([*(fixes[:2] or ["Check extra_containers, cache.host_path and run_as_user."]), _OTHERWISE])


def _without_details(message: str) -> str:
    """Remove the parts in parentheses, which contain names of containers and volumes."""
    return re.sub(r" \([^()]{0,500}\)?", "", message)


def fix_constraint(message: str) -> str:
    """Return the fix for SecurityContextConstraints, with ids of the namespace's range."""
    user, group = _USER.search(message), _GROUP.search(message)
    grant = "Or let an administrator grant the SCC nonroot-v2 or anyuid to the ServiceAccount of the pod."
    if user and user[1] == "0":
        return f"A container runs as root: correct run_as_user or extra_containers. {grant}"
    if user:
        first = sanitize(user[2], 20)
        return f"Set run_as_user and fs_group to {first}, the first id of the namespace's range. {grant}"
    if group:
        return f"Set fs_group to the first id of the namespace's range (annotation openshift.io/sa.scc.uid-range). {grant}"
    return f"Remove what the violations in the evidence name from extra_containers, extra_volumes and overrides. {grant}"
