"""Changes for the tests: recorded previews, and renders of services and of plain objects."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pulumi

from nim_component import NIM, NIMSecrets, NIMService
from nim_component.local import renderer
from nim_component.review.change import Change, ResourceState, StackChange
from nim_component.review.sources.preview import read_preview
from nim_component.review.sources.renders import compare_renders
from nim_component.review.stack_review import StackReview, review

PREVIEWS = Path(__file__).parent / "previews"
NAMES = sorted(file.stem for file in PREVIEWS.glob("*.json"))
KEY = b"one comparison"
SERVICE: Mapping[str, Any] = {
    "secrets": {"ngc_image_secret": "ngc-pull", "ngc_secret_key": "NGC_API_KEY"},
    "image": "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0",
    "namespace": "nim",
}
LORA: Mapping[str, Any] = {
    "hf_repo_ids": ["my-org/tone@" + "a" * 40, "my-org/legal@v1"],
    "lora_adapter_mem": "2Gi",
    "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"},
}

renderer.load_engine()


def review_preview(name: str) -> StackReview:
    """Return the review of a recorded preview."""
    return review(read_preview((PREVIEWS / f"{name}.json").read_text(), name))


def render_program(program: Callable[[], object], stack: str = "dev", **config: str) -> dict[str, Any]:
    """Return the render of a program, as `nim-component diff` reads it.

    `config` is the configuration of the default provider.
    """
    engine = renderer.import_engine("engine")
    run = engine.execute(program, project="nim", stack=stack)
    settings = {f"kubernetes:{name}": value for name, value in config.items()}
    return json.loads(json.dumps(renderer.describe_run(run, KEY, settings, {"kubernetes:kubeconfig"})))


def render_services(**fields: Mapping[str, Any] | NIM) -> dict[str, Any]:
    """Return the render of a stack with these services."""

    def program() -> None:
        for name, each in fields.items():
            NIMService(name.replace("_", "-"), each)

    return render_program(program)


def render_service(**fields: Any) -> dict[str, Any]:
    """Return the render of a stack with the service `llama`."""
    return render_services(llama={**SERVICE, **fields})


def render_managed_secrets(key: str) -> dict[str, Any]:
    """Return the render of a stack with the service `llama` and its Secrets."""

    def program() -> None:
        NIMService("llama", NIM(image=SERVICE["image"], secrets=NIMSecrets(ngc_api_key=pulumi.Output.secret(key))))

    return render_program(program)


def review_renders(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> StackReview:
    """Return the review of two renders."""
    return review(compare_renders("dev", old, new))


def render_objects(*given: Mapping[str, Any], parent: str = "llama", provider: str = "", **options: Any) -> dict[str, Any]:
    """Return the render of a stack with a service that consists of these objects."""

    def program() -> None:
        component = pulumi.ComponentResource("nim:index:NIMService", parent, {})
        if provider:
            options["provider"] = pulumi.ProviderResource("kubernetes", provider, {"context": provider})
        for each in given:
            api_version = each["apiVersion"] if "/" in each["apiVersion"] else f"core/{each['apiVersion']}"
            pulumi.CustomResource(
                f"kubernetes:{api_version}:{each['kind']}",
                f"{parent}-{each['kind'].lower()}-{each['metadata']['name']}",
                dict(each),
                pulumi.ResourceOptions(parent=component, **options),
            )

    return render_program(program)


def deployment(**changes: Any) -> dict[str, Any]:
    """Return a Deployment with one GPU. `pod`, `container` and `spec` replace fields of it."""
    context = {"allowPrivilegeEscalation": False, "runAsNonRoot": True, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    container = {
        "name": "nim",
        "image": "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0",
        "resources": {"limits": {"nvidia.com/gpu": "1"}},
        "startupProbe": {"periodSeconds": 10, "failureThreshold": 180},
        "securityContext": {**context, "seccompProfile": {"type": "RuntimeDefault"}},
        **changes.get("container", {}),
    }
    pod = {"containers": [container], **changes.get("pod", {})}
    labels = {"app": "llama"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "llama", "namespace": "nim"},
        "spec": {
            "replicas": 1,
            "progressDeadlineSeconds": 3000,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
            **changes.get("spec", {}),
        },
    }


def kubernetes_object(kind: str, api_version: str, spec: Mapping[str, Any], name: str = "llama", **metadata: Any) -> dict[str, Any]:
    """Return an object of any kind."""
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "nim", **metadata}, "spec": dict(spec)}


@cache
def unchanged_states() -> dict[str, Any]:
    """Return the state of every resource before the recorded changes."""
    steps = json.loads((PREVIEWS / "nothing-with-sames.json").read_text())["steps"]
    return {step["urn"]: step["oldState"] for step in steps}


def replay_preview(name: str) -> StackChange:
    """Return the changes between two renders with the states of a recorded preview."""
    steps = json.loads((PREVIEWS / f"{name}.json").read_text())["steps"]
    by_urn = {step["urn"]: step for step in steps}
    old, new = dict[str, Any](), dict[str, Any]()
    if name != "create":
        for urn, state in unchanged_states().items():
            if urn not in by_urn:
                old[urn] = new[urn] = state
    for urn, step in by_urn.items():
        if step.get("oldState"):
            old[urn] = step["oldState"]
        if step.get("newState"):
            new[urn] = step["newState"]
    rotated = {urn for urn, step in by_urn.items() if any(path.startswith("data") for path in step.get("detailedDiff") or ())}
    before = render_states(old, dict.fromkeys(rotated, "old")) if old else None
    return compare_renders("dev", before, render_states(new, dict.fromkeys(rotated, "new")))


def render_states(states: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, Any]:
    """Render recorded states: types, names, parents, inputs and the dependencies of each property.

    A preview contains no secret values, so `secrets` has those that differ, by URN.
    """

    def program() -> None:
        known: dict[str, pulumi.Resource] = {}
        rest = {urn: state for urn, state in states.items() if state["type"] != "pulumi:pulumi:Stack"}
        while rest:
            ready = [urn for urn, state in rest.items() if not ({*dependencies(state), state.get("parent")} & rest.keys())]
            assert ready, "a cycle"
            for urn in ready:
                known[urn] = register(urn, rest.pop(urn), known, secrets.get(urn, ""))

    return render_program(program)


def dependencies(state: Mapping[str, Any]) -> set[str]:
    return {urn for urns in (state.get("propertyDependencies") or {}).values() for urn in urns}


def register(urn: str, state: Mapping[str, Any], known: Mapping[str, pulumi.Resource], secret: str) -> pulumi.Resource:
    name, parent = urn.split("::", 3)[3], known.get(state.get("parent", ""))
    if state.get("external"):
        return pulumi.CustomResource(state["type"], name, {}, pulumi.ResourceOptions(parent=parent, id=state["id"]))
    inputs = dict(state.get("inputs") or {})
    if inputs.get("data") == "[secret]":
        inputs["data"] = {"NGC_API_KEY": pulumi.Output.secret(f"value-{secret}".encode().hex())}
    for field, urns in (state.get("propertyDependencies") or {}).items():
        if found := [known[each].urn for each in urns if each in known]:
            inputs[field] = pulumi.Output.all(*found).apply(lambda _, value=inputs[field]: value)
    timeouts = {key: f"{seconds}s" for key, seconds in (state.get("customTimeouts") or {}).items()}
    options = pulumi.ResourceOptions(parent=parent, custom_timeouts=pulumi.CustomTimeouts(**timeouts) if timeouts else None)
    if not state["custom"]:
        return pulumi.ComponentResource(state["type"], name, inputs, options)
    return pulumi.CustomResource(state["type"], name, inputs, options)


def preview_of(old: Mapping[str, Any], new: Mapping[str, Any]) -> StackChange:
    """Return the changes between two renders as a preview shows them: without unchanged resources.

    Secrets are equal in both states of a preview, and its states have no `replaceOnChanges`.
    """
    changes = [change for service in compare_renders("dev", old, new).services for change in service.changes]
    steps = [_step(change) for change in changes if change.operation != "same" or _changes_protection(change)]
    return read_preview(json.dumps({"steps": steps}, default=str), "dev")


def _changes_protection(change: Change) -> bool:
    """Return true for an unchanged resource that the engine shows.

    https://github.com/pulumi/pulumi/blob/v3.260.0/pkg/backend/display/display.go
    """
    return change.before is not None and change.after is not None and change.before.protect != change.after.protect


def _step(change: Change) -> dict[str, Any]:
    states = {key: _state(each) for key, each in (("oldState", change.before), ("newState", change.after)) if each is not None}
    if change.order:
        states["oldState"]["pendingReplacement" if change.order == "delete-before-create" else "delete"] = True
    return {"op": change.operation, "urn": change.subject.urn, "replaceReasons": list(change.reasons), **states}


def _state(each: ResourceState) -> dict[str, Any]:
    options = {
        "custom": each.custom,
        "provider": f"{each.provider}::id" if each.provider else "",
        "protect": each.protect,
        "retainOnDelete": each.retain,
        "external": each.external,
        "customTimeouts": dict(each.timeouts),
    }
    return {"inputs": dict(each.inputs), "parent": each.parent, "ignoreChanges": list(each.ignored or ()), **options}
