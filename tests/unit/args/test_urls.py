"""Users and passwords in URLs: refused in every argument, and never printed."""

from typing import Any

import pytest

from nim_component import NIM, ArgumentError, NIMSecrets

from ..seed import LORA, REFERENCE

URL = "https://joe:hunter2@hub.example.com"


def build(**fields: Any) -> NIM:
    return NIM(secrets=NIMSecrets(**REFERENCE), **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"env": {"HF_ENDPOINT": URL}},
        {**LORA, "lora": {"endpoint": URL}},
        {**LORA, "lora": {"index_url": URL}},
        {**LORA, "lora": {"env": {"HF_ENDPOINT": URL}}},
        {**LORA, "lora": {"env": {"PIP_EXTRA_INDEX_URL": URL}}},
        {"network": {"https_proxy": URL}},
        {"network": {"http_proxy": URL}},
        {"command": ["sh", "-c", f"curl {URL}"]},
        {"cache": {"prewarm": {"args": ["--model-uri", URL]}}},
        {"extra_init_containers": [{"name": "get", "image": "a:1", "args": [URL]}]},
        {"pod_annotations": {"example.com/source": URL}},
    ],
    ids=str,
)
def test_url_with_password_is_refused(fields: dict[str, Any]):
    with pytest.raises(ArgumentError) as caught:
        build(**fields)
    assert "user" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "joe" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://$(NAME):$(PASSWORD)@hub.example.com",
        "https://hub.example.com/@scope/package@1.0",
        "ssh://git@github.com/org/repo",
        "https://hub.example.com?mail=joe@example.com",
        "joe@example.com",
    ],
)
def test_url_without_password_is_accepted(url: str):
    assert build(env={"SOURCE": url}).env == {"SOURCE": url}
