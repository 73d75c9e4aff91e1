"""Hypothesis strategies for LoRA: every origin, volume, refresh and limit of adapters."""

from typing import Any

from hypothesis import strategies as st

from nim_component import AdapterVolume, LoRAAdapter, LoRAArgs, LoRASource

NAMES = st.from_regex(r"\A[a-z][a-z0-9]{0,8}\Z")
PEFT_SOURCE = st.sampled_from(["/opt/nim/peft", "/loras"])
DIRECTORIES = st.sampled_from(["team", "team/llama.prod"])
VLLM_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
SECRET_URL = {"valueFrom": {"secretKeyRef": {"name": "index", "key": "url"}}}

ADAPTERS = st.lists(
    st.builds(
        LoRAAdapter,
        repo_id=st.builds("my-org/{}".format, NAMES),
        revision=st.sampled_from(["main", "v1.0", "refs/pr/1", "a" * 40]),
        subfolder=st.none() | st.just("adapters/one"),
        files=st.none() | st.just(["adapter_config.json", "adapter_model.bin"]),
        allow_pickle=st.just(True),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda adapter: adapter.served_name,
)

HUB_ACCESS = st.fixed_dictionaries(
    {},
    optional={
        "endpoint": st.just("https://hub.example/mirror"),
        "index_url": st.just("https://index.example/simple"),
        "env": st.dictionaries(st.sampled_from(["LORA_WORKERS", "PIP_EXTRA_INDEX_URL"]), st.just("2") | st.just(SECRET_URL), max_size=2),
    },
)
"""Options of the access to the hub and to the package index."""


def volumes(shared: bool) -> st.SearchStrategy[AdapterVolume]:
    """Return volumes for adapters; with `shared`, only volumes that more than one pod can mount."""
    modes = ["ReadWriteMany"] if shared else ["ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]
    own = st.fixed_dictionaries(
        {"access_mode": st.sampled_from(modes)},
        optional={"size": st.sampled_from(["10Gi", "1e10"]), "storage_class": st.just("kwok-volume"), "directory": DIRECTORIES},
    )
    existing = st.fixed_dictionaries({"existing_claim": NAMES}, optional={"directory": DIRECTORIES})
    return (own | existing).map(lambda fields: AdapterVolume(**fields))


def sources(extra_volumes: list[str]) -> st.SearchStrategy[LoRASource]:
    """Return sources of adapters that others provide."""
    names = {"names": st.lists(NAMES, min_size=1, max_size=2, unique=True)}
    kinds = [
        st.fixed_dictionaries({**names, "claim": NAMES}, optional={"directory": DIRECTORIES}),
        st.fixed_dictionaries({**names, "image": st.just("registry.example/fetch:1")}, optional={"command": st.just(["fetch", "--all"])}),
    ]
    if extra_volumes:
        kinds.append(st.fixed_dictionaries({**names, "volume": st.sampled_from(extra_volumes)}, optional={"directory": DIRECTORIES}))
    return st.one_of(kinds).map(lambda fields: LoRASource(**fields))


@st.composite
def limits(draw: st.DrawFn, generation: str) -> dict[str, int]:
    """Return limits of the server that its engine supports."""
    ranks = st.sampled_from(VLLM_RANKS) if generation == "2.x-vllm" else st.integers(1, 512)
    drawn = draw(st.fixed_dictionaries({}, optional={"max_rank": ranks, "max_gpu": st.integers(1, 64), "max_cpu": st.integers(64, 128)}))
    return {str(name): value for name, value in drawn.items()}


@st.composite
def lora_fields(draw: st.DrawFn, generation: str | None, shared: bool, extra_volumes: list[str]) -> dict[str, Any]:
    """Return fields of a `NIM` with LoRA, or an empty mapping for one without.

    `env` contains `NIM_PEFT_SOURCE`. Limits are drawn only for a known generation.
    """
    kind = draw(st.sampled_from(["none", "hub", "hub", "source", "own"]))
    if kind == "none":
        return {}
    fields: dict[str, Any] = {"env": {"NIM_PEFT_SOURCE": draw(PEFT_SOURCE)}}
    lora: dict[str, Any] = draw(limits(generation)) if generation is not None else {}
    refreshed = draw(st.booleans())
    if refreshed:
        lora["refresh_interval"] = draw(st.integers(1, 3600))
    if kind == "hub":
        fields |= {
            "hf_repo_ids": draw(ADAPTERS),
            "lora_adapter_mem": "512Mi",
            "lora_image": draw(st.sampled_from(["python:3.12-alpine", "r.example/p:1"])),
        }
        lora |= draw(HUB_ACCESS)
        if refreshed or draw(st.booleans()):
            lora["volume"] = draw(volumes(shared or refreshed))
    elif kind == "source":
        lora["source"] = draw(sources(extra_volumes))
        if lora["source"].image is not None or draw(st.booleans()):
            fields["lora_adapter_mem"] = "1Gi"
    return {**fields, "lora": LoRAArgs(**lora)}
