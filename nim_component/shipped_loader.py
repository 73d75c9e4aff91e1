"""Program of the LoRA loader, as this package ships it: the contents of `lora_loader/`."""

from functools import cache
from importlib.resources import files


@cache
def read_program() -> dict[str, str]:
    """Return the text of the loader's files by name: the keys of a ConfigMap."""
    shipped = (file for file in files(f"{__package__}.lora_loader").iterdir() if file.name.endswith((".py", ".txt")))
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(shipped, key=lambda file: file.name)}
