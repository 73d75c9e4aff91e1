"""Requirements of stacks and facts of clusters, for the preflight checks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nim_component import NIM, NIMSecrets, NIMService
from nim_component.cluster.secret_facts import SecretFacts
from nim_component.local.manifests import collect_manifests
from nim_component.preflight import CheckResult, Facts, StackRequirements, read_requirements
from nim_component.testing import record

from ..diagnose.kubernetes_objects import Object, node, pod

PULL_TYPE = "kubernetes.io/dockerconfigjson"
SECRETS = NIMSecrets(ngc_image_secret="pull", ngc_secret_group="ngc", ngc_secret_key="NGC_API_KEY")


def requirements_of(*services: dict[str, Any], **fields: Any) -> StackRequirements:
    """Return the requirements of services; by default of one service `llama` with `fields`."""

    def program() -> None:
        for each in services or ({"name": "llama", **fields},):
            nim = NIM(**{"secrets": SECRETS, "namespace": "ml", **{key: value for key, value in each.items() if key != "name"}})
            NIMService(each["name"], nim)

    return read_requirements([manifest.object for manifest in collect_manifests(record(program).run)])


def storage_class(name: str = "fast", provisioner: str = "ebs.csi.aws.com", default: bool = True) -> Object:
    annotations = {"storageclass.kubernetes.io/is-default-class": str(default).lower()}
    return {"metadata": {"name": name, "annotations": annotations}, "provisioner": provisioner}


def gpu_user(number: int, name: str = "other-5d9-x", namespace: str = "train") -> Object:
    """Return a running pod that uses GPUs of the node `gpu-0`."""
    return pod(name, gpu=number, node="gpu-0", metadata={"namespace": namespace}, status={"phase": "Running"})


def facts(**changes: Any) -> Facts:
    """Return the facts of a cluster that satisfies every requirement, with changes."""
    good = Facts(
        version="v1.36.3",
        namespaces={"ml": {"metadata": {"name": "ml", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}},
        nodes=(node(gpu=8),),
        pods=(),
        classes=(storage_class(),),
        quotas={"ml": ()},
        secrets={
            ("ml", "pull"): SecretFacts(PULL_TYPE, (".dockerconfigjson",), ("nvcr.io",)),
            ("ml", "ngc"): SecretFacts("Opaque", ("NGC_API_KEY",)),
        },
        kinds=requirements_of().kinds,
        denied=(),
    )
    return replace(good, **changes)


def problems(results: Sequence[CheckResult]) -> list[str]:
    """Return the failures and warnings, as text."""
    return [f"{each.mark} {each.about}: {each.text} | {each.to_json()['fix']}" for each in results if each.mark in ("warn", "fail")]
