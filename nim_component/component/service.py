"""`NIMService`: which children exist, under which parent, in which order. What they look like is `manifests`' business."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.error import owner_of
from ..args.late import bind, describe
from ..diagnose.progress.availability import can_report_progress
from ..fit import Verdict, fit_service
from ..manifests.address import external_url, service_host, service_url
from ..manifests.claim import render_claim
from ..manifests.inputs import lift
from ..manifests.models import model_names
from ..manifests.overrides import override
from ..manifests.references import References
from ..manifests.service import render_service
from ..manifests.timing import time_rollout
from .lora_children import provide_adapters
from .optional_children import list_guards, list_parts, provide_claim_templates, provide_parts
from .secrets import provide_secrets
from .validation import read_nim, service_name_of
from .workload import provide_prewarm, provide_workload, rollout_timeouts


class NIMService(pulumi.ComponentResource):
    """An NVIDIA NIM on Kubernetes: Secrets, model cache, Deployment, Service, with LoRA adapters what downloads them, and what else the
    arguments ask for: autoscaler, Ingress, disruption budget and the like.

    Every argument is checked before anything is registered; all problems come in one `ArgumentError`. Children are direct children with
    logical names `<name>-<part>`; options such as `protect`, `providers` and `aliases` reach them through the component.
    """

    if TYPE_CHECKING:  # at run time Pulumi takes annotations for the types of the inputs of the same names
        workload: k8s.apps.v1.Deployment | k8s.apiextensions.CustomResource
        """What runs the pods: the Deployment, or with `multi_node` the LeaderWorkerSet."""
        service: k8s.core.v1.Service
        """The Service."""
        secrets: Mapping[str, k8s.core.v1.Secret]
        """The Secrets that were made or read, by their logical names, such as `llama-keys`."""
        prewarm: k8s.batch.v1.Job | None
        """The Job that fills the cache before the rollout; none without `cache.prewarm`."""
        parts: Mapping[str, pulumi.CustomResource]
        """The optional children, by their logical names, such as `llama-autoscaler`."""

    def __init__(self, name: str, args: NIM | Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        """Registers the component and its children.

        `args` is a `NIM` or a plain mapping of its fields, as a stack file or a component host gives it.
        """
        nim = bind(read_nim(name, args), owner_of(name))
        service_name = service_name_of(name, nim)
        super().__init__("nim:index:NIMService", name, describe(nim), opts)
        self._warn_of_moving_tags(nim)
        self._warn_of_misfit(nim)

        timing = time_rollout(nim)
        secrets = provide_secrets(self, name, service_name, nim)
        references = References(
            pull_secret=secrets.pull_secret,
            ngc_key=secrets.ngc_key,
            hf_token=secrets.hf_token,
            secrets_digest=secrets.digest,
            cache_claim=self._provide_cache(name, service_name, nim),
            claim_templates=provide_claim_templates(self, name, service_name, nim),
        )
        guards = provide_parts(self, name, nim, list_guards(nim, service_name))
        adapters = provide_adapters(self, name, service_name, nim, references, timing, list(guards.values()))
        self.prewarm = provide_prewarm(self, name, service_name, nim, references, timing, list(guards.values()))
        after = [*secrets.checked, *guards.values(), *adapters.ready, *([self.prewarm] if self.prewarm else [])]
        self.workload = provide_workload(self, name, service_name, nim, adapters.references, timing, after)
        self.service = k8s.core.v1.Service(
            f"{name}-service",
            **override(nim, "service", render_service(nim, service_name)),
            opts=pulumi.ResourceOptions(parent=self, custom_timeouts=rollout_timeouts(timing)),
        )

        self.parts = guards | provide_parts(self, name, nim, list_parts(nim, service_name), rolled_out=[self.workload, self.service])
        self.secrets = secrets.children
        self._host = service_host(nim, service_name)
        self._port = nim.port
        self._url = service_url(nim, service_name)
        self._external_url = external_url(nim, self.service.status)
        self._model_names = model_names(nim)
        if nim.diagnosis.enabled and can_report_progress():
            from ..diagnose.progress.model_comparison import compare_models

            compare_models(self, service_name, nim, self._model_names, (self.workload, self.service))
        self._cache_claim = references.cache_claim
        self.register_outputs(
            {
                "url": self._url,
                "externalUrl": self._external_url,
                "host": self._host,
                "port": self._port,
                "modelNames": self._model_names,
                "cacheClaim": self._cache_claim,
            }
        )

    @property
    def deployment(self) -> k8s.apps.v1.Deployment:
        """The Deployment. `AttributeError` with `multi_node`, where there is none: `workload` is what runs the pods there."""
        if not isinstance(self.workload, k8s.apps.v1.Deployment):
            raise AttributeError("deployment: with multi_node there is none, and workload is the LeaderWorkerSet")
        return self.workload

    @property
    def host(self) -> "pulumi.Output[str]":
        """In-cluster DNS name, derived from names: known at preview."""
        return pulumi.Output.from_input(self._host)

    @property
    def port(self) -> "pulumi.Output[int]":
        """Port of the Service."""
        return pulumi.Output.from_input(self._port)

    @property
    def url(self) -> "pulumi.Output[str]":
        """`http://<host>:<port>`, without `/v1`: clients append it. Known at preview."""
        return pulumi.Output.from_input(self._url)

    @property
    def external_url(self) -> "pulumi.Output[str | None]":
        """Address from outside the cluster, without `/v1`: of the first host of `ingress` or `http_route`, else of the load balancer. None
        for a Service that is not reached from outside, and while the load balancer has no address yet."""
        return pulumi.Output.from_input(self._external_url)

    @property
    def model_names(self) -> "pulumi.Output[list[str]]":
        """Names under which models answer: the base model, then the adapters."""
        return pulumi.Output.all(*self._model_names)

    @property
    def cache_claim(self) -> "pulumi.Output[str] | None":
        """Name of the claim that holds the model cache; none when the cache is no claim."""
        return None if self._cache_claim is None else pulumi.Output.from_input(self._cache_claim)

    def _provide_cache(self, name: str, service_name: str, nim: NIM) -> "pulumi.Input[str] | None":
        if not nim.cache.makes_claim:
            return nim.cache.existing_claim
        keep = pulumi.ResourceOptions(parent=self, retain_on_delete=True if nim.cache.retain else None)
        claim = k8s.core.v1.PersistentVolumeClaim(f"{name}-cache", **override(nim, "cache", render_claim(nim, service_name)), opts=keep)
        return claim.metadata.apply(lambda metadata: metadata["name"])

    def _warn_of_misfit(self, nim: NIM) -> None:
        fit = fit_service(nim)
        if fit.verdict in (Verdict.NO, Verdict.MISMATCH):
            pulumi.log.warn(f"gpu: {fit.verdict.value}: {fit.reason}. `nim-component fit` shows the arithmetic.", self)

    def _warn_of_moving_tags(self, nim: NIM) -> None:
        def warn(image: str) -> str:
            tag = image.rpartition("/")[2].partition(":")[2]
            if "@" not in image and tag in ("", "latest"):
                pulumi.log.warn(f"image: {image} has no fixed tag: a restart may serve another model. Name a version or a digest.", self)
            return image

        lift(nim.image, warn)
