"""Prewarm Jobs and LoRA Jobs, with causes of their own and of servers; further containers."""

from nim_component.diagnose.snapshot import Snapshot

from ..kubernetes_objects import ago, crashed, event, failed_job_pod, finished_job, job, job_pod, node, pod, snapshot
from ..snapshots import Case, NearMiss

AFFINITY = "0/4 nodes are available: 1 Insufficient cpu, 3 node(s) didn't match pod affinity rules."


def unschedulable_job(message: str, container: str = "prewarm") -> Snapshot:
    conditions = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]
    return snapshot(job_pod(node="", container=container, conditions=conditions), jobs=[job(container=container)], nodes=[node()])


def rejected_job(message: str, **more: object) -> Snapshot:
    rejected = job(**more)
    return snapshot(jobs=[rejected], events=[event("FailedCreate", message, rejected, "Job")])


def failed_init_container(name: str, code: int = 1, message: str = "boom") -> Snapshot:
    """Return a server's pod whose init container failed."""
    state = {"terminated": {"exitCode": code, "reason": "Error", "message": message, "finishedAt": ago(5)}}
    status = {"name": name, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": state, "restartCount": 1, "ready": False}
    init = [{"name": name, "image": "x", "resources": {"limits": {"memory": "2Gi"}}}]
    return snapshot(pod(node="gpu-0", spec={"initContainers": init}, initContainerStatuses=[status]))


CASES: dict[str, list[Case]] = {
    "job-deadline": [
        (
            snapshot(jobs=[finished_job("Failed", "DeadlineExceeded", "Job was active longer than specified deadline")]),
            "The Job exceeded its deadline of 2 h. | Raise cache.prewarm.timeout. Downloaded files are kept",
        ),
        (snapshot(jobs=[finished_job("Failed", "DeadlineExceeded", container="download-loras")]), "Raise startup_timeout"),
    ],
    "job-failed": [
        (
            snapshot(jobs=[finished_job("Failed", "BackoffLimitExceeded", "Job has reached it", status={"failed": 4})]),
            "The Job failed 4 times and is not retried",
        )
    ],
    "job-late": [
        (
            snapshot(job_pod(), jobs=[job(age=6000)]),
            "has used 1 h 40 min of its deadline of 2 h (possible). | Raise cache.prewarm.timeout.",
        ),
        (snapshot(jobs=[job(age=6000, container="download-loras")]), "| Raise startup_timeout. Downloaded files are kept"),
    ],
    "job-suspended": [(snapshot(jobs=[job(suspend=True)]), "The queue that suspended it (such as Kueue)")],
    "prewarm-out-of-memory": [
        (
            snapshot(failed_job_pod("", 137, "OOMKilled"), jobs=[job()]),
            "The prewarm Job ran out of memory (8Gi). | Raise cache.prewarm.mem.",
        )
    ],
    "prewarm-elsewhere": [
        (
            unschedulable_job(AFFINITY),
            "Free resources on that node, lower cache.prewarm.cpu or cache.prewarm.mem, or set cache.access_mode to ReadWriteMany.",
        )
    ],
    "container-failed": [
        (
            snapshot(failed_job_pod("Traceback: odd", 3), jobs=[job()]),
            "The model download of the prewarm Job failed with exit code 3 (likely). | See the evidence for the reason. Check cache.prewarm",
        ),
        (
            failed_init_container("fetch-loras"),
            "The adapter fetcher failed with exit code 1 (likely). | See the evidence for the reason. Correct lora.source",
        ),
        (failed_init_container("join-authorities"), "network.ca_config_map must contain certificates in PEM. | boom"),
        (
            failed_init_container("mine"),
            "The container mine failed with exit code 1 (likely). | See the evidence for the reason. Correct extra_containers. | boom",
        ),
    ],
    # causes that a server has too
    "ngc-key-refused": [
        (snapshot(failed_job_pod("Error: 401 from api.ngc.nvidia.com"), jobs=[job()]), "the API key for the model download")
    ],
    "disk-full": [(snapshot(failed_job_pod("OSError: No space left on device"), jobs=[job()]), "The disk for the model download is full")],
    "node-too-small": [
        (unschedulable_job("0/1 nodes are available: 1 Insufficient memory."), "has 8Gi of memory free. | Lower cache.prewarm.mem, or"),
        (
            unschedulable_job("0/1 nodes are available: 1 Insufficient memory.", "download-loras"),
            "Lower lora_adapter_mem, or use larger nodes.",
        ),
        (
            unschedulable_job("0/1 nodes are available: 1 Insufficient ephemeral-storage."),
            "Lower the ephemeral storage of the container prewarm in overrides, or use larger nodes.",
        ),
        (
            unschedulable_job("0/1 nodes are available: 1 Insufficient cpu.", "download-loras"),
            "Lower the cpu of the container download-loras in overrides, or use larger nodes.",
        ),
    ],
    "loader-gated": [
        (
            snapshot(failed_job_pod("one: gated", 12, container="download-loras"), jobs=[job(container="download-loras")]),
            "Accept its terms",
        ),
        (failed_init_container("check-loras", 12, "one: gated"), "one: gated"),
    ],
    "pod-security": [
        (
            rejected_job('Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest": hostPath volumes'),
            "level restricted:latest rejects",
        )
    ],
    "quota-exceeded": [
        (rejected_job('pods "x" is forbidden: exceeded quota: cpu, requested: cpu=2, used: cpu=9, limited: cpu=10'), "used cpu=9")
    ],
    "image-not-found": [
        (
            snapshot(
                job_pod(
                    container="download-loras",
                    state={"waiting": {"reason": "ErrImagePull", "message": "rpc error: python:3.12-alpine: not found"}},
                ),
                jobs=[job(container="download-loras")],
            ),
            "The image python:3.12-alpine does not exist. | Correct lora_image: the registry",
        )
    ],
}

_ENDED = {"metadata": {"name": "llama-prewarm", "uid": "uid-job"}}

NEAR_MISSES: dict[str, NearMiss] = {
    "job-deadline": snapshot(jobs=[finished_job("Failed", "BackoffLimitExceeded")]),
    # a better cause is known
    "job-failed": snapshot(failed_job_pod("No space left on device"), jobs=[finished_job("Failed", "BackoffLimitExceeded")]),
    "job-late": snapshot(job_pod(), jobs=[job(age=5700)]),
    "job-suspended": snapshot(jobs=[finished_job("Complete", suspend=True)]),
    "prewarm-out-of-memory": snapshot(crashed("", 137, "OOMKilled")),
    "prewarm-elsewhere": [
        snapshot(pod(conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": AFFINITY}])),
        unschedulable_job("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."),
    ],
    # its message, or its exit code, has a cause of its own
    "container-failed": [
        snapshot(failed_job_pod("No space left on device"), jobs=[job()]),
        snapshot(crashed("", 12, container="download-loras")),
    ],
    # the first creation failed, and a later one succeeded
    "pod-security": snapshot(
        jobs=[job()],
        events=[
            event("FailedCreate", 'violates PodSecurity "restricted"', _ENDED, "Job", age=20),
            event("SuccessfulCreate", "Created pod", _ENDED, "Job", age=5),
        ],
    ),
    "quota-exceeded": rejected_job("exceeded quota: cpu", status={"active": 1}),
    "loader-gated": failed_init_container("mine", 12),
}
