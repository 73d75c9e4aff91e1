"""Rules: pure functions from the changes of a service to findings.

Each module exports them as `RULES`.
"""

from . import (
    adapters,
    autoscaling,
    cache,
    code,
    config_map_objects,
    config_maps,
    creations,
    custom_resources,
    destinations,
    exposure,
    first_update,
    gpus,
    image,
    immutable,
    lifecycle,
    lookalikes,
    memory,
    namespaces,
    network_policies,
    resource_options,
    rights,
    roles,
    rollout,
    routes,
    secrets,
    security,
    timing,
    variables,
)

OF_DELETIONS = frozenset({
    *exposure.RULES, *routes.RULES, *network_policies.RULES, *autoscaling.RULES, *rights.RULES, *secrets.RULES, *config_map_objects.RULES,
})  # fmt: skip
"""Rules that report the deletion of objects, and so do not get those that stay in the cluster."""

ALL = (
    *memory.RULES,
    *lifecycle.RULES,
    *resource_options.RULES,
    *creations.RULES,
    *cache.RULES,
    *immutable.RULES,
    *image.RULES,
    *adapters.RULES,
    *namespaces.RULES,
    *rollout.RULES,
    *first_update.RULES,
    *gpus.RULES,
    *exposure.RULES,
    *routes.RULES,
    *network_policies.RULES,
    *security.RULES,
    *custom_resources.RULES,
    *destinations.RULES,
    *code.RULES,
    *variables.RULES,
    *config_maps.RULES,
    *config_map_objects.RULES,
    *rights.RULES,
    *roles.RULES,
    *lookalikes.RULES,
    *secrets.RULES,
    *timing.RULES,
    *autoscaling.RULES,
)
