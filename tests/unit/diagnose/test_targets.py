"""Services of a stack, as its program defines them."""

from pathlib import Path

import yaml

from nim_component.diagnose.targets import read_targets


def test_targets_have_generated_service_names(tmp_path: Path):
    """`service_name` replaces the component's name, and a service on several nodes is found too."""
    multi_node = {"image": "nvcr.io/nim/deepseek-ai/deepseek-r1:2.1.5", "gpu": 8, "multi_node": {"nodes": 2}}
    services = {"one": {"service_name": "other"}, "two": {**multi_node, "cache": {"access_mode": "ReadWriteMany"}, "namespace": "ml"}}
    services = {name: {"secrets": {"without_key": True}, **each} for name, each in services.items()}
    (tmp_path / "Pulumi.yaml").write_text("name: nim\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {"nim:services": services}}))
    (tmp_path / "__main__.py").write_text("from nim_component.stack import deploy_stack\ndeploy_stack()\n")
    assert {(each.namespace, each.name) for each in read_targets(tmp_path, "dev").services} == {("default", "other"), ("ml", "two")}
