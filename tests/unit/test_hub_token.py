"""Hugging Face token: only the containers that download from the hub have it."""

from typing import Any

import pulumi
import pytest

from nim_component import NIMSecrets
from nim_component.testing import JOB

from .seed import LORA, REFERENCE, recorded

SECRETS = NIMSecrets(**REFERENCE, hf_token_key="t", hf_token_group="hf")
TOKEN = {"secretKeyRef": {"name": "hf", "key": "t"}}


def token_of(**fields: Any) -> Any:
    return recorded(secrets=SECRETS, **fields).env("llama").get("HF_TOKEN")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        LORA,
        {"env": {"NIM_MODEL_NAME": "/opt/models/llama", "TZ": "Europe/Berlin", "NIM_LOG_LEVEL": "INFO"}},
        {"env": {"NIM_MODEL_NAME": "nvidia/nemo/llama-3_2-1b-instruct"}},
        {"env": {"NIM_MODEL_PATH": "ngc://org/model:1"}, "generation": "2.x-vllm"},
        {"env": {"NIM_MODEL_PATH": "s3://bucket/model"}, "generation": "2.x-vllm"},
        {"args": ["--max-model-len=8192"], "generation": "2.x-vllm"},
    ],
    ids=str,
)
def test_server_without_hub_has_no_token(fields: dict[str, Any]):
    assert token_of(**fields) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"env": {"NIM_MODEL_NAME": "hf://org/model"}},
        {"env": {"NIM_MODEL_NAME": "org/model"}},
        {"env": {"NIM_MODEL_NAME": pulumi.Output.from_input("hf://org/model")}},
        {"env": {"NIM_MODEL_NAME": {"valueFrom": {"configMapKeyRef": {"name": "models", "key": "name"}}}}},
        {"env": {"NIM_MODEL_PATH": "hf://org/model"}, "generation": "2.x-vllm"},
        {"env": {"HF_ENDPOINT": "https://mirror.example.com"}},
        {"env": {"NIM_TOKENIZER": "org/tokenizer"}},
        {"env": {"NIM_PASSTHROUGH_ARGS": "--tokenizer org/tokenizer"}, "generation": "2.x-vllm"},
        {"args": ["hf://org/model"], "generation": "2.x-vllm"},
        {"args": ["--model=org/model"], "generation": "2.x-vllm"},
        {"args": ['--speculative-config={"model": "org/draft"}'], "generation": "2.x-vllm"},
        {"args": [pulumi.Output.from_input("hf://org/model")], "generation": "2.x-vllm"},
        {"command": ["vllm", "serve", "org/model"]},
    ],
)
def test_server_with_hub_has_token(fields: dict[str, Any]):
    assert token_of(**fields) == TOKEN


@pytest.mark.parametrize(
    ("prewarm", "env", "expected"),
    [
        ({"profiles": ["a"]}, {}, None),
        ({"args": ["--model-uri", "ngc://org/model"]}, {}, None),
        ({"args": ["--model-uri", "hf://org/model"]}, {}, TOKEN),
        ({"profiles": ["a"]}, {"NIM_MODEL_NAME": "hf://org/model"}, TOKEN),
    ],
)
def test_prewarm_job_has_token_for_hub(prewarm: Any, env: Any, expected: Any):
    seen = recorded(secrets=SECRETS, cache={"prewarm": prewarm}, env=env)
    (job,) = seen.find(JOB)
    (container,) = job.inputs["spec"]["template"]["spec"]["containers"]
    assert {each["name"]: each.get("valueFrom") for each in container["env"]}.get("HF_TOKEN") == expected


def test_pods_of_node_group_share_the_rule():
    fields: dict[str, Any] = {"multi_node": {"nodes": 2}, "cache": {"access_mode": "ReadWriteMany"}, "generation": "2.x-vllm"}
    for env, expected in (({}, 0), ({"NIM_MODEL_PATH": "hf://org/model"}, 2)):
        inputs = [child.inputs for child in recorded(secrets=SECRETS, env=env, **fields).children("llama").values()]
        assert str(inputs).count("'HF_TOKEN'") == expected


def test_loader_has_token_without_hub_model():
    assert recorded(secrets=SECRETS, **LORA).env("llama", "download-loras")["HF_TOKEN"] == TOKEN
