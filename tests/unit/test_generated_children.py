"""Children whose names end in a content hash."""

from typing import Any

import pulumi
import pytest

from nim_component import CacheArgs, NIMSecrets
from nim_component.kubernetes.generated_names import strip_content_hash
from nim_component.testing import CONFIG_MAP, DEPLOYMENT, PVC, SECRET, Recording, Resource, record

from .seed import LORA, recorded, serve


def values() -> Recording:
    """Record a service with Secrets by value and a prewarm Job."""

    def program() -> None:
        secrets = NIMSecrets(ngc_api_key=pulumi.Config("nim").require_secret("key"))
        serve(secrets=secrets, cache=CacheArgs(prewarm={"profiles": ["p"]}))  # pyright: ignore[reportArgumentType]

    return record(program, config={"nim:key": "nvapi-1"}, secret_keys=("nim:key",))


def hash_of(child: Resource) -> str:
    return child.inputs["metadata"]["name"].rpartition("-")[2]


@pytest.mark.parametrize(("type_", "stem"), [(PVC, "llama-cache"), (CONFIG_MAP, "llama-lora")])
def test_logical_name_ends_in_same_hash(type_: str, stem: str):
    child = recorded(**LORA).child("llama", type_)
    assert child.name == f"{stem}-{hash_of(child)}"
    assert [alias.name for alias in child.options.aliases] == [stem]


def test_created_secrets_and_job_have_hashed_names():
    seen = values()
    children = seen.run.children(seen.service("llama"))
    names = {child.name for child in children if child.type == SECRET} | {child.name for child in children if "Job" in child.type}
    assert {name.rpartition("-")[0] for name in names} == {"llama-pull", "llama-keys", "llama-warm"}
    assert all(child.name.endswith(f"-{hash_of(child)}") for child in children if child.name in names)


def test_changed_content_keeps_no_logical_name():
    def name(storage_class: str) -> str:
        return recorded(cache=CacheArgs(storage_class=storage_class)).child("llama", PVC).name

    assert name("fast") == name("fast") != name("slow")


def test_grown_cache_keeps_logical_name():
    assert recorded(cache=CacheArgs(size="60Gi")).child("llama", PVC).name == recorded().child("llama", PVC).name


def test_deployment_waits_for_secrets_by_value():
    names = {urn.rpartition("::")[2].rpartition("-")[0] for urn in values().child("llama", DEPLOYMENT).options.dependencies}
    assert {"llama-pull", "llama-keys", "llama-warm", "llama-cache"} <= names


@pytest.mark.parametrize(
    ("logical_name", "inputs", "expected"),
    [
        ("llama-cache-1a2b3c4d", {"metadata": {"name": "other-cache-1a2b3c4d"}}, "llama-cache"),
        ("llama-cache-1a2b3c4d", {"metadata": {"name": "llama-cache"}}, "llama-cache-1a2b3c4d"),
        ("model-deadbeef", {}, "model-deadbeef"),
        ("model-deadbeef", {"metadata": {"name": "model-deadbeef"}}, "model"),
        ("-1a2b3c4d", {"metadata": {"name": "-1a2b3c4d"}}, "-1a2b3c4d"),
        ("llama-cache-1A2B3C4D", {"metadata": {"name": "llama-cache-1A2B3C4D"}}, "llama-cache-1A2B3C4D"),
        ("llama", {"metadata": None}, "llama"),
    ],
)
def test_only_common_hash_is_stripped(logical_name: str, inputs: dict[str, Any], expected: str):
    assert strip_content_hash(logical_name, inputs) == expected
