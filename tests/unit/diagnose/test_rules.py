"""Each cause: an object set that shows it, the words a person reads, and a near miss that shows something else or nothing."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nim_component.diagnose.objects import SecretFacts, Snapshot
from nim_component.diagnose.rules import diagnose
from nim_component.diagnose.rules.loader import MEANINGS
from nim_component.lora.loader import EXIT_CODES

from .made import (
    GPU,
    IMAGE,
    ago,
    claim,
    deployment,
    ended,
    event,
    node,
    pod,
    replica_set,
    running,
    service,
    snapshot,
    unschedulable,
    waiting,
)

NO_GPU = (
    f"0/2 nodes are available: 2 Insufficient {GPU}. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod."
)
PULL = f'Failed to pull image "{IMAGE}": failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": '
PULL_TYPE = "kubernetes.io/dockerconfigjson"
OTHER = pod("other", gpu=8, node="gpu-0", status={"phase": "Running"}, metadata={"namespace": "train"})


def pulled(words: str, secrets: Any = None) -> Snapshot:
    """An image that cannot be pulled: the back-off says only so, the event says why."""
    waits = waiting("ImagePullBackOff", f'Back-off pulling image "{IMAGE}"')
    return snapshot(
        waits, secrets=secrets, events=[event("Failed", PULL + words, waits), event("Failed", "Error: ErrImagePull", waits, age=5)]
    )


def claimed(words: str, reason: str = "ProvisioningFailed", **kinds: Any) -> Snapshot:
    it = claim()
    return snapshot(pod(), persistentvolumeclaims=[it], events=[event(reason, words, it, "PersistentVolumeClaim")], **kinds)


def mounting(words: str, reason: str = "FailedMount") -> Snapshot:
    waits = waiting("PodInitializing" if reason == "x" else "ContainerCreating")
    return snapshot(waits, events=[event(reason, words, waits)])


def probed(unhealthy: str, killed: str = "", since: float = 900, **more: Any) -> Snapshot:
    it = running(since, **more)
    events = [event("Unhealthy", unhealthy, it)]
    return snapshot(it, events=[*events, event("Killing", killed, it, age=5)] if killed else events)


def refused(words: str) -> Snapshot:
    return snapshot(replicasets=[replica_set(words)], deployments=[deployment()])


def failed(reason: str, message: str) -> Snapshot:
    it = pod(node="gpu-0", status={"phase": "Failed", "reason": reason, "message": message})
    return snapshot(it)


PULL_FACTS = {"pull": SecretFacts(PULL_TYPE, (".dockerconfigjson",), ("nvcr.io",))}

CASES: dict[str, list[tuple[Snapshot, str]]] = {
    # cause: object sets that show it, each with words of text, cure or evidence
    "gpu-insufficient": [
        (
            snapshot(
                unschedulable(NO_GPU, gpu=2),
                nodes=[node(), node("gpu-1", 4)],
                others=[OTHER, pod("b", gpu=3, node="gpu-1", status={"phase": "Running"})],
            ),
            f"No node has 2 free {GPU}: 1 of 12 are free, gpu-1 1 of 4, gpu-0 0 of 8. | Free GPUs (held by train/other 8, ml/b 3)",
        ),
        (snapshot(unschedulable(NO_GPU)), "Free GPUs, add a node, or lower gpu (now 1)."),
        (snapshot(unschedulable(NO_GPU), nodes=[node()]), "their holders cannot be seen"),
    ],
    "gpu-absent": [
        (snapshot(unschedulable(NO_GPU), nodes=[node(gpu=0)]), f"No node offers {GPU}"),
        (
            snapshot(unschedulable(NO_GPU), nodes=[{**node(gpu=0), "status": {"allocatable": {"nvidia.com/mig-1g.10gb": "7"}}}]),
            "name one in gpu_resource",
        ),
    ],
    "gpu-too-many": [(snapshot(unschedulable(NO_GPU, gpu=9), nodes=[node()]), "Set gpu to at most 8")],
    "node-too-small": [
        (
            snapshot(unschedulable("0/1 nodes are available: 1 Insufficient memory."), nodes=[node()]),
            "No node that would do has 20Gi of memory free. | Lower mem",
        )
    ],
    "taint": [
        (
            snapshot(
                unschedulable("0/1 nodes are available: 1 node(s) had untolerated taint {team: research}."),
                nodes=[node(taints=[{"key": "team", "value": "research", "effect": "NoSchedule"}])],
            ),
            "Add it to tolerations, beside those it has: {key: team, operator: Equal, value: research, effect: NoSchedule}.",
        ),
        (snapshot(unschedulable("0/1 nodes are available: 1 node(s) had untolerated taint {team: research}.")), "value: research"),
        (snapshot(unschedulable("0/1 nodes are available: 1 node(s) had untolerated taint(s).")), "Add the taint to tolerations"),
    ],
    "node-not-ready": [
        (
            snapshot(
                unschedulable("0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }."),
                nodes=[node(ready=False, taints=[{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}])],
            ),
            "Nodes that would do are not-ready (0 of 1 nodes are ready)",
        )
    ],
    "node-cordoned": [
        (snapshot(unschedulable("0/1 nodes are available: 1 node(s) were unschedulable.")), "Uncordon them"),
    ],
    "node-selector": [
        (
            snapshot(
                unschedulable(
                    "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.", spec={"nodeSelector": {"gpu": "h100"}}
                ),
                nodes=[node(labels={"gpu": "a100"})],
            ),
            "No node has the label gpu=h100. | Correct node_selector (nodes have: a100)",
        ),
        (
            snapshot(
                unschedulable("1 node(s) didn't match Pod's node affinity/selector.", spec={"nodeSelector": {"gpu": "h100", "zone": "a"}}),
                nodes=[node(labels={"gpu": "h100"}), node("b", labels={"zone": "a"})],
            ),
            "each label is there, but not on one node",
        ),
    ],
    "node-affinity": [
        (
            snapshot(unschedulable("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."), nodes=[node()]),
            "Loosen affinity",
        )
    ],
    "anti-affinity": [
        (snapshot(unschedulable("0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules.")), "Loosen affinity")
    ],
    "topology-spread": [(snapshot(unschedulable("1 node(s) didn't match pod topology spread constraints.")), "ScheduleAnyway")],
    "node-full-of-pods": [(snapshot(unschedulable("0/1 nodes are available: 1 Too many pods.")), "maxPods")],
    "host-port-taken": [(snapshot(unschedulable("1 node(s) didn't have free ports for the requested pod ports.")), "hostPort")],
    "no-nodes": [(snapshot(unschedulable("no nodes available to schedule pods")), "The cluster has no node")],
    "no-scheduler": [(snapshot(pod(age=90)), "No scheduler has looked at the pod for 90 s")],
    "scheduling-gated": [
        (
            snapshot(
                pod(
                    conditions=[{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}],
                    spec={"schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]},
                )
            ),
            "kueue.x-k8s.io/admission",
        )
    ],
    "claim-missing": [
        (snapshot(unschedulable('0/1 nodes are available: persistentvolumeclaim "models" not found.')), "The claim models is not there")
    ],
    "claim-no-class": [
        (claimed("no persistent volumes available for this claim and no storage class is set", "FailedBinding"), "Set cache.storage_class")
    ],
    "claim-class-missing": [
        (
            claimed('storageclass.storage.k8s.io "fast" not found', storageclasses=[{"metadata": {"name": "gp3"}}]),
            "There is no StorageClass fast. | Correct cache.storage_class: the cluster has gp3.",
        )
    ],
    "claim-access-mode": [(claimed("failed to provision volume: Volume capabilities not supported: ReadWriteMany"), "access_mode")],
    "storage-quota": [(claimed("rpc error: code = ResourceExhausted desc = quota exceeded for disks"), "Lower cache.size")],
    "claim-provisioning": [(claimed("rpc error: code = Internal desc = boom"), "boom")],
    "volume-name-unavailable": [
        (claimed('volume "pv-1" already bound to a different claim.', "FailedBinding"), "The volume pv-1 belongs to another claim")
    ],
    "claim-no-provisioner": [
        (
            claimed("Waiting for a volume to be created either by the external provisioner 'x' or manually", "ExternalProvisioning"),
            "does not answer",
        )
    ],
    "claim-lost": [(snapshot(pod(), persistentvolumeclaims=[claim("Lost")]), "The claim's volume is gone")],
    "claim-being-deleted": [
        (
            snapshot(unschedulable('0/1 nodes are available: persistentvolumeclaim "models" is being deleted.')),
            "The claim models is being deleted, and waits for a pod",
        ),
        (snapshot(pod(), persistentvolumeclaims=[claim("Bound", deletionTimestamp=ago(5))]), "is being deleted"),
    ],
    "volume-elsewhere": [
        (snapshot(unschedulable("0/2 nodes are available: 2 node(s) had volume node affinity conflict.")), "WaitForFirstConsumer")
    ],
    "volume-attached-limit": [(snapshot(unschedulable("1 node(s) exceed max volume count.")), "as many volumes")],
    "volume-read-write-once-pod": [
        (
            snapshot(
                unschedulable(
                    "1 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod."
                )
            ),
            "replicas: 1",
        )
    ],
    "volume-multi-attach": [
        (
            mounting('Multi-Attach error for volume "pvc-1" Volume is already exclusively attached to one node', "FailedAttachVolume"),
            "rollout: recreate",
        )
    ],
    "config-map-missing": [
        (
            mounting('MountVolume.SetUp failed for volume "lora-loader" : configmap "llama-lora-1" not found'),
            "The ConfigMap llama-lora-1 that the pod mounts",
        ),
        (snapshot(waiting("CreateContainerConfigError", 'configmap "settings" not found')), "The ConfigMap settings is not there"),
    ],
    "config-map-key-missing": [
        (snapshot(waiting("CreateContainerConfigError", "couldn't find key A in ConfigMap ml/settings")), "has no key A")
    ],
    "volume-driver-missing": [
        (
            mounting("MountVolume.MountDevice failed: driver name ebs.csi.aws.com not found in the list of registered CSI drivers"),
            "DaemonSet",
        )
    ],
    "volume-not-writable": [(mounting("mount.nfs: access denied by server while mounting 10.0.0.9:/models"), "export")],
    "volume-mount": [(mounting("MountVolume.SetUp failed: timed out waiting for the condition"), "timed out")],
    "image-not-found": [
        (pulled("nvcr.io/nim/meta/llama3-8b-instruct:1.0.0: not found"), f"There is no image {IMAGE}"),
        (
            snapshot(waiting("ErrImagePull", f'rpc error: code = NotFound desc = failed to pull "{IMAGE}": manifest unknown')),
            "Correct image",
        ),
    ],
    "image-unauthorized": [
        (
            pulled("pull access denied, repository does not exist or may require authorization: 401 Unauthorized", PULL_FACTS),
            "not entitled",
        ),
        (pulled("403 Forbidden", {"pull": None}), "the pull Secret pull is not there"),
        (pulled("unauthorized", {"pull": SecretFacts("Opaque", ("x",))}), f"the pull Secret pull is of type Opaque, not {PULL_TYPE}"),
        (
            pulled("unauthorized", {"pull": SecretFacts(PULL_TYPE, (".dockerconfigjson",), ("ghcr.io",))}),
            "logs in to ghcr.io, not to nvcr.io",
        ),
        (snapshot(waiting("ErrImagePull", "rpc error: unauthorized", spec={"imagePullSecrets": []})), "the pod has no pull Secret"),
    ],
    "image-rate-limited": [(pulled("429 Too Many Requests - toomanyrequests: You have reached your pull rate limit"), "mirror")],
    "image-registry-unreachable": [(pulled("dial tcp: lookup nvcr.io on 10.96.0.10:53: no such host"), "cannot reach the registry")],
    "image-disk-full": [(pulled("write /var/lib/containerd/x: no space left on device"), "10 to 20 GB")],
    "image-architecture": [(pulled("no match for platform in manifest"), "kubernetes.io/arch: amd64")],
    "image-name-invalid": [(snapshot(waiting("InvalidImageName", "couldn't parse image name")), "is no image reference. | Correct image")],
    "image-never-pulled": [
        (snapshot(waiting("ErrImageNeverPull", "Container image is not present with pull policy of Never")), "IfNotPresent")
    ],
    "image-pull": [(pulled("something new"), "something new")],
    "secret-missing": [
        (snapshot(waiting("CreateContainerConfigError", 'secret "ngc" not found')), "The Secret ngc is not there"),
        (mounting('MountVolume.SetUp failed for volume "tls" : secret "tls" not found'), "that the pod mounts"),
    ],
    "secret-key-missing": [
        (
            snapshot(
                waiting("CreateContainerConfigError", "couldn't find key NGC_API_KEY in Secret ml/ngc"),
                secrets={"ngc": SecretFacts("Opaque", ("api-key", "other"))},
            ),
            "The Secret ngc has no key NGC_API_KEY. | Name one of its keys in secrets.ngc_secret_key or hf_token_key (it has: api-key, other)",
        ),
        (snapshot(waiting("CreateContainerConfigError", "couldn't find key NGC_API_KEY in Secret ml/ngc")), "hf_token_key, or add the key"),
    ],
    "image-runs-as-root": [
        (
            snapshot(waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root (pod: x)")),
            "Set run_as_user",
        )
    ],
    "sub-path": [(snapshot(waiting("CreateContainerConfigError", 'failed to prepare subPath for volumeMount "lora"')), "fs_group")],
    "container-config": [(snapshot(waiting("CreateContainerConfigError", "odd")), "odd")],
    "pull-secret-missing": [
        (
            snapshot(
                running(),
                events=[
                    event(
                        "FailedToRetrieveImagePullSecret",
                        "Unable to retrieve some image pull secrets (pull); attempting to pull the image may not succeed.",
                    )
                ],
            ),
            "create secret docker-registry pull --docker-server=nvcr.io",
        ),
        (snapshot(running(), secrets={"pull": None}), "The pull Secret pull is not there"),
    ],
    "pull-secret-type": [(snapshot(running(), secrets={"pull": SecretFacts("Opaque", ("a",))}), "nothing is pulled with it")],
    "pull-secret-registry": [
        (snapshot(running(), secrets={"pull": SecretFacts(PULL_TYPE, (), ("ghcr.io",))}), "logs in to ghcr.io, not to nvcr.io")
    ],
    "loader-out-of-memory": [
        (snapshot(ended("", 137, "OOMKilled", "download-loras")), "ran out of memory (2Gi). | Raise lora_adapter_mem.")
    ],
    "loader-unknown": [(snapshot(ended("pip: not found", 127, container="download-loras")), "pip: not found")],
    "out-of-memory": [(snapshot(ended("", 137, "OOMKilled")), "mem is 20Gi, of which /dev/shm may take 16Gi")],
    "container-out-of-memory": [
        (
            snapshot(
                pod(
                    node="gpu-0",
                    spec={"containers": [{"name": "proxy", "resources": {"limits": {"memory": "64Mi"}}}]},
                    containerStatuses=[
                        {"name": "proxy", "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, "state": {}}
                    ],
                )
            ),
            "The container proxy ran out of memory (64Mi)",
        )
    ],
    "gpu-out-of-memory": [
        (
            snapshot(ended("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 224.00 MiB.")),
            "does not fit into the GPU's memory",
        ),
        (
            snapshot(ended("ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`")),
            "NIM_MAX_MODEL_LEN",
        ),
    ],
    "shm-too-small": [
        (
            snapshot(ended("RuntimeError: unable to write to file </torch_1_2_3>: No space left on device (28)")),
            "Raise shm_size, and mem by as much",
        ),
        (snapshot(ended("", 135)), "exit code 135"),
    ],
    "driver-too-old": [
        (snapshot(ended("RuntimeError: The NVIDIA driver on your system is too old (found version 11040).")), "Upgrade the driver"),
        (
            snapshot(
                waiting(
                    "RunContainerError",
                    "nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.8, please update your driver",
                )
            ),
            "cuda>=12.8",
        ),
    ],
    "gpu-not-visible": [
        (snapshot(ended("RuntimeError: No CUDA GPUs are available; no CUDA-capable device is detected")), "runtime_class: nvidia"),
        (snapshot(waiting("CreateContainerError", 'could not select device driver "" with capabilities: [[gpu]]')), "container toolkit"),
    ],
    "gpu-count": [
        (
            snapshot(ended("ValueError: Tensor parallel size (4) cannot be larger than the number of available GPUs (1)")),
            "tensor times pipeline",
        )
    ],
    "no-profile": [
        (snapshot(ended("ERROR - Could not find a profile that is currently runnable with the detected hardware")), "model_profile")
    ],
    "adapter-rank": [
        (
            snapshot(ended("ValueError: LoRA rank 64 is greater than max_lora_rank 16.")),
            "An adapter's rank 64 is above the server's limit 16",
        )
    ],
    "lora-unsupported": [(snapshot(ended("Error: LoRA is not supported by the selected profile")), "-feat_lora")],
    "ngc-key-refused": [
        (snapshot(ended("authz error: insufficient_scope")), "NGC refuses the key"),
        (snapshot(ended("Exception: https://api.ngc.nvidia.com/v2/org/nim/models/x: 403 Forbidden")), "entitled"),
    ],
    "model-gated": [(snapshot(ended("huggingface_hub.errors.GatedRepoError: 403 Client Error.")), "Accept its terms")],
    "cache-not-writable": [(snapshot(ended("PermissionError: [Errno 13] Permission denied: '/opt/nim/.cache/ngc'")), "Set fs_group")],
    "disk-full": [(snapshot(ended("OSError: [Errno 28] No space left on device: '/opt/nim/.cache/blob'")), "Raise cache.size")],
    "download-unreachable": [(snapshot(ended("httpx.ConnectError: [Errno -3] Temporary failure in name resolution")), "DNS")],
    "server-port-taken": [
        (snapshot(ended("OSError: [Errno 98] error while attempting to bind: address already in use")), "extra_containers")
    ],
    "server-arguments": [(snapshot(ended("nim-serve: error: unrecognized arguments: --max-lora")), "NIM 1.x and 2.x")],
    "command-not-found": [
        (snapshot(waiting("RunContainerError", 'exec: "nim-serv": executable file not found in $PATH: unknown')), "Correct command"),
        (snapshot(ended('exec: "nim-serv": executable file not found in $PATH', 128, "StartError")), "Correct command"),
    ],
    "container-start": [(snapshot(waiting("CreateContainerError", "context deadline exceeded")), "context deadline exceeded")],
    "crash-loop": [
        (
            snapshot(ended("Traceback\nKeyError: 'layers'", restarts=4)),
            "exit code 1, 5 times so far (possible). | Its last words stand above",
        )
    ],
    "startup-budget": [
        (
            probed(
                "Startup probe failed: HTTP probe failed with statuscode: 503",
                "Container nim failed startup probe, will be restarted",
                since=5,
            ),
            "longer than its budget of 1800 s (startup_timeout): it listened, and the model was not ready",
        ),
        (
            probed(
                "Startup probe failed: Get http://10.0.0.1:8000/: dial tcp: connection refused",
                "Container nim failed startup probe, will be restarted",
                since=5,
            ),
            "nothing listened on its port (http)",
        ),
    ],
    "startup-late": [(snapshot(running(1500)), "for 1500 s of the 1800 s")],
    "probe-path": [
        (probed("Startup probe failed: HTTP probe failed with statuscode: 404"), "not on the probe's path /v1/health/ready (404)")
    ],
    "liveness-killed": [
        (probed("Liveness probe failed: timeout", "Container nim failed liveness probe, will be restarted", since=3), "stopped answering")
    ],
    "pod-security": [
        (
            refused(
                'pods "llama-x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "p" must set ...)'
            ),
            "Pod Security restricted:latest of the namespace refuses the pod: allowPrivilegeEscalation",
        )
    ],
    "quota-exceeded": [
        (
            refused(
                f'pods "llama-x" is forbidden: exceeded quota: gpus, requested: requests.{GPU}=2, used: requests.{GPU}=3, limited: requests.{GPU}=4'
            ),
            "The namespace's quota gpus is used up: asked requests.nvidia.com/gpu=2, used requests.nvidia.com/gpu=3, limit requests.nvidia.com/gpu=4",
        )
    ],
    "quota-unlimited": [
        (
            refused('pods "x" is forbidden: failed quota: compute: must specify limits.ephemeral-storage for: nim'),
            "must have".replace("must have", "ephemeral_storage"),
        )
    ],
    "limit-range": [(refused('pods "x" is forbidden: maximum memory usage per Container is 8Gi, but limit is 20Gi'), "LimitRange")],
    "webhook-refused": [
        (refused('admission webhook "validate.kyverno.svc" denied the request: label team is required'), "label team is required")
    ],
    "webhook-broken": [
        (
            refused('Internal error occurred: failed calling webhook "mutate.istio.io": failed to call webhook: no endpoints available'),
            "mutate.istio.io does not answer",
        )
    ],
    "service-account-missing": [
        (refused('error looking up service account ml/default: serviceaccount "default" not found'), "service account")
    ],
    "priority-class-missing": [(refused("no PriorityClass with name gold was found"), "There is no PriorityClass gold")],
    "runtime-class-missing": [
        (refused('pod rejected: RuntimeClass "nvidia" not found'), "There is no RuntimeClass nvidia"),
        (
            snapshot(
                waiting("ContainerCreating"),
                events=[
                    event(
                        "FailedCreatePodSandBox",
                        'rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for "nvidia" is configured',
                    )
                ],
            ),
            "container toolkit",
        ),
    ],
    "namespace-ending": [(refused("unable to create new content in namespace ml because it is being terminated"), "being deleted")],
    "pod-refused": [(refused("pods is forbidden: odd"), "odd")],
    "node-lost": [
        (snapshot(running(), nodes=[node(ready=False)]), "The pod's node gpu-0 does not answer"),
        (snapshot(running(), nodes=[node("gpu-1")]), "The pod's node gpu-0 is gone"),
    ],
    "evicted-disk": [
        (
            failed("Evicted", "The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 2Gi."),
            "Raise ephemeral_storage",
        ),
        (failed("Evicted", 'Usage of EmptyDir volume "cache" exceeds the limit "50Gi".'), "cache.size of an empty_dir"),
    ],
    "evicted-memory": [(failed("Evicted", "The node was low on resource: memory."), "nodes of its own")],
    "evicted": [(failed("Odd", "for some reason"), "for some reason")],
    "node-shutdown": [(failed("Terminated", "Pod was terminated in response to imminent node shutdown."), "spot")],
    "pod-preempted": [
        (failed("Preempted", "preempted by pod x"), "priority_class"),
        (snapshot(pod(), events=[event("Preempted", "Preempted by pod 1234 on node gpu-0", age=30)]), "higher priority"),
    ],
    "node-admission": [(failed("OutOfnvidia.com/gpu", "Node didn't have enough resource: nvidia.com/gpu"), "device plugin")],
    "pod-network": [
        (
            snapshot(
                waiting("ContainerCreating"),
                events=[event("FailedCreatePodSandBox", 'plugin type="aws-cni" failed (add): failed to assign an IP address')],
            ),
            "network plugin",
        )
    ],
    "pod-sandbox": [(snapshot(waiting("ContainerCreating"), events=[event("FailedCreatePodSandBox", "odd")]), "odd")],
    "rollout-paused": [(snapshot(deployments=[deployment(paused=True)]), "rollout resume deployment/llama")],
    "progress-deadline": [
        (
            snapshot(
                deployments=[
                    deployment(
                        conditions=[
                            {
                                "type": "Progressing",
                                "status": "False",
                                "reason": "ProgressDeadlineExceeded",
                                "message": "has timed out progressing.",
                            }
                        ]
                    )
                ]
            ),
            "startup_timeout",
        )
    ],
    "no-replicas": [(snapshot(deployments=[deployment(replicas=0)]), "Raise replicas")],
    "rollout-needs-spare-gpu": [
        (
            snapshot(
                running(ready=True, name="old", template="aaa"),
                unschedulable(NO_GPU, template="bbb"),
                deployments=[deployment(strategy={"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}})],
            ),
            "only the old pod could free. | Use rollout: recreate",
        )
    ],
    "old-pod-stuck": [
        (
            snapshot(running(name="old", metadata={"deletionTimestamp": ago(300)})),
            "should have ended 300 s ago and still holds its GPUs: its node does not confirm",
        ),
        (
            snapshot(running(name="old", metadata={"deletionTimestamp": ago(300), "finalizers": ["x.io/keep"]})),
            "finalizers hold it: ['x.io/keep']",
        ),
    ],
    "service-selector": [
        (snapshot(running(ready=True), services=[service(selector={"app": "else"})]), "selects none of the ready pods: app=else")
    ],
    "service-port": [
        (
            snapshot(running(ready=True), services=[service(ports=[{"name": "http", "port": 8000, "targetPort": "web"}])]),
            "a port named web, which no container has",
        )
    ],
    "load-balancer": [(snapshot(running(ready=True), services=[service(type="LoadBalancer")]), "No load balancer has been given")],
    **{
        f"loader-{kind}": [
            (
                snapshot(ended("adapter one: what happened: what to do", code, container="download-loras")),
                "adapter one: what happened: what to do",
            )
        ]
        for kind, code in EXIT_CODES.items()
    },
}

NEAR_MISSES: dict[str, Snapshot] = {
    # cause: an object set close to one that shows it, and does not
    "gpu-insufficient": snapshot(unschedulable("0/1 nodes are available: 1 Insufficient memory."), nodes=[node()]),
    "gpu-absent": snapshot(unschedulable(NO_GPU), nodes=[node(gpu=0), node("b", 1)]),
    "gpu-too-many": snapshot(unschedulable(NO_GPU, gpu=8), nodes=[node()]),
    "node-too-small": snapshot(unschedulable(NO_GPU), nodes=[node()]),
    # the tainted node has no GPU anyway
    "taint": snapshot(
        unschedulable(f"0/2 nodes are available: 1 Insufficient {GPU}, 1 node(s) had untolerated taint {{team: a}}."),
        nodes=[node("cpu", 0, taints=[{"key": "team", "value": "a", "effect": "NoSchedule"}]), node()],
    ),
    "node-not-ready": snapshot(
        unschedulable("0/1 nodes are available: 1 node(s) had untolerated taint {a: }."),
        nodes=[node(taints=[{"key": "a", "effect": "NoSchedule"}])],
    ),
    "node-cordoned": snapshot(unschedulable(NO_GPU), nodes=[node()]),
    "node-selector": snapshot(
        unschedulable(
            "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.", spec={"nodeSelector": {"gpu": "h100"}}
        ),
        nodes=[node(labels={"gpu": "h100"})],
    ),
    "node-affinity": snapshot(unschedulable(NO_GPU), nodes=[node()]),
    "anti-affinity": snapshot(unschedulable("didn't match pod topology spread constraints")),
    "topology-spread": snapshot(unschedulable("didn't match pod anti-affinity rules")),
    "node-full-of-pods": snapshot(unschedulable("Too many volumes")),
    "host-port-taken": snapshot(unschedulable(NO_GPU)),
    "no-nodes": snapshot(unschedulable(NO_GPU)),
    "no-scheduler": snapshot(pod(age=20)),
    "scheduling-gated": snapshot(unschedulable(NO_GPU)),
    "claim-missing": snapshot(unschedulable('persistentvolumeclaim "models" is being deleted')),
    "claim-no-class": snapshot(
        pod(),
        persistentvolumeclaims=[claim("Bound")],
        events=[event("FailedBinding", "no persistent volumes available for this claim and no storage class is set", claim())],
    ),
    "claim-class-missing": claimed("quota exceeded"),
    "claim-access-mode": claimed("boom"),
    "storage-quota": claimed("boom"),
    "claim-provisioning": claimed("waiting for first consumer to be created before binding", "WaitForFirstConsumer"),
    "volume-name-unavailable": claimed("boom"),
    "claim-no-provisioner": snapshot(
        pod(), persistentvolumeclaims=[claim(age=30)], events=[event("ExternalProvisioning", "Waiting for a volume", claim())]
    ),
    "claim-lost": snapshot(pod(), persistentvolumeclaims=[claim("Bound")]),
    "claim-being-deleted": snapshot(pod(), persistentvolumeclaims=[claim("Bound")]),
    "volume-elsewhere": snapshot(unschedulable("1 node(s) didn't match Pod's node affinity/selector.")),
    "volume-attached-limit": snapshot(unschedulable("1 Too many pods.")),
    "volume-read-write-once-pod": snapshot(unschedulable(NO_GPU)),
    "volume-multi-attach": snapshot(running(), events=[event("FailedAttachVolume", "Multi-Attach error for volume", running())]),
    "config-map-missing": snapshot(waiting("CreateContainerConfigError", 'secret "a" not found')),
    "config-map-key-missing": snapshot(waiting("CreateContainerConfigError", "couldn't find key A in Secret ml/settings")),
    "volume-driver-missing": mounting("timed out"),
    "volume-not-writable": mounting("timed out"),
    "volume-mount": snapshot(running(), events=[event("FailedMount", "timed out waiting for the condition", running())]),
    # the words "not found" stand in the image's own name
    "image-not-found": snapshot(waiting("ErrImagePull", "rpc error: dial tcp: i/o timeout")),
    "image-unauthorized": pulled("not found"),
    "image-rate-limited": pulled("not found"),
    "image-registry-unreachable": pulled("not found"),
    "image-disk-full": pulled("not found"),
    "image-architecture": pulled("not found"),
    "image-name-invalid": pulled("not found"),
    "image-never-pulled": pulled("not found"),
    "image-pull": snapshot(waiting("ContainerCreating")),
    "secret-missing": snapshot(waiting("CreateContainerConfigError", 'configmap "a" not found')),
    "secret-key-missing": snapshot(waiting("CreateContainerConfigError", "couldn't find key A in ConfigMap ml/settings")),
    "image-runs-as-root": snapshot(waiting("CreateContainerConfigError", 'secret "a" not found')),
    "sub-path": snapshot(waiting("CreateContainerConfigError", 'secret "a" not found')),
    "container-config": snapshot(waiting("CreateContainerError", "x")),
    "pull-secret-missing": snapshot(running(), secrets=PULL_FACTS),
    "pull-secret-type": snapshot(running(), secrets=PULL_FACTS),
    "pull-secret-registry": snapshot(running(), secrets=PULL_FACTS),
    "loader-out-of-memory": snapshot(ended("", 137, "OOMKilled")),
    "loader-unknown": snapshot(ended("", 12, container="download-loras")),
    "out-of-memory": snapshot(ended("", 137, "Error")),
    "container-out-of-memory": snapshot(ended("", 137, "OOMKilled")),
    "gpu-out-of-memory": snapshot(ended("out of disk")),
    "shm-too-small": snapshot(ended("OSError: [Errno 28] No space left on device: '/opt/nim/.cache/blob'")),
    "driver-too-old": snapshot(ended("driver says hello")),
    "gpu-not-visible": snapshot(ended("CUDA out of memory")),
    "gpu-count": snapshot(ended("tensor parallel size 2 is fine")),
    "no-profile": snapshot(ended("Selected profile: vllm-fp16-tp1")),
    "adapter-rank": snapshot(ended("LoRA rank 16 loaded")),
    "lora-unsupported": snapshot(ended("LoRA rank 64 is greater than max_lora_rank 16.")),
    "ngc-key-refused": snapshot(ended("GET /v1/models 401")),
    "model-gated": snapshot(ended("RepositoryNotFoundError")),
    "cache-not-writable": snapshot(ended("Permission denied: '/etc/shadow'")),
    "disk-full": snapshot(ended("space shuttle")),
    "download-unreachable": snapshot(ended("connected")),
    "server-port-taken": snapshot(ended("address resolved")),
    "server-arguments": snapshot(ended("arguments parsed")),
    "command-not-found": snapshot(waiting("CreateContainerError", "context deadline exceeded")),
    "container-start": snapshot(waiting("ContainerCreating", "x")),
    "crash-loop": snapshot(ended("CUDA out of memory")),
    "startup-budget": probed("Startup probe failed: HTTP probe failed with statuscode: 503"),
    "startup-late": snapshot(running(1400)),
    "probe-path": probed("Startup probe failed: HTTP probe failed with statuscode: 503"),
    "liveness-killed": probed("Liveness probe failed: timeout"),
    **dict.fromkeys(
        (
            "pod-security",
            "quota-exceeded",
            "quota-unlimited",
            "limit-range",
            "webhook-refused",
            "webhook-broken",
            "service-account-missing",
            "priority-class-missing",
            "runtime-class-missing",
            "namespace-ending",
        ),
        refused("pods is forbidden: odd"),
    ),
    # it failed once, and the pod was made since
    "pod-refused": snapshot(
        replicasets=[replica_set(wanted=2, there=1)],
        events=[
            event("FailedCreate", "odd", {"metadata": {"name": "llama-5d9", "uid": "uid-rs"}}, age=20),
            event("SuccessfulCreate", "made", {"metadata": {"name": "llama-5d9", "uid": "uid-rs"}}, age=5),
        ],
    ),
    "node-lost": snapshot(running(), nodes=[node()]),
    "evicted-disk": failed("Evicted", "The node was low on resource: memory."),
    "evicted-memory": failed("Evicted", "The node was low on resource: ephemeral-storage."),
    # a later pod is ready: the evicted one is only a record
    "evicted": snapshot(running(ready=True), pod("dead", node="gpu-0", status={"phase": "Failed", "reason": "Odd", "message": "x"})),
    "node-shutdown": failed("Evicted", "The node was low on resource: memory."),
    "pod-preempted": snapshot(running(ready=True), events=[event("Preempted", "Preempted by pod 1", age=30)]),
    "node-admission": failed("Evicted", "The node was low on resource: memory."),
    "pod-network": snapshot(running(), events=[event("FailedCreatePodSandBox", "network", running())]),
    "pod-sandbox": snapshot(running(), events=[event("FailedCreatePodSandBox", "odd", running())]),
    "rollout-paused": snapshot(deployments=[deployment(paused=False)]),
    "progress-deadline": snapshot(
        deployments=[deployment(conditions=[{"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}])]
    ),
    "no-replicas": snapshot(deployments=[deployment(replicas=1)]),
    "rollout-needs-spare-gpu": snapshot(
        running(ready=True, name="old", template="aaa"),
        unschedulable(NO_GPU, template="bbb"),
        deployments=[deployment(strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}})],
    ),
    "old-pod-stuck": snapshot(running(name="old", metadata={"deletionTimestamp": ago(30)})),
    "service-selector": snapshot(running(ready=True), services=[service()]),
    "service-port": snapshot(running(ready=True), services=[service()]),
    "load-balancer": snapshot(running(ready=True), services=[service()]),
    **{f"loader-{kind}": snapshot(ended("", 99, container="download-loras")) for kind in EXIT_CODES},
}


@pytest.mark.parametrize(("cause", "seen", "words"), [(cause, seen, words) for cause, sets in CASES.items() for seen, words in sets])
def test_a_cause_is_found_and_said(cause: str, seen: Snapshot, words: str):
    found = {finding.cause: finding for finding in diagnose(seen)}
    assert cause in found, f"found {list(found)}"
    finding = found[cause]
    said = f"{finding.headline} | {finding.cure} | {finding.evidence}"
    assert words in said
    assert finding.cure.endswith((".", ">", "%"))
    assert "{" not in finding.text
    assert "None" not in said


@pytest.mark.parametrize("cause", CASES)
def test_a_near_miss_is_not_that_cause(cause: str):
    assert cause not in [finding.cause for finding in diagnose(NEAR_MISSES[cause])]


def test_every_cause_that_a_rule_names_is_tested():
    rules = Path(__file__).parents[3] / "nim_component" / "diagnose" / "rules"
    named = {cause for file in rules.glob("*.py") for cause in re.findall(r'(?:Words|Finding)\(\s*"([a-z-]+)"', file.read_text())}
    assert named - set(CASES) == set()
    assert len(CASES) >= 60


def test_every_cause_is_in_the_documents_and_no_other():
    page = (Path(__file__).parents[3] / "docs" / "diagnosis.md").read_text(encoding="utf-8")
    table = page.partition("| subject | causes |")[2].partition("What a cluster says")[0]
    listed = {cause for cause in re.findall(r"`([a-z-]+)`", table) if not cause.endswith("-")}
    kinds = {cause for cause in CASES if cause.removeprefix("loader-") in EXIT_CODES and cause.startswith("loader-")}
    assert set(CASES) - kinds == listed - {kind for kind in EXIT_CODES if kind in listed and kind not in CASES}


def test_every_failure_of_the_loader_has_a_meaning():
    assert set(MEANINGS) == set(EXIT_CODES)


def test_a_service_that_is_well_has_no_findings():
    it = running(ready=True)
    seen = snapshot(
        it, nodes=[node()], services=[service()], deployments=[deployment()], replicasets=[replica_set(there=1)], persistentvolumeclaims=[claim("Bound")],
        events=[event("Scheduled", "assigned", it, type_="Normal"), event("FailedScheduling", NO_GPU, it, age=100)], secrets=PULL_FACTS,
    )  # fmt: skip
    assert diagnose(seen) == []


def test_one_finding_stands_for_many_pods():
    (found,) = diagnose(snapshot(*(unschedulable(NO_GPU, name=f"p{i}") for i in range(3)), nodes=[node()]))
    assert (found.cause, found.about) == ("gpu-insufficient", 3)
    assert "(3 pods)" in found.headline


def test_a_guess_is_left_out_where_something_better_is_known():
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "late"}
    found = diagnose(snapshot(unschedulable(NO_GPU), nodes=[node()], deployments=[deployment(conditions=[late])]))
    assert [each.cause for each in found] == ["gpu-insufficient"]


def test_a_taint_and_full_gpu_nodes_are_both_said():
    message = f"0/2 nodes are available: 1 Insufficient {GPU}, 1 node(s) had untolerated taint {{team: a}}."
    seen = snapshot(unschedulable(message), nodes=[node(taints=[{"key": "team", "value": "a", "effect": "NoSchedule"}]), node("b", 1)])
    assert {each.cause for each in diagnose(seen)} == {"gpu-insufficient", "taint"}


@pytest.mark.parametrize(
    "garbage",
    [
        {},
        {"metadata": None},
        {"metadata": [], "spec": 3, "status": "x"},
        {"spec": {"containers": [None, 3, {"name": 1}]}, "status": {"conditions": 1}},
    ],
)
@pytest.mark.parametrize(
    "kind", ["pods", "events", "replicasets", "deployments", "persistentvolumeclaims", "nodes", "services", "storageclasses"]
)
def test_an_object_of_any_form_breaks_no_rule(garbage: dict[str, Any], kind: str):
    base: dict[str, Any] = {"nodes": [node()], "services": [service()], "deployments": [deployment()], "pods": [unschedulable(NO_GPU)]}
    base[kind] = [*base.get(kind, []), garbage]
    make: Callable[..., Snapshot] = snapshot
    diagnose(make(*base.pop("pods"), **base))
