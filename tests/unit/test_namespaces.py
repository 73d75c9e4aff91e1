"""Namespaces that a stack creates: `nim:namespaces`."""

from typing import Any

import pulumi
import pytest

from nim_component.names import MANAGED_LABELS
from nim_component.stack import deploy_stack
from nim_component.testing import DEPLOYMENT, NAMESPACE, SERVICE, Recording, record

KEYLESS = {"secrets": {"without_key": True}}
REFERENCE = {"secrets": {"ngc_image_secret": "pull", "ngc_secret_key": "NGC_API_KEY"}}
ENFORCE = "pod-security.kubernetes.io/enforce"


def deploy(namespaces: Any, service: dict[str, Any] | None = None, **more: Any) -> Recording:
    """Record a stack with namespaces and one service in namespace `llm`."""
    config = {"nim:namespaces": namespaces, "nim:services": {"llama": {"namespace": "llm", **(service or KEYLESS)}}}
    return record(deploy_stack, project="nim", config=config, **more)


def refuse(namespaces: Any, service: dict[str, Any] | None = None) -> list[str]:
    with pytest.raises(pulumi.RunError) as caught:
        deploy(namespaces, service)
    return str(caught.value).split("\n")


def test_no_namespaces_create_none():
    config = {"nim:services": {"llama": {"namespace": "llm", **KEYLESS}}}
    assert record(deploy_stack, project="nim", config=config).find(NAMESPACE) == []


@pytest.mark.parametrize("fields", [None, {}, {"pod_security": "restricted", "retain": True}], ids=str)
def test_default_namespace_is_restricted_and_retained(fields: Any):
    namespace = deploy({"llm": fields}).one(NAMESPACE, "llm")
    assert namespace.inputs["metadata"] == {"name": "llm", "labels": {ENFORCE: "restricted", "app.kubernetes.io/managed-by": "pulumi"}}
    assert namespace.options.retain_on_delete


def test_options_of_namespace_are_rendered():
    fields = {"pod_security": "privileged", "retain": False, "labels": {"team": "ml"}, "annotations": {"a": "b"}}
    namespace = deploy({"llm": fields}).one(NAMESPACE, "llm")
    metadata = namespace.inputs["metadata"]
    assert (metadata["labels"][ENFORCE], metadata["labels"]["team"], metadata["annotations"]) == ("privileged", "ml", {"a": "b"})
    assert not namespace.options.retain_on_delete


def test_every_object_depends_on_namespace():
    seen = deploy({"llm": None}, {"secrets": {"without_key": True}, "ingress": {"hosts": ["a.example.com"]}, "disruption_budget": {}})
    urn = seen.one(NAMESPACE).urn
    for child in seen.children("llama").values():
        assert child.inputs["metadata"]["namespace"] == "llm"
        assert urn in child.options.dependencies, child.name


def test_service_in_other_namespace_is_independent():
    seen = deploy({"other": None})
    assert seen.one(NAMESPACE).urn not in seen.child("llama", DEPLOYMENT).options.dependencies


def test_objects_equal_those_in_existing_namespace():
    created = deploy({"llm": None}).deployment("llama")
    existing = record(deploy_stack, project="nim", config={"nim:services": {"llama": {"namespace": "llm", **KEYLESS}}}).deployment("llama")
    assert created == existing


def test_url_is_known_at_first_preview():
    seen = deploy({"llm": None}, preview=True)
    assert seen.outputs["services"]["llama"]["url"] == "http://llama.llm.svc.cluster.local:8000"
    assert seen.child("llama", SERVICE).inputs["metadata"]["namespace"] == "llm"


def test_secrets_in_created_namespace_are_not_read():
    """In a new namespace, existing Secrets cannot be read at the first preview."""
    seen = deploy({"llm": None}, REFERENCE, cluster={})
    assert not any(resource.read for resource in seen.run.resources)
    (note,) = [entry.message for entry in seen.run.log if entry.severity == "info"]
    assert note.startswith("NIMService 'llama': its Secrets are not read, because this program creates namespace llm. ")


def test_secrets_in_existing_namespace_are_read():
    with pytest.raises(LookupError, match="resource 'llm/pull' does not exist"):
        deploy({"other": None}, REFERENCE, cluster={})


@pytest.mark.parametrize("service", [KEYLESS, {"secrets": {**REFERENCE["secrets"], "verify": False}}], ids=["keyless", "unverified"])
def test_service_without_reads_logs_no_note(service: dict[str, Any]):
    assert [entry.message for entry in deploy({"llm": None}, service).run.log if entry.severity == "info"] == []


def test_unused_namespace_logs_warning():
    (warning,) = deploy({"llm": None, "lmm": None}).warnings()
    assert warning == "namespaces: no service uses namespace lmm. Set namespace: lmm in nim:defaults or in a service."


INVALID: list[tuple[Any, str]] = [
    ({"default": None}, "default: exists in every cluster. Remove it from the stack file, or use another name."),
    ({"llm": ["restricted"]}, "llm: must be a mapping. Write the options of the namespace below its name, or nothing."),
    ({"llm": {"pod_security": "strict"}}, "llm.pod_security: must be one of 'restricted', 'baseline' or 'privileged'"),
    ({"llm": {"retained": True}}, "llm.retained: "),
    ({"llm": {"retain": "yes"}}, "llm.retain: "),
    ({"LLM": None}, "LLM: must be the name of a namespace"),
    ({"llm": {"labels": {ENFORCE: "baseline"}}}, f"llm.labels['{ENFORCE}']: is set by pod_security. Use pod_security."),
    ({"llm": {"labels": {MANAGED_LABELS[0]: "x"}}}, f"llm.labels['{MANAGED_LABELS[0]}']: is a label that the component sets."),
]


@pytest.mark.parametrize(("namespaces", "problem"), INVALID, ids=lambda value: str(value)[:50])
def test_invalid_namespace_has_error_text(namespaces: Any, problem: str):
    first, text = refuse(namespaces)
    assert first == "nim:namespaces has 1 problem:"
    assert text.strip().startswith(problem)


def test_problems_of_namespaces_and_services_come_together():
    lines = refuse({"llm": {"pod_security": "strict"}, "default": None}, {**KEYLESS, "gpu": -1})
    assert [line for line in lines if not line.startswith(" ")] == ["nim:namespaces has 2 problems:", "NIMService 'llama' has 1 problem:"]


def test_namespaces_must_be_mapping():
    assert refuse(["llm"]) == ["nim:namespaces: must be a mapping. Write it as name: value pairs."]


@pytest.mark.parametrize("pod_security", ["restricted", "baseline"])
def test_host_path_cache_in_restricted_namespace_is_refused(pod_security: str):
    service = {**KEYLESS, "cache": {"host_path": "/models"}}
    lines = refuse({"llm": {"pod_security": pod_security}}, service)
    assert lines[1].strip().startswith(f"cache.host_path: is refused by Pod Security '{pod_security}' of namespace llm. Use a PVC")
    assert deploy({"llm": {"pod_security": "privileged"}}, service)
