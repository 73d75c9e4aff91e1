"""One module a subject; each has `RULES`, pure functions from the changes of a service to findings."""

from . import adapters, autoscaling, cache, exposure, gpus, image, lifecycle, rollout, secrets, security, timing

ALL = (
    *lifecycle.RULES,
    *cache.RULES,
    *image.RULES,
    *adapters.RULES,
    *rollout.RULES,
    *gpus.RULES,
    *exposure.RULES,
    *security.RULES,
    *secrets.RULES,
    *timing.RULES,
    *autoscaling.RULES,
)
"""Every rule. The order of findings is theirs, not this one's."""
