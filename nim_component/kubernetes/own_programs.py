"""Command lines of the containers that the component itself adds to a pod."""

PROGRAM_MODULE = "lora_loader"
LOADER = ("python3", "-m", PROGRAM_MODULE)
"""Beginning of the command of the LoRA loader. The path of its list follows."""
LOADER_REPOSITORIES = ("python", "docker.io/library/python")
"""Repositories of the loader's default image."""
DOWNLOAD = ("download-to-cache",)
"""Command of a NIM image that fills the cache."""
JOIN = 'for file in "$1" "$2"/*; do if [ -f "$file" ]; then cat "$file"; echo; fi; done > "$3"'
"""Script that joins certificate files.

`echo` separates two files, because the first may not end with a newline.
"""
JOIN_FILES = ("sh", "-ec", JOIN, "sh")
"""Beginning of the command that joins certificate files. Their paths follow."""
