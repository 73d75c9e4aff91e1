"""Rules: pure functions from the changes of a service to findings.

Each module exports them as `RULES`.
"""

from . import (
    adapters,
    autoscaling,
    cache,
    exposure,
    first_update,
    gpus,
    image,
    lifecycle,
    network_policies,
    rollout,
    secrets,
    security,
    timing,
)

ALL = (
    *lifecycle.RULES,
    *cache.RULES,
    *image.RULES,
    *adapters.RULES,
    *rollout.RULES,
    *first_update.RULES,
    *gpus.RULES,
    *exposure.RULES,
    *network_policies.RULES,
    *security.RULES,
    *secrets.RULES,
    *timing.RULES,
    *autoscaling.RULES,
)
