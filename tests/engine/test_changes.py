"""Changes of a service on a cluster: the Deployment is updated in place and never deleted."""

from collections.abc import Callable
from typing import Any

from tests.cluster.client import Client, wait_until
from tests.cluster.nodes import EIGHT_GPUS, ONE_GPU
from tests.cluster.waiting import images

from .project import Project
from .resources import assert_replaced_around_the_deployment, live_deployment, names, operations_on

OLD, NEW = "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0", "nvcr.io/nim/meta/llama3-8b-instruct:1.0.3"
LORA: dict[str, Any] = {"hf_repo_ids": ["my-org/one"], "lora_adapter_mem": "1Gi", "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"}}
SHARED = {"access_mode": "ReadWriteMany"}


def test_image_change_updates_deployment_in_place(on_cluster: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    made = on_cluster(llama={"image": OLD})
    assert operations_on("llama-deployment", made.up()) == ["create"]
    before = live_deployment(cluster, namespace)
    assert made.preview() == {"same": 5}

    made.change("llama", image=NEW)
    assert made.preview() == {"same": 3, "update": 2}
    assert operations_on("llama-deployment", made.up()) == ["update"]
    after = live_deployment(cluster, namespace)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["status"]["readyReplicas"] == 1  # `up` has waited for the pod
    assert images(cluster, namespace) == {NEW}
    assert made.preview() == {"same": 5}


def test_adapter_change_replaces_the_list(on_cluster: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    made = on_cluster(llama=LORA)
    made.up()
    before, (old,) = live_deployment(cluster, namespace), names(cluster, namespace, "ConfigMap")

    made.change("llama", hf_repo_ids=["my-org/one", "my-org/two"])
    assert_replaced_around_the_deployment("llama-lora", made.up())
    after, (new,) = live_deployment(cluster, namespace), names(cluster, namespace, "ConfigMap")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert new != old
    volumes = after["spec"]["template"]["spec"]["volumes"]
    assert new in [each["configMap"]["name"] for each in volumes if "configMap" in each]
    assert made.preview() == {"same": 6}


def test_storage_class_change_replaces_pvc(on_cluster: Callable[..., Project], cluster: Client, namespace: str, nodes, disk):
    nodes(ONE_GPU)
    disk("50Gi", "fast")
    made = on_cluster(llama={})
    made.up()
    before, (old,) = live_deployment(cluster, namespace), names(cluster, namespace, "PersistentVolumeClaim")

    made.change("llama", cache={"storage_class": "fast"})
    assert_replaced_around_the_deployment("llama-cache", made.up())
    after = live_deployment(cluster, namespace)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    (new,) = wait_until("one PVC", lambda: len(left := names(cluster, namespace, "PersistentVolumeClaim")) == 1 and left)
    assert new != old
    assert cluster.get("v1", "PersistentVolumeClaim", new, namespace)["spec"]["storageClassName"] == "fast"
    assert made.preview() == {"same": 5}


def test_larger_cache_updates_pvc(on_cluster: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    made = on_cluster(llama={"cache": {"size": "50Gi"}})
    made.up()
    (pvc,) = names(cluster, namespace, "PersistentVolumeClaim")

    made.change("llama", cache={"size": "80Gi"})
    assert made.preview() == {"same": 3, "update": 2}  # the component and its PVC
    made.change("llama", cache={"size": "20Gi"})
    code, output = made.run("preview")
    assert code != 0
    assert "field can not be less than" in output
    assert names(cluster, namespace, "PersistentVolumeClaim") == {pvc}


def test_rotated_key_replaces_secrets(on_cluster: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    made = on_cluster(llama={"secrets": {"ngc_api_key": {"config": "ngcApiKey"}}})
    made.config = {**made.config, "nim:defaults": {"namespace": namespace}}
    made.set_secret("ngcApiKey", "nvapi-first-of-nobody")
    made.up()
    before, old = live_deployment(cluster, namespace), names(cluster, namespace, "Secret")
    assert len(old) == 2

    made.set_secret("ngcApiKey", "nvapi-second-of-nobody")
    operations = made.up()
    assert_replaced_around_the_deployment("llama-keys", operations)
    assert_replaced_around_the_deployment("llama-pull", operations)
    after, new = live_deployment(cluster, namespace), names(cluster, namespace, "Secret")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["status"]["readyReplicas"] == 1
    assert len(new) == 2
    assert not new & old
    assert made.preview() == {"same": 7}


def test_enabling_autoscaling_keeps_three_replicas(on_cluster: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    made = on_cluster(llama={"image": OLD, "replicas": 3, "cache": SHARED})
    made.up()
    before = live_deployment(cluster, namespace)

    services = {"llama": {"image": OLD, "cache": SHARED, "autoscaling": {"max_replicas": 4, "presets": ["queue"]}}}
    made.config = {**made.config, "nim:services": services}
    assert operations_on("llama-autoscaler", made.up()) == ["create"]
    after = live_deployment(cluster, namespace)
    assert after["spec"]["replicas"] == 3
    assert after["status"]["readyReplicas"] == 3
    assert after["metadata"]["uid"] == before["metadata"]["uid"]

    # The autoscaler's number stays over later changes. Without metrics, it only enforces the
    # maximum.
    made.change("llama", autoscaling={"max_replicas": 2, "presets": ["queue"]})
    made.up()
    wait_until("the autoscaler's count", lambda: live_deployment(cluster, namespace)["spec"]["replicas"] == 2, seconds=60)
    made.change("llama", image=NEW)
    assert operations_on("llama-deployment", made.up()) == ["update"]
    assert live_deployment(cluster, namespace)["spec"]["replicas"] == 2
    assert images(cluster, namespace) == {NEW}
    assert made.preview().keys() == {"same"}


RENAMED = """
import pulumi
from nim_component import NIM, NIMSecrets, NIMService
secrets = NIMSecrets(ngc_api_key=pulumi.Output.secret("nvapi-key-of-nobody"))
NIMService({name!r}, NIM(secrets=secrets, namespace={namespace!r}, service_name="old"), pulumi.ResourceOptions(aliases={aliases}))
"""


def test_rename_with_alias_changes_nothing(on_cluster: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    made = on_cluster(unused={})
    made.write_program(RENAMED.format(name="old", aliases=[], namespace=namespace))
    made.up()
    before = live_deployment(cluster, namespace, "old")
    made.write_program(RENAMED.format(name="new", aliases="[pulumi.Alias(name='old')]", namespace=namespace))
    assert made.preview() == {"same": 7}
    assert {operation for operation, _ in made.up()} == {"same"}
    assert live_deployment(cluster, namespace, "old")["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


def test_renamed_key_with_alias_changes_nothing(on_cluster: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    made = on_cluster(old={})
    made.up()
    before = live_deployment(cluster, namespace, "old")
    made.config = {**made.config, "nim:services": {"new": {"aliases": ["old"], "service_name": "old"}}}
    assert {operation for operation, _ in made.up()} == {"same"}
    assert live_deployment(cluster, namespace, "old")["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]

    made.config = {**made.config, "nim:services": {"new": {"service_name": "old"}}}  # the alias has done its work
    assert made.preview().keys() == {"same"}
