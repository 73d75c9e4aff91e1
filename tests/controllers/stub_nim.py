"""Stub of a NIM for LLMs: health, models, chat completions with streaming, and metrics.

`python -m tests.controllers.stub_nim GENERATION [LOAD_SECONDS]` serves a free port and prints it. A
test sets what the metrics report by `POST /load` with names of `Load`, such as `{"waiting": 12}`.

For `LOAD_SECONDS` it loads its model: everything but liveness is answered with 503. After SIGTERM
it accepts no connection and finishes its answers.

Names of the metrics are those of the documentation:

- 1.x: https://docs.nvidia.com/nim/large-language-models/1.15.0/observability.html
- vLLM: https://docs.vllm.ai/en/stable/usage/metrics
- SGLang: https://docs.sglang.ai/references/production_metrics.html
"""

import contextlib
import json
import os
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

MODEL = "meta/llama3-8b-instruct"


class Names(NamedTuple):
    """Names of the metrics of one generation, without the suffix `_total` of counters."""

    running: str
    waiting: str
    kv_cache: str
    first_token: str
    latency: str
    prompt_tokens: str
    generation_tokens: str


GENERATIONS = {
    "1.x": Names(
        "num_requests_running",
        "num_requests_waiting",
        "gpu_cache_usage_perc",
        "time_to_first_token_seconds",
        "e2e_request_latency_seconds",
        "prompt_tokens",
        "generation_tokens",
    ),
    "2.x-vllm": Names(
        "vllm:num_requests_running",
        "vllm:num_requests_waiting",
        "vllm:kv_cache_usage_perc",
        "vllm:time_to_first_token_seconds",
        "vllm:e2e_request_latency_seconds",
        "vllm:prompt_tokens",
        "vllm:generation_tokens",
    ),
    "2.x-sglang": Names(
        "sglang:num_running_reqs",
        "sglang:num_queue_reqs",
        "sglang:token_usage",
        "sglang:time_to_first_token_seconds",
        "sglang:e2e_request_latency_seconds",
        "sglang:prompt_tokens",
        "sglang:generation_tokens",
    ),
}


class StubNIM(ThreadingHTTPServer):
    """One server, on a free port of loopback."""

    daemon_threads = False  # the end waits for answers
    request_queue_size = 128

    def __init__(self, generation: str, load_seconds: float = 0) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.loaded_at = time.monotonic() + load_seconds
        self.connections: set[socket.socket] = set()
        self.registry = CollectorRegistry()
        names = GENERATIONS[generation]
        labels: Any = {"labelnames": ["model_name"], "registry": self.registry}
        self.gauges = {name: Gauge(getattr(names, name), name, **labels).labels(MODEL) for name in ("running", "waiting", "kv_cache")}
        self.first_token = Histogram(names.first_token, "Time to first token.", **labels).labels(MODEL)
        self.latency = Histogram(names.latency, "Request latency.", **labels).labels(MODEL)
        self.prompt_tokens = Counter(names.prompt_tokens, "Prompt tokens.", **labels).labels(MODEL)
        self.generation_tokens = Counter(names.generation_tokens, "Generated tokens.", **labels).labels(MODEL)
        self.load: dict[str, float] = {"first_token_seconds": 0.0, "seconds_between_tokens": 0.0}
        self.is_silent = False
        """True while the metrics endpoint fails."""

    def finish(self) -> None:
        """Accept no connection, finish the present answers, and close idle connections."""
        self.shutdown()
        for each in list(self.connections):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RD)
        self.server_close()  # the threads of answers end first


class Handler(BaseHTTPRequestHandler):
    """Answer of one connection."""

    server: StubNIM
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        """Register the connection."""
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        self.server.connections.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: standard output has the port."""

    def do_GET(self) -> None:
        """Answer health, models and metrics."""
        match self.path:
            case "/v1/health/live":
                self._answer({"object": "health.response", "message": "ok"})
            case _ if self._is_loading():
                pass
            case "/v1/health/ready":
                self._answer({"object": "health.response", "message": "ok"})
            case "/v1/models":
                self._answer({"object": "list", "data": [{"id": MODEL, "object": "model"}]})
            case "/v1/metrics" if self.server.is_silent:
                self._answer({"message": "stopped by the test"}, 503)
            case "/v1/metrics":
                self._send(200, CONTENT_TYPE_LATEST, generate_latest(self.server.registry))
            case _:
                self._answer({"message": "not found", "path": self.path}, 404)

    def do_POST(self) -> None:
        """Answer chat completions, or set the load."""
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        match self.path:
            case "/load":
                self._set_load(body)
            case _ if self._is_loading():
                pass
            case "/v1/chat/completions":
                self._complete(body)
            case _:
                self._answer({"message": "not found"}, 404)

    def _is_loading(self) -> bool:
        """Answer 503 while the model loads."""
        if time.monotonic() >= self.server.loaded_at:
            return False
        self._answer({"message": "the model loads"}, 503)
        return True

    def _set_load(self, load: dict[str, Any]) -> None:
        self.server.is_silent = bool(load.pop("silent", False))
        for name, value in load.items():
            if name in self.server.gauges:
                self.server.gauges[name].set(value)
            elif name == "first_tokens":  # observed times to first token, in seconds
                for seconds in value:
                    self.server.first_token.observe(seconds)
                    self.server.latency.observe(seconds)
            else:
                self.server.load[name] = value
        self._answer({})

    def _complete(self, body: dict[str, Any]) -> None:
        """Send `max_tokens` tokens, one event each if the request has `stream`.

        The request can set `seconds_between_tokens` for itself.
        """
        server, began = self.server, time.monotonic()
        tokens = int(body.get("max_tokens", 4))
        pause = float(body.get("seconds_between_tokens", server.load["seconds_between_tokens"]))
        server.gauges["running"].inc()
        try:
            time.sleep(server.load["first_token_seconds"])
            server.first_token.observe(time.monotonic() - began)
            if body.get("stream"):
                self._stream(tokens, pause)
            else:
                time.sleep(pause * tokens)
                message = {"role": "assistant", "content": "token " * tokens}
                self._answer({"object": "chat.completion", "model": MODEL, "choices": [{"index": 0, "message": message}]})
        finally:
            server.gauges["running"].dec()
            server.latency.observe(time.monotonic() - began)
            server.prompt_tokens.inc(len(json.dumps(body.get("messages", ""))) // 4)
            server.generation_tokens.inc(tokens)

    def _stream(self, tokens: int, pause: float) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for at in range(tokens):
            delta = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": f"{at} "}}]}
            self._chunk(f"data: {json.dumps(delta)}\n\n")
            time.sleep(pause)
        self._chunk("data: [DONE]\n\n")
        self._chunk("")

    def _chunk(self, text: str) -> None:
        self.wfile.write(f"{len(text):x}\r\n{text}\r\n".encode())
        self.wfile.flush()

    def _answer(self, body: dict[str, Any], status: int = 200) -> None:
        self._send(status, "application/json", json.dumps(body).encode())

    def _send(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def main() -> None:
    """Serve until SIGTERM, or until the standard input ends, as it does with the tests' process."""
    server = StubNIM(sys.argv[1], *(float(each) for each in sys.argv[2:]))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        sys.stdin.read()
    except SystemExit:
        server.finish()
    os._exit(0)


if __name__ == "__main__":
    main()
