"""Options of resources are findings of renders and of previews: protection, and providers."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from nim_component.review.findings import Finding
from nim_component.review.sentences import plain_text
from nim_component.review.sources.preview import read_preview
from nim_component.review.stack_review import review

from .changes import deployment, preview_of, render_program, review_renders

Render = Mapping[str, Any]
PROVIDER = "pulumi:providers:kubernetes"
URN = "urn:pulumi:dev::nim::kubernetes:core/v1:PersistentVolumeClaim::cache"


def rendered(provider: str = "", alias: str = "", inputs: Mapping[str, Any] | None = None, config: Any = (), **options: Any) -> Render:
    """Return the render of a Deployment with these options."""

    def program() -> None:
        given = pulumi.ResourceOptions(**options)
        if provider:
            aliases = [pulumi.Alias(name=alias)] if alias else None
            given.provider = pulumi.ProviderResource("kubernetes", provider, dict(inputs or {}), pulumi.ResourceOptions(aliases=aliases))
        pulumi.CustomResource("kubernetes:apps/v1:Deployment", "llama", deployment(), given)

    return render_program(program, **dict(config))


def found_in(old: Render, new: Render, *, source: str = "both") -> list[tuple[str, str, str]]:
    """Return rule, severity and text of the findings, which are equal in both sources."""

    def describe(findings: Any) -> list[tuple[str, str, str]]:
        return [(each.rule, each.severity.value, plain_text(each.text)) for each in findings]

    renders = describe(review_renders(old, new).findings)
    if source == "both":
        assert describe(review(preview_of(old, new)).findings) == renders
    return renders


def test_removed_protection_is_warning():
    expected = ("unprotected", "warning", "`protect` is removed from Deployment llama.")
    assert found_in(rendered(protect=True), rendered()) == [expected]
    assert found_in(rendered(), rendered(protect=True)) == [("other", "notice", "`protect` is added to Deployment llama.")]
    assert found_in(rendered(protect=True), rendered(protect=True)) == []


def test_removed_retention_is_warning():
    """The engine shows no step for it, unless the preview has `--show-sames`."""
    expected = ("unprotected", "warning", "`retainOnDelete` is removed from Deployment llama.")
    assert found_in(rendered(retain_on_delete=True), rendered(), source="renders") == [expected]


def test_protection_is_read_from_unchanged_step():
    states = {f"{side}State": {"custom": True, "inputs": {}, "protect": side == "old"} for side in ("old", "new")}
    preview = {"steps": [{"op": "same", "urn": URN, **states}]}
    (found,) = review(read_preview(json.dumps(preview))).findings
    assert (found.rule, found.severity.value) == ("unprotected", "warning")


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("", "prod", "Deployment llama moves from the default provider to provider prod."),
        ("staging", "prod", "Deployment llama moves from provider staging to provider prod."),
        ("prod", "", "Deployment llama moves from provider prod to the default provider."),
    ],
)
def test_other_provider_is_critical(old: str, new: str, text: str):
    found = found_in(rendered(old), rendered(new))
    assert ("provider", "critical", text) in found
    assert not {"replaced", "deleted-first"} & {rule for rule, _, _ in found}


def test_renamed_provider_with_alias_moves_nothing():
    assert "provider" not in {rule for rule, _, _ in found_in(rendered("old"), rendered("new", alias="old"), source="renders")}


@pytest.mark.parametrize(("field", "severity"), [("context", "critical"), ("cluster", "critical"), ("namespace", "warning")])
def test_other_cluster_of_provider(field: str, severity: str):
    old, new = (rendered("prod", inputs={field: value}) for value in "ab")
    expected = ("provider", severity, f"Field {field} of provider prod changes from a to b.")
    assert next(each for each in found_in(old, new, source="renders") if each[0] != "other") == expected


def test_other_context_of_stack_is_critical():
    old, new = (rendered(config={"context": value}) for value in ("staging", "prod"))
    expected = ("provider", "critical", "Field context of provider default changes from staging to prod.")
    assert found_in(old, new, source="renders") == [expected]
    assert found_in(old, rendered(), source="renders")[0][:2] == ("provider", "critical")
    assert found_in(old, old, source="renders") == []


def test_other_kubeconfig_of_stack_is_redacted():
    old, new = (rendered(config={"kubeconfig": f"token-of-{value}"}) for value in "ab")
    assert "token-of" not in json.dumps([old, new])
    found: list[Finding] = list(review_renders(old, new).findings)
    assert [(each.rule, each.severity.value) for each in found] == [("provider", "warning")]
