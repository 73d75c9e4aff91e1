"""`NIMService`: which children exist, under which parent, in which order. What they look like is `manifests`' business."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_kubernetes as k8s
from pydantic_core import PydanticCustomError

from .args import NIM
from .args.checks import check_service_name
from .args.error import ArgumentValueError
from .args.late import bind, describe
from .args.problems import Problem
from .manifests.claim import render_claim
from .manifests.deployment import render_deployment
from .manifests.inputs import lift
from .manifests.lora import render_lora_config
from .manifests.models import model_names
from .manifests.references import References
from .manifests.service import render_service, service_host, service_url
from .manifests.structures import find_unknown_fields
from .manifests.timing import time_rollout
from .secrets import ServiceSecrets, owner_of, provide_secrets


class NIMService(pulumi.ComponentResource):
    """An NVIDIA NIM on Kubernetes: Secrets, model cache, Deployment, Service and, with LoRA adapters, what downloads them.

    Every argument is checked before anything is registered; all problems come in one `ArgumentError`. Children are direct children with
    logical names `<name>-<part>`; options such as `protect`, `providers` and `aliases` reach them through the component.
    """

    if TYPE_CHECKING:  # at run time Pulumi takes annotations for the types of the inputs of the same names
        deployment: k8s.apps.v1.Deployment
        """The Deployment."""
        service: k8s.core.v1.Service
        """The Service."""
        secrets: Mapping[str, k8s.core.v1.Secret]
        """The Secrets that were made (`pull`, `keys`) or read (by their names)."""

    def __init__(self, name: str, args: NIM | Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        """Registers the component and its children.

        `args` is a `NIM` or a plain mapping of its fields, as a stack file or a component host gives it.
        """
        nim = NIM.read(args, owner_of(name))
        if unknown := list(find_unknown_fields(nim)):
            raise ArgumentValueError(owner_of(name), unknown)
        service_name = nim.service_name or _service_name(name)
        super().__init__("nim:index:NIMService", name, describe(nim), opts)
        nim = bind(nim, owner_of(name))
        self._warn_of_moving_tags(nim)

        child = pulumi.ResourceOptions(parent=self)
        secrets = provide_secrets(name, service_name, nim, child)
        references = References(
            pull_secret=secrets.pull_secret,
            ngc_key=secrets.ngc_key,
            hf_token=secrets.hf_token,
            secrets_digest=secrets.digest,
            cache_claim=self._provide_cache(name, service_name, nim),
            lora_config=self._provide_lora_config(name, service_name, nim, child),
        )
        self._deploy(name, service_name, nim, references, secrets)

        self.secrets = secrets.children
        self._host = service_host(nim, service_name)
        self._port = nim.port
        self._url = service_url(nim, service_name)
        self._model_names = model_names(nim)
        self._cache_claim = references.cache_claim
        self.register_outputs(
            {
                "url": self._url,
                "host": self._host,
                "port": self._port,
                "modelNames": self._model_names,
                "cacheClaim": self._cache_claim,
            }
        )

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
        claim = k8s.core.v1.PersistentVolumeClaim(f"{name}-cache", **render_claim(nim, service_name), opts=keep)
        return claim.metadata.apply(lambda metadata: metadata["name"])

    def _provide_lora_config(self, name: str, service_name: str, nim: NIM, child: pulumi.ResourceOptions) -> "pulumi.Input[str] | None":
        if not nim.hf_repo_ids:
            return None
        config = k8s.core.v1.ConfigMap(f"{name}-lora", **render_lora_config(nim, service_name), opts=child)
        return config.metadata.apply(lambda metadata: metadata["name"])

    def _deploy(self, name: str, service_name: str, nim: NIM, references: References, secrets: ServiceSecrets) -> None:
        timing = time_rollout(nim)
        # Both wait for pods, and both stop at ten minutes otherwise: less than a large model needs.
        seconds = f"{timing.timeout}s"
        timeouts = pulumi.CustomTimeouts(create=seconds, update=seconds)
        self.deployment = k8s.apps.v1.Deployment(
            f"{name}-deployment",
            **render_deployment(nim, service_name, references, timing),
            opts=pulumi.ResourceOptions(parent=self, custom_timeouts=timeouts, depends_on=secrets.checked or None),
        )
        self.service = k8s.core.v1.Service(
            f"{name}-service",
            **render_service(nim, service_name),
            opts=pulumi.ResourceOptions(parent=self, custom_timeouts=timeouts),
        )

    def _warn_of_moving_tags(self, nim: NIM) -> None:
        def warn(image: str) -> str:
            tag = image.rpartition("/")[2].partition(":")[2]
            if "@" not in image and tag in ("", "latest"):
                pulumi.log.warn(f"image: {image} has no fixed tag: a restart may serve another model. Name a version or a digest.", self)
            return image

        lift(nim.image, warn)


def _service_name(name: str) -> str:
    """The component's name where it is fit to name a Service."""
    try:
        return check_service_name(name)
    except PydanticCustomError as error:
        context: dict[str, Any] = error.context or {}
        problem = Problem(("service_name",), f"is taken from the component's name, and it {context['rule']}", context["remedy"], repr(name))
        raise ArgumentValueError(owner_of(name), [problem]) from None
