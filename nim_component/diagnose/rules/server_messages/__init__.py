"""Patterns of errors in logs of the server and the prewarm Job, one table per subject.

The messages come from the source code and the documentation of vLLM, SGLang, TensorRT-LLM, NIM,
CUDA, NCCL, PyTorch and huggingface_hub, and from public reports. They were not seen on a GPU.
"""

from .adapters import ADAPTER_PATTERNS
from .arguments import ARGUMENT_PATTERNS
from .downloads import DOWNLOAD_PATTERNS
from .gpus import GPU_PATTERNS
from .internal_errors import FALLBACK_PATTERNS
from .memory import KILLED_PATTERNS, MEMORY_PATTERNS
from .model_files import MODEL_FILE_PATTERNS
from .processes import PEER_PATTERNS, PROCESS_PATTERNS, RDMA_PATTERNS

__all__ = ["FALLBACK_PATTERNS", "KILLED_PATTERNS", "LOG_PATTERNS"]

LOG_PATTERNS = (
    *RDMA_PATTERNS,
    *MEMORY_PATTERNS,
    *GPU_PATTERNS,
    *ADAPTER_PATTERNS,
    *MODEL_FILE_PATTERNS,
    *PEER_PATTERNS,
    *DOWNLOAD_PATTERNS,
    *ARGUMENT_PATTERNS,
    *PROCESS_PATTERNS,
)
"""All tables. Memory precedes disks (`/dev/shm`), and specific causes precede general ones."""
