"""Runs of programs by the local engine, with the results of the Pulumi engine."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from pulumi import Alias, CustomTimeouts, Output, ResourceOptions, ResourceTransformArgs, ResourceTransformResult

from nim_component.local import UNKNOWN, Run, Secret, Timeouts, execute


def run(program: Any, **options: Any) -> Run:
    return execute(program, project="demo", stack="dev", **options)


class Group(pulumi.ComponentResource):
    def __init__(self, name: str, opts: ResourceOptions | None = None, props: Mapping[str, Any] | None = None):
        super().__init__("demo:index:Group", name, dict(props or {}), opts)


def config_map(name: str, opts: ResourceOptions | None = None, **data: Any) -> k8s.core.v1.ConfigMap:
    return k8s.core.v1.ConfigMap(name, metadata={"name": name}, data=data, opts=opts)


def test_nested_components_have_urns_of_the_engine() -> None:
    def program() -> None:
        outer = Group("outer")
        inner = Group("inner", ResourceOptions(parent=outer))
        config_map("config", ResourceOptions(parent=inner))

    [found] = run(program).of("kubernetes:core/v1:ConfigMap")
    assert found.urn == "urn:pulumi:dev::demo::demo:index:Group$demo:index:Group$kubernetes:core/v1:ConfigMap::config"


def test_resources_are_sorted_parents_first() -> None:
    """Siblings are sorted by type and name, whatever the order of registration."""

    def program() -> None:
        for name in ("b", "a"):
            config_map(f"{name}-config", ResourceOptions(parent=Group(name)))

    assert [resource.name for resource in run(program).resources] == ["demo-dev", "a", "a-config", "b", "b-config"]


def test_duplicate_urn_raises() -> None:
    """The error text is that of the Pulumi engine."""

    def program() -> None:
        config_map("same")
        config_map("same")

    with pytest.raises(pulumi.RunError, match="^Duplicate resource URN 'urn:pulumi:dev::demo::.*::same'; try giving it a unique name$"):
        run(program)


def test_program_error_is_raised_unchanged() -> None:
    error = ValueError("no")

    def program() -> None:
        raise error

    with pytest.raises(ValueError, match="no") as raised:
        run(program)
    assert raised.value is error


def test_error_in_unawaited_apply_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        run(lambda: Output.from_input(0).apply(lambda zero: 1 / zero))


def test_run_after_failure_succeeds() -> None:
    with pytest.raises(ZeroDivisionError):
        run(lambda: Output.from_input(0).apply(lambda zero: 1 / zero))
    assert run(lambda: pulumi.export("a", 1)).outputs == {"a": 1}


def test_exports_are_sorted_outputs() -> None:
    def program() -> None:
        pulumi.export("b", Output.secret({"x": 1}))
        pulumi.export("a", [1.5, None])

    assert list(run(program).outputs.items()) == [("a", [1.5, None]), ("b", Secret({"x": 1}))]


def test_asynchronous_program_runs() -> None:
    async def main() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"a": 1}

    assert run(lambda: pulumi.run(main)).outputs == {"a": 1}  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]


def test_program_runs_inside_a_running_loop() -> None:
    async def test() -> Run:
        return run(lambda: pulumi.export("a", 1))

    assert asyncio.run(test()).outputs == {"a": 1}


def test_event_loop_is_closed() -> None:
    run(lambda: config_map("a"))
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()


def test_config_is_not_shared_between_runs() -> None:
    def program() -> None:
        pulumi.export("a", pulumi.Config().get("a", "absent"))

    assert [run(program, config=config).outputs["a"] for config in ({"demo:a": "x"}, {})] == ["x", "absent"]


def test_config_object_is_passed_as_json() -> None:
    def program() -> None:
        pulumi.export("a", pulumi.Config().require_object("a"))

    assert run(program, config={"demo:a": {"b": [1]}}).outputs["a"] == {"b": [1]}


def test_secret_key_returns_a_secret() -> None:
    def program() -> None:
        pulumi.export("a", pulumi.Config().require_secret("a"))

    assert run(program, config={"demo:a": "x"}, secret_keys=["demo:a"]).outputs["a"] == Secret("x")


def test_known_input_is_a_known_output() -> None:
    def program() -> None:
        pulumi.export("name", config_map("a").metadata.name)

    assert run(program).outputs["name"] == "a"


def test_status_is_unknown() -> None:
    def program() -> None:
        service = k8s.core.v1.Service("a", spec={"selector": {"a": "b"}})
        pulumi.export("ip", service.status.load_balancer)
        config_map("b", a=service.status.apply(str))

    result = run(program)
    assert (result.outputs["ip"], result.of("kubernetes:core/v1:ConfigMap")[0].inputs["data"]) == (UNKNOWN, {"a": UNKNOWN})


def test_nested_secret_is_marked_at_its_path() -> None:
    [found] = run(lambda: config_map("a", open="x", secret=Output.secret("y"))).of("kubernetes:core/v1:ConfigMap")
    assert found.inputs["data"] == {"open": "x", "secret": Secret("y")}


def test_data_of_a_secret_is_secret() -> None:
    def program() -> None:
        secret = k8s.core.v1.Secret("s", metadata={"name": "s"}, data={"k": "dmFsdWU="})
        pulumi.export("k", secret.data["k"])

    assert run(program).outputs["k"] == Secret("dmFsdWU=")


def test_unnamed_object_is_named_by_its_urn() -> None:
    def program() -> None:
        pulumi.export("name", k8s.core.v1.ConfigMap("settings", data={}).metadata.name)

    first, second = run(program).outputs["name"], run(program).outputs["name"]
    assert first == second
    assert first.startswith("settings-")
    assert len(first) == len("settings-12345678")


def test_children_inherit_the_explicit_provider() -> None:
    def program() -> None:
        provider = k8s.Provider("elsewhere", namespace="tools")
        group = Group("g", ResourceOptions(provider=provider))
        config_map("a", ResourceOptions(parent=group))
        config_map("b")

    result = run(program)
    by_name = {resource.name: resource for resource in result.of("kubernetes:core/v1:ConfigMap")}
    assert by_name["a"].provider == "urn:pulumi:dev::demo::pulumi:providers:kubernetes::elsewhere"
    assert by_name["b"].provider == ""
    assert (by_name["a"].id, by_name["b"].id) == ("tools/a", "b")


def test_every_option_is_recorded() -> None:
    def program() -> None:
        first = config_map("first")
        config_map(
            "second",
            ResourceOptions(
                depends_on=[first],
                protect=True,
                retain_on_delete=True,
                delete_before_replace=True,
                ignore_changes=["data.a"],
                replace_on_changes=["data.b"],
                additional_secret_outputs=["data"],
                custom_timeouts=CustomTimeouts(create="31m", delete="2m"),
                aliases=[Alias(name="old")],
                deleted_with=first,
                version="4.30.0",
            ),
            a=first.metadata.name,
        )

    options = run(program).by_urn["urn:pulumi:dev::demo::kubernetes:core/v1:ConfigMap::second"].options
    first = "urn:pulumi:dev::demo::kubernetes:core/v1:ConfigMap::first"
    assert options.dependencies == (first,)
    assert options.property_dependencies["data"] == (first,)
    assert (options.protect, options.retain_on_delete, options.delete_before_replace) == (True, True, True)
    assert (options.ignore_changes, options.replace_on_changes) == (("data.a",), ("data.b",))
    assert options.additional_secret_outputs == ("data",)
    assert options.custom_timeouts == Timeouts(create="31m", delete="2m")
    assert [alias.name for alias in options.aliases] == ["old"]
    assert options.deleted_with == first
    assert options.version == "4.30.0"


def test_protect_is_inherited_and_timeouts_are_not() -> None:
    def program() -> None:
        group = Group("g", ResourceOptions(protect=True, custom_timeouts=CustomTimeouts(create="1h")))
        config_map("a", ResourceOptions(parent=group))

    [found] = run(program).of("kubernetes:core/v1:ConfigMap")
    assert (found.options.protect, found.options.custom_timeouts) == (True, Timeouts())


def test_protect_from_transform_is_inherited() -> None:
    def transform(args: ResourceTransformArgs) -> ResourceTransformResult | None:
        return None if args.custom else ResourceTransformResult(args.props, ResourceOptions.merge(args.opts, ResourceOptions(protect=True)))

    def program() -> None:
        config_map("a", ResourceOptions(parent=Group("g", ResourceOptions(transforms=[transform]))))

    assert run(program).of("kubernetes:core/v1:ConfigMap")[0].options.protect is True


def test_additional_secret_outputs_are_secret() -> None:
    def program() -> None:
        pulumi.export("a", config_map("a", ResourceOptions(additional_secret_outputs=["data"]), k="v").data["k"])

    assert run(program).outputs["a"] == Secret("v")


def labelled(label: str) -> Any:
    """Return a transform that appends its label to the property `seen`."""

    async def transform(args: ResourceTransformArgs) -> ResourceTransformResult | None:
        if not args.custom:
            return None
        await asyncio.sleep(0)
        seen = (args.props.get("data") or {}).get("seen", "")
        return ResourceTransformResult(props={**args.props, "data": {"seen": f"{seen}{label} "}}, opts=args.opts)

    return transform


def test_transforms_run_own_then_parents_then_stack() -> None:
    def program() -> None:
        pulumi.runtime.register_resource_transform(labelled("stack"))
        outer = Group("outer", ResourceOptions(transforms=[labelled("outer")]))
        inner = Group("inner", ResourceOptions(parent=outer, transforms=[labelled("inner")]))
        config_map("a", ResourceOptions(parent=inner, transforms=[labelled("own")]))

    [found] = run(program).of("kubernetes:core/v1:ConfigMap")
    assert found.inputs["data"] == {"seen": "own inner outer stack "}


def test_transform_changes_options() -> None:
    def transform(args: ResourceTransformArgs) -> ResourceTransformResult:
        options = ResourceOptions.merge(args.opts, ResourceOptions(ignore_changes=["data"], protect=True))
        return ResourceTransformResult(props=args.props, opts=options)

    [found] = run(lambda: config_map("a", ResourceOptions(transforms=[transform]))).of("kubernetes:core/v1:ConfigMap")
    assert (found.options.ignore_changes, found.options.protect) == (("data",), True)


def test_transform_receives_a_secret_as_output() -> None:
    """Its value is still secret in the result."""

    def transform(args: ResourceTransformArgs) -> ResourceTransformResult:
        assert isinstance(args.props["data"]["k"], Output)
        return ResourceTransformResult(props=args.props, opts=args.opts)

    program = lambda: config_map("a", ResourceOptions(transforms=[transform]), k=Output.secret("v"), open="x")  # noqa: E731
    [found] = run(program).of("kubernetes:core/v1:ConfigMap")
    assert found.inputs["data"] == {"k": Secret("v"), "open": "x"}


def test_failed_transform_fails_the_program() -> None:
    def transform(_args: ResourceTransformArgs) -> None:
        raise ValueError("not this one")

    with pytest.raises(pulumi.RunError, match="not this one"):
        run(lambda: config_map("a", ResourceOptions(transforms=[transform])))


def test_transformation_of_the_former_api_runs() -> None:
    def transformation(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
        return pulumi.ResourceTransformationResult({**args.props, "data": {"a": "changed"}}, args.opts)

    [found] = run(lambda: config_map("a", ResourceOptions(transformations=[transformation]), a="x")).of("kubernetes:core/v1:ConfigMap")
    assert found.inputs["data"] == {"a": "changed"}


def test_hooks_are_accepted_and_not_run() -> None:
    calls: list[str] = []

    def program() -> None:
        hook = pulumi.ResourceHook("note", lambda _args: calls.append("called"))
        config_map("a", ResourceOptions(hooks=pulumi.ResourceHookBinding(before_create=[hook])))

    [found] = run(program).of("kubernetes:core/v1:ConfigMap")
    assert (found.options.hooks, calls) == ({"before_create": ("note",)}, [])


def test_read_is_unknown_by_default() -> None:
    def program() -> None:
        secret = k8s.core.v1.Secret.get("keys", "serving/keys")
        pulumi.export("data", secret.data)
        pulumi.export("id", secret.id)

    result = run(program)
    [found] = result.of("kubernetes:core/v1:Secret")
    assert (found.read, found.id) == (True, "serving/keys")
    assert result.outputs == {"data": UNKNOWN, "id": "serving/keys"}


def test_read_returns_the_given_properties() -> None:
    def program() -> None:
        pulumi.export("key", k8s.core.v1.Secret.get("keys", "serving/keys").data["K"])

    result = run(program, read=lambda type_, id_: {"data": {"K": f"{type_} {id_}"}})
    assert result.outputs["key"] == Secret("kubernetes:core/v1:Secret serving/keys")


def test_failed_read_fails_the_program() -> None:
    def read(_type: str, id_: str) -> None:
        raise pulumi.RunError(f"resource '{id_}' does not exist")

    with pytest.raises(pulumi.RunError, match="^resource 'serving/keys' does not exist$"):
        run(lambda: k8s.core.v1.Secret.get("keys", "serving/keys"), read=read)


def test_stack_reference_outputs_are_unknown() -> None:
    def program() -> None:
        pulumi.export("host", pulumi.StackReference("acme/network/dev").get_output("host"))

    assert run(program).outputs["host"] is UNKNOWN


def test_stack_reference_returns_the_given_outputs() -> None:
    def program() -> None:
        pulumi.export("host", pulumi.StackReference("acme/network/dev").get_output("host"))

    assert run(program, read=lambda _type, id_: {"name": id_, "outputs": {"host": "h"}, "secretOutputNames": []}).outputs["host"] == "h"


def test_invoke_returns_the_given_result() -> None:
    def program() -> None:
        pulumi.export("a", pulumi.runtime.invoke("demo:index:look", {"x": 1}).value["found"])

    assert run(program, call=lambda token, args: {"found": f"{token} {args['x']}"}).outputs["a"] == "demo:index:look 1"


def test_log_has_severity_and_resource() -> None:
    def program() -> None:
        pulumi.log.warn("careful", Group("g"))
        pulumi.log.debug("dropped")

    [entry] = run(program).log
    assert (entry.severity, entry.message, entry.urn) == ("warning", "careful", "urn:pulumi:dev::demo::demo:index:Group::g")


def test_standard_output_is_added_to_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(lambda: print("hello\nthere", end=""), capture=True)
    assert [entry.message for entry in result.log] == ["hello", "there"]
    assert capsys.readouterr().out == ""


def test_component_outputs_are_recorded() -> None:
    def program() -> None:
        Group("g", props={"size": 2}).register_outputs({"url": "http://x"})

    [found] = run(program).of("demo:index:Group")
    assert (found.inputs, found.outputs) == ({"size": 2}, {"url": "http://x"})


def test_failed_run_is_passed_to_the_callback() -> None:
    def program() -> None:
        pulumi.log.warn("careful")
        raise ValueError

    seen: list[Run] = []
    with pytest.raises(ValueError):
        run(program, on_failure=seen.append)
    assert [entry.message for entry in seen[0].log] == ["careful"]


def test_run_without_preview_is_not_a_dry_run() -> None:
    assert run(lambda: pulumi.export("dry", pulumi.runtime.is_dry_run()), preview=False).outputs == {"dry": False}


def test_invoke_without_result_is_unknown_and_logged() -> None:
    def program() -> None:
        pulumi.export("a", pulumi.runtime.invoke_output("demo:index:look", {"x": 1}))
        pulumi.export("b", pulumi.runtime.invoke_output("demo:index:look", {"x": 2}))

    seen = run(program)
    assert (seen.outputs["a"], seen.outputs["b"]) == (UNKNOWN, UNKNOWN)
    text = (
        "demo:index:look is a function of its provider, which the local engine does not run: values from its result are unknown or missing"
    )
    assert [(entry.severity, entry.message) for entry in seen.log] == [("warning", text)]


def test_invoke_with_result_logs_nothing() -> None:
    def program() -> None:
        pulumi.runtime.invoke("demo:index:look", {"x": 1})

    assert not run(program, call=lambda _token, _args: {"found": 1}).log


def test_stack_of_program_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK reads it for each resource, which takes long, and no CLI shows it here."""

    def fail() -> None:
        pytest.fail("the stack is read")

    monkeypatch.setattr("traceback.extract_stack", fail)
    assert len(run(lambda: [config_map(name) for name in ("a", "b")]).resources) == 3
