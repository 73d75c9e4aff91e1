"""Program of the LoRA loader, as this package ships it: the contents of `lora_loader/`."""

from functools import cache
from hashlib import sha256
from importlib.resources import files

VERSION = 1
"""Version of the loader. It is raised with each change of a released loader."""
DIGEST = "47008bb98ab0a7c3"
"""`digest_program` of this version. Another program restarts every service with LoRA adapters."""


@cache
def read_program() -> dict[str, str]:
    """Return the text of the loader's files by name: the keys of a ConfigMap."""
    shipped = (file for file in files(f"{__package__}.lora_loader").iterdir() if file.name.endswith((".py", ".txt")))
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(shipped, key=lambda file: file.name)}


def digest_program(program: dict[str, str]) -> str:
    """Return the first 16 digits of the SHA-256 of the loader's files and their names."""
    return sha256("\0".join(part for item in sorted(program.items()) for part in item).encode()).hexdigest()[:16]
