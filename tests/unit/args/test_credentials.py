"""Credentials in arguments: refused where they would reach the pod, and never printed."""

from typing import Any

import pytest

from nim_component.args import NIM, ArgumentError

from .error_texts import REFERENCE

CREDENTIALS = [
    "OGZkMTIzNDU2Nzg5MGFiY2RlZjpaWVhXVlVUU1JRUE9OTUxLSklIR0ZFRENCQTA5ODc2NTQzMjEK",
    "nvapi-" + "k" * 64,
    "hf_" + "A" * 34,
    '{"auths":{"nvcr.io":{}}}',
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
]


@pytest.mark.parametrize("credential", CREDENTIALS, ids=["old-ngc", "ngc", "hugging-face", "docker-config", "jwt"])
@pytest.mark.parametrize(
    "field",
    ["image", "port", "mem", "namespace", "served_model_name", "rollout", "service_name", "gpu", "node_selector", "cache", "args", "env"],
)
def test_misplaced_credential_is_never_printed(field: str, credential: str):
    for value in (credential, {"x": credential}, [credential], {"ngc_api_key": credential}, {credential: credential}):
        try:
            NIM.read({"secrets": REFERENCE, field: value}, "NIMService 'llama'")
        except ArgumentError as error:
            assert credential not in str(error)
            assert credential.lower()[:40] not in str(error)


REACHING_THE_POD = [
    {"env": {"MY_KEY": CREDENTIALS[1]}},
    {"args": [f"--api-key={CREDENTIALS[1]}"]},
    {"command": ["sh", "-c", f"export X={CREDENTIALS[2]}"]},
    {"pod_annotations": {"k": CREDENTIALS[1]}},
    {"image": CREDENTIALS[1]},
    {"served_model_name": CREDENTIALS[1]},
    {"service": {"annotations": {"k": CREDENTIALS[2]}}},
]


@pytest.mark.parametrize("fields", REACHING_THE_POD, ids=lambda fields: next(iter(fields)))
def test_credential_that_reaches_pod_is_refused(fields: dict[str, Any]):
    with pytest.raises(ArgumentError, match="has 1 problem") as caught:
        NIM.read({"secrets": REFERENCE, **fields}, "NIMService 'llama'")
    assert str(caught.value).endswith(
        ": must not contain a credential. Store it in a Kubernetes Secret: name the Secrets of NGC and Hugging Face in `secrets`, "
        "and refer to any other with `valueFrom` in `env`. Revoke the credential if it was committed or shown."
    )
