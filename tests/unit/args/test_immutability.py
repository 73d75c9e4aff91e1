"""Arguments after construction: assignment, copies with changes, and `repr`."""

from typing import Any

import pulumi
import pytest

from nim_component import NIM, ArgumentError, CacheArgs, IngressArgs, LoRAArgs, NetworkArgs, NIMSecrets
from nim_component.args.error import ArgumentValueError

from .error_texts import REFERENCE

KEY = "nvapi-PLANTEDplantedPLANTED0123456789"


def keyless(**fields: Any) -> NIM:
    return NIM(secrets=NIMSecrets.keyless(), **fields)


@pytest.mark.parametrize("value", [8001, "wrong", None])
def test_assignment_is_refused(value: Any):
    with pytest.raises(ValueError, match="^NIM has 1 problem:\n") as caught:
        keyless().port = value
    assert str(caught.value).endswith("  port: cannot be assigned: arguments are immutable. Make a copy: replace(port=...).")


def test_assignment_to_unknown_field_names_nearest():
    with pytest.raises(ArgumentError, match=r"^CacheArgs has 1 problem:\n  sise: unknown field\. Did you mean 'size'\?$"):
        CacheArgs().sise = "1Gi"  # pyright: ignore[reportAttributeAccessIssue]


def test_deletion_is_refused():
    with pytest.raises(ArgumentError, match="port: cannot be assigned"):
        del keyless().port


COPIES: list[Any] = [lambda nim, changes: nim.replace(**changes), lambda nim, changes: nim.model_copy(update=changes)]


@pytest.mark.parametrize("copy", COPIES, ids=["replace", "model_copy"])
@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"gpuu": 4}, "gpuu: unknown field. Did you mean 'gpu'?"),
        ({"gpu": -1}, "gpu: must be at least 0 (got -1). Increase it."),
        ({"image": "Bad Image"}, "image: must be a container image reference (got 'Bad Image')."),
        ({"replicas": 2}, "cache.access_mode: must allow sharing for 2 replicas (got 'ReadWriteOnce')."),
        ({"cache": {"sise": "1Gi"}}, "cache.sise: unknown field. Did you mean 'size'?"),
    ],
    ids=str,
)
def test_invalid_copy_is_refused(copy: Any, changes: dict[str, Any], line: str):
    with pytest.raises(ArgumentValueError, match="^NIM has 1 problem:\n") as caught:
        copy(keyless(), changes)
    assert f"\n  {line}" in str(caught.value)


@pytest.mark.parametrize("copy", COPIES, ids=["replace", "model_copy"])
def test_valid_copy_keeps_other_fields(copy: Any):
    nim = keyless(env={"A": "b"}, cache=CacheArgs(size="60Gi"))
    changed = copy(nim, {"gpu": 4})
    assert (changed.gpu, changed.env, changed.cache.size) == (4, {"A": "b"}, "60Gi")
    assert changed.model_fields_set >= {"secrets", "env", "cache", "gpu"}
    assert nim.gpu == 1


def test_copy_without_changes_is_equal():
    nim = keyless(env={"A": "b"})
    assert nim.model_copy() == nim
    assert nim.model_copy(deep=True).env is not nim.env


def test_mapping_changed_in_place_is_validated_again():
    good = NIM(secrets=NIMSecrets(**REFERENCE), env={"A": "b"})
    assert good.env is not None
    good.env["NGC_API_KEY"] = "x"
    with pytest.raises(ArgumentError, match=r"env\.NGC_API_KEY: is managed"):
        NIM.read(good, "NIMService 'llama'")


def test_repr_shows_fields_that_were_set():
    nim = keyless(gpu=2, cache=CacheArgs(size="60Gi"), hf_repo_ids=None)
    assert repr(nim) == "NIM(secrets=NIMSecrets(without_key=True), gpu=2, hf_repo_ids=None, cache=CacheArgs(size='60Gi'))"
    assert repr(CacheArgs()) == "CacheArgs()"


def test_repr_shows_outputs_by_type():
    nim = keyless(image=pulumi.Output.from_input("a/b:1"), env={"A": pulumi.Output.from_input("b")})
    assert repr(nim) == "NIM(secrets=NIMSecrets(without_key=True), image=Output, env={'A': Output})"


def test_repr_contains_no_secret():
    """Fields that may contain a secret are redacted; the names of environment variables are not."""
    nim = NIM(
        secrets=NIMSecrets(ngc_api_key=pulumi.Output.secret("s3cret")),
        env={"PASSWORD": "s3cret", "B": {"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}},
        args=["serve", "s3cret"],
        network=NetworkArgs(https_proxy="http://proxy:3128"),
    )
    assert "s3cret" not in repr(nim) + str(nim)
    assert "ngc_api_key=Output" in repr(nim)
    assert "env={'PASSWORD': ***, 'B': {'valueFrom': {'secretKeyRef': {'name': ***, 'key': ***}}}}" in repr(nim)
    assert "args=[***, ***]" in repr(nim)
    assert "https_proxy=***" in repr(nim)


def test_repr_redacts_a_key_set_in_place():
    nim = keyless(pod_annotations={"a": "b"}, lora=LoRAArgs(), ingress=IngressArgs(hosts=["a.example.com"]))
    assert nim.pod_annotations is not None
    nim.pod_annotations["a"] = f"key {KEY}"
    assert "PLANTED" not in repr(nim)
