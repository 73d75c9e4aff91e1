"""Check that a Prometheus selects the monitors and rules of a stack."""

from collections.abc import Iterator, Mapping

from ..cluster.objects import Object, at, name_of, text_at, texts_at
from ..cluster.selectors import matches_labels
from ..text.sanitizing import sanitize
from .facts import Facts
from .requirements import StackRequirements
from .result import CheckResult

_SELECTORS = {"ServiceMonitor": "serviceMonitor", "PodMonitor": "podMonitor", "PrometheusRule": "rule"}
"""Start of the names of the selectors in a Prometheus, by kind."""
_LABELS = {"ServiceMonitor": "metrics.monitor.labels", "PodMonitor": "metrics.monitor.labels", "PrometheusRule": "metrics.alerts.labels"}


def check_monitors(requirements: StackRequirements, facts: Facts) -> Iterator[CheckResult]:
    """Report monitors and rules that no Prometheus selects: nothing reads them."""
    for monitor in requirements.monitors:
        kind = text_at(monitor, "kind")
        if kind not in _SELECTORS:
            continue
        about = f"{kind} {_namespace_of(monitor)}/{name_of(monitor)}"
        if facts.prometheus is None:
            fix = "Grant list on prometheuses (monitoring.coreos.com) to check it."
            yield CheckResult("warn", about, "not checked: Prometheus objects may not be read", fix)
        elif not facts.prometheus:
            text = "not checked: the cluster has no Prometheus object that could select it"
            fix = "Make sure that another collector reads these objects, or install a Prometheus."
            yield CheckResult("warn", about, text, fix)
        else:
            yield _check_selection(about, kind, monitor, facts.prometheus, facts.namespaces)


def _check_selection(
    about: str, kind: str, monitor: Object, prometheus: tuple[Object, ...], namespaces: Mapping[str, Object | None]
) -> CheckResult:
    prefix = _SELECTORS[kind]
    labels = texts_at(monitor, "metadata", "labels")
    by_labels = [each for each in prometheus if matches_labels(at(each, "spec", f"{prefix}Selector"), labels)]
    selections = [(name_of(each), _selects_namespace(each, prefix, monitor, namespaces)) for each in by_labels]
    if names := [sanitize(name, 60) for name, selects in selections if selects]:
        return CheckResult("ok", about, f"is selected by {', '.join(names[:3])}")
    if names := [sanitize(name, 60) for name, selects in selections if selects is None]:
        text = f"has the labels that {', '.join(names[:3])} selects; whether it selects the namespace was not checked"
        return CheckResult("warn", about, text, "Compare the namespace's labels with its namespace selector.")
    if selections:
        names = [sanitize(name, 60) for name, _ in selections]
        text = f"has the labels that {', '.join(names[:3])} selects, but it does not select namespace {_namespace_of(monitor)}"
        return CheckResult("fail", about, text, "Label the namespace, or change the namespace selector of the Prometheus.")
    required = sorted({text for each in prometheus if (text := _describe(at(each, "spec", f"{prefix}Selector")))})
    wanted = f"; label selectors: {sanitize(' or '.join(required[:4]), 200)}" if required else ""
    text = f"no Prometheus of the cluster selects its labels{wanted}"
    return CheckResult("fail", about, text, f"Set {_LABELS[kind]} to the labels that a Prometheus selects.")


def _namespace_of(object_: Object) -> str:
    return text_at(object_, "metadata", "namespace") or "default"


def _selects_namespace(prometheus: Object, prefix: str, monitor: Object, namespaces: Mapping[str, Object | None]) -> bool | None:
    """Return True if a Prometheus selects the namespace, or None if its labels are unknown."""
    selector = at(prometheus, "spec", f"{prefix}NamespaceSelector")
    if selector is None:
        return _namespace_of(monitor) == _namespace_of(prometheus)
    found = namespaces.get(_namespace_of(monitor))
    return None if selector and found is None else matches_labels(selector, texts_at(found, "metadata", "labels"))


def _describe(selector: Object | None) -> str:
    labels = ", ".join(f"{key}={value}" for key, value in sorted(texts_at(selector, "matchLabels").items()))
    return labels or ("expressions" if at(selector, "matchExpressions") else "")
