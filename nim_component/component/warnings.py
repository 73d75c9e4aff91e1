"""Warnings about a service that is valid but may not run as expected."""

from collections.abc import Iterator

import pulumi

from ..args import NIM
from ..args.keda_versions import find_unusual_requirement
from ..args.model_families import find_family
from ..fit import WARNED, describe_warning, find_small_default, fit_service
from ..manifests.inputs import lift
from ..text.image_tags import is_fixed_image


def warn_of_misfit(component: pulumi.Resource, nim: NIM) -> None:
    """Log a warning if the model does not fit the GPUs."""
    fit = fit_service(nim)
    if fit.verdict in WARNED:
        pulumi.log.warn(describe_warning(fit), component)


def warn_of_small_cache(component: pulumi.Resource, nim: NIM) -> None:
    """Log a warning if the model is known to be larger than the default size of the cache."""
    found = find_small_default(nim)
    if found is not None:
        action = (
            f"Set cache.size, such as {found.suggestion}. If the server uses a profile of lower precision, set model_profile or cache.size."
        )
        pulumi.log.warn(f"cache.size: the default of {nim.cache.size} is smaller than the model, which has {found}. {action}", component)


def warn_of_keda_version(component: pulumi.Resource, nim: NIM) -> None:
    """Log a warning if autoscaling requires a newer KEDA than usual, and its version is unknown."""
    if nim.autoscaling is None or nim.autoscaling.keda is None:
        return
    found = find_unusual_requirement(nim.autoscaling.signals, nim.autoscaling.keda)
    if found is not None:
        action = f"Set autoscaling.keda.version to the version in the cluster, such as {found.version}, to validate it."
        pulumi.log.warn(f"autoscaling.{'.'.join(map(str, found.path))}: requires KEDA {found.version} {found.reason}. {action}", component)


def warn_of_foreign_metrics(component: pulumi.Resource, nim: NIM) -> None:
    """Log a warning if an option reads metrics of language models, and the image is another NIM."""

    def warn(image: str) -> str:
        family = find_family(image)
        if family is None:
            return image
        for path, effect in _list_readers(nim):
            text = (
                f"{path}: reads metrics of language models. By its name, {image} is {family.name}; for such images, "
                f"NVIDIA documents {family.metrics} ({family.source}). Without metrics of language models, {effect}"
            )
            pulumi.log.warn(text, component)
        return image

    lift(nim.image, warn)


def _list_readers(nim: NIM) -> Iterator[tuple[str, str]]:
    """Yield the options that read metrics of language models, each with its effect without them."""
    if nim.autoscaling is not None and nim.autoscaling.signals:
        action = "Use autoscaling.metrics or autoscaling.keda.triggers with a metric of the server."
        yield "autoscaling.presets", f"no preset scales the service. {action}"
    if nim.metrics is None:
        return
    alerts = nim.metrics.alerts
    if alerts is not None and not (alerts.queue is None and alerts.kv_cache is None and alerts.first_token is None):
        action = "Set queue, kv_cache and first_token of metrics.alerts to null, and add alerts of your own."
        yield "metrics.alerts", f"only NIMNotServing can fire. {action}"
    if nim.metrics.dashboard is not None:
        yield "metrics.dashboard", "most panels stay empty. Remove metrics.dashboard, and use a dashboard of your own."


def warn_of_moving_tag(component: pulumi.Resource, nim: NIM) -> None:
    """Log a warning if the image has no fixed tag: a restart may pull another image."""

    def warn(image: str) -> str:
        if not is_fixed_image(image):
            pulumi.log.warn(f"image: {image} has no fixed tag, so a restart may serve another model. Set a version or a digest.", component)
        return image

    lift(nim.image, warn)
