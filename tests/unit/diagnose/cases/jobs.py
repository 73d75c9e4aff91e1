"""The Jobs that fill the cache and bring adapters: the same causes as of a server, and their own; and containers beside the server."""

from nim_component.diagnose.snapshot import Snapshot

from ..made import ago, ended, event, job, job_ended, job_pod, node, over, pod, snapshot
from ..shown import Case, NearMiss

AFFINITY = "0/4 nodes are available: 1 Insufficient cpu, 3 node(s) didn't match pod affinity rules."


def unplaced(message: str, container: str = "prewarm") -> Snapshot:
    conditions = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]
    return snapshot(job_pod(node="", container=container, conditions=conditions), jobs=[job(container=container)], nodes=[node()])


def refused(words: str, **more: object) -> Snapshot:
    it = job(**more)
    return snapshot(jobs=[it], events=[event("FailedCreate", words, it, "Job")])


def beside(name: str, code: int = 1, message: str = "boom") -> Snapshot:
    """An init container of the server's pod that failed."""
    state = {"terminated": {"exitCode": code, "reason": "Error", "message": message, "finishedAt": ago(5)}}
    status = {"name": name, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": state, "restartCount": 1, "ready": False}
    init = [{"name": name, "image": "x", "resources": {"limits": {"memory": "2Gi"}}}]
    return snapshot(pod(node="gpu-0", spec={"initContainers": init}, initContainerStatuses=[status]))


CASES: dict[str, list[Case]] = {
    "job-deadline": [
        (
            snapshot(jobs=[over("Failed", "DeadlineExceeded", "Job was active longer than specified deadline")]),
            "The Job exceeded its deadline of 2 h 0 min. | Raise cache.prewarm.timeout. Downloaded files are kept",
        ),
        (snapshot(jobs=[over("Failed", "DeadlineExceeded", container="download-loras")]), "Raise startup_timeout"),
    ],
    "job-failed": [
        (
            snapshot(jobs=[over("Failed", "BackoffLimitExceeded", "Job has reached it", status={"failed": 4})]),
            "The Job failed 4 times and is not retried",
        )
    ],
    "job-late": [(snapshot(job_pod(), jobs=[job(age=6000)]), "has used 1 h 40 min of its deadline of 2 h 0 min")],
    "job-suspended": [(snapshot(jobs=[job(suspend=True)]), "The queue that suspended it (such as Kueue)")],
    "prewarm-out-of-memory": [
        (
            snapshot(job_ended("", 137, "OOMKilled"), jobs=[job()]),
            "The prewarm Job ran out of memory (8Gi). | Raise cache.prewarm.mem.",
        )
    ],
    "prewarm-elsewhere": [
        (unplaced(AFFINITY), "Make room on that node (cache.prewarm.cpu, cache.prewarm.mem), or set cache.access_mode to ReadWriteMany.")
    ],
    "container-failed": [
        (
            snapshot(job_ended("Traceback: odd", 3), jobs=[job()]),
            "The model download of the prewarm Job failed with exit code 3 (likely). | See the evidence for the reason. Check cache.prewarm",
        ),
        (
            beside("fetch-loras"),
            "The adapter fetcher failed with exit code 1 (likely). | See the evidence for the reason. Correct lora.source",
        ),
        (beside("join-authorities"), "network.ca_config_map must contain certificates in PEM. | boom"),
        (
            beside("mine"),
            "The container mine failed with exit code 1 (likely). | See the evidence for the reason. Correct extra_containers. | boom",
        ),
    ],
    # the same causes as of a server
    "ngc-key-refused": [(snapshot(job_ended("Error: 401 from api.ngc.nvidia.com"), jobs=[job()]), "the API key for the model download")],
    "disk-full": [(snapshot(job_ended("OSError: No space left on device"), jobs=[job()]), "The disk for the model download is full")],
    "node-too-small": [
        (unplaced("0/1 nodes are available: 1 Insufficient memory."), "has 8Gi of memory free. | Lower cache.prewarm.mem, or"),
        (unplaced("0/1 nodes are available: 1 Insufficient memory.", "download-loras"), "Lower lora_adapter_mem, or use larger nodes."),
    ],
    "loader-gated": [
        (snapshot(job_ended("one: gated", 12, container="download-loras"), jobs=[job(container="download-loras")]), "Accept its terms"),
        (beside("check-loras", 12, "one: gated"), "one: gated"),
    ],
    "pod-security": [
        (
            refused('Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest": hostPath volumes'),
            "level restricted:latest rejects",
        )
    ],
    "quota-exceeded": [
        (refused('pods "x" is forbidden: exceeded quota: cpu, requested: cpu=2, used: cpu=9, limited: cpu=10'), "used cpu=9")
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
    "job-deadline": snapshot(jobs=[over("Failed", "BackoffLimitExceeded")]),
    # the cause is known
    "job-failed": snapshot(job_ended("No space left on device"), jobs=[over("Failed", "BackoffLimitExceeded")]),
    "job-late": snapshot(job_pod(), jobs=[job(age=5700)]),
    "job-suspended": snapshot(jobs=[over("Complete", suspend=True)]),
    "prewarm-out-of-memory": snapshot(ended("", 137, "OOMKilled")),
    "prewarm-elsewhere": [
        snapshot(pod(conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": AFFINITY}])),
        unplaced("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."),
    ],
    # its words, or its exit code, are known
    "container-failed": [snapshot(job_ended("No space left on device"), jobs=[job()]), snapshot(ended("", 12, container="download-loras"))],
    # it failed once, and a pod was made since
    "pod-security": snapshot(
        jobs=[job()],
        events=[
            event("FailedCreate", 'violates PodSecurity "restricted"', _ENDED, "Job", age=20),
            event("SuccessfulCreate", "Created pod", _ENDED, "Job", age=5),
        ],
    ),
    "quota-exceeded": refused("exceeded quota: cpu", status={"active": 1}),
    "loader-gated": beside("mine", 12),
}
