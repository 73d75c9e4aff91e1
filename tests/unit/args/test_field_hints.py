"""Hints for unknown fields: misspelt names, names of other products and of other option sets."""

import re
from itertools import product
from typing import Any

import pytest

from nim_component import NIM, ArgumentError, CacheArgs, NIMSecrets, ServiceArgs
from nim_component.args.foreign_names import FOREIGN_NAMES, ForeignName, Product
from nim_component.args.reflection import field_paths

PATHS = sorted(set(field_paths(NIM)))
DOTTED = {".".join(path) for path in PATHS}


def read_error(data: dict[str, Any]) -> str:
    with pytest.raises(ArgumentError) as caught:
        NIM.read({"secrets": {"without_key": True}, **data}, "NIMService 'llama'")
    return str(caught.value)


def nest(name: str, value: Any) -> dict[str, Any]:
    """Return `value` below the steps of a dotted name."""
    for step in reversed(split(name)):
        value = {step: value}
    return value


def split(name: str) -> list[str]:
    """Return the steps of a dotted name; the resource nvidia.com/gpu is one step."""
    return name.replace("nvidia.com/", "nvidia~com/").replace(".", " ").replace("~", ".").split()


@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_misspelt_field_names_the_nearest(path: tuple[str, ...]):
    """In every option set, however deep: with a letter missing, and in camel case."""
    *above, name = path
    siblings = {path[-1] for path in PATHS if path[:-1] == tuple(above)}
    for wrong in {name[:-1], "".join(part.title() if at else part for at, part in enumerate(name.split("_")))} - siblings:
        for wraps in product((lambda value: value, lambda value: [value], lambda value: {"x": value}), repeat=len(above)):
            data: Any = {wrong: "x"}
            for step, wrap in zip(reversed(above), wraps, strict=True):
                data = {step: wrap(data)}
            with pytest.raises(ArgumentError) as caught:
                NIM.read(data, "NIMService 'llama'")
            if f"{wrong}: unknown field. Did you mean {name!r}?" in str(caught.value):
                break
        else:
            pytest.fail(f"{'.'.join((*above, wrong))}: {caught.value}")


@pytest.mark.parametrize("foreign", FOREIGN_NAMES, ids=lambda foreign: foreign.name)
def test_foreign_name_points_to_existing_fields(foreign: ForeignName):
    assert set(foreign.fields) <= DOTTED
    assert foreign.fields or foreign.note


@pytest.mark.parametrize("foreign", FOREIGN_NAMES, ids=lambda foreign: foreign.name)
def test_foreign_name_is_no_field(foreign: ForeignName):
    assert foreign.name not in DOTTED


def test_foreign_names_are_unique():
    """Also if case, separators and a plural are ignored, as in a lookup."""
    names = [re.sub("[-_]", "", foreign.name).lower().removesuffix("s") for foreign in FOREIGN_NAMES]
    assert [name for name in set(names) if names.count(name) > 1] == []
    assert len([each for each in FOREIGN_NAMES if Product.CHART in each.products]) >= 50
    assert len([each for each in FOREIGN_NAMES if Product.OPERATOR in each.products]) >= 60
    assert len([each for each in FOREIGN_NAMES if Product.KUBERNETES in each.products]) >= 40


@pytest.mark.parametrize("foreign", FOREIGN_NAMES, ids=lambda foreign: foreign.name)
def test_foreign_name_hints_at_its_fields(foreign: ForeignName):
    """The name is written as its product nests it, with a value or an empty mapping."""
    values: list[Any] = ["x", {}, {"x": "y"}, [{"x": "y"}]]
    errors = [read_error(nest(foreign.name, value)) for value in values]
    expected = [repr(field) for field in foreign.fields] or [foreign.note]
    same_name = [repr(path.rpartition(".")[2]) for path in foreign.fields]
    assert any(all(text in error for text in expected) or all(text in error for text in same_name) for error in errors), errors


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("image_pull_secret", "Did you mean 'secrets.ngc_image_secret' or 'secrets.extra_image_secrets'?"),
        ("imagePullSecrets", "Did you mean 'secrets.ngc_image_secret' or 'secrets.extra_image_secrets'?"),
        ("image_pull_polices", "Did you mean 'image_pull_policy'?"),
        ("replicaCount", "Did you mean 'replicas'?"),
        ("nodeselector", "Did you mean 'node_selector'?"),
        ("existing_claim", "Did you mean 'lora.volume.existing_claim' or 'cache.existing_claim'?"),
        ("minReplicas", "Did you mean 'autoscaling.min_replicas'?"),
        ("max_gpus", "Did you mean 'lora.max_gpu'?"),
        ("strategy", "Did you mean 'rollout'? The values are `recreate`, `rolling` and `surge`."),
        ("inferencePlatform", "The workload is a Deployment or LeaderWorkerSet; KServe is not supported."),
        ("memory", "Did you mean 'mem'?"),
        ("annotations", "Did you mean 'pod_annotations'?"),
    ],
)
def test_unknown_field_has_hint(name: str, hint: str):
    assert read_error({name: "x"}).endswith(f"  {name}: unknown field. {hint}")


def test_name_like_no_other_lists_fields():
    assert "  zzz: unknown field. Known: access_mode, annotations, empty_dir" in read_error({"cache": {"zzz": 1}}).replace(
        "cache.zzz", "zzz"
    )


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (
            {"image": {"repository": "nvcr.io/nim/meta/llama3-8b-instruct", "tag": "1.0.0"}},
            "image: must be a string. Use 'image' for image.repository and image.tag. `image` is one string: repository, tag and digest.",
        ),
        (
            {"resources": {"limits": {"nvidia.com/gpu": 1, "memory": "20Gi"}, "requests": {"cpu": 4}}},
            "resources: unknown field. Use 'gpu' for resources.limits.nvidia.com/gpu, 'mem' for resources.limits.memory, "
            "'cpu' for resources.requests.cpu.",
        ),
        (
            {"expose": {"service": {"type": "ClusterIP", "port": 8000}}},
            "expose: unknown field. Use 'service.type' for expose.service.type, 'port' for expose.service.port.",
        ),
        (
            {"storage": {"pvc": {"create": True, "size": "50Gi"}, "readOnly": True}},
            "storage: unknown field. Use 'cache' for storage.pvc.create, 'cache.size' for storage.pvc.size, "
            "'cache.read_only' for storage.readOnly. The component creates a PVC unless `cache.existing_claim` is given.",
        ),
        (
            {"ingress": {"hosts": [{"host": "a", "paths": [{"path": "/"}]}]}},
            "ingress.hosts[0]: must be a string. Use 'ingress.hosts' for ingress.hosts.host, 'ingress.path' and 'ingress.path_type' "
            "for ingress.hosts.paths. `hosts` is a list of host names. There is one path for all hosts.",
        ),
        (
            {"autoscaling": {"enabled": True, "max_replicas": 2, "presets": ["queue"]}, "cache": {"access_mode": "ReadWriteMany"}},
            "autoscaling.enabled: unknown field. An option set that is given is enabled: remove this field.",
        ),
        ({"cache": {"storageClassName": "x"}}, "cache.storageClassName: unknown field. Did you mean 'cache.storage_class'?"),
        (
            {"secrets": {"imagePullSecrets": "x", "without_key": True}},
            "secrets.imagePullSecrets: unknown field. Did you mean 'secrets.ngc_image_secret' or 'secrets.extra_image_secrets'?",
        ),
        ({"network": {"proxy": "x"}}, "network.proxy: unknown field. Did you mean 'no_proxy'?"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_nested_foreign_name_has_hint(data: dict[str, Any], line: str):
    assert f"\n  {line}" in read_error(data)


def test_option_set_of_program_has_hint():
    """The path of an error in `ServiceArgs(...)` begins below `NIM`; the hint's path at `NIM`."""
    with pytest.raises(ArgumentError, match=r"ServiceArgs has 1 problem:\n  port: unknown field\. Did you mean 'port'\?"):
        ServiceArgs(port=8000)  # pyright: ignore[reportCallIssue]
    with pytest.raises(ArgumentError, match=r"CacheArgs has 1 problem:\n  subPath: unknown field\. Did you mean 'sub_path'\?"):
        CacheArgs(subPath="x")  # pyright: ignore[reportCallIssue]
    with pytest.raises(ArgumentError, match=r"NIMSecrets has 1 problem:\n  imagePullSecret: unknown field\. Did you mean 'secrets.ngc_im"):
        NIMSecrets.keyless(imagePullSecret="x")


def test_hint_contains_no_received_value():
    """Keys of a structure are compared with the table; neither they nor the values are printed."""
    error = read_error({"resources": {"limits": {"memory": "s3cret", "s3cret": 1}}, "s3": {"s3cret": "s3cret"}})
    assert "s3cret" not in error
    assert "Use 'mem' for resources.limits.memory." in error
