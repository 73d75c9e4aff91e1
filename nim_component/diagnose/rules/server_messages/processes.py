"""Patterns of errors between the processes of a server, and about limits of the node for them."""

from ..patterns import MessagePattern, any_of

RDMA_PATTERNS = (
    MessagePattern(
        "nccl-failed",
        r"Call to ibv_\w{1,60} (?:failed|returned|timed out)",
        "The communication between the GPUs over RDMA (NCCL) failed",
        "Raise the memlock limit of the container runtime on the GPU nodes, or set NCCL_IB_DISABLE to 1 in env.",
    ),
)
"""Patterns that precede those of memory, because `ibv_reg_mr` reports a limit as lack of memory."""

_UNIQUE_ID = r"retrieving ncclUniqueId from \[(?P<rank>\d+)\].{1,120} got error: "
"""Error of a process that starts NCCL, up to the reason."""
PEER_PATTERNS = (
    MessagePattern(
        "peers-unreachable",
        _UNIQUE_ID + r"(?:Connection (?:reset|closed)|Broken pipe|Failed to recv|.{0,80}[Cc]onnection was likely closed)",
        "The process of rank {rank} of the server ended before the others",
        "Find the first error of that process: read the whole log, and for several nodes that of the leader pod.",
    ),
    MessagePattern(
        "peers-unreachable",
        _UNIQUE_ID + r"(?:wait timeout|Socket Timeout|Timeout waiting|timed out)",
        "The process of rank {rank} did not answer the others in time",
        "Find the first error of that process: it may have ended. If it has none, allow all traffic between the pods of the service "
        "(network policy), and set NCCL_SOCKET_IFNAME in env to the pod's interface, such as eth0.",
    ),
    MessagePattern(
        "peers-unreachable",
        r"gloo/transport/\S{1,80}\] .{0,120}(?:[Cc]onnection (?:closed|reset|refused)|[Tt]imed out|Read error|Broken pipe)",
        "A process of the server ended before the others, or does not answer them (Gloo)",
        "Find the first error of that process: read the whole log, and for several nodes that of every pod. If it has none, allow all "
        "traffic between the pods of the service (network policy).",
    ),
    MessagePattern(
        "peers-unreachable",
        r"(?:[Ff]ailed|[Uu]nable) to register worker (?:to|with) [Rr]aylet|\[RayletClient\]|[Rr]aylet (?:\S+ ){0,4}(?:died|is dead|exited)"
        r"|Failed to connect to (?:GCS|Ray cluster)|The node with node id: \S+ .{0,120}has been marked dead",
        "A process of Ray, which connects the processes of the server, ended or does not answer",
        "Find its first error: read the whole log, and for several nodes that of the leader pod. Ray ends without one if mem, shm_size "
        "or the number of processes of the node is too small.",
    ),
    MessagePattern(
        "peers-unreachable",
        r"[Rr]ay cluster status: \d+/\d+ nodes alive|^Cluster is NOT ready|Waiting for creating a placement group .{0,200}"
        r"|Timeout: \d+ seconds?\. Ray (?:cluster|nodes?)",
        "Not all pods of the service have joined the Ray cluster",
        "Check that each pod of the service runs (`kubectl get pods`), and allow all traffic between them (network policy).",
    ),
    MessagePattern(
        "peers-unreachable",
        r"\bNIXL_ERR_\w+|\bnixlBackendError\b|\bUCX +ERROR\b|\bUCS_ERR_\w+",
        "The transfer of data between the pods of the server (NIXL, UCX) failed",
        "Allow all traffic between the pods (network policy). If the nodes have no RDMA, set UCX_TLS to tcp in env; else raise the memlock "
        "limit of their container runtime.",
    ),
    MessagePattern(
        "peers-unreachable",
        r"Mooncake Transfer Engine initialization failed|\bMC_GID_INDEX\b",
        "The transfer of data between the pods of the server (Mooncake) cannot use the RDMA devices of the node",
        "Set MC_GID_INDEX in env to the index of a routable GID, which can differ between nodes (`show_gids`), or MC_FORCE_TCP to 1.",
    ),
    MessagePattern(
        "peers-unreachable",
        any_of(
            r"RPC call to \S{1,60} timed out|[Ww]atchdog timeout|Timed out waiting for (?:engine core|\S{1,40} process)",
            r"Did not receive response from front-end process|[Ee]ngine core .{0,40}timed out",
        ),
        "A process of the server did not answer the others in time",
        "Read the whole log for the first error of that process: `{logs}`. If it has none, the process hangs: use another image tag, or "
        "raise the timeout of the server in env or args.",
    ),
    MessagePattern(
        "mpi-failed",
        any_of(
            r"only rank 0 can start multi-node session",
            r"\b(?:PRTE|ORTE|PMIX|PMIx|OPAL)[ _]ERROR|There are not enough slots available|\b(?:MPI error|MPI_ERR_\w+|orte_init failed)\b",
            r"ORTE (?:was unable|does not know)|An ORTE daemon has unexpectedly failed|unable to (?:reliably )?start one or more daemons"
            r"|prte(?:run)? was unable|It looks like MPI_\w+ failed|MPI_Init\w* (?:failed|has failed)",
        ),
        "MPI cannot start or connect the processes of the server",
        "Read the whole log for its first error: `{logs}`. Set gpu to the number of processes that the profile starts; for several nodes, "
        "check that all pods of the service run.",
    ),
    MessagePattern(
        "peers-unreachable",
        any_of(
            r"Bootstrap ?: no socket interface found",
            r"connect to \S+ (?:failed|returned|timed out).{0,80}"
            r"(?:refused|timed out|No route|unreachable|retry count|connection abort|reset by peer)",
            r"client socket has (?:timed out|failed to connect)",
            r"Call to connect returned .{1,60}",
            r"Timed? ?out (?:after \d+ \w+ )?(?:initializing process group|waiting for (?:clients|workers|the engine))",
            r"DistStoreError: wait timeout|Gloo connectFullMesh failed",
            r"ncclSystemError.{0,200}(?:[Cc]onnect|socket(?!, ?malloc))|NET/IB ?: .{0,120}(?:failed|error|timeout)",
        ),
        "The processes of the server cannot reach each other",
        "Allow all traffic between the pods of the service (network policy), and set NCCL_SOCKET_IFNAME in env to the pod's interface, "
        "such as eth0.",
        sentences=(
            r"Bootstrap : no socket interface found",
            r"The client socket has timed out after \d+ms while trying to connect to \(\S+, \d+\)\.?",
            r"The client socket has failed to connect to any network address of \(\S+, \d+\)\..{0,300}",
        ),
    ),
)
"""Patterns that precede those of downloads, because both contain names of hosts."""

PROCESS_PATTERNS = (
    MessagePattern(
        "nccl-failed",
        any_of(
            r"NCCL error|\bnccl(?:Unhandled\w+|System|Internal|Invalid\w+|Remote)Error",
            r"Watchdog caught collective operation timeout|Some NCCL operations have failed or timed out",
            r"NCCL (?:library is|version mismatch)|Mismatched NCCL version",
            r"Error while attaching to shared memory segment .{1,120}No such file or directory",
            r"Failed to bind NVLink SHARP|[Cc]uda failure '?.{1,80}",
        ),
        "The communication between the GPUs (NCCL) failed",
        "Set NCCL_DEBUG to INFO in env: the log of the next start then contains the reason.",
        sentences=(r"NCCL error (?:in: \S+:\d+, |: )(?:unhandled (?:cuda|system) error|internal error|remote process exited).{0,900}",),
    ),
    MessagePattern(
        "process-limit",
        r"can't start new thread|what\(\): +Resource temporarily unavailable|code: 11, kind: WouldBlock"
        r"|pthread_create failed.{0,80}Resource temporarily unavailable"
        r"|fork.{0,40}Resource temporarily unavailable|\[Errno 11\] Resource "
        r"temporarily unavailable",
        "The pod has as many processes and threads as its node allows",
        "Raise podPidsLimit of the kubelet on the GPU nodes, or set OMP_NUM_THREADS in env to 1.",
        sentences=(r"OpenBLAS blas_thread_init: pthread_create failed for thread \d+ of \d+: Resource temporarily unavailable",),
    ),
    MessagePattern(
        "open-files-limit",
        r"Too many open files|\(os error 24\)|\[Errno 24\]",
        "The server has as many files open as its node allows",
        "Raise LimitNOFILE of the container runtime on the GPU nodes.",
        sentences=(r"\[Errno 24\] Too many open files(?:: .{1,200})?", r"(?:I/O error:? )?Too many open files \(os error 24\)"),
    ),
)
