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

given = json.load(sys.stdin)
found: dict[str, list[str]] = {}
for policy in POLICIES:
    schema = policy.config_schema.properties if policy.config_schema else {}
    config = {name: each.get("default") for name, each in schema.items()} | given["config"].get(policy.name, {})
    violations = found.setdefault(policy.name, [])

    def report(message, urn, violations=violations):
        violations.append(message)

    resources = [SimpleNamespace(resource_type=each["type"], name=each["name"], props=each["props"]) for each in given["resources"]]
    if policy.name == "gpu-quota":
        policy.validate(StackValidationArgs(resources, config), report)
        continue
    for each in resources:
        policy.validate(ResourceValidationArgs(each.resource_type, each.props, f"urn:{each.name}", each.name, None, None, config), report)
json.dump(found, sys.stdout)
