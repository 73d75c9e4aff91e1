"""Patterns of messages of a container runtime that cannot create or start a container.

containerd, CRI-O and runc nest their messages. Each pattern is the text of the innermost one:
several words, so that no path or name can match it.
"""

from .patterns import SEE_EVIDENCE, MessagePattern, any_of
from .toolkit_messages import CREATE, TOOLKIT_PATTERNS

_RUNC = CREATE + r"(?:(?:crun|runc create failed|runc)?:? ?)(?:unable to start container process: )?(?:error during container init: )?"

RUNTIME_PATTERNS = (
    *TOOLKIT_PATTERNS,
    MessagePattern(
        "memory-limit-start",
        r"container init was OOM-killed|set memory limit [^\n]{0,60} too low|possibly OOM-killed",
        "The memory limit is too low for the container to start",
        "Raise mem, or the memory limit of the sidecar in extra_containers.",
        "likely",
        sentences=(CREATE + r"[^\n]{0,200}container init was OOM-killed \(memory limit too low\?\)[^\n]*",),
    ),
    MessagePattern(
        "volume-stale",
        r"stale (?:NFS )?file handle|transport endpoint is not connected",
        "The node's mount of a volume is stale: the server was restarted, or the directory was replaced",
        "Delete the pod; if a new pod on the node fails too, drain the node and restart it.",
        "likely",
    ),
    MessagePattern(
        "security-profile-missing",
        any_of(
            r"(?:cannot|failed to) (?:load|read|decode) seccomp profile|seccomp profile [^\n]{0,160}(?:no such file|not found|not loaded)",
            r"(?:open|stat) \S*/seccomp/\S+: no such file|apparmor profile not found|apparmor failed to apply profile|"
            r"profile \S+ is not loaded",
            r"failed to generate (?:seccomp|apparmor) spec opts|AppArmor profile \"[^\"]*\" (?:is )?not (?:loaded|found)|setup seccomp: ",
        ),
        "The node does not have the seccomp or AppArmor profile of the pod",
        "Install the profile on the GPU nodes, or set RuntimeDefault as the pod's profile with overrides.",
        "likely",
        sentences=(
            CREATE + r"(?:failed to get container spec opts: )?failed to generate apparmor spec opts: apparmor profile not found \S+",
        ),
    ),
    MessagePattern(
        "security-profile-missing",
        r"/proc/(?:self|thread-self|\d+)/attr/(?:keycreate|exec|fscreate)|failed to (?:relabel|set (?:SELinux|file) label)|"
        r"SELinux (?:is not|not) enabled",
        "SELinux of the node does not permit the label of the container",
        "Update container-selinux on the GPU nodes, or correct seLinuxOptions in overrides.",
        "likely",
    ),
    MessagePattern(
        "user-namespace-unsupported",
        r"MOUNT_ATTR_IDMAP|idmap mounts|user namespaces? (?:is|are)(?: not|n't) (?:enabled|supported)|"
        r"user namespaces? enabled, but no [ug]id mapping",
        "The node or a volume does not support the user namespace of the pod",
        "Remove hostUsers: false from overrides, or use volumes and a kernel that support idmapped mounts.",
        "likely",
    ),
    MessagePattern(
        "image-user-missing",
        r"unable to find (?:user|group) \S+(?:$|: (?:no matching entries|invalid))|no matching entries in (?:passwd|group) file|"
        r"user: unknown (?:user|group) ",
        "The image does not contain the user that the container must run as",
        "Set run_as_user to the number of a user of the image (1000 for a NIM).",
        "likely",
        sentences=(CREATE + r"[^\n]{0,200}unable to find user \S+: no matching entries in passwd file[^\n]*",),
    ),
    MessagePattern(
        "working-directory",
        r"chdir to cwd \(\"[^\"]*\"\) set in config\.json failed|mkdir \S+: [^\n]{0,40}working directory|cannot set cwd|error setting cwd",
        "The container cannot enter its working directory",
        "Set run_as_user to a user of the image who can read the directory, or set the working directory with overrides.",
        "likely",
    ),
    MessagePattern(
        "image-architecture",
        r"exec format error",
        "The image is not built for the node's CPU architecture, or its command has no interpreter",
        "Select nodes with the label kubernetes.io/arch=amd64 (node_selector), or use an image for the architecture of the nodes.",
        "likely",
    ),
    MessagePattern(
        "command-not-found",
        any_of(
            r"exec: [^\n]{0,200}: (?:executable file not found in|stat [^\n]{1,200}: no such file or directory|no such file or directory)",
            r"exec: [^\n]{0,200}: permission denied|executable file [^\n]{0,120} not found in \$PATH|"
            r"exec failed: no such file or directory",
            r"starting container process caused: exec|executable file not found in \$PATH|open executable: Permission denied",
        ),
        "The container's command is not an executable of its image",
        "Correct command, or remove it: the image then runs its own command.",
        "likely",
        sentences=(
            _RUNC
            + r'exec: "[^"]{1,200}": (?:executable file not found in \$PATH|stat \S+: no such file or directory|permission denied)'
            + r"[^\n]{0,40}",
        ),
    ),
    MessagePattern(
        "command-not-found",
        r"no command specified",
        "The image has no command, and none is set",
        "Set command.",
        "likely",
        sentences=(CREATE + r"(?:failed to generate container \"[^\"]*\" spec: )?no command specified",),
    ),
    MessagePattern(
        "runtime-overloaded",
        any_of(
            r"failed to reserve container name|container name \S+ is already in use|the name is reserved|name is reserved for",
            r"context deadline exceeded|code = DeadlineExceeded|[Cc]ontainer creation timeout|create container timeout|context canceled|"
            r"context was either canceled",
            r"error reading container \(probably exited\)|connection error: desc|ttrpc: closed|code = Unavailable",
        ),
        "The container runtime of the node does not create the container in time",
        "Wait: the kubelet tries again. After 10 minutes, drain the node and restart its container runtime; check its disk for overload.",
        "likely",
        sentences=(r"(?:Error: )?(?:rpc error: code = \w+ desc = )?failed to reserve container name [^\n]*",),
    ),
    MessagePattern(
        "runtime-cgroup",
        any_of(
            r"expected cgroupsPath to be of format|unable to apply cgroup configuration|error setting cgroup config|"
            r"cgroups?: cannot find cgroup mount",
            r"failed to write [^\n]{0,120}(?:cgroup|cpuset|memory\.max|cpu\.max|pids\.max|devices\.)|"
            r"Unit \S+\.slice (?:not found|already exists)",
            r"hugetlb cgroup controller is missing|the devices cgroup|bpf_prog_query|openat2 /sys/fs/cgroup",
        ),
        "The container runtime cannot set the cgroup of the container",
        "Set the same cgroup driver (systemd) for the kubelet and the container runtime of the node, and restart both. Drain the "
        "node until then.",
        "likely",
    ),
    MessagePattern(
        "node-disk-full",
        r"[Nn]o space left on device|too many open files|resource temporarily unavailable|cannot allocate memory|"
        r"fork/exec [^\n]{0,120}: (?:resource|cannot)",
        "The node has no room left to start the container: disk, inodes, memory, processes or open files",
        "Drain the node and free its disk, or give the GPU nodes a larger one.",
        "likely",
    ),
    MessagePattern(
        "volume-path-missing",
        any_of(
            r"failed to (?:stat|mkdir) \"(?!/var/lib/(?:kubelet|containerd|containers)/)(?P<path>/[^\"]{1,300})\": stat \S+ no such file",
            r"failed to mkdir \"(?!/var/lib/(?:kubelet|containerd|containers)/)(?P<created>/[^\"]{1,300})\": mkdir \S+ "
            r"(?:read-only file system|permission denied|not a directory)",
        ),
        "A path of the node that the pod mounts does not exist, and cannot be created",
        "Correct hostPath in extra_volumes, or cache.host_path: the node has no such path, or it is in a file system that is read-only.",
        "likely",
    ),
    MessagePattern(
        "container-mount",
        any_of(
            r"error mounting \"[^\"]*\" to rootfs at \"(?P<path>[^\"]*)\"",
            r"failed to (?:apply OCI options: )?(?:stat|mkdir|resolve symlink) \"[^\"]*\": |"
            r"Are you trying to mount a directory onto a file",
            r"(?:mkdir|open|create) \S*(?:/rootfs/|/merged/)\S*: (?:read-only file system|not a directory|file exists|permission denied)",
            r"is not located under|cannot be mounted because it is inside /proc|"
            r"path \S+ is mounted on \S+ but it is not a shared mount|image volume",
        ),
        "A volume cannot be mounted at its path in the container",
        "Correct extra_mounts: the path must not be a file of the image, and the volume must contain its subPath.",
        "likely",
    ),
    MessagePattern(
        "container-start",
        r"final child's pid from pipe|read init-p: connection reset|init exited prematurely|waiting for init preliminary setup",
        "The first process of the container ended before its command started",
        "Raise mem if it is low. If it is not, drain the node and restart it: its kernel log has the reason, such as a lack of memory.",
        "likely",
    ),
    MessagePattern("container-start", r".", "The container cannot be started", SEE_EVIDENCE, "likely"),
)
"""Messages of the container runtime. The last pattern matches every message."""
