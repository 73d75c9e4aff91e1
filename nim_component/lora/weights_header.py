"""Header of weights on the hub, read without the weights."""

from ..lora_loader.adapter import refuse_format
from ..lora_loader.adapter_list import AdapterSpec
from ..lora_loader.downloads import Incoming
from ..lora_loader.features import TensorFacts
from ..lora_loader.hub import Hub
from ..lora_loader.tensors import LENGTH_BYTES, NoTensorsError, find_header_length, read_tensors

FIRST_BYTES = 1 << 17
"""Bytes of the first request. The header of an adapter of 500 modules has 100 KB."""


def read_weights_header(hub: Hub, spec: AdapterSpec, commit: str, file: Incoming) -> TensorFacts:
    """Return the facts of the tensors of a file on the hub.

    Its bytes are not verified, since the SHA-256 is that of the whole file. The loader reads the
    header again, from the verified file.

    Raises:
        LoadError: The file cannot be read, or is not in the format.
    """
    try:
        start = _read_start(hub, spec, commit, file, min(FIRST_BYTES, file.size))
        end = LENGTH_BYTES + find_header_length(start[:LENGTH_BYTES], file.size)
        if end > len(start):
            start = _read_start(hub, spec, commit, file, end)
        return read_tensors(start[LENGTH_BYTES:end], file.size)
    except NoTensorsError as e:
        raise refuse_format(spec, file.name, f"a safetensors file ({e})") from None


def _read_start(hub: Hub, spec: AdapterSpec, commit: str, file: Incoming, count: int) -> bytes:
    """Return the first bytes of a file. If the hub sends no ranges, the rest is not read."""

    def attempt() -> bytes:
        received = bytearray()
        headers = hub.headers | {"Range": f"bytes=0-{count - 1}"}
        with hub.lib.session.stream("GET", hub.url_of(spec, commit, file), headers=headers, timeout=hub.s.stall) as answer:
            hub.check(spec, answer)
            for block in answer.iter_bytes():
                received += block
                if len(received) >= count:
                    return bytes(received[:count])
        raise ConnectionError(f"{file.name} ended at byte {len(received)} of its first {count}")

    return hub.retry(spec, attempt, path=file.path)
