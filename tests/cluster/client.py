"""What the tests ask of the API server, through the official client."""

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


def _plain(_: object, answer: Object) -> Object:
    """An answer as it is: the library would make an object of each value in it, which takes longer than most answers."""
    return answer


def is_ready(kubeconfig: Path) -> bool:
    """Whether the API server says that it is."""
    try:
        with config.new_client_from_config(str(kubeconfig)) as api:
            api.call_api("/readyz", "GET", auth_settings=["BearerToken"], _preload_content=False, _request_timeout=2)
    except (ApiException, urllib3.exceptions.HTTPError, OSError):
        return False
    return True


class Client:
    """Objects as plain dicts, by API version and kind."""

    def __init__(self, kubeconfig: Path) -> None:
        api = config.new_client_from_config(str(kubeconfig))
        api.configuration.retries = False
        # Beside the kubeconfig, so that what was discovered goes when the cluster goes.
        self._dynamic = dynamic.DynamicClient(api, cache_file=str(kubeconfig.with_suffix(".discovered")))

    def kind(self, api_version: str, kind: str) -> Any:
        """The resource of a kind."""
        return self._dynamic.resources.get(api_version=api_version, kind=kind)

    def version(self) -> str:
        """The server's."""
        return self._dynamic.version["kubernetes"]["gitVersion"]

    def apply(self, object_: Object, *, manager: str = MANAGER, force: bool = False, dry_run: bool = False) -> Object:
        """Server-side apply with strict field validation. Raises `DynamicApiError` with what the server says."""
        metadata = object_["metadata"]
        resource = self.kind(object_["apiVersion"], object_["kind"])
        return resource.patch(
            name=metadata["name"],
            namespace=metadata.get("namespace"),
            # The library would escape what is beyond the basic plane as two halves, which is JSON but not the YAML that apply reads.
            body=json.dumps(object_, ensure_ascii=False).encode(),
            content_type="application/apply-patch+yaml; charset=utf-8",
            field_manager=manager,
            force_conflicts=force,
            query_params=[("fieldValidation", "Strict"), *([("dryRun", "All")] if dry_run else [])],
            serializer=_plain,
        )

    def create(self, object_: Object, *, dry_run: bool = False) -> Object:
        """A new object."""
        resource = self.kind(object_["apiVersion"], object_["kind"])
        query = [("fieldValidation", "Strict"), *([("dryRun", "All")] if dry_run else [])]
        return resource.create(body=object_, namespace=object_["metadata"].get("namespace"), query_params=query, serializer=_plain)

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object:
        """An object that is there."""
        return self.kind(api_version, kind).get(name=name, namespace=namespace, serializer=_plain)

    def find(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """An object, if it is there."""
        try:
            return self.get(api_version, kind, name, namespace)
        except NotFoundError:
            return None

    def list(self, api_version: str, kind: str, namespace: str | None = None, labels: str | None = None) -> "list[Object]":
        """The objects of a kind. Their own `apiVersion` and `kind` are left out, as Kubernetes does."""
        return self.kind(api_version, kind).get(namespace=namespace, label_selector=labels, serializer=_plain)["items"]

    def everything(self, namespace: str) -> "set[tuple[str, str]]":
        """Kind and name of all that is in a namespace, whatever kinds the server has. Events are left out: they end by themselves."""
        found: set[tuple[str, str]] = set()
        for resource in self._dynamic.resources.search(namespaced=True):
            if isinstance(resource, ResourceList) or resource.kind == "Event" or "list" not in resource.verbs:
                continue
            items = resource.get(namespace=namespace, serializer=_plain)["items"]
            found |= {(resource.kind, each["metadata"]["name"]) for each in items}
        return found

    def patch(self, object_: Object, body: Object) -> Object:
        """Merges `body` into an object, as `kubectl patch` does by hand."""
        resource = self.kind(object_["apiVersion"], object_["kind"])
        metadata = object_["metadata"]
        return resource.patch(
            name=metadata["name"],
            namespace=metadata.get("namespace"),
            body=body,
            content_type="application/merge-patch+json",
            serializer=_plain,
        )

    def delete(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> None:
        """Deletes an object and, in the background, what belongs to it. Nothing happens when it is gone already."""
        try:
            self.kind(api_version, kind).delete(name=name, namespace=namespace, propagation_policy="Background")
        except NotFoundError:
            pass

    def delete_all(self, api_version: str, kind: str, namespace: str) -> None:
        """Deletes every object of a kind in a namespace, at once and without any grace."""
        self.kind(api_version, kind).delete(namespace=namespace, field_selector="metadata.name!=", grace_period_seconds=0)

    def pods(self, namespace: str) -> "list[Object]":
        """The pods of a namespace."""
        return self.list("v1", "Pod", namespace)


def condition(object_: Object, kind: str) -> dict[str, Any]:
    """A condition of an object's status, empty when it has none."""
    conditions = object_.get("status", {}).get("conditions") or []  # null on a definition that was just made
    return next((each for each in conditions if each["type"] == kind), {})


def message_of(error: DynamicApiError) -> str:
    """What the server says, as `kubectl` shows it."""
    return json.loads(error.body)["message"]


def wait_until(what: str, ask: Callable[[], T | None], seconds: float = 60) -> T:
    """What `ask` answers, soon after it is true: the longer it takes, the seldomer it is asked. `AssertionError` says what was waited for."""
    began = time.monotonic()
    while not (answer := ask()):
        waited = time.monotonic() - began
        assert waited < seconds, f"not within {seconds} s: {what}"
        time.sleep(min(0.5, 0.05 + waited / 10))
    return answer


__all__ = ["MANAGER", "Client", "DynamicApiError", "Object", "condition", "is_ready", "message_of", "wait_until"]
