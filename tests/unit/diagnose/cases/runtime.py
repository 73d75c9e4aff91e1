"""Containers that the container runtime of a node cannot create or start."""

from nim_component.diagnose.snapshot import Snapshot

from ..kubernetes_objects import crashed, snapshot, waiting
from ..snapshots import Case, NearMiss


def refused(message: str) -> Snapshot:
    """Return a pod whose container the container runtime refuses."""
    return snapshot(waiting("CreateContainerError", message))


SHIM = "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
RUNC = SHIM + "runc create failed: unable to start container process: "

CASES: dict[str, list[Case]] = {
    "gpu-device-unresolved": [
        (
            refused(SHIM + "error modifying OCI spec: failed to inject CDI devices: unresolvable CDI devices nvidia.com/gpu=0"),
            "cdi generate",
        )
    ],
    "gpu-device-unknown": [(refused(RUNC + "nvidia-container-cli: device error: MIG-1: unknown device: unknown"), "MIG layout")],
    "gpu-driver-not-ready": [
        (refused(RUNC + "nvidia-container-cli: initialization error: nvml error: driver not loaded"), "nvidia-driver-daemonset"),
        (refused(RUNC + 'error mounting "/run/nvidia/driver/usr/lib" to rootfs at "/usr/lib": no such file or directory'), "not loaded"),
    ],
    "gpu-toolkit": [(refused('could not select device driver "" with capabilities: [[gpu]]'), "runtime_class to nvidia")],
    "image-has-driver-files": [
        (refused(RUNC + "nvidia-container-cli: mount error: file creation failed: /r/usr/lib/libcuda.so.1: file exists"), "Set image"),
    ],
    "memory-limit-start": [
        (snapshot(crashed(RUNC + "container init was OOM-killed (memory limit too low?)", 128, "StartError")), "Raise mem")
    ],
    "image-user-missing": [(refused(RUNC + "unable to find user nim: no matching entries in passwd file"), "Set run_as_user")],
    "working-directory": [(refused(RUNC + 'chdir to cwd ("/opt/nim") set in config.json failed: permission denied'), "run_as_user")],
    "container-mount": [(refused(RUNC + 'error mounting "/var/lib/x" to rootfs at "/opt/x": not a directory'), "extra_mounts")],
    "security-profile-missing": [
        (refused("failed to generate apparmor spec opts: apparmor profile not found k8s-deny"), "RuntimeDefault"),
    ],
    "user-namespace-unsupported": [(refused(RUNC + "failed to set MOUNT_ATTR_IDMAP on /x: invalid argument"), "hostUsers")],
    "runtime-overloaded": [
        (refused('failed to reserve container name "nim_llama_0": name "nim_llama_0" is reserved for "d6fc"'), "drain the node"),
        (refused("context deadline exceeded"), "in time"),
    ],
    "runtime-cgroup": [(refused('expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups'), "cgroup driver")],
}

NEAR_MISSES: dict[str, NearMiss] = {
    "gpu-device-unresolved": refused("odd"),
    "gpu-device-unknown": refused(RUNC + "nvidia-container-cli: initialization error: odd"),
    "gpu-driver-not-ready": [
        refused(RUNC + "nvidia-container-cli: device error: MIG-1: unknown device: unknown"),
        refused(RUNC + "nvidia-container-cli: ldcache error: open failed: /run/nvidia/driver/sbin/ldconfig: no such file or directory"),
    ],
    "image-has-driver-files": refused(RUNC + "nvidia-container-cli: mount error: file creation failed: /r/dev/nvidia0: file exists"),
    "gpu-toolkit": refused(RUNC + 'exec: "nvidia-smi": executable file not found in $PATH'),
    "memory-limit-start": refused('failed to reserve container name "nim_oom-killed_0"'),
    "image-user-missing": refused(RUNC + 'exec: "user": executable file not found in $PATH'),
    "working-directory": refused("odd"),
    "container-mount": refused(RUNC + 'exec: "mount": executable file not found in $PATH'),
    "security-profile-missing": refused("odd"),
    "user-namespace-unsupported": refused("odd"),
    "runtime-overloaded": refused(RUNC + 'exec: "timeout": executable file not found in $PATH'),
    "runtime-cgroup": refused("odd"),
}
