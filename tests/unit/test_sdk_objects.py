"""Typed objects of the Kubernetes SDK: each is rendered and recorded as the mapping is."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nim_component import NIM, NIMSecrets, NIMService
from nim_component.args import ArgumentError
from nim_component.testing import Recording, record

from .seed import LORA, REFERENCE, SHARED, serve

core, meta, apps = k8s.core.v1, k8s.meta.v1, k8s.apps.v1

CASES: dict[str, tuple[Callable[[], dict[str, Any]], Callable[[], dict[str, Any]]]] = {
    "affinity": (
        lambda: {
            "affinity": core.AffinityArgs(
                node_affinity=core.NodeAffinityArgs(
                    required_during_scheduling_ignored_during_execution=core.NodeSelectorArgs(
                        node_selector_terms=[
                            core.NodeSelectorTermArgs(match_expressions=[core.NodeSelectorRequirementArgs(key="a", operator="Exists")])
                        ]
                    )
                )
            )
        },
        lambda: {
            "affinity": {
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]
                    }
                }
            }
        },
    ),
    "topology_spread": (
        lambda: {
            "topology_spread": [
                core.TopologySpreadConstraintArgs(max_skew=1, topology_key="zone", when_unsatisfiable="DoNotSchedule"),
                core.TopologySpreadConstraintArgs(
                    max_skew=1,
                    topology_key="host",
                    when_unsatisfiable="ScheduleAnyway",
                    label_selector=meta.LabelSelectorArgs(match_labels={"a": "b"}),
                ),
            ]
        },
        lambda: {
            "topology_spread": [
                {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"},
                {
                    "maxSkew": 1,
                    "topologyKey": "host",
                    "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": {"matchLabels": {"a": "b"}},
                },
            ]
        },
    ),
    "volumes and mounts": (
        lambda: {
            "extra_volumes": [
                core.VolumeArgs(name="b", nfs=core.NFSVolumeSourceArgs(server="nfs", path="/")),
                core.VolumeArgs(name="a", empty_dir=core.EmptyDirVolumeSourceArgs(size_limit="1Gi")),
            ],
            "extra_mounts": [core.VolumeMountArgs(name="a", mount_path="/a", read_only=True)],
        },
        lambda: {
            "extra_volumes": [{"name": "b", "nfs": {"server": "nfs", "path": "/"}}, {"name": "a", "emptyDir": {"sizeLimit": "1Gi"}}],
            "extra_mounts": [{"name": "a", "mountPath": "/a", "readOnly": True}],
        },
    ),
    "containers": (
        lambda: {
            "extra_containers": [
                core.ContainerArgs(
                    name="sidecar",
                    image="a:1",
                    security_context=core.SecurityContextArgs(run_as_user=7),
                    env=[core.EnvVarArgs(name="A", value=pulumi.Output.from_input("b"))],
                )
            ],
            "extra_init_containers": [core.ContainerArgs(name="first", image="a:1", restart_policy="Always")],
        },
        lambda: {
            "extra_containers": [
                {
                    "name": "sidecar",
                    "image": "a:1",
                    "securityContext": {"runAsUser": 7},
                    "env": [{"name": "A", "value": pulumi.Output.from_input("b")}],
                }
            ],
            "extra_init_containers": [{"name": "first", "image": "a:1", "restartPolicy": "Always"}],
        },
    ),
    "tolerations": (
        lambda: {"tolerations": [core.TolerationArgs(key="a", operator="Exists", effect="NoExecute", toleration_seconds=60)]},
        lambda: {"tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute", "toleration_seconds": 60}]},
    ),
    "env": (
        lambda: {
            "env": {"A": {"valueFrom": core.EnvVarSourceArgs(secret_key_ref=core.SecretKeySelectorArgs(name="s", key="k"))}},
            "network": {"http_proxy": {"valueFrom": {"secretKeyRef": core.SecretKeySelectorArgs(name="s", key="k")}}},
        },
        lambda: {
            "env": {"A": {"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}},
            "network": {"http_proxy": {"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}},
        },
    ),
    "overrides": (
        lambda: {
            "overrides": {
                "deployment": {"spec": apps.DeploymentSpecPatchArgs(min_ready_seconds=5)},
                "cache": {"spec": core.PersistentVolumeClaimSpecPatchArgs(volume_mode="Block")},
            }
        },
        lambda: {"overrides": {"deployment": {"spec": {"minReadySeconds": 5}}, "cache": {"spec": {"volumeMode": "Block"}}}},
    ),
    "prewarm": (
        lambda: {
            "cache": {**SHARED, "prewarm": {"profiles": ["a"], "tolerations": [core.TolerationArgs(operator="Exists")]}},
            "overrides": {
                "warm": {
                    "spec": k8s.batch.v1.JobSpecPatchArgs(
                        template=core.PodTemplateSpecPatchArgs(spec=core.PodSpecPatchArgs(priority_class_name="low"))
                    )
                }
            },
        },
        lambda: {
            "cache": {**SHARED, "prewarm": {"profiles": ["a"], "tolerations": [{"operator": "Exists"}]}},
            "overrides": {"warm": {"spec": {"template": {"spec": {"priorityClassName": "low"}}}}},
        },
    ),
}
"""Arguments with typed objects, and the same with mappings, in the form of a manifest."""
EACH = pytest.mark.parametrize(("typed", "plain"), CASES.values(), ids=CASES)


def resources(recording: Recording) -> list[tuple[str, str, Any]]:
    """Return type, name and inputs of all resources."""
    return [(each.type, each.name, each.inputs) for each in recording.run.resources]


def created(fields: Callable[[], dict[str, Any]]) -> list[tuple[str, str, Any]]:
    return resources(record(lambda: serve(**fields())))


@EACH
def test_typed_object_is_rendered_and_recorded_as_mapping(typed: Any, plain: Any):
    """Also its content hashes, which are part of the logical names."""
    assert created(typed) == created(plain)
    component = next(inputs for kind, _, inputs in created(typed) if kind == "nim:index:NIMService")
    assert plain().keys() <= component.keys()


@EACH
def test_typed_object_in_mapping_of_arguments_is_accepted(typed: Any, plain: Any):
    mappings = [record(lambda each=each: NIMService("llama", {"secrets": REFERENCE, **each()})) for each in (typed, plain)]
    assert resources(mappings[0]) == resources(mappings[1])


NAMES = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
FIELDS = st.fixed_dictionaries(
    {"name": NAMES},
    optional={"image": NAMES, "working_dir": NAMES, "stdin": st.booleans(), "args": st.lists(NAMES, min_size=1, max_size=3)},
)
ENV = st.lists(st.tuples(NAMES, NAMES), max_size=3)


@settings(max_examples=40, deadline=None)
@given(fields=FIELDS, env=ENV, nested=st.booleans())
def test_any_typed_container_equals_its_mapping(fields: dict[str, Any], env: list[tuple[str, str]], nested: bool):
    """Typed objects may contain mappings, in the forms of Python and YAML."""
    typed_env: list[Any] = [{"name": name, "value": value} if nested else core.EnvVarArgs(name=name, value=value) for name, value in env]
    yaml = {"working_dir": "workingDir"}
    typed = NIM(secrets=NIMSecrets(**REFERENCE), extra_containers=[core.ContainerArgs(**fields, env=typed_env)])
    mapping = {yaml.get(key, key): value for key, value in fields.items()} | {
        "env": [{"name": name, "value": value} for name, value in env]
    }
    plain = NIM(secrets=NIMSecrets(**REFERENCE), extra_containers=[mapping])
    assert typed.extra_containers == plain.extra_containers
    assert typed == plain


def test_output_inside_typed_object_stays_output():
    found: list[Any] = []

    def program() -> None:
        output = pulumi.Output.from_input("b")
        nim = NIM(secrets=NIMSecrets.keyless(), extra_volumes=[core.VolumeArgs(name="a", nfs={"server": output, "path": "/"})])
        volumes: Any = nim.extra_volumes
        found.append(volumes[0]["nfs"]["server"] is output)

    record(program)
    assert found == [True]


def test_output_of_typed_object_is_rendered_as_mapping():
    def output() -> dict[str, Any]:
        source = core.EmptyDirVolumeSourceArgs(size_limit="1Gi")
        return {"extra_volumes": [{"name": "a", "emptyDir": pulumi.Output.from_input(None).apply(lambda _: source)}]}

    volumes = record(lambda: serve(**output())).pod("llama")["volumes"]
    assert {"name": "a", "emptyDir": {"sizeLimit": "1Gi"}} in volumes


def test_name_from_metadata_is_accepted():
    def program() -> None:
        claim = core.PersistentVolumeClaim("models", metadata={"name": "models"})
        serve(cache={"existing_claim": claim.metadata.apply(lambda metadata: metadata.name)})

    volumes = record(program).pod("llama")["volumes"]
    assert {"name": "cache", "persistentVolumeClaim": {"claimName": "models"}} in volumes


WRONG: list[tuple[Callable[[], dict[str, Any]], str]] = [
    (
        lambda: {"affinity": core.TolerationArgs(key="a")},
        "affinity.key: is not a field of Kubernetes' Affinity. Known: nodeAffinity, podAffinity, podAntiAffinity.",
    ),
    (
        lambda: {"extra_volumes": [core.VolumeArgs(name="a", empty_dir={"sizeLimi": "1Gi"})]},
        "extra_volumes[0].emptyDir.sizeLimi: is not a field of Kubernetes' EmptyDirVolumeSource. Did you mean 'sizeLimit'?",
    ),
    (
        lambda: {"extra_volumes": [core.VolumeArgs(name="Calling __str__ on an Output[T] is not supported.")]},
        "extra_volumes[0].name: contains the text of an Output in place of its value. "
        'Use pulumi.Output.format("https://{}", output) in place of an f-string, or pass the Output itself.',
    ),
    (
        lambda: {"tolerations": [core.TolerationArgs(operator="Equal")]},
        "tolerations[0].operator: must be Exists without a key (got 'Equal'). Set the key of the taint, or tolerate every taint: "
        '`"operator": "Exists"`.',
    ),
    (lambda: {"cache": core.VolumeArgs(name="a")}, "cache: must be a mapping of fields. Pass CacheArgs(...) or a dict."),
]


@pytest.mark.parametrize(("fields", "line"), WRONG, ids=[line.partition(":")[0] for _, line in WRONG])
def test_wrong_typed_object_reports_path(fields: Any, line: str):
    with pytest.raises(ArgumentError) as caught:
        record(lambda: NIMService("llama", {"secrets": REFERENCE, **fields()}))
    assert str(caught.value) == f"NIMService 'llama' has 1 problem:\n  {line}"


def test_credential_in_typed_object_is_refused():
    variable = core.EnvVarArgs(name="A", value="nvapi-PLANTEDplantedPLANTED0123456789")
    with pytest.raises(ArgumentError, match=r"extra_containers\[0\]: must not contain a credential") as caught:
        NIM(secrets=NIMSecrets.keyless(), extra_containers=[core.ContainerArgs(name="a", env=[variable])])
    assert "PLANTED" not in str(caught.value)


def test_sequences_and_mappings_are_accepted():
    """A type checker accepts them for lists and dicts."""
    environment = MappingProxyType({"NIM_PEFT_SOURCE": LORA["env"]["NIM_PEFT_SOURCE"]})
    assert created(lambda: {**LORA, "hf_repo_ids": tuple(LORA["hf_repo_ids"]), "env": environment}) == created(lambda: LORA)
