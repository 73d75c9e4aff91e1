"""Header of a safetensors file: names, types and places of its tensors.

https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import math

from .features import TensorFacts, read_tensor_features
from .modules import read_tensor_modules

SUFFIX = ".safetensors"
LENGTH_BYTES = 8
"""Bytes before the header. They contain its length."""
MAX_HEADER_BYTES = 16 << 20
"""Largest accepted header. It is held in memory."""
DTYPE_BITS = {"BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
              "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64}  # fmt: skip


class NoTensorsError(Exception):
    """A file that is not in the format. Its text is the reason."""


def find_header_length(start: bytes, size: int) -> int:
    """Return the length of the header of a file.

    Args:
        start: The first `LENGTH_BYTES` bytes of the file.
        size: Size of the file in bytes.

    Raises:
        NoTensorsError: The file is too short for its header, or the header is too long.
    """
    length = int.from_bytes(start, "little")
    if not 2 <= length <= min(size - LENGTH_BYTES, MAX_HEADER_BYTES):
        raise NoTensorsError("header length")
    return length


def read_tensors(header: bytes, size: int) -> TensorFacts:
    """Return the facts of the tensors of a file.

    Args:
        header: The header.
        size: Size of the file in bytes.

    Raises:
        NoTensorsError: The header is not in the format, or its tensors do not fill the file.
    """
    try:
        tensors = json.loads(header)
        tensors.pop("__metadata__", None)
        facts = TensorFacts(tuple(read_tensor_features(tensors)), tuple(read_tensor_modules(tensors)))
        end = 0
        for tensor in sorted(tensors.values(), key=lambda each: each["data_offsets"]):
            start, stop = tensor["data_offsets"]
            bits = DTYPE_BITS.get(tensor["dtype"])
            if start != end or stop < start or (bits and math.prod(tensor["shape"]) * bits != (stop - start) * 8):
                raise NoTensorsError("tensor offsets")
            end = stop
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
        raise NoTensorsError(str(e)) from None
    if end != size - LENGTH_BYTES - len(header):
        raise NoTensorsError("tensors do not fill the file")
    return facts
