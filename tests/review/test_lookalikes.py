"""Letters that look like others in names, keys and values, and text in other languages."""

import copy
import json
from typing import Any

import pytest

from .test_dangers import BASE, config_map, findings, variable

CYRILLIC_A, CYRILLIC_O, GREEK_O = "\N{CYRILLIC SMALL LETTER A}", "\N{CYRILLIC SMALL LETTER O}", "\N{GREEK SMALL LETTER OMICRON}"
FULL_WIDTH_A = "\N{FULLWIDTH LATIN SMALL LETTER A}"


def changed(field: str, value: Any) -> Any:
    """Return the base with a field of the pod's spec."""
    result = copy.deepcopy(BASE)
    result["spec"]["template"]["spec"][field] = value
    return result


def annotated(**annotations: str) -> Any:
    result = copy.deepcopy(BASE)
    result.setdefault("metadata", {}).setdefault("annotations", {}).update(annotations)
    return result


def labelled(key: str) -> Any:
    result = copy.deepcopy(BASE)
    result.setdefault("metadata", {}).setdefault("labels", {})[key] = "x"
    return result


FORGED = {
    "value of a variable": (BASE, variable("MODE", f"s{CYRILLIC_A}fe")),
    "model": (BASE, variable("NIM_SERVED_MODEL_NAME", f"met{CYRILLIC_A}/llama")),
    "model, with an accent": (BASE, variable("NIM_MODEL_NAME", "méta/llama")),
    "model, other letters only": (BASE, variable("MODEL", "\N{CYRILLIC SMALL LETTER ER}\N{CYRILLIC SMALL LETTER A}")),
    "top-level domain": (BASE, variable("MODE", f"example.c{CYRILLIC_O}m")),
    "top-level domain, other letters only": (BASE, variable("MODE", "example.\N{CYRILLIC SMALL LETTER ES}\N{CYRILLIC SMALL LETTER O}")),
    "top-level domain, with an accent": (BASE, variable("MODE", "example.cöm")),
    "Greek": (BASE, variable("MODE", f"pr{GREEK_O}d")),
    "full width": (BASE, variable("MODE", f"s{FULL_WIDTH_A}fe")),
    "name of a variable": (BASE, variable(f"NIM_C{CYRILLIC_A}CHE", "x")),
    "key of a ConfigMap": (config_map(a="b"), config_map(a="b", **{f"c{CYRILLIC_A}se": "d"})),
    "text of a ConfigMap": (config_map(a="b"), config_map(a=f"repo: met{CYRILLIC_A}/llama\n")),
    "list of adapters": (config_map(a="b"), config_map(a=json.dumps({"repo_id": f"met{CYRILLIC_A}/llama"}, ensure_ascii=False))),
    "list of adapters, escaped": (config_map(a="b"), config_map(a=json.dumps({"repo_id": f"met{CYRILLIC_A}/llama"}))),
    "label": (BASE, labelled(f"t{CYRILLIC_O}ol")),
    "service account": (BASE, changed("serviceAccountName", "d\N{LATIN SMALL LETTER E WITH ACUTE}fault")),
    "Secret": (BASE, changed("imagePullSecrets", [{"name": f"ngc-{CYRILLIC_A}pi"}])),
    "volume of a Secret": (BASE, changed("volumes", [{"name": "a", "secret": {"secretName": "ngc-äpi"}}])),
    "argument": (BASE, variable("MODE", f"--model=met{CYRILLIC_A}/llama")),
}
PROSE = {
    "German": "Größe des Zwischenspeichers für Modelle, z. B. 80 GB (siehe Übersicht).",
    "German word": "Übergrößenprüfung",
    "German words with a dash": "E-Mail-Größe",
    "German noun and slash": "Größe/Gewicht",
    "Chinese": "部署大语言模型。使用GPU推理,版本1.5支持。",
    "Japanese": "このサービスはGPUを使います。",
    "Korean": "모델을 서비스합니다. API를 사용하세요.",
    "Russian": "Сервер для моделей, использует API и GPU. См. инструкцию.",
    "Greek": "Υπηρεσία για μοντέλα. Χρήση GPU.",
    "French": "Modèle déployé à l'échelle : préproduction",
    "Turkish": "İstanbul'daki dağıtım için",
    "symbols": "≥ 4 GPUs → 80 GB · “fast” – ½ price ✓",
    "micro": "latency below 300 µs",
}


def lookalikes(old: Any, new: Any) -> list[Any]:
    return [each for each in findings(old, new) if each.rule == "lookalike"]


@pytest.mark.parametrize("place", FORGED)
def test_letter_of_another_script_is_critical(place: str):
    assert {each.severity.value for each in lookalikes(*FORGED[place])} == {"critical"}


@pytest.mark.parametrize("language", PROSE)
def test_text_in_another_language_is_no_lookalike(language: str):
    text = PROSE[language]
    for old, new in ((BASE, annotated(description=text)), (BASE, variable("GREETING", text)), (config_map(a="b"), config_map(a=text))):
        assert lookalikes(old, new) == []
    assert lookalikes(config_map(a="b"), config_map(a=f"# {text}\nmodel: llama\n")) == []
