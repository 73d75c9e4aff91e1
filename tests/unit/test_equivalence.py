"""Arguments with the same meaning: they render the same pods, ConfigMaps and Jobs."""

import copy
import itertools
import random
from typing import Any, get_args

import pulumi
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from nim_component import NIM, ArgumentError, NIMSecrets, NIMService
from nim_component.args.arguments import Arguments, explicit_fields
from nim_component.args.canonical import UNORDERED, canonicalise, order_environment
from nim_component.args.reflection import models_in
from nim_component.testing import CONFIG_MAP, DEPLOYMENT, JOB, LEADER_WORKER_SET, record
from tests.strategies import nims

from .seed import LORA, PEFT, SHARED

Path = tuple[str, ...]
KEYLESS = NIMSecrets.keyless()

ORDERED: set[Path] = {
    ("lora", "source", "command"),
    ("cache", "prewarm", "args"),
    ("args",),
    ("command",),
    ("extra_init_containers",),
    ("extra_containers",),
    ("resource_claims", "devices"),
    ("resource_claims", "devices", "selectors"),
}
"""Lists of pods whose order has a meaning: Kubernetes starts containers in their order."""
OUTSIDE_PODS = {"autoscaling", "network_policy", "service", "ingress", "http_route", "grpc_route", "metrics"}
"""Fields that no pod contains."""
RECORDED = {("hf_repo_ids", "locked", "features"), ("hf_repo_ids", "locked", "target_modules"), ("hf_repo_ids", "locked", "modules")}
"""Lists of the lock file that are only validated: no pod contains them."""


def list_paths(model: type[Any], above: Path = ()) -> list[Path]:
    """Return the path of every list below a model."""
    found: list[Path] = []
    for name, field in model.model_fields.items():
        path = (*above, name)
        if _has_list(field.annotation):
            found.append(path)
        for inner in models_in(field.annotation):
            found += list_paths(inner, path)
    return found


def _has_list(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) is list or any(map(_has_list, get_args(annotation)))


def test_every_list_of_pods_has_order():
    """A new list must be in `UNORDERED`, or here with the reason of its order."""
    of_pods = {path for path in list_paths(NIM) if path[0] not in OUTSIDE_PODS} - RECORDED
    assert of_pods == {*UNORDERED, *ORDERED}


def respell(value: Any, path: Path, chance: random.Random) -> Any:
    """Return a value with the same meaning: other orders, and defaults that are written out."""
    if isinstance(value, Arguments):
        written = {name: getattr(value, name) for name in type(value).model_fields if chance.random() < 0.3}
        fields = [(name, respell(item, (*path, name), chance)) for name, item in (written | explicit_fields(value)).items()]
        return dict(chance.sample(fields, len(fields)))
    if isinstance(value, dict):
        items = [(key, respell(item, (*path, str(key)), chance)) for key, item in value.items()]
        return dict(chance.sample(items, len(items)))
    if isinstance(value, list):
        items = [respell(item, path, chance) for item in value]
        return chance.sample(items, len(items)) if path in UNORDERED else items
    return value


def respell_nim(nim: NIM, chance: random.Random) -> NIM:
    """Return arguments with the same meaning for the pods."""
    fields: dict[str, Any] = respell(nim, (), chance)
    path = str(nim.health_endpoint).lstrip("/")
    return NIM(**fields | {"health_endpoint": chance.choice([path, f"/{path}"])})


def pods_of(nim: NIM) -> dict[str, Any]:
    """Return the workloads' templates, and the ConfigMaps and Jobs that belong to the pods."""
    seen = record(lambda: NIMService("llama", nim))
    found = {each.name: each.inputs["spec"]["template"] for each in seen.find(DEPLOYMENT)}
    found |= {each.name: each.inputs["spec"]["leaderWorkerTemplate"] for each in seen.find(LEADER_WORKER_SET)}
    assert len(found) == 1
    return found | {each.name: each.inputs for each in [*seen.find(CONFIG_MAP), *seen.find(JOB)] if "dashboard" not in each.name}


def without_prewarm(pods: dict[str, Any]) -> dict[str, Any]:
    return {name: pod for name, pod in pods.items() if not name.startswith("llama-warm-")}


SLOW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@SLOW
@given(nims(custom=True), st.randoms(use_true_random=False))
def test_same_meaning_renders_same_pods(nim: NIM, chance: random.Random):
    assert pods_of(respell_nim(nim, chance)) == pods_of(nim)


@SLOW
@given(nims(), st.randoms(use_true_random=False))
def test_same_meaning_renders_same_node_groups(nim: NIM, chance: random.Random):
    fields = {
        name: getattr(nim, name) for name in ("secrets", "tolerations", "node_selector", "network", "hf_repo_ids", "lora_adapter_mem")
    }
    group = NIM(**fields, env=PEFT if nim.hf_repo_ids else None, multi_node={"nodes": 2}, gpu=8, cache=SHARED, generation="2.x-vllm")
    assert pods_of(respell_nim(group, chance)) == pods_of(group)


@SLOW
@given(nims().filter(lambda nim: not nim.cache.read_only and nim.cache.ephemeral is nim.cache.empty_dir is False))
def test_prewarm_changes_no_pod(nim: NIM):
    given = explicit_fields(nim.cache)
    prewarm = {} if given.pop("prewarm", None) is not None else {"prewarm": {"profiles": ["a"]}}
    try:
        other = nim.replace(cache={**given, **prewarm})
    except ArgumentError:
        reject()
    assert without_prewarm(pods_of(other)) == without_prewarm(pods_of(nim))


FULL: dict[str, Any] = {
    **LORA,
    "hf_repo_ids": [
        "my-org/one",
        "my-org/two@v1",
        {"repo_id": "a/c", "files": ["adapter_config.json", "adapter_model.bin"], "allow_pickle": True},
    ],
    "tolerations": [{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "Exists"}],
    "topology_spread": [{"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "ScheduleAnyway"} for key in ("zone", "rack")],
    "network": {"https_proxy": "http://proxy:3128", "no_proxy": [".b.example", ".a.example"]},
    "resource_claims": [{"name": "b", "claim": "b"}, {"name": "a", "template": "a"}],
    "extra_volumes": [{"name": "b", "emptyDir": {}}, {"name": "a", "emptyDir": {}}],
    "extra_mounts": [{"name": "b", "mountPath": "/b"}, {"name": "b", "mountPath": "/a"}],
    "cache": {"prewarm": {"profiles": ["b", "a"], "tolerations": [{"key": "b", "operator": "Exists"}, {"key": "a", "operator": "Exists"}]}},
}
SOURCE: dict[str, Any] = {"env": PEFT, "lora": {"source": {"claim": "shelf", "names": ["b", "a"]}}}


def at(fields: Any, path: Path) -> Any:
    """Return a value below arguments; of a list, that of its last item."""
    for step in path:
        fields = fields[-1][step] if isinstance(fields, list) else fields[step]
    return fields


@pytest.mark.parametrize("path", UNORDERED, ids=".".join)
def test_reversed_list_changes_no_pod(path: Path):
    fields = copy.deepcopy(SOURCE if path[:2] == ("lora", "source") else FULL)
    fields |= {"secrets": {"without_key": True, "extra_image_secrets": ["hub", "company"]}}
    before = pods_of(NIM(**copy.deepcopy(fields)))
    at(fields, path).reverse()
    assert len(at(fields, path)) > 1
    assert pods_of(NIM(**fields)) == before


EMPTY: list[dict[str, Any]] = [
    *({name: {}} for name in ("affinity", "env", "lora", "network", "node_selector", "pod_annotations", "pod_labels", "service")),
    *({name: []} for name in ("args", "command", "hf_repo_ids", "resource_claims", "topology_spread")),
    *({name: []} for name in ("extra_volumes", "extra_mounts", "extra_containers", "extra_init_containers")),
]


@pytest.mark.parametrize("limits", [{}, {"lora": {"max_rank": 64}, "generation": "2.x-vllm", "env": PEFT}], ids=["1.x", "2.x"])
@pytest.mark.parametrize("empty", EMPTY, ids=lambda empty: next(iter(empty)))
def test_empty_field_equals_unset_field(empty: dict[str, Any], limits: dict[str, Any]):
    assert pods_of(NIM(secrets=KEYLESS, **{**empty, **limits})) == pods_of(NIM(secrets=KEYLESS, **limits))


def test_reversed_lock_changes_no_config_map():
    files = {name: {"size": 1, "sha256": name[-1] * 64} for name in ("a", "b")}

    def lock(files: dict[str, Any]) -> NIM:
        adapter = {"repo_id": "a/b", "locked": {"commit": "c" * 40, "files": files}}
        return NIM(secrets=KEYLESS, **LORA | {"hf_repo_ids": [adapter]})

    assert pods_of(lock(files)) == pods_of(lock(dict(reversed(files.items()))))


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"b": "", "a": ""}, ["a", "b"]),
        ({"b": "", "a": "x-$(b)"}, ["b", "a"]),
        ({"c": "$(b)", "b": "$(z)$(d)", "d": "", "a": "$(c)"}, ["d", "b", "c", "a"]),
        ({"b": {"valueFrom": {"fieldRef": {"fieldPath": "$(c)"}}}, "c": "$(c)"}, ["b", "c"]),
        ({"a": "$(b)", "b": "$(a)", "c": ""}, ["c", "a", "b"]),
    ],
    ids=str,
)
def test_variable_follows_those_it_refers_to(env: dict[str, Any], expected: list[str]):
    assert list(order_environment(env)) == expected
    assert order_environment(env) == env
    for order in itertools.permutations(env):
        assert list(order_environment({name: env[name] for name in order})) == expected


def test_outputs_keep_their_order():
    """The text of an Output is unknown, and may refer to any variable."""

    def program() -> None:
        late = pulumi.Output.from_input("$(c)")
        assert list(order_environment({"b": late, "d": "", "a": late, "c": "", "e": "$(a)"})) == ["c", "d", "b", "a", "e"]
        nim = NIM(secrets=KEYLESS, network={"https_proxy": "http://p:1", "no_proxy": ["b", late, "a"]})
        assert canonicalise(nim) is nim

    record(program)


def test_canonical_arguments_are_fixed_point():
    once = canonicalise(NIM(secrets=KEYLESS, **FULL))
    assert canonicalise(once) is once
    assert [each.served_name for each in once.hf_repo_ids or ()] == ["c", "one", "two"]
