"""The policy pack under the Pulumi CLI, which passes values as `pulumi_policy` wraps them."""

import json
import shutil
from collections.abc import Callable

import pytest

from ..policies.environment import provide_environment
from .project import ROOT, Project

PROGRAM = """
import pulumi
import pulumi_kubernetes as k8s
from nim_component import NIM, NIMSecrets, NIMService

options = pulumi.ResourceOptions(provider=k8s.Provider("files", render_yaml_to_directory="rendered"))
NIMService("good", NIM(secrets=NIMSecrets.keyless(), gpu=2), options)
container = {container}
template = {{"metadata": {{"labels": {{"app": "other"}}}}, "spec": {{"containers": [container]}}}}
spec = {{"replicas": 3, "selector": {{"matchLabels": {{"app": "other"}}}}, "template": template}}
k8s.apps.v1.Deployment("other", metadata={{"namespace": "default"}}, spec=spec, opts=options)
"""
WRONG = {"name": "a", "image": "a:latest", "args": ["--password=hunter22"], "resources": {"limits": {"nvidia.com/gpu": "2e0"}}}


@pytest.fixture
def preview(project: Callable[..., Project]) -> Callable[[object], tuple[int, str]]:
    """Return a function that previews a container beside a service, with the pack."""

    def run(container: object) -> tuple[int, str]:
        made = project()
        made.write_program(PROGRAM.format(container=container))
        pack = made.folder.parent / "pack"
        shutil.copytree(ROOT / "policies", pack, ignore=shutil.ignore_patterns("__pycache__", ".venv"))
        (pack / ".venv").symlink_to(provide_environment())
        config = made.folder.parent / "policy.json"
        config.write_text(json.dumps({"gpu-quota": {"maxGpus": 7}, "images-pinned": {"enforcementLevel": "advisory"}}))
        return made.run("preview", "--policy-pack", str(pack), "--policy-pack-config", str(config))

    return run


def test_wrong_container_fails_preview(preview: Callable[[object], tuple[int, str]]):
    code, output = preview(WRONG)
    assert code != 0
    path = "spec.template.spec.containers[a]"
    for expected in (
        f"{path}.securityContext.runAsNonRoot: must be true",
        f"{path}.image: a:latest must have a fixed tag",
        f"{path}.args: must not contain a key in plain text.",
        "the stack may use 8 GPUs, but its quota is 7: Deployment other 6, Deployment good-deployment 2.",
    ):
        assert expected in output
    assert "hunter22" not in output[output.index("Policies:") :]


def test_service_alone_passes_preview(preview: Callable[[object], tuple[int, str]]):
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True}
    code, output = preview({"name": "a", "image": "a:1.0", "securityContext": {**security, "seccompProfile": {"type": "RuntimeDefault"}}})
    assert (code, "must" in output[output.index("Policies:") :]) == (0, False), output
