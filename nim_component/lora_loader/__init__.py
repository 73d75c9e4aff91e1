"""Bring the wanted LoRA adapters to the directory that NIM scans: each whole and verified, or not at all.

Runs in the init container as `python3 -m lora_loader adapters.json`: these files reach it as the keys of a ConfigMap, mounted as a package
of that name. The standard library and `huggingface_hub` (the image's own, or installed once into the volume) are all it needs. Python 3.10
or newer.

On the volume   <root>/adapters/<name>/  what NIM scans ($NIM_PEFT_SOURCE; <root> is its parent), nothing but published adapters
                <root>/staging/<run>/    downloads under way, removed or taken up by the next start
                <root>/library/<key>/    the installed library, kept      <root>/lock/  who is at work
Environment     NIM_PEFT_SOURCE  HF_TOKEN?  HF_ENDPOINT?  LORA_DEADLINE_SECONDS=1500  NIM_MAX_LORA_RANK?  LORA_WORKERS=8
                LORA_RETRIES=6  LORA_BACKOFF_SECONDS=0.5  LORA_STALL_SECONDS=20  LORA_STALE_SECONDS=30  LORA_TERMINATION_LOG
Exit codes      see `outcome.EXIT_CODES`; the last line of stderr, and the termination message, say what failed and what to do about it.
"""

from .outcome import EXIT_CODES as EXIT_CODES
