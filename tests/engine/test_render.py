"""Rendered files: the provider's YAML mode and the local engine render equal objects."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi.automation as auto
import pytest
import yaml

from ..encoded_secrets import find_in
from ..schema.test_schema import PROJECTS
from .project import ROOT, Project
from .resources import assert_replaced_around_the_deployment

SEED = yaml.safe_load((ROOT / "stacks" / "Pulumi.dev.yaml").read_text(encoding="utf-8"))["config"]
REFERENCE = {"ngc_image_secret": "pull", "ngc_secret_key": "NGC_API_KEY"}

# Every notation; both engines must render it equally.
VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {"secrets": REFERENCE},
    "keyless": {"secrets": {"without_key": True}, "cache": {"empty_dir": True}, "replicas": 0},
    "numbers": {
        "secrets": REFERENCE,
        "cpu": 0.5,
        "mem": "20480Mi",
        "shm_size": "1e9",
        "ephemeral_storage": "1000M",
        "termination_grace": 0,
    },
    "mig": {"secrets": REFERENCE, "gpu_resource": "nvidia.com/mig-3g.40gb", "gpu": 2, "port": 9000, "startup_timeout": 605},
    "texts": {
        "secrets": {**REFERENCE, "secrets_prefix": "_FSEC_", "ngc_secret_group": "my-group"},
        "env": {
            "EMPTY": "",
            "TRUE": "true",
            "NUMBER": "8",
            "NULL": "null",
            "LINES": "a\nb\n",
            "QUOTES": 'it\'s "so": # x',
            "UNICODE": "é — ✓ 🚀",
        },
        "args": ["--flag", "a b", "$(NIM_SERVER_PORT)", "- x", ""],
        "command": ["nim-serve"],
        "pod_annotations": {"a": "", "b": "yes", "c": "1.0"},
        "pod_labels": {"example.com/n": "8"},
    },
    "placement": {
        "secrets": REFERENCE,
        "node_selector": {"nvidia.com/gpu.present": "true", "count": "8"},
        "tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute", "toleration_seconds": 0}, {"operator": "Exists"}],
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": [{"key": "gpu", "operator": "In", "values": ["h100"]}]}]
                }
            }
        },
        "runtime_class": "nvidia",
        "priority_class": "high",
    },
    "shared": {
        "secrets": REFERENCE,
        "replicas": 3,
        "cache": {"access_mode": "ReadWriteMany", "storage_class": "", "size": "1024Gi", "annotations": {"a": "b"}, "volume_name": "pv"},
        "service": {"type": "LoadBalancer", "annotations": {"x": "y"}, "labels": {"l": "m"}},
    },
    "extras": {
        "secrets": REFERENCE,
        "extra_volumes": [{"name": "config", "configMap": {"name": "c", "optional": False}}],
        "extra_mounts": [{"name": "config", "mountPath": "/config", "readOnly": False}],
        "extra_containers": [{"name": "proxy", "image": "registry.example/p:1", "env": [{"name": "E", "value": ""}], "tty": False}],
    },
}


def render_locally(project: Project, stack: str, out: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "nim_component", "up", "--stack", stack, "--out", str(out), "-C", str(project.folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return {str(path.relative_to(out)): yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(out.glob("*/*.yaml"))}


def rendering(stack: str) -> dict[str, Any]:
    """Return the configuration of a stack, with a render folder."""
    config = yaml.safe_load((ROOT / "stacks" / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]
    config.pop("kubernetes:context", None)  # the provider accepts one of the two
    return {**config, "kubernetes:renderYamlToDirectory": "rendered/dev"}


def without_digests(objects: dict[str, Any]) -> dict[str, Any]:
    """Remove the digests of Secrets: the local engine does not decrypt their values."""
    text = re.sub(r"(-(?:keys|pull)-|checksum/secrets: ['\"]?)[0-9a-f]{8}", r"\1digest", yaml.safe_dump(objects))
    return yaml.safe_load(text)


@pytest.mark.parametrize(
    ("source", "config"),
    [
        (ROOT, rendering("dev")),
        (ROOT, rendering("staging")),
        (ROOT, rendering("prod")),
        (ROOT, {"kubernetes:renderYamlToDirectory": "rendered/dev", "nim:services": VARIANTS}),
    ],
    ids=["dev", "staging", "prod", "variants"],
)
def test_both_engines_render_same_objects(project: Callable[..., Project], tmp_path: Path, source: Path, config: dict[str, Any]):
    secure = [key for key, value in config.items() if isinstance(value, dict) and "secure" in value]
    made = project(source, "dev", {key: value for key, value in config.items() if key not in secure})
    for key in secure:
        made.set_secret(key, "key-of-nobody")
    made.stack.up()
    assert_same(made, tmp_path)


@pytest.mark.parametrize(("source", "stack"), [(source, stack) for source, stack in PROJECTS if source.startswith("examples/")])
def test_both_engines_render_same_example(project: Callable[..., Project], tmp_path: Path, source: str, stack: str):
    made = project(ROOT / source, stack)
    made.stack.up()
    assert_same(made, tmp_path)


def assert_same(made: Project, place: Path) -> None:
    """Check that both engines have rendered the same objects."""
    (rendered,) = (value for key, value in made.config.items() if key.endswith((":renderYamlToDirectory", ":renderTo")))
    expected, rendered_locally = (
        without_digests(made.files(rendered)),
        without_digests(render_locally(made, made.stack.name, place / "local")),
    )
    assert rendered_locally
    assert sorted(rendered_locally) == sorted(expected)
    for path, given in expected.items():
        if given["kind"] == "Secret":
            # The local engine never writes a value; the rest of the object is equal.
            assert rendered_locally[path].pop("data").keys() == given.pop("data").keys()
        assert rendered_locally[path] == given, path


def test_preview_has_objects_of_local_engine(project: Callable[..., Project], tmp_path: Path):
    made = project(ROOT, "dev", SEED)
    local = render_locally(made, "dev", tmp_path / "local")
    code, output = made.run("preview", "--json")
    assert code == 0, output
    steps = json.loads(output[output.index("{") :])["steps"]
    previewed = [each["newState"]["inputs"] for each in steps if each["newState"]["type"].startswith("kubernetes:")]
    assert sorted(previewed, key=str) == sorted(local.values(), key=str)


def test_new_image_changes_two_resources(project: Callable[..., Project]):
    made = project(ROOT, "dev", SEED)
    made.stack.up()
    assert made.stack.preview().change_summary == {"same": 6}
    stack_file = made.folder / "stacks" / "Pulumi.dev.yaml"
    stack_file.write_text(stack_file.read_text().replace("instruct:1.0.0", "instruct:1.0.3"))
    assert made.stack.preview().change_summary == {"same": 4, "update": 2}


def test_destroy_removes_every_file(project: Callable[..., Project]):
    made = project(ROOT, "dev", SEED)
    made.stack.up()
    made.change("llama3-8b", image="nvcr.io/nim/meta/llama3-8b-instruct:1.0.3")
    assert {name for operation, name in made.up() if operation != "same"} == {"llama3-8b", "llama3-8b-deployment"}
    (deployment,) = (each for each in made.files("rendered/dev").values() if each["kind"] == "Deployment")
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":1.0.3")
    with pytest.raises(auto.CommandError, match="unreachable cluster"):  # a limit of the provider: docs/guides/secrets.md
        made.stack.refresh()
    assert made.stack.preview().change_summary == {"same": 6}
    made.stack.destroy()
    assert made.files("rendered/dev") == {}


def test_state_contains_no_key(project: Callable[..., Project]):
    key = "nvapi-of-nobody-0123456789"
    config = {
        "kubernetes:renderYamlToDirectory": "rendered/dev",
        "nim:services": {"llama": {"secrets": {"ngc_api_key": {"config": "ngcApiKey"}}}},
    }
    made = project(ROOT, "dev", config)
    made.stack.set_config("ngcApiKey", auto.ConfigValue(key, secret=True))
    made.stack.up()
    state = made.state()
    assert "llama-keys" in state
    assert find_in(state, [key]) == []


def test_rotated_key_is_created_before_deletion(project: Callable[..., Project]):
    config = {
        "kubernetes:renderYamlToDirectory": "rendered/dev",
        "nim:services": {"llama": {"secrets": {"ngc_api_key": {"config": "ngcApiKey"}}}},
    }
    made = project(ROOT, "dev", config)
    made.stack.set_config("ngcApiKey", auto.ConfigValue("first-key", secret=True))
    made.stack.up()
    made.stack.set_config("ngcApiKey", auto.ConfigValue("second-key", secret=True))
    operations = made.up()
    assert_replaced_around_the_deployment("llama-keys", operations)


@pytest.mark.parametrize(
    ("change", "replaced"),
    [
        ({"hf_repo_ids": ["my-org/other"]}, "llama-lora"),
        ({"cache": {"storage_class": "other"}}, "llama-cache"),
    ],
    ids=["adapters", "storage-class"],
)
def test_replacement_keeps_the_deployment(project: Callable[..., Project], change: dict[str, Any], replaced: str):
    base = {
        "secrets": REFERENCE,
        "hf_repo_ids": ["my-org/one"],
        "lora_adapter_mem": "1Gi",
        "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"},
    }
    made = project(ROOT, "dev", {"kubernetes:renderYamlToDirectory": "rendered/dev", "nim:services": {"llama": base}})
    made.stack.up()
    stack_file = made.folder / "stacks" / "Pulumi.dev.yaml"
    config = yaml.safe_load(stack_file.read_text())
    config["config"]["nim:services"]["llama"].update(change)
    stack_file.write_text(yaml.safe_dump(config))
    operations = made.up()
    assert_replaced_around_the_deployment(replaced, operations)


def test_rename_with_alias_changes_nothing(project: Callable[..., Project]):
    made = project(ROOT, "dev", {"kubernetes:renderYamlToDirectory": "rendered/dev", "nim:services": {"unused": {}}})
    program = """
import pulumi
from nim_component import NIM, NIMSecrets, NIMService
secrets = NIMSecrets(ngc_api_key=pulumi.Output.secret("key-of-nobody"))
NIMService({name!r}, NIM(secrets=secrets, service_name="old"), pulumi.ResourceOptions(aliases={aliases}))
"""
    (made.folder / "__main__.py").write_text(program.format(name="old", aliases="[]"))
    made.stack.up()
    (made.folder / "__main__.py").write_text(program.format(name="new", aliases='[pulumi.Alias(name="old")]'))
    assert made.stack.preview().change_summary == {"same": 7}


def test_larger_cache_is_updated_in_place(project: Callable[..., Project]):
    def config(size: str) -> dict[str, Any]:
        services = {"llama": {"secrets": {"without_key": True}, "cache": {"size": size}}}
        return {"kubernetes:renderYamlToDirectory": "rendered/dev", "nim:services": services}

    made = project(ROOT, "dev", config("50Gi"))
    made.stack.up()
    stack_file = made.folder / "stacks" / "Pulumi.dev.yaml"
    stack_file.write_text(stack_file.read_text().replace("50Gi", "80Gi"))
    assert ("update", "llama-cache") in made.up()


def test_protected_service_accepts_other_adapters(project: Callable[..., Project]):
    made = project(ROOT, "dev", {"kubernetes:renderYamlToDirectory": "rendered/dev", "nim:services": {"unused": {}}})
    program = """
import pulumi
from nim_component import NIM, NIMSecrets, NIMService
lora = dict(hf_repo_ids=[{adapter!r}], lora_adapter_mem="1Gi", env={{"NIM_PEFT_SOURCE": "/opt/nim/peft"}})
NIMService("llama", NIM(secrets=NIMSecrets.keyless(), **lora), pulumi.ResourceOptions(protect={protect}))
"""
    (made.folder / "__main__.py").write_text(program.format(adapter="my-org/one", protect=True))
    made.stack.up()
    (made.folder / "__main__.py").write_text(program.format(adapter="my-org/two", protect=True))
    assert ("delete", "llama-lora") in made.up()


def test_wrong_second_service_prevents_the_first(project: Callable[..., Project]):
    services = {"good": {"secrets": {"without_key": True}}, "Bad_One": {"secrets": {"without_key": True}}}
    made = project(ROOT, "dev", {"kubernetes:renderYamlToDirectory": "rendered/dev", "nim:services": services})
    with pytest.raises(auto.CommandError) as caught:
        made.stack.up()
    assert "NIMService 'Bad_One' has 1 problem:" in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert made.files("rendered/dev") == {}
