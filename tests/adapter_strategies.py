"""LoRA of every kind: from the hub or elsewhere, in the pod or on a shared volume, refreshed or not, with limits of the server's."""

from typing import Any

from hypothesis import strategies as st

from nim_component import AdapterVolume, LoRAAdapter, LoRAArgs, LoRASource

NAMES = st.from_regex(r"\A[a-z][a-z0-9]{0,8}\Z")
PEFT_SOURCE = st.sampled_from(["/opt/nim/peft", "/loras"])
DIRECTORIES = st.sampled_from(["team", "team/llama.prod"])
VLLM_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
SECRET_ADDRESS = {"valueFrom": {"secretKeyRef": {"name": "index", "key": "url"}}}

ADAPTERS = st.lists(
    st.builds(
        LoRAAdapter,
        repo_id=st.builds("my-org/{}".format, NAMES),
        revision=st.sampled_from(["main", "v1.0", "refs/pr/1", "a" * 40]),
        files=st.none() | st.just(["adapter_config.json", "adapter_model.bin"]),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda adapter: adapter.repo_id,
)

WAYS = st.fixed_dictionaries(
    {},
    optional={
        "endpoint": st.just("https://hub.example/mirror"),
        "index_url": st.just("https://index.example/simple"),
        "env": st.dictionaries(
            st.sampled_from(["LORA_WORKERS", "PIP_EXTRA_INDEX_URL"]), st.just("2") | st.just(SECRET_ADDRESS), max_size=2
        ),
    },
)
"""To the hub and to the package index."""


def volumes(shared: bool) -> st.SearchStrategy[AdapterVolume]:
    """Where adapters are kept beside the pods; when it is to be `shared`, where more than one pod may use them."""
    modes = ["ReadWriteMany"] if shared else ["ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]
    own = st.fixed_dictionaries(
        {"access_mode": st.sampled_from(modes)},
        optional={"size": st.sampled_from(["10Gi", "1e10"]), "storage_class": st.just("kwok-volume"), "directory": DIRECTORIES},
    )
    existing = st.fixed_dictionaries({"existing_claim": NAMES}, optional={"directory": DIRECTORIES})
    return (own | existing).map(lambda fields: AdapterVolume(**fields))


def sources(extra_volumes: list[str]) -> st.SearchStrategy[LoRASource]:
    """Adapters that somebody else provides."""
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
    """What the server may hold, as its engine takes it."""
    ranks = st.sampled_from(VLLM_RANKS) if generation == "2.x-vllm" else st.integers(1, 512)
    drawn = draw(st.fixed_dictionaries({}, optional={"max_rank": ranks, "max_gpu": st.integers(1, 64), "max_cpu": st.integers(64, 128)}))
    return {str(name): value for name, value in drawn.items()}


@st.composite
def lora_fields(draw: st.DrawFn, generation: str | None, shared: bool, extra_volumes: list[str]) -> dict[str, Any]:
    """Fields of a `NIM` that has LoRA, `NIM_PEFT_SOURCE` under `env` among them; an empty mapping is one without. Limits are drawn where
    the generation is known."""
    kind = draw(st.sampled_from(["none", "hub", "hub", "elsewhere", "own"]))
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
        lora |= draw(WAYS)
        if refreshed or draw(st.booleans()):
            lora["volume"] = draw(volumes(shared or refreshed))
    elif kind == "elsewhere":
        lora["source"] = draw(sources(extra_volumes))
        if lora["source"].image is not None or draw(st.booleans()):
            fields["lora_adapter_mem"] = "1Gi"
    return {**fields, "lora": LoRAArgs(**lora)}
