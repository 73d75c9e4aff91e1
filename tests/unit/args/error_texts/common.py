"""Arguments that several tables use."""

from typing import Any

REFERENCE = {"ngc_image_secret": "pull", "ngc_secret_key": "NGC_API_KEY"}
PEFT = {"NIM_PEFT_SOURCE": "/opt/nim/peft"}
GROUP: dict[str, Any] = {"multi_node": {"nodes": 2}, "cache": {"access_mode": "ReadWriteMany"}}
RAY: dict[str, Any] = {**GROUP, "generation": "2.x-vllm"}
WARM = {"profiles": ["vllm-fp16-tp1-pp1"]}
LORA = {"lora_adapter_mem": "2Gi", "env": PEFT}
SHARED = {"access_mode": "ReadWriteMany"}
PROMETHEUS = "http://prometheus:9090"
SCALED = {"max_replicas": 4, "presets": ["queue"]}
CRON = [{"type": "cron", "metadata": {"timezone": "Etc/UTC"}}]
SHUT: dict[str, Any] = {"ingress": [], "internet": False}
CPU = [{"type": "cpu", "metadata": {"value": "60"}}]
