"""Loader of LoRA adapters: puts each listed adapter, complete and verified, where NIM scans for it.

The init container runs it as `python3 -m lora_loader adapters.json`. Its files are the keys of a
ConfigMap, mounted as a package of this name. It requires Python 3.10 or newer, the standard library
and `huggingface_hub`, which the image has or which is installed once in each pod.

Directories on the volume; `<root>` is the parent of `$NIM_PEFT_SOURCE`:

    <root>/adapters/<name>/   published adapters and nothing else; NIM scans this directory
    <root>/staging/<run>/     downloads in progress; the next start removes or continues them
    <root>/lock/              the lock of the running loader
    <root>/foreign/           entries that were in `adapters` and that no loader created

The installed huggingface_hub is in `$TMPDIR/lora-loader/library/<key>/`, a directory of the pod.

Environment; a question mark means optional:

    NIM_PEFT_SOURCE  HF_TOKEN?  HF_ENDPOINT?  NIM_MAX_LORA_RANK?  LORA_TERMINATION_LOG?
    LORA_DEADLINE_SECONDS=1500  LORA_WORKERS=8  LORA_RETRIES=6  LORA_BACKOFF_SECONDS=0.5
    LORA_STALL_SECONDS=20  LORA_STALE_SECONDS=30  LORA_UNLOAD_SECONDS?
    LORA_RANGE_BYTES=67108864

Exit codes are in `outcome.EXIT_CODES`. The last line of stderr and the termination message name the
failure and its fix.
"""

from .outcome import EXIT_CODES as EXIT_CODES
