"""Variables of usual types are arguments."""

from collections.abc import Mapping, Sequence

from nim_component import NIM, CacheArgs, NIMSecrets, NIMService, PrewarmArgs, ServiceArgs, Toleration


def env_for(model: str) -> dict[str, str]:
    return {"NIM_SERVED_MODEL_NAME": model}


labels: dict[str, str] = {"team": "ml"}
repositories: list[str] = ["my-org/one", "my-org/two@v1"]
constraints: list[dict[str, object]] = [{"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}]
arguments: Sequence[str] = ("--max-model-len", "8192")
annotations: Mapping[str, str] = {"example.com/owner": "ml"}
tolerations: list[Toleration] = [Toleration(key="team", operator="Exists")]

service = NIMService(
    "llama",
    NIM(
        secrets=NIMSecrets.keyless(),
        env=env_for("llama"),
        node_selector=labels,
        pod_labels=labels,
        pod_annotations=annotations,
        hf_repo_ids=repositories,
        lora_adapter_mem="2Gi",
        topology_spread=constraints,
        tolerations=tolerations,
        args=arguments,
        command=["serve"],
        service=ServiceArgs(labels=labels, annotations=annotations),
        cache=CacheArgs(access_mode="ReadWriteMany", prewarm=PrewarmArgs(profiles=repositories)),
    ),
)
