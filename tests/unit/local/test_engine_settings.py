"""Settings of the engine and the default provider in a stack file are honoured, or refused."""

import json
import re
from pathlib import Path

import pulumi
import pytest

from nim_component.local import LocalError, Run
from nim_component.local.comparison import compare_states
from nim_component.local.manifests import collect_manifests
from nim_component.local.program import run_project
from nim_component.local.state import build_state

from .conftest import Project

UNNAMED = """
    import pulumi, pulumi_kubernetes as k8s
    k8s.core.v1.ConfigMap("web", data={"a": pulumi.Config().get("a", "1")})
    k8s.core.v1.Secret("key", string_data={"a": pulumi.Config().get("a", "1")})
    k8s.core.v1.Namespace("named", metadata={"name": "given"})
"""


def run(project: Project, config: dict[str, object], program: str = UNNAMED) -> Run:
    return run_project(project(program, **{"Pulumi.dev.yaml": json.dumps({"config": config})}), "dev")


def names(found: Run) -> dict[str, str]:
    return {resource.name: resource.inputs["metadata"]["name"] for resource in found.resources if resource.type.startswith("kubernetes:")}


@pytest.mark.parametrize(
    ("setting", "web", "key"),
    [
        ({"mode": "verbatim"}, "web", "key"),
        ({"pattern": "${project}-${stack}-${organization}-${name}"}, "demo-dev-organization-web", "demo-dev-organization-key"),
        ({"pattern": "${name}-${config.a}"}, "web-x", "key-x"),
        ({"mode": "verbatim", "providers": {"aws": {"mode": "disabled"}}}, "web", "key"),
        ({"mode": "disabled", "providers": {"kubernetes": {"mode": "verbatim"}}}, "web", "key"),
        ({"mode": "verbatim", "providers": {"kubernetes": {}}}, "web", "key"),
        (
            {"mode": "verbatim", "providers": {"kubernetes": {"resources": {"kubernetes:core/v1:Secret": {"pattern": "s-${name}"}}}}},
            "web",
            "s-key",
        ),
        ({"pattern": "${name}", "enforce": True}, "web", "key"),
    ],
)
def test_autonaming_sets_names(project: Project, setting: object, web: str, key: str) -> None:
    found = run(project, {"pulumi:autonaming": setting, "a": "x"})
    assert names(found) == {"web": web, "key": key, "named": "given"}
    annotations = {each.name: each.inputs["metadata"].get("annotations") for each in found.resources if each.custom}
    assert annotations == {"web": {"pulumi.com/autonamed": "true"}, "key": {"pulumi.com/autonamed": "true"}, "named": None}


@pytest.mark.parametrize(
    ("pattern", "form"),
    [
        ("${name}-${hex(4)}", r"web-[0-9a-f]{4}"),
        ("${name}-${hex(5)}-${alphanum(6)}", r"web-[0-9a-f]{5}-[a-z0-9]{6}"),
        ("${string(3)}${num(2)}", r"[a-z]{3}[0-9]{2}"),
        ("x-${uuid}", r"x-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ],
)
def test_random_names_are_the_same_again(project: Project, pattern: str, form: str) -> None:
    first, second = (names(run(project, {"pulumi:autonaming": {"pattern": pattern}})) for _ in range(2))
    assert first == second
    assert first["web"] != first["key"]
    assert re.fullmatch(form, first["web"])


@pytest.mark.parametrize("setting", [{"mode": "default"}, {}, {"mode": "verbatim", "providers": {"kubernetes": {"mode": "default"}}}])
def test_default_mode_keeps_names_of_provider(project: Project, setting: object) -> None:
    assert names(run(project, {"pulumi:autonaming": setting})) == names(run(project, {}))


def test_disabled_autonaming_needs_names(project: Project) -> None:
    with pytest.raises(pulumi.RunError, match=r"autonaming is disabled, resource requires the .metadata.name field to be set"):
        run(project, {"pulumi:autonaming": {"mode": "disabled"}})
    program = "import pulumi_kubernetes as k8s\nk8s.core.v1.Namespace('named', metadata={'name': 'given'})\n"
    assert names(run(project, {"pulumi:autonaming": {"mode": "disabled"}}, program)) == {"named": "given"}


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ({"mode": "verbatm"}, "pulumi:autonaming: invalid naming mode: verbatm. Did you mean 'verbatim'?"),
        ({"mode": 5}, "pulumi:autonaming: invalid naming mode: 5. "),
        ({"mode": "verbatim", "pattern": "x"}, "pulumi:autonaming: cannot specify both mode and pattern/enforce. "),
        ({"enforce": True}, "pulumi:autonaming: pattern must be specified when enforce is true. "),
        ({"moed": "verbatim"}, "pulumi:autonaming: unknown field 'moed'. "),
        ("verbatim", "pulumi:autonaming: "),
        ([], "pulumi:autonaming: must be a mapping. "),
        ({"providers": {"kubernetes": {"mode": "off"}}}, "pulumi:autonaming.providers.kubernetes: invalid naming mode: off. "),
        (
            {"providers": {"kubernetes": {"resources": {"k": {}}}}},
            "pulumi:autonaming.providers.kubernetes.resources.k: mode or pattern must be",
        ),
        ({"pattern": "${config.missing}"}, 'pulumi:autonaming: no value found for key "missing". '),
    ],
)
def test_wrong_autonaming_is_an_error(project: Project, setting: object, text: str) -> None:
    with pytest.raises(LocalError) as error:
        run(project, {"pulumi:autonaming": setting})
    assert str(error.value).startswith(text)


@pytest.mark.parametrize("packages", [["*"], ["kubernetes"], [" kubernetes "], ["aws", "kubernetes"]])
def test_disabled_default_provider_is_refused(project: Project, packages: list[str]) -> None:
    with pytest.raises(pulumi.RunError) as error:
        run(project, {"pulumi:disable-default-providers": packages})
    text = "Default provider for 'kubernetes' disabled. 'kubernetes:core/v1:"
    assert text in str(error.value)
    assert "must use an explicit provider." in str(error.value)


@pytest.mark.parametrize("packages", [[], ["aws"], ""])
def test_other_default_provider_is_used(project: Project, packages: object) -> None:
    assert len(names(run(project, {"pulumi:disable-default-providers": packages}))) == 3


def test_explicit_provider_is_accepted(project: Project) -> None:
    program = """
        import pulumi, pulumi_kubernetes as k8s
        there = pulumi.ResourceOptions(provider=k8s.Provider("there", render_yaml_to_directory="out"))
        k8s.core.v1.ConfigMap("web", metadata={"name": "web"}, opts=there)
    """
    assert names(run(project, {"pulumi:disable-default-providers": ["*"]}, program))["web"] == "web"


@pytest.mark.parametrize("packages", ["kubernetes", {"a": 1}, [1]])
def test_wrong_list_of_providers_is_an_error(project: Project, packages: object) -> None:
    with pytest.raises(LocalError, match="pulumi:disable-default-providers: "):
        run(project, {"pulumi:disable-default-providers": packages})


NAMED = """
    import pulumi, pulumi_kubernetes as k8s
    config = pulumi.Config()
    arguments = config.get_object("provider")
    opts = pulumi.ResourceOptions(provider=k8s.Provider("own", **arguments) if arguments is not None else None)
    immutable = config.get_bool("immutable")
    k8s.core.v1.ConfigMap("map", metadata={"name": "map"}, data={"a": config.require("a")}, immutable=immutable, opts=opts)
    k8s.core.v1.Secret("key", metadata={"name": "key"}, type="example.com/" + config.require("a"), opts=opts)
"""


def compare(project: Project, config: dict[str, object]) -> dict[str, str]:
    first, second = (run(project, {**config, "a": value}, NAMED) for value in ("1", "2"))
    states = [build_state(each, collect_manifests(each), []) for each in (first, second)]
    return {step.name: step.status for step in compare_states(*states).steps if step.name in ("map", "key")}


@pytest.mark.parametrize(
    ("config", "map_", "key"),
    [
        ({}, "replace", "replace"),
        ({"kubernetes:enableConfigMapMutable": True}, "update", "replace"),
        ({"kubernetes:enableConfigMapMutable": "true", "kubernetes:enableSecretMutable": True}, "update", "update"),
        ({"kubernetes:enableConfigMapMutable": False}, "replace", "replace"),
        ({"kubernetes:enableConfigMapMutable": True, "immutable": True}, "replace", "replace"),
        ({"provider": {"enable_config_map_mutable": True}}, "update", "replace"),
        ({"provider": {"enable_secret_mutable": True}}, "replace", "update"),
        ({"provider": {}, "kubernetes:enableConfigMapMutable": True}, "replace", "replace"),
    ],
)
def test_mutable_data_is_updated(project: Project, config: dict[str, object], map_: str, key: str) -> None:
    """As with the provider, an explicit provider does not read the configuration of the stack."""
    assert compare(project, config) == {"map": map_, "key": key}


def test_environment_variable_makes_data_mutable(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE", "true")
    assert compare(project, {}) == {"map": "update", "key": "replace"}
    assert compare(project, {"kubernetes:enableConfigMapMutable": False}) == {"map": "replace", "key": "replace"}


def test_path_of_error_is_the_setting(project: Project, tmp_path: Path) -> None:
    with pytest.raises(LocalError) as error:
        run(project, {"pulumi:autonaming": {"mode": "x"}})
    assert str(tmp_path) not in str(error.value)
