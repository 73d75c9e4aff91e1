"""Patterns of messages of the NVIDIA Container Toolkit, inside those of the container runtime.

The kind of an error of `nvidia-container-cli` shows which step failed: initialization and detection
need the driver; ldcache, container and permission errors are faults of the toolkit itself.
[Source](https://github.com/NVIDIA/libnvidia-container/blob/main/src/cli/configure.c)
"""

from .patterns import MessagePattern, any_of
from .server_messages.gpus import DRIVER_TOO_OLD

CREATE = (
    r"(?:Error: )?(?:rpc error: code = \w+ desc = )?(?:failed to create containerd (?:task|container): )?(?:failed to create shim task: )?"
    r"(?:failed to start containerd task \"[^\"]*\": )?(?:container create failed: )?(?:OCI runtime create failed: )?"
)
"""Start of the sentences of containerd and CRI-O."""
_CLI = r"nvidia-container-cli(?:\.real)?: "

TOOLKIT_PATTERNS = (
    MessagePattern(
        "gpu-unsupported",
        r"requirement error: unsatisfied condition: (?:arch|brand)\b",
        "The image does not support the GPUs of the node",
        "Select nodes with another GPU with node_selector, or use an image for the node's GPUs.",
        "likely",
    ),
    MessagePattern("driver-too-old", r"unsatisfied condition: (?:cuda|driver)\b", *DRIVER_TOO_OLD, confidence="likely"),
    MessagePattern(
        "gpu-device-unresolved",
        any_of(
            r"unresolvable CDI devices? (?P<device>[^\s,:]+)|failed to (?:stat CDI host device|inject CDI devices)",
            r"CDI device injection failed|CDI registry has|conflicting device",
        ),
        "The node's CDI specification does not list the GPU that was assigned to the pod",
        "Create the specification again on the node: restart its NVIDIA Container Toolkit pod and its device plugin, or run "
        "`nvidia-ctk cdi generate`.",
        "likely",
        sentences=(CREATE + r"[^\n]{0,200}unresolvable CDI devices (?P<device>[^\s,:]+)[^\n]*",),
    ),
    MessagePattern(
        "gpu-device-unknown",
        _CLI + r"device error: [^\n]{0,120}unknown device|unknown device id: ",
        "The node does not recognise the GPU or MIG device that was assigned to the pod",
        "Restart the device plugin of the node: its list of devices is from before a change of the MIG layout or of the GPUs.",
        "likely",
        sentences=(CREATE + r"[^\n]{0,400}nvidia-container-cli(?:\.real)?: device error: [^\n]*unknown device[^\n]*",),
    ),
    MessagePattern(
        "driver-mismatch",
        r"nvml error: driver/library version mismatch",
        "The NVIDIA driver's libraries on the node do not match the driver that the node runs",
        "Drain and restart the node: its driver was updated while the old one was loaded.",
        "likely",
    ),
    MessagePattern(
        "gpu-fault",
        any_of(
            r"nvml error: (?:gpu is lost|gpu requires re(?:set|start)|uncorrectable)",
            _CLI + r"mount error: file creation failed: [^\n]{0,600}/dev/nvidia\d{1,3}: no such device",
        ),
        "A GPU of the node has failed",
        "Cordon the pod's node and delete the pod. Then reset or replace the GPU (the node's kernel log has the Xid).",
        "likely",
    ),
    MessagePattern(
        "gpu-toolkit",
        _CLI + r"ldcache error: ",
        "The NVIDIA Container Toolkit cannot run ldconfig for the container",
        "Set ldconfig in /etc/nvidia-container-runtime/config.toml of the node to its ldconfig (@/sbin/ldconfig, on Ubuntu "
        "@/sbin/ldconfig.real), and update the toolkit.",
        "likely",
    ),
    MessagePattern(
        "gpu-toolkit",
        _CLI + r"(?:container error: |mount error: failed to add device rules|[^\n]{0,80}bpf_prog_query)",
        "The NVIDIA Container Toolkit cannot add the GPU to the container's cgroup",
        "Update the toolkit of the node: older versions do not support its cgroup version. Or generate a CDI specification, so that "
        "the container runtime adds the devices.",
        "likely",
    ),
    MessagePattern(
        "gpu-toolkit",
        _CLI + r"(?:permission|input|mig-config|mig-monitor) error: |invoking the NVIDIA Container Runtime Hook directly",
        "The NVIDIA Container Toolkit of the node is called without the rights or arguments that it needs",
        "Install the toolkit again on the node: `nvidia-ctk runtime configure`, then restart the container runtime.",
        "likely",
    ),
    MessagePattern(
        "gpu-toolkit",
        r"No help topic for '[\w-]+'",
        "The NVIDIA Container Toolkit of the node is older than the component that wrote its CDI specification",
        "Update the toolkit on the node to the release of the GPU operator, the device plugin or the DRA driver.",
        "likely",
    ),
    MessagePattern(
        "image-has-driver-files",
        _CLI + r"mount error: file creation failed: [^\n]{0,600}/lib(?:nvidia|cuda)[\w.-]{1,80}: file exists",
        "The image contains files of the NVIDIA driver, which the node mounts into the container",
        "Set image to one without the driver's libraries (libcuda, libnvidia-ml): it was built where they were mounted.",
        "likely",
    ),
    MessagePattern(
        "container-mount",
        _CLI + r"mount error: file creation failed: ",
        "The NVIDIA Container Toolkit cannot create the driver's files in the container",
        "Correct extra_mounts: no volume may be mounted at /dev, /run, /var/run or the directories of libraries.",
        "likely",
    ),
    MessagePattern(
        "gpu-driver-not-ready",
        any_of(
            _CLI + r"(?:initialization|detection|driver|mount) error|stat failed: /(?:dev|run)/nvidia\S*: no such file",
            r"libnvidia-ml\.so\.1: cannot open shared object|driver rpc error|"
            r"nvml error: (?:driver not loaded|insufficient permissions|unknown)",
            r'error mounting "?/(?:run/nvidia|usr/lib\S*/libnvidia|usr/lib\S*/libcuda|dev/nvidia|usr/bin/nvidia|proc/driver/nvidia)',
            r'(?:stat|lstat|open) "?(?:/host)?(?:/run/nvidia/\S*|/dev/nvidia\S*)"?: no such file or directory',
            r'error gathering device information while adding custom device "/dev/nvidia',
            r"failed to get driver version|failed to construct (?:CDI|discoverer)[^\n]{0,200}(?:driver|nvml)|no NVIDIA GPU device found",
        ),
        "The NVIDIA driver of the node is not loaded, or not completely",
        "Wait until the node's driver pod is ready (GPU Operator: nvidia-driver-daemonset). If there is none, reinstall the driver, or "
        "drain the node.",
        "likely",
    ),
    MessagePattern(
        "gpu-toolkit",
        any_of(
            r"could not select device driver",
            r'exec: "?(?:/\S*/)?nvidia-container-(?:runtime|cli|toolkit)\S*"?: (?:executable file not found|no such file)',
            r"fork/exec \S*nvidia\S*: no such file|no runtime for \"?nvidia",
            r"error (?:constructing|locating) (?:low-level )?runtime",
        ),
        "The NVIDIA Container Toolkit is missing or wrongly configured on the node",
        "Install the toolkit on the GPU nodes and configure its container runtime. Set runtime_class to nvidia if the cluster requires it.",
        "likely",
    ),
    MessagePattern(
        "gpu-not-visible",
        _CLI + r"|nvidia-container-runtime[^\n]{0,40}: error",
        "The node cannot provide the container's GPU",
        "Check the driver and the NVIDIA Container Toolkit on the node. Set runtime_class to nvidia if the cluster requires it.",
        "likely",
    ),
)
"""Messages of `nvidia-container-cli`, its runtime and its hooks."""
