"""Wrong arguments and their errors: LoRA adapters."""

from typing import Any

from .common import LORA, PEFT

CASES: list[tuple[dict[str, Any], str]] = [
    # adapters
    (
        {"hf_repo_ids": "a/b"},
        "hf_repo_ids: must be a list (got 'a/b'). Write a list, also for a single item.",
    ),
    (
        {**LORA, "hf_repo_ids": ["b"]},
        "hf_repo_ids[0].repo_id: must be a Hugging Face repository (got 'b'). Write organisation/name, or "
        'organisation/name@revision to pin a revision, such as `"my-org/my-lora@v1"`.',
    ),
    (
        {**LORA, "hf_repo_ids": ["a/b; touch x"]},
        "hf_repo_ids[0].repo_id: must be a Hugging Face repository (got 'a/b; touch x'). Write organisation/name, or "
        'organisation/name@revision to pin a revision, such as `"my-org/my-lora@v1"`.',
    ),
    (
        {**LORA, "hf_repo_ids": ["a/../b"]},
        "hf_repo_ids[0].repo_id: must be a Hugging Face repository (got 'a/../b'). Write organisation/name, or "
        'organisation/name@revision to pin a revision, such as `"my-org/my-lora@v1"`.',
    ),
    (
        {**LORA, "hf_repo_ids": ["а/b"]},
        "hf_repo_ids[0].repo_id: must be a Hugging Face repository (got 'а/b'). Write organisation/name, or "
        'organisation/name@revision to pin a revision, such as `"my-org/my-lora@v1"`.',
    ),
    (
        {**LORA, "hf_repo_ids": ["a/b@"]},
        "hf_repo_ids[0].revision: must be a branch, tag or commit (got ''). Use letters, digits, '.', '_', '-' and '/', "
        'such as `"main"`, `"v1.0"` or a 40-digit commit.',
    ),
    (
        {**LORA, "hf_repo_ids": ["a/b@../x"]},
        "hf_repo_ids[0].revision: must be a branch, tag or commit (got '../x'). Use letters, digits, '.', '_', '-' and "
        '\'/\', such as `"main"`, `"v1.0"` or a 40-digit commit.',
    ),
    (
        {**LORA, "hf_repo_ids": [7]},
        "hf_repo_ids[0]: must be a mapping of fields (got 7). Pass LoRAAdapter(...) or a dict.",
    ),
    (
        {**LORA, "hf_repo_ids": ["a/x", "b/x"]},
        "hf_repo_ids[1]: must not have the name of hf_repo_ids[0] (got 'x'). Rename the adapter: `\"hf_repo_ids\": "
        '[{"repo_id": "org/name", "name": "other-name"}]`.',
    ),
    (
        {**LORA, "hf_repo_ids": ["a/x"], "served_model_name": "x"},
        "hf_repo_ids[0]: must not have the name of the served model (got 'x'). Rename the adapter: `\"hf_repo_ids\": "
        '[{"repo_id": "org/name", "name": "other-name"}]`.',
    ),
    (
        {**LORA, "hf_repo_ids": ["a/x"], "image": "registry.example/x:1"},
        "hf_repo_ids[0]: must not have the name of the served model (got 'x'). Rename the adapter: `\"hf_repo_ids\": "
        '[{"repo_id": "org/name", "name": "other-name"}]`.',
    ),
    (
        {**LORA, "hf_repo_ids": [{"repo_id": "a/x", "name": "../x"}]},
        "hf_repo_ids[0].name: must be the name of an adapter, which is a directory and the model name in requests (got "
        "'../x'). Use at most 96 letters, digits, '.', '_' and '-'; start and end with a letter or digit.",
    ),
    (
        {**LORA, "hf_repo_ids": [{"repo_id": "a/x", "files": ["adapter_config.json"]}]},
        "hf_repo_ids[0].files: must contain adapter_config.json and a file of weights. Add the missing file; the weights "
        "are in adapter_model.safetensors or adapter_model.bin.",
    ),
    (
        {**LORA, "hf_repo_ids": [{"repo_id": "a/x", "subfolder": "../b"}]},
        "hf_repo_ids[0].subfolder: must be a folder of the repository (got '../b'). Write it without '..' and without '/' "
        'at its ends, such as `"adapters/support"`.',
    ),
    (
        {**LORA, "hf_repo_ids": [{"repo_id": "a/x", "files": ["/adapter_config.json"]}]},
        "hf_repo_ids[0].files[0]: must be the path of a file in the repository (got '/adapter_config.json'). Write names "
        "of letters, digits, '.', '_' and '-', separated by '/', without '..'.",
    ),
    (
        {**LORA, "hf_repo_ids": [{"repo_id": "a/x", "files": ["a/adapter_config.json", "b/adapter_config.json"]}]},
        "hf_repo_ids[0].files: must contain each file name once: all files are put in one directory. Remove one of the two.",
    ),
    (
        {
            **LORA,
            "hf_repo_ids": [
                {
                    "repo_id": "a/x",
                    "locked": {
                        "commit": "a" * 40,
                        "files": {"adapter_model.safetensors": {"size": 1, "sha256": "0" * 64}},
                        "target_modules": ["c_attn", "c_fc"],
                    },
                }
            ],
        },
        "hf_repo_ids[0]: changes only c_attn, c_fc, and meta/llama3-8b-instruct has none of these modules (got 'a/x'). Use an "
        "adapter of this base model.",
    ),
    (
        {
            **LORA,
            "generation": "2.x-vllm",
            "hf_repo_ids": [
                {
                    "repo_id": "a/x",
                    "locked": {
                        "commit": "a" * 40,
                        "files": {"adapter_model.safetensors": {"size": 1, "sha256": "0" * 64}},
                        "modules": ["c_attn", "q_proj"],
                    },
                }
            ],
        },
        "hf_repo_ids[0]: changes c_attn, which meta/llama3-8b-instruct does not have (got 'a/x'). Use an adapter of this base model.",
    ),
    (
        {**LORA, "hf_repo_ids": [{"repo_id": "a/x", "files": ["adapter_config.json", "adapter_model.safetensors", *map(str, range(99))]}]},
        "hf_repo_ids[0].files: must have at most 100 files. List the files that the server reads.",
    ),
    (
        {**LORA, "hf_repo_ids": [{"repo_id": "a/x", "files": ["adapter_config.json", "adapter_model.bin"]}]},
        "hf_repo_ids[0].allow_pickle: must be true for adapter_model.bin, which is a pickle and can run code in the server "
        "(got 'a/x'). Use a repository with safetensors. If you trust this one, set allow_pickle: true on the adapter.",
    ),
    (
        {
            **LORA,
            "hf_repo_ids": [
                {
                    "repo_id": "a/x",
                    "allow_pickle": True,
                    "locked": {"commit": "a" * 40, "files": {"adapter_model.bin": {"size": 1, "sha256": "0" * 64}}},
                }
            ],
        },
        "hf_repo_ids[0]: is locked with adapter_model.bin, which was not scanned for code (got 'a/x'). Run nim-component "
        "adapters lock --upgrade.",
    ),
    (
        {**LORA, "hf_repo_ids": [{"repo_id": "a/x", "revison": "v1"}]},
        "hf_repo_ids[0].revison: unknown field. Did you mean 'revision'?",
    ),
    (
        {"env": PEFT, "hf_repo_ids": ["a/x"]},
        "lora_adapter_mem: must be set with hf_repo_ids: it is the memory of the container that downloads the LoRA "
        'adapters. Set `"lora_adapter_mem": "2Gi"`.',
    ),
    (
        {"lora_adapter_mem": "2Gi", "hf_repo_ids": ["a/x"]},
        "env.NIM_PEFT_SOURCE: must be set with hf_repo_ids: the server reads the adapters from this directory. Set "
        '`"env": {"NIM_PEFT_SOURCE": "/opt/nim/peft_adapters"}`.',
    ),
    (
        {"lora_adapter_mem": "2Gi", "hf_repo_ids": ["a/x"], "env": {"NIM_PEFT_SOURCE": "loras"}},
        "env.NIM_PEFT_SOURCE: must be an absolute path below the root directory (got 'loras'). Set `\"env\": "
        '{"NIM_PEFT_SOURCE": "/opt/nim/peft_adapters"}`.',
    ),
    (
        {"lora_adapter_mem": "2Gi", "hf_repo_ids": ["a/x"], "env": {"NIM_PEFT_SOURCE": "/"}},
        "env.NIM_PEFT_SOURCE: must be an absolute path below the root directory (got '/'). Set `\"env\": "
        '{"NIM_PEFT_SOURCE": "/opt/nim/peft_adapters"}`.',
    ),
    (
        {"lora_adapter_mem": "2Gi", "hf_repo_ids": ["a/x"], "env": {"NIM_PEFT_SOURCE": "/opt/nim/.cache/loras"}},
        "env.NIM_PEFT_SOURCE: must not be inside or above /dev/shm or /opt/nim/.cache (got '/opt/nim/.cache/loras'). Set "
        '`"env": {"NIM_PEFT_SOURCE": "/opt/nim/peft_adapters"}`.',
    ),
    (
        {"lora_adapter_mem": "2Gi", "hf_repo_ids": ["a/x"], "env": {"NIM_PEFT_SOURCE": {"valueFrom": {"fieldRef": {"fieldPath": "x"}}}}},
        'env.NIM_PEFT_SOURCE: must be a plain string with hf_repo_ids: a volume is mounted there. Set `"env": '
        '{"NIM_PEFT_SOURCE": "/opt/nim/peft_adapters"}`.',
    ),
]
