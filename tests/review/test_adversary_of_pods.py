"""Adversary of variables, ports, probes, commands and entries, by names and values."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from .changes import kubernetes_object
from .test_dangers import BASE, CRITICAL, WARNING, config_map, container, findings
from .test_unlisted_fields import of

EFFECTS = ("downtime", "stall-risk", "pods-restart", "timeouts", "first-preview")
Manifest = dict[str, Any]
DEFAULT = settings(max_examples=300, deadline=None)
WORDS = st.from_regex(r"\A[A-Z]{2,7}\Z")
DECISIONS = (
    "ALLOW", "USE", "ENABLE", "DISABLE", "TRUST", "OFFLINE", "SKIP", "INSECURE", "VERIFY", "IGNORE", "UNSAFE", "NO", "PORT", "HOST", "URL",
    "PATH", "FILE", "ENDPOINT", "PROXY", "TOKEN", "KEY", "SECRET", "AUTH", "TLS", "MODEL_ID", "REVISION", "VERSION", "PLUGINS", "SCRIPT",
    "OPTIONS", "FLAGS", "ARGS", "HOOKS", "IMAGE", "UID", "USER", "ROLE", "MODE", "BACKEND", "MIRROR", "REGISTRY", "PROFILE",
)  # fmt: skip
NAMES = st.builds("_".join, st.tuples(WORDS, st.sampled_from(DECISIONS)) | st.tuples(st.sampled_from(DECISIONS), WORDS))
SHORT = st.sampled_from(["0", "1", "2", "true", "false", "True", "on", "yes", "x", "main", "a1b2c3", "7.5"])
HOST = st.from_regex(r"\A[a-z]{2,8}\.example\.(com|org)\Z")
REDIRECTING = st.one_of(
    st.builds("https://{}/x".format, HOST), HOST, st.builds("{}:8443".format, HOST), st.from_regex(r"\A/[a-z]{1,8}(/[a-z]{1,8}){0,2}\Z"),
    st.from_regex(r"\A\.{1,2}/[a-z]{1,8}\Z"), st.from_regex(r"\A[a-z]{2,8}/[a-z]{2,8}\Z"), st.from_regex(r"\A[a-z]{2,6},[a-z]{2,6}\Z"),
    st.from_regex(r"\A--?[a-z]{1,8}( [a-z]{1,8})?\Z"), st.from_regex(r"\A[a-z]{1,6}=[a-z]{1,6}\Z"), st.from_regex(r"\A(sh|pip|curl) -?[a-z]{1,8}\Z"),
    st.from_regex(r"\A\$\([A-Z]{1,6}\)\Z"), st.from_regex(r"\A[a-z]{1,6};[a-z]{1,6}\Z"), st.from_regex(r"\A@[a-z]{2,8}\Z"), st.just("s3://a/b"),
)  # fmt: skip


def is_dangerous(old: Manifest, new: Manifest) -> bool:
    return any(each.severity.value in (CRITICAL, WARNING) for each in findings(old, new) if each.rule not in EFFECTS)


def with_variables(*pairs: tuple[str, str]) -> Manifest:
    return container(env=[{"name": name, "value": value} for name, value in pairs])


KEPT = ("NIM_LOG_LEVEL", "INFO")
ANY_NAME = NAMES | WORDS | st.from_regex(r"\A[a-z]{2,8}([A-Z][a-z]{2,6})?\Z") | st.sampled_from(["LOG_LEVEL", "TZ", "MAX_SIZE", "LANG"])


@DEFAULT
@given(st.tuples(NAMES, SHORT) | st.tuples(ANY_NAME, REDIRECTING), st.sampled_from(["add", "change", "remove", "first", "last"]))
def test_redirecting_variable_is_never_notice(pair: tuple[str, str], operation: str):
    name, value = pair
    before, after = {
        "add": (with_variables(KEPT), with_variables(KEPT, pair)),
        "change": (with_variables(KEPT, (name, "former")), with_variables(KEPT, pair)),
        "remove": (with_variables(KEPT, pair), with_variables(KEPT)),
        "first": (BASE, with_variables(pair)),
        "last": (with_variables(pair), BASE),
    }[operation]
    assert is_dangerous(before, after), (name, value)


PORTS = st.fixed_dictionaries(
    {"containerPort": st.integers(1, 65535)},
    optional={"protocol": st.sampled_from(["TCP", "UDP", "SCTP"]), "name": st.sampled_from(["http", "grpc", "x"])},
)
OF_NODE = st.fixed_dictionaries({}, optional={"hostPort": st.integers(1, 65535), "hostIP": st.sampled_from(["0.0.0.0", "127.0.0.1", "::"])})


@DEFAULT
@given(PORTS, OF_NODE.filter(bool), st.booleans())
def test_port_of_node_is_never_notice(port: Manifest, of_node: Manifest, is_new: bool):
    old = BASE if is_new else container(ports=[port])
    assert is_dangerous(old, container(ports=[port | of_node]))


@DEFAULT
@given(PORTS, PORTS)
def test_changed_named_port_is_never_notice(first: Manifest, second: Manifest):
    old, new = {"name": "http", "protocol": "TCP"} | first, {"protocol": "TCP"} | second
    if old["containerPort"] != new["containerPort"] or old["protocol"] != new["protocol"] or old["name"] != new.get("name"):
        assert is_dangerous(container(ports=[old]), container(ports=[new]))


PROBES = st.sampled_from(["livenessProbe", "readinessProbe", "startupProbe"])
ACTIONS = st.one_of(
    st.fixed_dictionaries(
        {"path": st.from_regex(r"\A/[a-z]{1,8}\Z"), "port": st.integers(1, 65535) | st.sampled_from(["http", "x"])},
        optional={"host": HOST, "scheme": st.just("HTTPS"), "httpHeaders": st.just([{"name": "Authorization", "value": "x"}])},
    ).map(lambda value: {"httpGet": value}),
    st.integers(1, 65535).map(lambda port: {"tcpSocket": {"port": port}}),
    st.integers(1, 65535).map(lambda port: {"grpc": {"port": port}}),
    st.lists(st.text("abc", min_size=1), min_size=1, max_size=2).map(lambda words: {"exec": {"command": words}}),
    st.just({}),
)


@DEFAULT
@given(PROBES, ACTIONS, ACTIONS)
def test_request_of_probe_is_never_notice(probe: str, first: Manifest, second: Manifest):
    old, new = ({**action, "periodSeconds": 10} for action in (first, second))
    if first != second:
        assert is_dangerous(container(**{probe: old}), container(**{probe: new}))


ENTRY_NAMES = st.one_of(
    NAMES,
    st.from_regex(r"\A\.?[a-z]{2,8}(rc|\.(lua|ps1|mk|tcl|conf|yaml|json|toml|txt|j2|html))?\Z"),
    st.sampled_from(["Makefile", "prestart"]),
)
CODE = st.sampled_from([
    "pip install evil", "FROM evil\nRUN id", "* * * * * root id", "{{ evil }}", "{% import os %}", "<script>x</script>", "a: !!python/name:os.system",
    "#!/bin/sh\nid", "local x = os.execute('id')", "IEX (evil)", "alias ls=evil", "all:\n\tid\n", "exec evil\n", "load_module evil;",
    '{"command": ["sh"]}', "trust_remote_code: true", '{"endpoint": "evil"}', '{"a": "/etc/passwd"}', "[x]\nimage = evil", "a = 'b/c'",
])  # fmt: skip


@DEFAULT
@given(ENTRY_NAMES, CODE | REDIRECTING, st.sampled_from(["add", "change", "remove"]))
def test_entry_with_code_is_never_notice(name: str, text: str, operation: str):
    before, after = {
        "add": ({"kept": "1"}, {"kept": "1", name: text}),
        "change": ({name: ""}, {name: text}),
        "remove": ({"kept": "1", name: text}, {"kept": "1"}),
    }[operation]
    assert is_dangerous(config_map(**before), config_map(**after)), (name, text)


@DEFAULT
@given(
    st.lists(st.text("ab-=/ ", max_size=6), max_size=3),
    st.lists(st.text("ab-=/ ", max_size=6), max_size=3),
    st.sampled_from(["args", "command"]),
)
def test_other_command_line_is_never_notice(first: list[str], second: list[str], field: str):
    if [*first] != [*second]:
        assert is_dangerous(container(**{field: first}), container(**{field: second}))


FIELDS = st.from_regex(r"\A[a-z]{2,8}([A-Z][a-z]{2,6})?\Z").filter(lambda name: name not in ("metadata", "status"))
VALUES = (
    st.booleans()
    | st.integers(0, 9)
    | st.text("ab/.:", min_size=1, max_size=6)
    | st.lists(st.text("ab", min_size=1), min_size=1, max_size=2)
)


@DEFAULT
@given(FIELDS, FIELDS, VALUES, VALUES, st.sampled_from(["Widget", "CronTab", "InferenceService", "Application"]))
def test_field_of_custom_resource_is_never_notice(outer: str, inner: str, first: Any, second: Any, kind: str):
    if (first, type(first)) != (second, type(second)):
        assert is_dangerous(of(kind, **{outer: {inner: first}}), of(kind, **{outer: {inner: second}}))


@DEFAULT
@given(st.sampled_from(["CronJob", "Job"]), st.none() | st.booleans(), st.none() | st.booleans())
def test_suspension_is_never_notice(kind: str, first: bool | None, second: bool | None):
    template = {"template": {"spec": {"containers": [{"name": "a", "image": "a/b:1"}]}}}
    body = {"jobTemplate": {"spec": template}} if kind == "CronJob" else template
    old, new = (kubernetes_object(kind, "batch/v1", body | ({} if each is None else {"suspend": each})) for each in (first, second))
    if first != second:
        assert is_dangerous(old, new)
