"""An update of many services that are unchanged, with or without the final look.

Prints the seconds of the program as JSON.
"""

import json
import sys
import time
from collections.abc import Callable
from unittest.mock import patch

from nim_component import NIM, DiagnosisArgs, NIMSecrets, NIMService
from nim_component.testing import record

REPLICAS = {"answering": 1, "silent": 1, "zero": 0}


def program(count: int, mode: str, *, compared: bool, kubeconfig: str | None = None) -> Callable[[], None]:
    """Return a program with services, which the final look compares if `compared` is true."""
    reaction = {} if compared else {"unavailable": "ignore", "missing_models": "ignore"}

    def make() -> None:
        for index in range(count):
            diagnosis = DiagnosisArgs(kubeconfig=kubeconfig, **reaction)
            nim = NIM(secrets=NIMSecrets.keyless(), namespace="ml", replicas=REPLICAS[mode], diagnosis=diagnosis)
            NIMService(f"service-{index}", nim)

    return make


if __name__ == "__main__":
    count, mode, kubeconfig, compared = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4] == "compared"
    with patch("nim_component.component.service.can_report_progress", lambda: True):
        began = time.monotonic()
        run = record(program(count, mode, compared=compared, kubeconfig=kubeconfig), preview=False).run
    entries = sorted({f"{entry.severity}: {entry.message[:60]}" for entry in run.log})
    print(json.dumps({"seconds": time.monotonic() - began, "log": entries[:3]}))
