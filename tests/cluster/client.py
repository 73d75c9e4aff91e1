"""Client of the tests for the API server: Kubernetes' official dynamic client with plain dicts."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import urllib3
from kubernetes import config, dynamic
from kubernetes.client import ApiException
from kubernetes.dynamic.exceptions import DynamicApiError, NotFoundError
from kubernetes.dynamic.resource import ResourceList

MANAGER = "nim-component"
"""Field manager of what the tests apply."""

T = TypeVar("T")
Object = dict[str, Any]


def _plain(_: object, response: Object) -> Object:
    """Return a response unchanged.

    The library would create an object for each value in it, which is slow.
    """
    return response


def is_ready(kubeconfig: Path) -> bool:
    """Return True if `/readyz` of the API server succeeds."""
    try:
        with config.new_client_from_config(str(kubeconfig)) as api:
            api.call_api("/readyz", "GET", auth_settings=["BearerToken"], _preload_content=False, _request_timeout=2)
    except (ApiException, urllib3.exceptions.HTTPError, OSError):
        return False
    return True


class Client:
    """Access to objects as plain dicts, by API version and kind."""

    def __init__(self, kubeconfig: Path) -> None:
        api = config.new_client_from_config(str(kubeconfig))
        api.configuration.retries = False
        # Beside the kubeconfig, so that the discovery cache is deleted with the cluster.
        self._dynamic = dynamic.DynamicClient(api, cache_file=str(kubeconfig.with_suffix(".discovered")))

    def kind(self, api_version: str, kind: str) -> Any:
        """Return the resource of a kind."""
        return self._dynamic.resources.get(api_version=api_version, kind=kind)

    def version(self) -> str:
        """Return the server's version."""
        return self._dynamic.version["kubernetes"]["gitVersion"]

    def apply(self, object_: Object, *, manager: str = MANAGER, force: bool = False, dry_run: bool = False) -> Object:
        """Apply an object server-side, with strict field validation.

        Raises:
            DynamicApiError: The server rejects the object.
        """
        metadata = object_["metadata"]
        resource = self.kind(object_["apiVersion"], object_["kind"])
        return resource.patch(
            name=metadata["name"],
            namespace=metadata.get("namespace"),
            # The library would write characters beyond the basic plane as surrogate pairs: valid
            # JSON, invalid YAML.
            body=json.dumps(object_, ensure_ascii=False).encode(),
            content_type="application/apply-patch+yaml; charset=utf-8",
            field_manager=manager,
            force_conflicts=force,
            query_params=[("fieldValidation", "Strict"), *([("dryRun", "All")] if dry_run else [])],
            serializer=_plain,
        )

    def create(self, object_: Object, *, dry_run: bool = False) -> Object:
        """Create an object."""
        resource = self.kind(object_["apiVersion"], object_["kind"])
        query = [("fieldValidation", "Strict"), *([("dryRun", "All")] if dry_run else [])]
        return resource.create(body=object_, namespace=object_["metadata"].get("namespace"), query_params=query, serializer=_plain)

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object:
        """Return an existing object."""
        return self.kind(api_version, kind).get(name=name, namespace=namespace, serializer=_plain)

    def find(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """Return an object, or None if it does not exist."""
        try:
            return self.get(api_version, kind, name, namespace)
        except NotFoundError:
            return None

    def list(self, api_version: str, kind: str, namespace: str | None = None, labels: str | None = None) -> "list[Object]":
        """Return the objects of a kind.

        They have no `apiVersion` and `kind`, as in every list of Kubernetes.
        """
        return self.kind(api_version, kind).get(namespace=namespace, label_selector=labels, serializer=_plain)["items"]

    def everything(self, namespace: str) -> "set[tuple[str, str]]":
        """Return (kind, name) of every object in a namespace, except Events, which expire."""
        found: set[tuple[str, str]] = set()
        for resource in self._dynamic.resources.search(namespaced=True):
            if isinstance(resource, ResourceList) or resource.kind == "Event" or "list" not in resource.verbs:
                continue
            items = resource.get(namespace=namespace, serializer=_plain)["items"]
            found |= {(resource.kind, each["metadata"]["name"]) for each in items}
        return found

    def patch(self, object_: Object, body: Object, *, subresource: str | None = None) -> Object:
        """Merge `body` into an object or its subresource, like `kubectl patch`."""
        resource = self.kind(object_["apiVersion"], object_["kind"])
        if subresource is not None:
            resource = resource.subresources[subresource]
        metadata = object_["metadata"]
        return resource.patch(
            name=metadata["name"],
            namespace=metadata.get("namespace"),
            body=body,
            content_type="application/merge-patch+json",
            serializer=_plain,
        )

    def delete(self, api_version: str, kind: str, name: str, namespace: str | None = None, *, grace_seconds: int | None = None) -> None:
        """Delete an object and, in the background, its dependents.

        A missing object is not an error.
        """
        options = {} if grace_seconds is None else {"grace_period_seconds": grace_seconds}
        try:
            self.kind(api_version, kind).delete(name=name, namespace=namespace, propagation_policy="Background", **options)
        except NotFoundError:
            pass

    def delete_all(self, api_version: str, kind: str, namespace: str) -> None:
        """Delete every object of a kind in a namespace, without a grace period."""
        self.kind(api_version, kind).delete(namespace=namespace, field_selector="metadata.name!=", grace_period_seconds=0)

    def pods(self, namespace: str) -> "list[Object]":
        """Return the pods of a namespace."""
        return self.list("v1", "Pod", namespace)


def condition(object_: Object, kind: str) -> dict[str, Any]:
    """Return a status condition of an object, or an empty mapping."""
    conditions = object_.get("status", {}).get("conditions") or []  # null in a new CustomResourceDefinition
    return next((each for each in conditions if each["type"] == kind), {})


def message_of(error: DynamicApiError) -> str:
    """Return the server's message, as `kubectl` prints it."""
    return json.loads(error.body)["message"]


def wait_until(what: str, poll: Callable[[], T | None], seconds: float = 60) -> T:
    """Return the first true value of `poll`. It is called at growing intervals of up to 0.5 s.

    Raises:
        AssertionError: The time is over; the text contains `what`.
    """
    began = time.monotonic()
    while not (value := poll()):
        waited = time.monotonic() - began
        assert waited < seconds, f"not within {seconds} s: {what}"
        time.sleep(min(0.5, 0.05 + waited / 10))
    return value


__all__ = ["MANAGER", "Client", "DynamicApiError", "Object", "condition", "is_ready", "message_of", "wait_until"]
