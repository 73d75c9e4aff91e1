"""Wrong arguments and their errors: image, ports, environment and generation of the server."""

from typing import Any

CASES: list[tuple[dict[str, Any], str]] = [
    # model
    (
        {"model_profile": ""},
        "model_profile: must not be empty (got ''). Set a value, or remove the field.",
    ),
    (
        {"served_model_name": 3},
        "served_model_name: must be a string (got 3). Pass a str.",
    ),
    # image
    (
        {"image": ""},
        "image: must not be empty (got ''). Set a value, or remove the field.",
    ),
    (
        {"image": "nvcr.io/nim/a b:1"},
        "image: must be a container image reference (got 'nvcr.io/nim/a b:1'). Write registry/repository:tag or "
        'registry/repository@sha256:digest, such as `"nvcr.io/nim/meta/llama3-8b-instruct:1.0.0"`.',
    ),
    (
        {"image": "nvcr.io/NIM/x:1"},
        "image: must be a container image reference (got 'nvcr.io/NIM/x:1'). Write registry/repository:tag or "
        'registry/repository@sha256:digest, such as `"nvcr.io/nim/meta/llama3-8b-instruct:1.0.0"`.',
    ),
    (
        {"image": "nvcr.io/x:"},
        "image: must be a container image reference (got 'nvcr.io/x:'). Write registry/repository:tag or "
        'registry/repository@sha256:digest, such as `"nvcr.io/nim/meta/llama3-8b-instruct:1.0.0"`.',
    ),
    (
        {"image": "nvcr.io/x@sha256:12"},
        "image: must be a container image reference (got 'nvcr.io/x@sha256:12'). Write registry/repository:tag or "
        'registry/repository@sha256:digest, such as `"nvcr.io/nim/meta/llama3-8b-instruct:1.0.0"`.',
    ),
    (
        {"image": 3},
        "image: must be a string (got 3). Pass a str.",
    ),
    (
        {"lora_image": "Python 3"},
        "lora_image: must be a container image reference (got 'Python 3'). Write registry/repository:tag or "
        'registry/repository@sha256:digest, such as `"nvcr.io/nim/meta/llama3-8b-instruct:1.0.0"`.',
    ),
    # port and health
    (
        {"port": 80},
        "port: must be at least 1024 (got 80). Increase it.",
    ),
    (
        {"port": 70000},
        "port: must be at most 65535 (got 70000). Decrease it.",
    ),
    (
        {"port": "8000"},
        "port: must be an integer (got '8000'). Write it without quotes and without a fraction.",
    ),
    (
        {"port": True},
        "port: must be an integer (got True). Write it without quotes and without a fraction.",
    ),
    (
        {"port": 8000.5},
        "port: must be an integer (got 8000.5). Write it without quotes and without a fraction.",
    ),
    (
        {"health_endpoint": ""},
        "health_endpoint: must not be empty (got ''). Set a value, or remove the field.",
    ),
    # environment
    (
        {"env": ["A=1"]},
        "env: must be a mapping. Pass a dict.",
    ),
    (
        {"env": {"A": 1}},
        "env.A: must be a string. Pass a str.",
    ),
    (
        {"env": {"1A": "x"}},
        "env['1A']: must be the name of an environment variable. Use letters, digits, '_', '-' and '.'; do not start with a digit.",
    ),
    (
        {"env": {"A": {"valueFrom": {"secret": {}}}}},
        'env.A: must be a string or a mapping with one valueFrom. Write `{"valueFrom": {"secretKeyRef": {"name": '
        '"my-secret", "key": "my-key"}}}`, or another source: configMapKeyRef, fieldRef, resourceFieldRef, fileKeyRef.',
    ),
    (
        {"env": {"NGC_API_KEY": "x"}},
        "env.NGC_API_KEY: is managed by the component. Use the field secrets.ngc_secret_key instead.",
    ),
    (
        {"env": {"HF_TOKEN": "x"}},
        "env.HF_TOKEN: is managed by the component. Use the field secrets.hf_token_key instead.",
    ),
    *(
        (
            {"env": {name: url}},
            f"env.{name}: must not contain a URL with a user or password. Store the whole URL in a Kubernetes Secret, and refer "
            "to it with `valueFrom` in `env`.",
        )
        for name, url in (
            ("HF_ENDPOINT", "https://joe:hunter2@hub.example.com"),
            ("HF_ENDPOINT", "https://hunter2@hub.example.com/api"),
            ("HF_ENDPOINT", " HTTPS://joe:@hub.example.com"),
            ("HF_ENDPOINT", "https:\\\\joe:hunter2@hub.example.com"),
            ("HF_ENDPOINT", "//joe:hunter2@hub.example.com"),
            ("PIP_EXTRA_INDEX_URL", "https://a.example.com/simple https://joe:hunter2@b.example.com/simple"),
            ("ALL_PROXY", "socks5://joe:hunter2@10.0.0.1:1080"),
            ("NIM_REPOSITORY_OVERRIDE", "https://$(NAME):hunter2@mirror.example.com"),
        )
    ),
    (
        {"env": {"NIM_CACHE_PATH": "/x"}},
        "env.NIM_CACHE_PATH: is managed by the component. Use the field cache instead.",
    ),
    (
        {"env": {"NIM_SERVER_PORT": "1"}},
        "env.NIM_SERVER_PORT: is managed by the component. Use the field port instead.",
    ),
    (
        {"env": {"NIM_HTTP_API_PORT": "1"}},
        "env.NIM_HTTP_API_PORT: is managed by the component. Use the field port instead.",
    ),
    (
        {"env": {"NIM_SERVED_MODEL_NAME": "x"}},
        "env.NIM_SERVED_MODEL_NAME: is managed by the component. Use the field served_model_name instead.",
    ),
    (
        {"env": {"NIM_MODEL_PROFILE": "x"}},
        "env.NIM_MODEL_PROFILE: is managed by the component. Use the field model_profile instead.",
    ),
    # generation
    (
        {"health_port": 8100},
        "health_port: does not exist in NIM 1.x, whose health endpoints are on port (got 8100). Remove it, or set "
        "generation if the image is not NIM 1.x.",
    ),
    (
        {"health_port": 8100, "image": "registry.example/llama:prod"},
        "health_port: requires a known generation, and the image's tag does not show it (got 8100). Set the generation of"
        ' the image, such as `"generation": "2.x-vllm"`.',
    ),
    (
        {"health_port": 8000, "generation": "2.x-vllm"},
        "health_port: must not be the port of the server or of the engine (got 8000). Use another port, or remove it.",
    ),
    (
        {"health_port": 8001, "generation": "2.x-sglang"},
        "health_port: must not be the port of the server or of the engine (got 8001). Use another port, or remove it.",
    ),
    (
        {"health_port": 80},
        "health_port: must be at least 1024 (got 80). Increase it.",
    ),
    (
        {"env": {"NIM_HEALTH_PORT": "1"}},
        "env.NIM_HEALTH_PORT: is managed by the component. Use the field health_port instead.",
    ),
    (
        {"args": ["serve", "--max-model-len=8192"]},
        "args[1]: is an engine flag, and NIM 1.x is configured by environment variables. Use the variable, such as "
        '`"env": {"NIM_MAX_MODEL_LEN": "8192"}`; or set generation if the image is of another generation, or command.',
    ),
    # unknown
    (
        {"replica": 2},
        "replica: unknown field. Did you mean 'replicas'?",
    ),
    (
        {"startupTimeout": 60},
        "startupTimeout: unknown field. Did you mean 'startup_timeout'?",
    ),
]
