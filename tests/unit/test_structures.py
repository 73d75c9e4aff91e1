"""Unknown keys in Kubernetes structures of the arguments."""

from typing import Any

import pulumi
import pytest

from nim_component import NIM, NIMService
from nim_component.testing import record

from .seed import REFERENCE, recorded, serve

UNKNOWN_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"affinity": {"nodeAfinity": {}}}, "affinity.nodeAfinity: is not a field of Kubernetes' Affinity. Did you mean 'nodeAffinity'?"),
    (
        {"affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"wait": 1}]}}},
        "affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].wait: is not a field of Kubernetes' "
        "WeightedPodAffinityTerm. Did you mean 'weight'?",
    ),
    (
        {"topology_spread": [{"maxSkew": 1, "labelSelector": {"matchLabel": {}}}]},
        "topology_spread[0].labelSelector.matchLabel: is not a field of Kubernetes' LabelSelector. Did you mean 'matchLabels'?",
    ),
    (
        {"extra_volumes": [{"name": "a", "configMap": {"nam": "x"}}]},
        "extra_volumes[0].configMap.nam: is not a field of Kubernetes' ConfigMapVolumeSource. Did you mean 'name'?",
    ),
    (
        {"extra_volumes": [{"name": "a", "emptyDir": {}}], "extra_mounts": [{"name": "a", "mountPath": "/a", "readOnli": True}]},
        "extra_mounts[0].readOnli: is not a field of Kubernetes' VolumeMount. Did you mean 'readOnly'?",
    ),
    (
        {"extra_volumes": [{"name": "a", "emptydir": {}}]},
        "extra_volumes[0].emptydir: is not a field of Kubernetes' Volume. Did you mean 'emptyDir'?",
    ),
    (
        {"extra_volumes": [{"name": "a", "config_map": {"default_mod": 1}}]},
        "extra_volumes[0].config_map.default_mod: is not a field of Kubernetes' ConfigMapVolumeSource. Did you mean 'default_mode'?",
    ),
    (
        {"env": {"A": {"valueFrom": {"secretKeyRef": {"nam": "s"}}}}},
        "env.A.valueFrom.secretKeyRef.nam: is not a field of Kubernetes' SecretKeySelector. Did you mean 'name'?",
    ),
    (
        {"extra_containers": [{"name": "a", "imge": "x"}]},
        "extra_containers[0].imge: is not a field of Kubernetes' Container. Did you mean 'image'?",
    ),
    (
        {"extra_containers": [{"name": "a", "image": "x", "env": [{"name": "A", "vale": "x"}]}]},
        "extra_containers[0].env[0].vale: is not a field of Kubernetes' EnvVar. Did you mean 'value'?",
    ),
]


@pytest.mark.parametrize(("fields", "text"), UNKNOWN_FIELDS, ids=lambda value: str(value)[:50])
def test_unknown_key_suggests_nearest(fields: dict[str, Any], text: str):
    with pytest.raises(ValueError) as caught:
        record(lambda: NIMService("llama", {"secrets": REFERENCE, **fields}))
    assert str(caught.value) == f"NIMService 'llama' has 1 problem:\n  {text}"


KNOWN: list[dict[str, Any]] = [
    {"affinity": {"node_affinity": {"required_during_scheduling_ignored_during_execution": {"node_selector_terms": []}}}},
    {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}}},
    {
        "topology_spread": [
            {"maxSkew": 1, "topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"a_b": "c"}}}
        ]
    },
    {"extra_volumes": [{"name": "a", "csi": {"driver": "d", "volumeAttributes": {"any": "thing"}}}]},
    {
        "extra_containers": [
            {"name": "a", "image": "x", "resources": {"limits": {"nvidia.com/gpu": "1"}}, "securityContext": {"runAsUser": 5}}
        ]
    },
    {"extra_containers": [{"name": "a", "image": "x", "livenessProbe": {"httpGet": {"path": "/", "port": 1, "httpHeaders": []}}}]},
]


@pytest.mark.parametrize("fields", KNOWN, ids=lambda value: str(value)[:50])
def test_known_keys_pass_in_both_forms(fields: dict[str, Any]):
    assert recorded(**fields).deployment("llama")


def test_structures_in_outputs_are_not_validated():
    fields: dict[str, Any] = {"affinity": lambda: {"nodeAffinity": pulumi.Output.from_input({"x": 1})}}
    assert record(lambda: serve(affinity=fields["affinity"]())).deployment("llama")


def test_unknown_key_registers_nothing():
    def program() -> None:
        with pytest.raises(ValueError, match="imge"):
            NIMService("llama", NIM.read({"secrets": REFERENCE, "extra_containers": [{"name": "a", "imge": "x"}]}, "x"))

    assert len(record(program).run.resources) == 1
