"""Rules: pure functions from the changes of a service to findings.

Each module exports them as `RULES`.
"""

from . import (
    adapters,
    autoscaling,
    cache,
    code,
    creations,
    destinations,
    exposure,
    first_update,
    gpus,
    image,
    lifecycle,
    lookalikes,
    memory,
    namespaces,
    network_policies,
    rights,
    roles,
    rollout,
    secrets,
    security,
    timing,
)

ALL = (
    *memory.RULES,
    *lifecycle.RULES,
    *creations.RULES,
    *cache.RULES,
    *image.RULES,
    *adapters.RULES,
    *namespaces.RULES,
    *rollout.RULES,
    *first_update.RULES,
    *gpus.RULES,
    *exposure.RULES,
    *network_policies.RULES,
    *security.RULES,
    *destinations.RULES,
    *code.RULES,
    *rights.RULES,
    *roles.RULES,
    *lookalikes.RULES,
    *secrets.RULES,
    *timing.RULES,
    *autoscaling.RULES,
)
