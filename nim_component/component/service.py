"""`NIMService`: creates the children of a service in order.

The modules of `manifests` render them.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM, NIMDict
from ..args.canonical import canonicalise
from ..args.error import ArgumentValueError, describe_owner
from ..args.output_validation import bind_outputs
from ..args.problems import Problem
from ..args.recorded_arguments import describe_arguments
from ..diagnose.progress.availability import can_report_progress, find_missing_condition
from ..manifests.address import render_external_url, render_host, render_url
from ..manifests.lora import find_unload_seconds, has_lora_job
from ..manifests.models import list_known_models, render_model_names
from ..manifests.references import References
from ..manifests.service import render_service
from ..manifests.timing import compute_timing
from .budgets import report_budgets
from .cache import provide_cache, provide_prewarm
from .children import TypedChildren
from .context import ComponentContext
from .lora_children import provide_adapters
from .optional_children import provide_children_before_pods, provide_claim_templates, provide_other_children
from .secrets import provide_secrets
from .service_names import register_service
from .validation import read_nim, service_name_of
from .warnings import warn_of_foreign_metrics, warn_of_keda_version, warn_of_misfit, warn_of_moving_tag, warn_of_small_cache
from .workload import provide_workload


class NIMService(TypedChildren, pulumi.ComponentResource):
    """An NVIDIA NIM inference service on Kubernetes.

    Its children are:

    - Secrets, the PVC of the model cache, and the Service
    - the workload: a Deployment, or with `multi_node` a LeaderWorkerSet
    - with LoRA adapters, the ConfigMap, PVC and Job that provide them
    - one or more children of each option set that is given, such as an Ingress

    All arguments are validated before a resource is registered. One `ArgumentError` reports all
    problems. The logical names of the children are `<name>-<suffix>`. Options of the component,
    such as `protect`, `providers` and `aliases`, apply to its children.
    """

    if TYPE_CHECKING:  # At run time, Pulumi takes annotations for the types of inputs with these names.
        workload: k8s.apps.v1.Deployment | k8s.apiextensions.CustomResource
        """The workload: the Deployment, or with `multi_node` the LeaderWorkerSet."""
        service: k8s.core.v1.Service
        """The Service."""
        secrets: Mapping[str, pulumi.Input[k8s.core.v1.Secret]]
        """The Secrets that were created or read, by logical name without content hash, such as
        `llama-keys`. A created Secret is an Output, because its name depends on a secret value."""
        prewarm: pulumi.Input[k8s.batch.v1.Job] | None
        """The Job that fills the cache before the rollout; None without `cache.prewarm`. An Output
        if its content contains Outputs, such as the name of a created Secret."""
        optional_children: Mapping[str, pulumi.CustomResource]
        """The optional children, by logical name, such as `llama-autoscaler`. Each is also an
        attribute with its type, such as `autoscaler`."""

    def __init__(self, name: str, args: NIM | NIMDict, opts: pulumi.ResourceOptions | None = None) -> None:
        """Register the component and its children.

        Args:
            name: Logical name. Without `service_name`, also the name of Deployment and Service.
            args: A `NIM`, or a mapping of its fields, as in a stack file.
            opts: Options of the component.

        Raises:
            ArgumentError: With all problems of the arguments.
        """
        nim = canonicalise(bind_outputs(read_nim(name, args), describe_owner(name)))
        service_name = service_name_of(name, nim)
        super().__init__("nim:index:NIMService", name, {**describe_arguments(nim), "service_name": service_name}, opts)
        register_service(name, nim, self.get_provider("kubernetes:core/v1:Service"))
        timing = compute_timing(nim, unload_seconds=find_unload_seconds(nim) if has_lora_job(nim) else None)
        context = ComponentContext(self, name, service_name, nim, timing)
        report_budgets(self, service_name, timing)
        if missing := find_missing_condition(self, nim):
            raise ArgumentValueError(describe_owner(name), [Problem(("diagnosis", "fail_fast"), *missing)])
        warn_of_moving_tag(self, nim)
        warn_of_misfit(self, nim)
        warn_of_keda_version(self, nim)
        warn_of_foreign_metrics(self, nim)
        warn_of_small_cache(self, nim)

        secrets, cache, templates = provide_secrets(context), provide_cache(context), provide_claim_templates(context)
        references = References(
            pull_secrets=secrets.pull_secrets,
            ngc_key=secrets.ngc_key,
            hf_token=secrets.hf_token,
            secrets_digest=secrets.digest,
            cache_pvc=nim.cache.existing_claim if cache is None else cache.object_name,  # pyright: ignore[reportArgumentType]
            resource_claim_templates={name: template.object_name for name, template in templates.items()},
        )
        before_pods = provide_children_before_pods(context)
        before_jobs = [*secrets.created, *([] if cache is None else [cache.resource]), *before_pods.values()]
        adapters = provide_adapters(context, references, before_jobs)
        self.prewarm = provide_prewarm(context, references, before_jobs)
        depends_on = [*secrets.checked, *before_jobs, *(each.resource for each in templates.values()), *adapters.depends_on]
        depends_on += [job for job in (adapters.job, self.prewarm) if job is not None]
        self.workload = provide_workload(context, adapters.references, depends_on)
        self.service = k8s.core.v1.Service(
            context.child_name("service"),
            **context.inputs("service", render_service(nim, context.service_name)),
            opts=context.options(custom_timeouts=context.rollout_timeouts()),
        )
        self.optional_children = before_pods | provide_other_children(context, [self.workload, self.service])
        self.secrets = secrets.children
        server = "deployment" if nim.multi_node is None else "group"
        workloads = {server: self.workload, "warm": self.prewarm, "lora-job": adapters.job}
        self._register(context, references.cache_pvc, workloads)

    def _register(
        self,
        context: ComponentContext,
        cache_pvc: "pulumi.Input[str] | None",
        workloads: "Mapping[str, pulumi.Input[pulumi.Resource] | None]",
    ) -> None:
        nim, service_name = context.nim, context.service_name
        self._host = render_host(nim, service_name)
        self._port = nim.port
        self._url = render_url(nim, service_name)
        self._external_url = render_external_url(nim, self.service.status)
        self._model_names = render_model_names(nim)
        self._cache_pvc = cache_pvc
        if nim.diagnosis.enabled and can_report_progress():
            from .final_look import compare_after_update

            compare_after_update(context, list_known_models(nim), workloads, [self.service, *self.optional_children.values()])
        self.register_outputs(
            {
                "url": self._url,
                "externalUrl": self._external_url,
                "host": self._host,
                "port": self._port,
                "modelNames": self._model_names,
                "cacheClaim": self._cache_pvc,
            }
        )

    @property
    def host(self) -> "pulumi.Output[str]":
        """In-cluster DNS name. Known at preview."""
        return pulumi.Output.from_input(self._host)

    @property
    def port(self) -> "pulumi.Output[int]":
        """Port of the Service."""
        return pulumi.Output.from_input(self._port)

    @property
    def url(self) -> "pulumi.Output[str]":
        """In-cluster base URL, `http://<host>:<port>`. Clients append `/v1`. Known at preview."""
        return pulumi.Output.from_input(self._url)

    @property
    def external_url(self) -> "pulumi.Output[str | None]":
        """Base URL from outside the cluster, without `/v1`.

        The first host of `ingress` or `http_route`; without them, the address of the load balancer.
        None for a Service that is not exposed, and until the load balancer has an address.
        """
        return pulumi.Output.from_input(self._external_url)

    @property
    def model_names(self) -> "pulumi.Output[list[str] | None]":
        """Names of the served models: the base model, then the adapters by name.

        None if the base model's name is unknown: an image without a model has no name of its own.
        Set `served_model_name`.
        """
        return pulumi.Output.from_input(self._model_names)

    @property
    def cache_claim(self) -> "pulumi.Output[str] | None":
        """Name of the PVC of the model cache; None if the cache is not a PVC."""
        return None if self._cache_pvc is None else pulumi.Output.from_input(self._cache_pvc)
