"""Script that runs the policies in their own environment, without the Pulumi CLI.

It reads resources as JSON from standard input and writes violations as JSON to standard output.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parents[2] / "policies"))

from pack import POLICIES
from pulumi_policy import ResourceValidationArgs, StackValidationArgs
from pulumi_policy.proxy import UnknownValueError, unknown_checking_proxy

given = json.load(sys.stdin, parse_int=float)  # the engine passes every number as a float
found: dict[str, list[str]] = {}
for policy in POLICIES:
    schema = policy.config_schema.properties if policy.config_schema else {}
    config = {name: each.get("default") for name, each in schema.items()} | given["config"].get(policy.name, {})
    violations = found.setdefault(policy.name, [])

    def report(message, urn, violations=violations):
        violations.append(message)

    resources = [
        SimpleNamespace(resource_type=each["type"], name=each["name"], props=unknown_checking_proxy(each["props"]))
        for each in given["resources"]
    ]
    try:
        if policy.name == "gpu-quota":
            policy.validate(StackValidationArgs(resources, config), report)
            continue
        for each in resources:
            policy.validate(
                ResourceValidationArgs(each.resource_type, each.props, f"urn:{each.name}", each.name, None, None, config), report
            )
    except UnknownValueError as error:
        violations.append(f"unknown: {error.message}")
json.dump(found, sys.stdout)
